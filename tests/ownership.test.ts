/** The second wall: whatever a statement forgets, PostgreSQL shows a partner no row of another. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createPartner } from '#/identity/partners/partners.ts'
import { transact } from '#/kernel/db/db.ts'
import { newId } from '#/kernel/id/id.ts'
import { testDatabase } from './support/database.ts'

const database = await testDatabase()
const system = { kind: 'system', name: 'test' } as const

/** Tables that name a partner and are no partner's: what the provider keeps for itself. */
const providersOwn = ['kernel_outbox', 'governance_audit']

test('every table that names a partner has row-level security and the policy of ownership', async () => {
  const found = await database.owner.query<{ name: string; secured: boolean; policies: number }>(`
    select c.oid::regclass::text as name, c.relrowsecurity as secured,
           (select count(*)::int from pg_policy where polrelid = c.oid and polname = 'portico_owner') as policies
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname in ('control', 'live', 'sandbox') and c.relkind in ('r', 'p') and not c.relispartition
      and (c.relname = 'identity_partner' or exists (
        select from pg_attribute where attrelid = c.oid and attname = 'partner_id' and not attisdropped))
    order by 1`)
  const open = found.rows
    .filter((table) => !providersOwn.includes(table.name.replace(/^\w+\./, '')))
    .filter((table) => !table.secured || table.policies !== 1)
  assert.ok(found.rows.length >= 6)
  assert.deepEqual(open, [])
})

test('an unconditional statement shows a partner its own rows, and without an actor none', async () => {
  const [first, second] = await transact(database.control, system, async (tx) => [
    await createPartner(tx, { slug: 'first', name: 'First' }),
    await createPartner(tx, { slug: 'second', name: 'Second' }),
  ])
  assert.ok(first && second)
  const seenBy = (partnerId: string) =>
    transact(database.control, { kind: 'application', id: newId(), partnerId }, (tx) =>
      tx.rows<{ id: string }>('select id from identity_partner order by id'),
    )
  assert.deepEqual(await seenBy(first.id), [{ id: first.id }])
  assert.deepEqual(await seenBy(second.id), [{ id: second.id }])
  assert.deepEqual(await seenBy(newId()), [])
  assert.deepEqual((await database.control.pool.query('select id from identity_partner')).rows, [])
})

test('a partner cannot write a row into another’s name, nor leave its setting to the next transaction', async () => {
  const partnerId = newId()
  const actor = { kind: 'application', id: newId(), partnerId } as const
  const forged = transact(database.control, actor, (tx) =>
    tx.rows(`insert into identity_partner (id, slug, name) values ($1, 'forged', 'Forged')`, [newId()]),
  )
  await assert.rejects(forged, /row-level security/)
  for (let i = 0; i < 8; i += 1) {
    const left = await database.control.pool.query(
      `select current_setting('portico.partner', true) as partner`,
    )
    assert.ok(!left.rows[0].partner)
  }
})

test('a partition is not reached by its own name', async () => {
  const partitions = await database.live.pool.query<{ name: string }>(
    `select inhrelid::regclass::text as name from pg_inherits where inhparent = 'usage_exchange'::regclass`,
  )
  await transact(database.live, system, (tx) => tx.rows('select usage_ensure_day(current_date)'))
  const made = await database.live.pool.query<{ name: string; secured: boolean }>(
    `select inhrelid::regclass::text as name, relrowsecurity as secured
     from pg_inherits join pg_class on pg_class.oid = inhrelid where inhparent = 'usage_exchange'::regclass`,
  )
  assert.ok(made.rows.length >= Math.max(1, partitions.rows.length))
  assert.ok(made.rows.every((row) => row.secured))
})
