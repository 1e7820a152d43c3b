/** What partners change of their single sign-on themselves, and what an operator does about it. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { describe, test } from 'node:test'
import { Check } from 'typebox/value'
import { createSessions } from '#/identity/sessions/sessions.ts'
import { ssoOperations } from '#/identity/sso/operations.ts'
import { createProvider, setDomains } from '#/identity/sso/sso.ts'
import { systemClock } from '#/kernel/clock/clock.ts'
import { createSealer } from '#/kernel/crypto/crypto.ts'
import { newId, parseId, publicId } from '#/kernel/id/id.ts'
import { createOutbound } from '#/kernel/outbound/outbound.ts'
import { testDatabase } from '../../../tests/support/database.ts'
import { adminApi } from '../../../tests/support/identity/admin.ts'
import { nobodys, operationsScene } from '../../../tests/support/partner/operations.ts'
import type { Caller } from '../../../tests/support/partner/operations.ts'

const database = await testDatabase()
const clock = systemClock()
const sealer = createSealer(randomBytes(32))
const deps = { sealer, clock, outbound: createOutbound({ allowLoopback: false }) }
const operations = ssoOperations(deps)
const { ask, inTx, partner, person } = operationsScene(database, operations)
const api = await adminApi(database)
const sessions = createSessions({ sealer })

const given = { name: 'Staff', issuer: 'https://login.example', clientId: 'portico', clientSecret: 'first' }

async function set() {
  const mine = await partner()
  const made = await ask(mine.live, 'createSsoProvider', { body: given })
  assert.equal(made.status, 201)
  return { ...mine, id: made.body.id as string }
}

const secretOf = async (id: string) => {
  const text = 'select client_secret as sealed from control.identity_provider where id = $1'
  const { rows } = await database.owner.query<{ sealed: Buffer }>(text, [parseId('sso', id)])
  return sealer.open(rows[0]!.sealed, `identity_provider.client_secret:${parseId('sso', id)}`)
}

/** A session that somebody opened by single sign-on, and one by password. */
async function sessionsOf({ partnerId, member }: Caller) {
  const opening = { personId: member!.id, realm: 'portal', partnerId, factors: [], address: '::1' } as const
  const open = (method: 'sso' | 'password') =>
    inTx((tx) => sessions.open(tx, { ...opening, method }, clock.wall()))
  const [bySso, byPassword] = [await open('sso'), await open('password')]
  const stands = async (token: string) =>
    (await inTx((tx) => sessions.authenticate(tx, 'portal', token, clock.wall()))) !== null
  return async () => [await stands(bySso.token), await stands(byPassword.token)]
}

describe('PATCH /partner/sso-providers/{id}', () => {
  const change = (caller: Caller, id: string, body: object) => ask(caller, 'updateSsoProvider', { id, body })

  test('404 for another partner’s, an absent one and no id at all; nothing changes', async () => {
    const [mine, theirs] = [await set(), await set()]
    for (const id of [theirs.id, nobodys('sso'), 'x']) {
      const answer = await change(mine.live, id, { name: 'Stolen', clientSecret: 'stolen', active: false })
      assert.deepEqual([answer.status, answer.code], [404, 'sso.not_found'], id)
    }
    const [listed] = (await ask(theirs.live, 'listSsoProviders')).body.data
    assert.deepEqual([listed.name, listed.active, await secretOf(theirs.id)], ['Staff', true, 'first'])
  })

  test('200: the name, the secret, which is never shown, and who comes in unknown', async () => {
    const { live, id } = await set()
    const answer = await change(live, id, { name: 'People', clientSecret: 'second', joinRole: 'viewer' })
    assert.deepEqual([answer.status, answer.body.name, answer.body.joinRole], [200, 'People', 'viewer'])
    assert.ok(!JSON.stringify(answer.body).includes('second'))
    assert.equal(await secretOf(id), 'second')
    assert.equal((await change(live, id, { joinRole: null })).body.joinRole, null)
    assert.equal(await secretOf(id), 'second')
  })

  test('the issuer, the domains, a role that manages others, and nothing at all are not taken', () => {
    const schema = operations.find(({ id }) => id === 'updateSsoProvider')!.body!
    for (const body of [
      { issuer: 'https://evil.example' },
      { domains: ['evil.example'] },
      { joinRole: 'admin' },
      { joinRole: 'owner' },
      { enforced: true },
      { clientSecret: '' },
      {},
    ]) {
      assert.ok(!Check(schema, body), JSON.stringify(body))
    }
    assert.ok(
      Check(schema, { name: 'People', clientId: 'a', clientSecret: 'b', active: true, joinRole: null }),
    )
    const creating = operations.find(({ id }) => id === 'createSsoProvider')!.body!
    assert.ok(Check(creating, { ...given, joinRole: 'developer' }))
    assert.ok(!Check(creating, { ...given, joinRole: 'admin' }))
  })

  test('switched off, the sessions it opened end at once, in this organisation alone', async () => {
    const [mine, theirs] = [await set(), await set()]
    const owner = await person(sealer, mine.live, 'owner')
    const [standing, foreign] = [
      await sessionsOf(owner),
      await sessionsOf(await person(sealer, theirs.live, 'owner')),
    ]
    assert.deepEqual(await standing(), [true, true])
    const answer = await change(owner, mine.id, { active: false })
    assert.deepEqual([answer.status, answer.body.active], [200, false])
    assert.deepEqual(await standing(), [false, true])
    assert.deepEqual(await foreign(), [true, true])
    const enforced = await ask(owner, 'enforceSso', { id: mine.id, body: { enforced: true } })
    assert.equal(enforced.code, 'sso.untried')
  })

  test('removed, they end as well', async () => {
    const mine = await set()
    const owner = await person(sealer, mine.live, 'owner')
    const standing = await sessionsOf(owner)
    assert.equal((await ask(owner, 'removeSsoProvider', { id: mine.id })).status, 200)
    assert.deepEqual(await standing(), [false, true])
  })
})

describe('/v1/sso-providers/:id', () => {
  const made = () =>
    api.inTx(async (tx) => {
      const { id } = await createProvider(
        tx,
        { ...deps, sealer: api.sealer, wall: clock.wall() },
        null,
        given,
      )
      await setDomains(tx, null, id, [`d${newId().slice(-12)}.example`])
      return publicId('sso', id)
    })
  const change = (id: string, body: object, as = 'admin') =>
    api.call(`PATCH /v1/sso-providers/${id}`, { as, body })

  test('403 for a partner manager, 404 for none, 422 for the issuer and for nothing', async () => {
    const id = await made()
    assert.equal((await change(id, { active: false }, 'partner-manager')).status, 403)
    assert.equal((await change(nobodys('sso'), { active: false })).body.code, 'sso.not_found')
    assert.equal((await change(id, { issuer: 'https://evil.example' })).status, 422)
    assert.equal((await change(id, {})).status, 422)
  })

  test('200: renamed, with other domains and another secret; a domain of another leaves it as it was', async () => {
    const id = await made()
    const domain = `n${newId().slice(-12)}.example`
    const { status, body, text } = await change(id, {
      name: 'Ops',
      clientSecret: 'second',
      domains: [domain],
    })
    assert.deepEqual([status, body.name, body.domains, body.active], [200, 'Ops', [domain], true])
    assert.ok(!text.includes('second'))
    const other = await made()
    const taken = await change(other, { name: 'Thief', domains: [domain] })
    assert.deepEqual([taken.status, taken.body.code], [409, 'sso.domain_taken'])
    const { body: listed } = await api.call('GET /v1/sso-providers', { as: 'auditor' })
    const names = listed.data.map(({ name }: { name: string }) => name)
    assert.ok(names.includes('Ops') && !names.includes('Thief'), names.join())
  })
})

describe('/v1/partners/:id/sso-providers', () => {
  test('403 by the role, 404 for a partner or a provider that is not there or another’s', async () => {
    const [mine, theirs] = [await set(), await set()]
    const ofPartner = (partnerId: string) =>
      `/v1/partners/${publicId('ptn', partnerId)}/sso-providers` as const
    const path = ofPartner(mine.live.partnerId)
    assert.equal(
      (await api.call(`PATCH ${path}/${mine.id}`, { as: 'auditor', body: { active: false } })).status,
      403,
    )
    for (const wrong of [`${path}/${theirs.id}`, `${ofPartner(newId())}/${mine.id}`] as const) {
      assert.equal((await api.call(`PATCH ${wrong}`, { as: 'admin', body: { active: false } })).status, 404)
    }
    assert.equal((await api.call(`GET ${ofPartner(newId())}`, { as: 'admin' })).status, 404)
  })

  test('200: an operator sees it, and switches it off and on', async () => {
    const mine = await set()
    const path = `/v1/partners/${publicId('ptn', mine.live.partnerId)}/sso-providers` as const
    const seen = await api.call(`GET ${path}`, { as: 'support' })
    assert.deepEqual(
      seen.body.data.map(({ id }: { id: string }) => id),
      [mine.id],
    )
    for (const active of [false, true]) {
      const body = { active }
      const { status, body: shown } = await api.call(`PATCH ${path}/${mine.id}`, {
        as: 'partner-manager',
        body,
      })
      assert.deepEqual([status, shown.active], [200, active])
    }
    const renamed = { active: true, name: 'Ours' }
    assert.equal((await api.call(`PATCH ${path}/${mine.id}`, { as: 'admin', body: renamed })).status, 422)
  })
})
