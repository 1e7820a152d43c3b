/** What the guard says besides yes and no; who gets past it where is in tests/routes.test.ts. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createAdminGuard } from '#/identity/guard/guard.ts'
import { createServiceKey } from '#/identity/service-keys/service-keys.ts'
import { transact } from '#/kernel/db/db.ts'
import type { Caller } from '#/kernel/http/http.ts'
import { newId } from '#/kernel/id/id.ts'
import { Problem } from '#/kernel/problem/problem.ts'
import { testDatabase } from '../../../tests/support/database.ts'

const database = await testDatabase()
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
  createAdminGuard({ database, sessions: async () => signedIn })
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
  const strict = createAdminGuard({ database, sessions })
  await assert.rejects(strict(knock('Bearer pts_x'), 'partners:read'), refused('guard.unauthenticated'))
  await assert.rejects(strict(knock(''), 'partners:read'), refused('guard.unauthenticated'))
})
