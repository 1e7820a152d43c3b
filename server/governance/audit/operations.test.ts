/** A partner reads its own lines, with ids as they leave the program, and nothing of who the provider's people are. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createAuditSink } from '#/governance/audit/audit.ts'
import { auditOperations } from '#/governance/audit/operations.ts'
import { createSealer } from '#/kernel/crypto/crypto.ts'
import { transact } from '#/kernel/db/db.ts'
import type { Actor, AuditLine } from '#/kernel/db/db.ts'
import { newId, publicId } from '#/kernel/id/id.ts'
import { testDatabase } from '../../../tests/support/database.ts'
import { operationsScene } from '../../../tests/support/partner/operations.ts'
import type { Caller } from '../../../tests/support/partner/operations.ts'

const database = await testDatabase()
const sealer = createSealer(Buffer.alloc(32, 7))
const audit = createAuditSink(sealer)
const { ask } = operationsScene(database, auditOperations({ sealer }))

function caller(partnerId = newId()): Caller {
  const ids = { applicationId: newId(), credentialId: newId() }
  return { partnerId, ...ids, environment: 'live', member: null }
}

function done(actor: Actor, line: Pick<AuditLine, 'action'> & Partial<AuditLine>): Promise<void> {
  return transact({ ...database.control, audit }, actor, async (tx) => tx.audit(line), '198.51.100.7')
}

type Line = { action: string; actor: object; subject: object } & Record<string, unknown>
const list = async (at: Caller, query: Record<string, string> = {}) =>
  (await ask(at, 'listAudit', { query })).body as { data: Line[]; nextCursor: string | null }

test('403 for a key of the sandbox', async () => {
  const answer = await ask({ ...caller(), environment: 'sandbox' }, 'listAudit')
  assert.deepEqual([answer.status, answer.code], [403, 'auth.live_key_needed'])
})

test('another partner sees none of it, and cannot go on with its cursor', async () => {
  const [mine, theirs] = [caller(), caller()]
  const actor = { kind: 'application', id: mine.applicationId, partnerId: mine.partnerId } as const
  for (const action of ['keys.create', 'keys.revoke']) await done(actor, { action })
  assert.deepEqual((await list(theirs)).data, [])
  const first = await list(mine, { limit: '1' })
  const query = { limit: '1', cursor: first.nextCursor ?? '' }
  assert.deepEqual(
    [...first.data, ...(await list(mine, query)).data].map(({ action }) => action),
    ['keys.revoke', 'keys.create'],
  )
  const answers = [
    await ask(theirs, 'listAudit', { query }),
    await ask(mine, 'listAudit', { query: { ...query, action: 'keys' } }),
  ]
  for (const answer of answers) assert.deepEqual([answer.status, answer.code], [400, 'http.bad_cursor'])
})

test('422 for what is no time', async () => {
  const answer = await ask(caller(), 'listAudit', { query: { from: '2026-12-31T23:59:60Z' } })
  assert.deepEqual([answer.status, answer.code], [422, 'audit.bad_time'])
})

test('200 by action and time, with ids of their kind, and the provider without a face', async () => {
  const { partnerId, ...rest } = caller()
  const [personId, keyId] = [newId(), newId()]
  const member = { kind: 'member', id: personId, partnerId, role: 'owner' } as const
  await done(member, {
    action: 'keys.revoke',
    subject: { kind: 'key', id: keyId },
    reason: 'leaked',
    changes: { scopes: ['a:read'] },
  })
  await done(
    { kind: 'operator', id: newId(), role: 'support' },
    { action: 'partners.suspend', partnerId, reason: 'x' },
  )
  const at = { partnerId, ...rest }
  const { data } = await list(at)
  const [provider, own] = data
  assert.deepEqual(provider?.actor, { kind: 'operator', id: null, role: null })
  assert.deepEqual([provider?.['reason'], provider?.['address']], [null, null])
  assert.deepEqual(own?.actor, { kind: 'member', id: publicId('per', personId), role: 'owner' })
  assert.deepEqual(own?.subject, { kind: 'key', id: publicId('key', keyId) })
  assert.deepEqual(
    [own?.['reason'], own?.['address'], own?.['changes']],
    ['leaked', '198.51.100.7', { scopes: ['a:read'] }],
  )
  assert.deepEqual((await list(at, { action: 'keys' })).data, [own])
  assert.deepEqual((await list(at, { from: new Date(Date.now() + 60_000).toISOString() })).data, [])
  assert.equal((await list(at, { to: new Date(Date.now() + 60_000).toISOString() })).data.length, 2)
})
