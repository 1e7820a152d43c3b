/** An agreement and a pilot in the running product: written by the provider, read by the partner through the gateway. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { call, runPortico, startPortico } from '../support/portico.ts'

const running = await startPortico()
after(() => running.kill(true))
const { adminUrl, publicUrl, partners } = running.facts
// The demo's enterprise partner has its agreement already.
const { apiKey } = partners.pro.live
const key = await serviceKey()

async function serviceKey(): Promise<string> {
  const command = ['scripts/portico.ts', 'service-key', 'create', '--name', 'Journey']
  const made = await runPortico({ PORTICO_DATA: running.data }, [...command, '--role', 'partner-manager'])
  assert.equal(made.code, 0, made.output)
  return made.output.split('\n')[0]!
}

const manage = (path: string, body?: object) =>
  call(`${adminUrl}/v1/${path}`, { key, ...(body && { method: 'POST', body }) })

test('200: a signed agreement, whole but for what is hidden; another partner sees none of it', async () => {
  const path = `partners/${partners.pro.id}/agreements`
  const terms = {
    noticeDays: 30,
    capabilities: ['raw-data', 'master-data'],
    overrides: {},
    sla: 'gold',
    consents: [{ purpose: 'research', granted: false }],
  }
  const startsAt = '2020-01-01T00:00:00Z'
  const drafted = await manage(path, { reference: 'MSA-1', startsAt, endsAt: null, terms })
  assert.equal(drafted.status, 201, JSON.stringify(drafted.body))
  const version = `${path}/${drafted.body.id}/versions/1`
  const list = () => call(`${publicUrl}/partner/agreements`, { key: apiKey })
  assert.deepEqual((await list()).body.data, [])
  assert.equal((await manage(`${version}/send`, {})).status, 200)
  const signature = { signedBy: 'Ada Lovelace', signedAt: startsAt }
  assert.equal((await manage(`${version}/sign`, signature)).status, 200)
  const { status, body } = await list()
  assert.equal(status, 200, JSON.stringify(body))
  const [shown] = body.data[0].versions
  assert.deepEqual([shown.state, shown.signedBy], ['active', 'Ada Lovelace'])
  assert.deepEqual(shown.terms, { ...terms, capabilities: ['raw-data'], overrides: { capabilities: {} } })
  const quota = { amount: 1_000_000, period: 'month' }
  const overrides = { limits: { burst: 100, perSecond: 50 }, capabilities: { 'raw-data': { quota } } }
  const hidden = { ...overrides, capabilities: { ...overrides.capabilities, 'master-data': { quota } } }
  const more = { startsAt: '2090-01-01T00:00:00Z', endsAt: null, terms: { ...terms, overrides: hidden } }
  assert.equal((await manage(`${path}/${drafted.body.id}/versions`, more)).status, 201)
  assert.equal((await manage(`${path}/${drafted.body.id}/versions/2/send`, {})).status, 200)
  const [, second] = (await list()).body.data[0].versions
  assert.deepEqual([second.state, second.terms.overrides], ['sent', overrides])
  const theirs = await call(`${publicUrl}/partner/agreements`, { key: partners.starter.live.apiKey })
  assert.deepEqual(theirs.body.data, [])
  const suspended = await manage(`partners/${partners.pro.id}/suspend`, { reason: 'breach' })
  assert.deepEqual([suspended.status, suspended.body.code], [403, 'proposals.not_allowed'])
  assert.match(suspended.body.detail, /two people/)
})

test('a pilot of what is dark is nothing to a partner', async () => {
  const opened = await manage('capabilities/master-data/pilot', { capacity: 1, endsAt: null })
  assert.equal(opened.status, 201, JSON.stringify(opened.body))
  const { body } = await call(`${publicUrl}/partner/access/pilots`, { key: apiKey })
  assert.deepEqual(
    body.data.map((pilot: { capability: string }) => pilot.capability),
    ['proposals'],
  )
  const shape = async (name: string) => {
    const path = `${publicUrl}/partner/access/pilots/${name}/place`
    const { status, body: problem } = await call(path, { key: apiKey, method: 'POST' })
    const { requestId: _, instance: __, ...rest } = problem
    return { status, rest }
  }
  assert.deepEqual(await shape('master-data'), await shape('absent'))
  assert.equal((await shape('absent')).rest.code, 'pilots.not_found')
})
