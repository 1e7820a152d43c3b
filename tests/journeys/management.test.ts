/** The management API of the running product: closed to everyone, opened by a key from the shell, and on record. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { call, runPortico, startPortico } from '../support/portico.ts'

const running = await startPortico()
after(() => running.kill(true))
const { adminUrl, publicUrl, partners } = running.facts

async function serviceKey(): Promise<string> {
  const made = await runPortico({ PORTICO_DATA: running.data }, [
    'scripts/portico.ts',
    'service-key',
    'create',
    '--name',
    'Journey',
    '--role',
    'partner-manager',
  ])
  assert.equal(made.code, 0, made.output)
  return made.output.split('\n')[0]!
}

test('401 without a key, and nothing of it stands on the public port', async () => {
  assert.equal((await call(`${adminUrl}/v1/partners`)).status, 401)
  assert.equal((await call(`${adminUrl}/v1/partners`, { key: partners.pro.live.apiKey })).status, 401)
  assert.notEqual((await call(`${publicUrl}/v1/partners`)).status, 200)
})

test('a service suspends a partner: its calls are refused within a second, and the audit says who did it', async () => {
  const key = await serviceKey()
  const { body: page } = await call(`${adminUrl}/v1/partners/${partners.pro.id}`, { key })
  assert.equal(page.package.name, 'pro')
  const products = () => call(`${publicUrl}/api/products?limit=1`, { key: partners.pro.live.apiKey })
  assert.equal((await products()).status, 200)
  const path = `${adminUrl}/v1/partners/${partners.pro.id}`
  const suspended = await call(`${path}/suspend`, { key, method: 'POST', body: { reason: 'unpaid' } })
  assert.equal(suspended.status, 200)
  const deadline = Date.now() + 1000
  let status = 200
  while (status === 200 && Date.now() < deadline) ({ status } = await products())
  assert.equal(status, 403)
  const resumed = await call(`${path}/resume`, { key, method: 'POST', body: { reason: 'paid' } })
  assert.equal(resumed.body.state, 'active')
  const { body: audit } = await call(
    `${adminUrl}/v1/audit?action=partners&partner=${partners.pro.id}&limit=2`,
    {
      key,
    },
  )
  assert.deepEqual(
    audit.data.map((line: { action: string; reason: string; actor: { kind: string } }) => [
      line.action,
      line.reason,
      line.actor.kind,
    ]),
    [
      ['partners.resume', 'paid', 'service'],
      ['partners.suspend', 'unpaid', 'service'],
    ],
  )
  const { body: verified } = await call(`${adminUrl}/v1/audit/verify`, { key })
  assert.equal(verified.intact, true)
})
