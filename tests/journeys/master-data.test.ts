/** Master data in the running product: nothing to any partner until its last gate is met and a second operator agrees. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { accessJourney, promptly } from '../support/access/journey.ts'

const portico = await accessJourney()
after(() => portico.stop())
const { admin } = portico
const names = ['starter', 'pro', 'enterprise'] as const
const partners = names.map(portico.partner)
const enterprise = portico.partner('enterprise')
const paths = ['/api/rate-cards', '/api/rate-cards/rc_1', '/api/rate-cards?limit=1']
const telling = /rate.?card|master.?data/i

const expose = () =>
  admin.ask('POST capabilities/master-data/exposure', { to: 'general', reason: 'it is ready' })

/** Everything of an answer but what differs from call to call, and what the caller wrote itself. */
function shapeOf({ status, headers, body }: Awaited<ReturnType<typeof enterprise>>) {
  const { requestId: _, instance: __, ...rest } = body ?? {}
  return { status, allow: headers.get('allow'), names: [...headers.keys()].toSorted(), rest }
}

async function assertHidden(): Promise<void> {
  for (const partner of partners) {
    for (const method of ['GET', 'HEAD', 'OPTIONS', 'POST', 'DELETE']) {
      const unknown = shapeOf(await partner(`${method} /api/nothing-here`))
      assert.equal(unknown.status, 404, method)
      for (const path of paths)
        assert.deepEqual(shapeOf(await partner(`${method} ${path}`)), unknown, `${method} ${path}`)
    }
  }
}

test('404 in every method for every partner, as for a path that does not exist', assertHidden)

test('nothing that a partner reads speaks of it: access, pilots, agreements, changes, documents, problem pages', async () => {
  for (const partner of partners) {
    for (const path of ['access', 'access/pilots', 'access/requests', 'agreements', 'audit', 'usage']) {
      const { status, text } = await partner(`GET /partner/${path}`)
      assert.equal(status, 200, path)
      assert.doesNotMatch(text, telling, path)
    }
    const refused = await partner('GET /api/raw-data/export?limit=0')
    assert.ok(refused.status >= 400)
    assert.doesNotMatch(refused.text, telling)
    const page = await partner(`GET ${new URL(refused.body.type).pathname}`)
    assert.equal(page.status, 200)
    assert.doesNotMatch(page.text, telling)
  }
  const document = join(import.meta.dirname, '..', '..', 'contracts', 'partner-api.openapi.json')
  assert.doesNotMatch(readFileSync(document, 'utf8'), telling)
})

test('asking for it, and for its pilot, is asking for nothing', async () => {
  const form = {
    useCase: 'Our price list',
    volume: { perMonth: 10, peakPerSecond: 1 },
    data: 'Rate cards.',
    environments: ['live'],
    acceptedTerms: '2026-11',
  }
  const ask = async (capability: string) => {
    const asked = await enterprise('POST /partner/access/requests', { capability, form })
    const joined = await enterprise(`POST /partner/access/pilots/${capability}/place`)
    return JSON.stringify([shapeOf(asked), shapeOf(joined)]).replaceAll(capability, '…')
  }
  assert.equal(await ask('master-data'), await ask('absent-data'))
})

test('409 as long as a gate is open, with the gates that are, and it stays hidden', async () => {
  for (const gate of ['legal', 'certification', 'production-evidence']) {
    const { status, body } = await expose()
    assert.deepEqual([status, body.code], [409, 'capabilities.gates_open'])
    assert.match(body.detail, new RegExp(gate))
    const evidence = { kind: 'sign-off', reference: 'minutes of the board', signedBy: 'Ines Falk' }
    const added = await admin.ask(`POST capabilities/master-data/gates/${gate}/evidence`, evidence)
    assert.equal(added.status, 201, JSON.stringify(added.body))
  }
  await assertHidden()
})

test('every gate is met: the requester alone cannot open it; a second operator does, and it is there within a second', async () => {
  const asked = await expose()
  assert.deepEqual([asked.status, asked.body.action], [202, 'capabilities.open'])
  const approve = `POST proposals/${asked.body.proposalId}/approve`
  const alone = await admin.ask(approve)
  assert.deepEqual([alone.status, alone.body.code], [403, 'proposals.own'])
  const finance = await portico.operator('finance')
  const lacking = await finance.ask(approve)
  assert.deepEqual([lacking.status, lacking.body.detail], [403, 'Your role lacks access:write.'])
  await assertHidden()

  const second = await portico.operator('partner-manager')
  const approved = await second.ask(approve)
  assert.deepEqual([approved.status, approved.body.state], [200, 'done'])
  await promptly(async () => (await enterprise('GET /api/rate-cards?limit=1')).status === 200)
  const { body } = await enterprise('GET /partner/access')
  assert.ok(body.capabilities.some(({ name }: { name: string }) => name === 'master-data'))
  const refused = await portico.partner('starter')('GET /api/rate-cards')
  assert.deepEqual([refused.status, refused.body.code], [403, 'access.not_in_package'])
})
