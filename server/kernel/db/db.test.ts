/** The worlds stand apart, a transaction is whole, and the change log has no gaps. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { transact } from '#/kernel/db/db.ts'
import type { Tx } from '#/kernel/db/db.ts'
import { testDatabase } from '../../../tests/support/database.ts'

const database = await testDatabase()
const actor = { kind: 'system', name: 'test' } as const

test('the role of one world cannot read the other, nor the installation', async () => {
  await assert.rejects(database.sandbox.pool.query('select * from live.kernel_outbox'), /permission denied/)
  await assert.rejects(database.live.pool.query('select * from sandbox.kernel_outbox'), /permission denied/)
  await assert.rejects(
    database.live.pool.query('select * from control.kernel_installation'),
    /permission denied/,
  )
  await assert.rejects(database.control.pool.query('select * from live.kernel_outbox'), /permission denied/)
})

test('an event stands in its own world only', async () => {
  await transact(database.sandbox, actor, async (tx) =>
    tx.emit('test.told', { partnerId: null, data: { n: 1 } }),
  )
  const count = async (world: 'live' | 'sandbox') =>
    (await database[world].pool.query<{ n: number }>('select count(*)::int as n from kernel_outbox')).rows[0]
      ?.n
  assert.equal(await count('sandbox'), 1)
  assert.equal(await count('live'), 0)
})

test('a failed transaction leaves neither event nor change', async () => {
  const before = await lastChange()
  const work = async (tx: Tx) => {
    tx.emit('test.never', { partnerId: null, data: {} })
    tx.changed('key', null)
    throw new Error('stop')
  }
  await assert.rejects(transact(database.control, actor, work), /stop/)
  assert.equal(await lastChange(), before)
})

test('100 concurrent transactions number their changes in commit order without a gap', async () => {
  const before = await lastChange()
  await Promise.all(
    Array.from({ length: 100 }, (_, i) =>
      transact(database[i % 2 ? 'live' : 'sandbox'], actor, async (tx) => {
        tx.changed('key', null)
        if (i % 3 === 0) tx.changed('partner', null)
        if (i % 10 === 9) await tx.rows('select 1')
      }),
    ),
  )
  const rows = await database.control.pool.query<{ number: string }>(
    'select number from kernel_change where number > $1 order by number',
    [before],
  )
  assert.deepEqual(
    rows.rows.map((row) => Number(row.number)),
    Array.from({ length: 134 }, (_, i) => before + 1 + i),
  )
})

async function lastChange(): Promise<number> {
  const found = await database.control.pool.query<{ last: string }>('select last from kernel_change_counter')
  return Number(found.rows[0]?.last)
}
