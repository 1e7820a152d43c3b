/** A partner looks after itself over HTTP, with nothing but its keys. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { call, startPortico } from '../support/portico.ts'

const portico = await startPortico()
after(() => portico.stop())
const { publicUrl, partners } = portico.facts
const live = partners.pro.live.apiKey
const sandbox = partners.pro.sandbox.apiKey
const other = partners.enterprise.live.apiKey

/** Every text of a key that was told. */
const told: string[] = []

async function ask(key: string, method: string, path: string, body?: unknown) {
  const answer = await call(`${publicUrl}/partner/${path}`, {
    key,
    method,
    ...(body !== undefined && { body }),
  })
  if (answer.status === 201 && answer.body?.key) told.push(answer.body.key)
  return answer
}

/** A gateway hears of a change within a second. */
async function soon(expected: number, attempt: () => Promise<{ status: number }>): Promise<void> {
  for (const started = Date.now(); ; await delay(25)) {
    const { status } = await attempt()
    if (status === expected) return
    assert.ok(Date.now() - started < 2000, `still ${status} instead of ${expected}`)
  }
}

async function application(name: string): Promise<string> {
  const { status, body } = await ask(live, 'POST', 'applications', { name })
  assert.equal(status, 201)
  return body.id as string
}

test('401 without a key, for every list', async () => {
  for (const path of [
    'applications',
    'keys',
    'team',
    'team/invitations',
    'profile',
    'profile/history',
    'audit',
  ]) {
    const answer = await call(`${publicUrl}/partner/${path}`)
    assert.deepEqual([answer.status, answer.body.code], [401, 'auth.missing'], path)
  }
})

test('404 alike for what is foreign, of the other environment, and absent', async () => {
  const theirs = (await ask(other, 'GET', 'applications')).body.data[0].id as string
  const theirKey = (await ask(other, 'GET', 'keys')).body.data[0].id as string
  const testKey = (await ask(sandbox, 'GET', 'keys')).body.data[0].id as string
  const shape = async (method: string, path: string, body?: unknown) => {
    const { status, body: problem } = await ask(live, method, path, body)
    const { requestId: _, instance: __, ...rest } = problem
    return { status, rest }
  }
  const absent = (id: string) => id.slice(0, -12) + '0'.repeat(12)
  const attempts: [string, (id: string) => string, readonly string[], unknown][] = [
    ['GET', (id) => `applications/${id}`, [theirs], undefined],
    ['PATCH', (id) => `applications/${id}`, [theirs], { name: 'Mine' }],
    ['POST', (id) => `applications/${id}/archive`, [theirs], undefined],
    ['PATCH', (id) => `keys/${id}`, [theirKey, testKey], { scopes: ['a:read'] }],
    ['POST', (id) => `keys/${id}/rotate`, [theirKey, testKey], undefined],
    ['POST', (id) => `keys/${id}/revoke`, [theirKey, testKey], { reason: 'not mine' }],
  ]
  for (const [method, path, ids, body] of attempts) {
    for (const id of ids) {
      const foreign = await shape(method, path(id), body)
      assert.equal(foreign.status, 404, `${method} ${path(id)}`)
      assert.deepEqual(foreign, await shape(method, path(absent(id)), body))
      assert.deepEqual(foreign, await shape(method, path('x'), body))
    }
  }
})

test('a key from creation to revocation', async () => {
  const made = await ask(live, 'POST', 'keys', { application: await application('Lives'), label: 'First' })
  assert.equal(made.status, 201, made.text)
  await soon(200, () => ask(made.body.key, 'GET', 'usage'))
  const next = await ask(live, 'POST', `keys/${made.body.id}/rotate`)
  assert.equal(next.status, 201, next.text)
  await soon(200, () => ask(next.body.key, 'GET', 'usage'))
  assert.equal((await ask(made.body.key, 'GET', 'usage')).status, 200, 'the old one works on')
  const revoked = await ask(live, 'POST', `keys/${made.body.id}/revoke`, { reason: 'rolled out' })
  assert.deepEqual([revoked.status, revoked.body.revokedReason], [200, 'rolled out'])
  await soon(401, () => ask(made.body.key, 'GET', 'usage'))
  assert.equal((await ask(next.body.key, 'GET', 'usage')).status, 200)
  const archived = await ask(live, 'POST', `applications/${next.body.application}/archive`)
  assert.equal(archived.status, 200)
  await soon(401, () => ask(next.body.key, 'GET', 'usage'))
})

test('403 for a bound key beyond its scopes and from another network, and it cannot lift its bounds', async () => {
  const scopes = ['keys:read', 'keys:write', 'usage:read']
  const bound = { application: await application('Bound'), label: 'Bound', scopes }
  const { body: made } = await ask(live, 'POST', 'keys', bound)
  await soon(200, () => ask(made.key, 'GET', 'usage'))
  for (const path of ['applications', 'team', 'profile', 'audit']) {
    const answer = await ask(made.key, 'GET', path)
    assert.deepEqual([answer.status, answer.body.code], [403, 'auth.insufficient_scope'], path)
    assert.match(answer.headers.get('www-authenticate') ?? '', /insufficient_scope/)
  }
  const lifted = [
    await ask(made.key, 'PATCH', `keys/${made.id}`, { scopes: null }),
    await ask(made.key, 'PATCH', `keys/${made.id}`, { scopes: [...scopes, 'team:write'] }),
    await ask(made.key, 'POST', 'keys', { ...bound, scopes: null }),
  ]
  for (const answer of lifted) assert.deepEqual([answer.status, answer.body.code], [403, 'keys.beyond_reach'])
  const elsewhere = await ask(live, 'PATCH', `keys/${made.id}`, { networks: ['192.0.2.0/24'] })
  assert.deepEqual([elsewhere.status, elsewhere.body.networks], [200, ['192.0.2.0/24']])
  await soon(403, () => ask(made.key, 'GET', 'usage'))
  assert.equal((await ask(made.key, 'GET', 'usage')).body.code, 'auth.address_not_allowed')
  await ask(live, 'PATCH', `keys/${made.id}`, { networks: ['127.0.0.0/8'] })
  await soon(200, () => ask(made.key, 'GET', 'usage'))
})

test('403 for a key of the sandbox on what has no sandbox', async () => {
  for (const path of ['team', 'team/invitations', 'profile', 'profile/history', 'audit']) {
    const answer = await ask(sandbox, 'GET', path)
    assert.deepEqual([answer.status, answer.body.code], [403, 'auth.live_key_needed'], path)
  }
})

test('422 with every place of what the contract does not take', async () => {
  const answer = await ask(live, 'POST', 'keys', { label: ' x', scopes: 'all', more: 1 })
  assert.equal(answer.status, 422)
  const pointers = answer.body.errors.map(({ pointer }: { pointer: string }) => pointer)
  assert.ok(pointers.includes('#/label') && pointers.includes('#/scopes'), answer.text)
})

test('the team and the facts of the organisation', async () => {
  const { body: team } = await ask(live, 'GET', 'team')
  assert.match(team.data[0].id, /^per_[0-9a-f]{32}$/)
  const owner = await ask(live, 'PATCH', `team/${team.data[0].id}`, { role: 'viewer' })
  assert.deepEqual([owner.status, owner.body.code], [403, 'people.owners_only'])
  const invited = await ask(live, 'POST', 'team/invitations', {
    email: 'ada@helio.example',
    role: 'developer',
  })
  assert.match(invited.body.id, /^ivt_[0-9a-f]{32}$/)
  assert.equal((await ask(other, 'DELETE', `team/invitations/${invited.body.id}`)).status, 404)
  assert.equal((await ask(live, 'DELETE', `team/invitations/${invited.body.id}`)).status, 204)
  const changed = await ask(live, 'PATCH', 'profile', { version: 0, legalName: 'Helio Works GmbH' })
  assert.deepEqual([changed.status, changed.body.version], [200, 1])
  assert.equal((await ask(live, 'PATCH', 'profile', { version: 0, country: 'DE' })).status, 409)
  assert.equal((await ask(live, 'GET', 'profile/history')).body.data.length, 1)
})

test('the audit tells all of it, to nobody else, and nothing that was shown holds a secret', async () => {
  const { body } = await ask(live, 'GET', 'audit?limit=200')
  const lines = body.data as { action: string; actor: { kind: string }; reason: string | null }[]
  const actions = new Set(lines.map(({ action }) => action))
  const expected =
    'applications.create applications.archive keys.create keys.rotate keys.set_bounds keys.revoke team.invite team.uninvite profile.change'
  for (const action of expected.split(' ')) assert.ok(actions.has(action), action)
  assert.ok(lines.some(({ action, reason }) => action === 'keys.revoke' && reason === 'rolled out'))
  assert.ok(!JSON.stringify(body).includes('Helio Works GmbH'))
  const theirs = await ask(other, 'GET', 'audit?action=keys.rotate')
  assert.deepEqual(theirs.body.data, [])
  const shown = [body, (await ask(live, 'GET', 'keys?limit=200')).body, portico.output()]
  assert.ok(told.length >= 3)
  // The demo's own keys are printed at the start, the others never.
  for (const text of told) assert.ok(!shown.some((each) => JSON.stringify(each).includes(text.slice(9, -4))))
})
