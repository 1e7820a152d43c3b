/** What the guard says besides yes and no; who gets past it where is in tests/routes.test.ts. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createBelieved } from '#/identity/guard/believed.ts'
import { createAdminGuard } from '#/identity/guard/guard.ts'
import { createServiceKey, revokeServiceKey } from '#/identity/service-keys/service-keys.ts'
import type { ServiceKey } from '#/identity/service-keys/service-keys.ts'
import { transact } from '#/kernel/db/db.ts'
import type { Tx } from '#/kernel/db/db.ts'
import type { Caller, Permission } from '#/kernel/http/http.ts'
import { newId } from '#/kernel/id/id.ts'
import { Problem } from '#/kernel/problem/problem.ts'
import { testDatabase } from '../../../tests/support/database.ts'

const database = await testDatabase()
let elapsed = 0
const clock = { monotonicUs: () => elapsed }
const created = await transact(database.control, { kind: 'system', name: 'test' }, (tx) =>
  createServiceKey(tx, { name: 'billing', role: 'finance' }),
)
const session = { id: newId(), personId: newId(), steppedUpAt: null }
const member: Caller = {
  actor: { kind: 'member', id: session.personId, partnerId: newId(), role: 'owner' },
  address: '192.0.2.1',
  session,
}

const knock = (authorization?: string) => ({
  method: 'GET',
  target: '/v1/partners',
  address: '192.0.2.1',
  header: (name: string) => (name === 'authorization' ? authorization : undefined),
})
const guard = (signedIn: Caller | null = null) =>
  createAdminGuard({ database, clock, sessions: async () => signedIn })
const refused = (code: string) => (error: unknown) =>
  error instanceof Problem && error.definition.code === code

test('a service acts under the id and the role of its key, from its address', async () => {
  const caller = await guard()(knock(`bearer  ${created.key} `), 'partners:read')
  assert.deepEqual(caller, {
    actor: { kind: 'service', id: created.id, role: 'finance' },
    address: '192.0.2.1',
    session: null,
  })
})

test('what is for whoever is signed in is not for a service', async () => {
  await assert.rejects(guard()(knock(`Bearer ${created.key}`), 'session'), refused('guard.forbidden'))
})

test('a person of a partner is no operator, whatever the roles are called', async () => {
  await assert.rejects(guard(member)(knock(), 'partners:read'), refused('guard.forbidden'))
  const admin = { ...member, actor: { ...member.actor, role: 'admin' } as Caller['actor'] }
  await assert.rejects(guard(admin)(knock(), 'partners:read'), refused('guard.forbidden'))
})

test('where a key is brought, nobody asks for the session', async () => {
  const sessions = () => Promise.reject(new Error('asked'))
  const strict = createAdminGuard({ database, clock, sessions })
  await assert.rejects(strict(knock('Bearer pts_x'), 'partners:read'), refused('guard.unauthenticated'))
  await assert.rejects(strict(knock(''), 'partners:read'), refused('guard.unauthenticated'))
})

test('a revoked key asks for nothing more at once, and for decisions within a second', async () => {
  const within = <T>(work: (tx: Tx) => Promise<T>) =>
    transact(database.control, { kind: 'system', name: 'test' }, work)
  const { id, key } = await within((tx) => createServiceKey(tx, { name: 'proxy', role: 'service' }))
  const same = guard()
  const ask = (permission: Permission) => same(knock(`Bearer ${key}`), permission)
  assert.equal((await ask('decisions:make')).actor.kind, 'service')
  await assert.rejects(ask('partners:write'), refused('guard.forbidden'))
  await within((tx) => revokeServiceKey(tx, id, 'a test'))
  await assert.rejects(ask('partners:write'), refused('guard.unauthenticated'))
  elapsed += 499_999
  assert.equal((await ask('decisions:make')).actor.kind, 'service')
  elapsed += 1
  await assert.rejects(ask('decisions:make'), refused('guard.unauthenticated'))
  await assert.rejects(ask('decisions:make'), refused('guard.unauthenticated'))
})

test('a key that is not known yet works as soon as it is', async () => {
  const found: (string | null)[] = [null, 'service', 'finance']
  const find = createBelieved(async () => {
    const role = found.shift()
    return role ? ({ role } as ServiceKey) : null
  }, clock)
  assert.deepEqual(
    [await find('a'), (await find('a'))?.role, (await find('a'))?.role],
    [null, 'service', 'service'],
  )
  elapsed += 500_000
  assert.equal((await find('a'))?.role, 'finance')
})
