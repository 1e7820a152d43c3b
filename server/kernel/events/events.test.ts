/** What leaves with a commit: every event as it was emitted, every change with a number of its own. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import pg from 'pg'
import { transact } from '#/kernel/db/db.ts'
import { newId } from '#/kernel/id/id.ts'
import { testDatabase } from '../../../tests/support/database.ts'

const database = await testDatabase()
const actor = { kind: 'system', name: 'test' } as const

test('an event holds what was emitted, in the business time of its transaction', async () => {
  const partnerId = newId()
  const data = { text: 'it\'s \\ " 💶', list: [1, null, { deep: true }], none: null }
  const now = await transact(database.live, actor, async (tx) => {
    tx.emit('test.whole', { partnerId, data })
    tx.emit('test.nobody', { partnerId: null, data: {} })
    return tx.now
  })
  const { rows } = await database.live.pool.query(
    `select type, partner_id, data, occurred_at from kernel_outbox where type like 'test.%' order by type desc`,
  )
  assert.deepEqual(rows, [
    { type: 'test.whole', partner_id: partnerId, data, occurred_at: now },
    { type: 'test.nobody', partner_id: null, data: {}, occurred_at: now },
  ])
})

test('changes of one transaction are numbered in their order, without a gap to the next', async () => {
  const change = fc.record({ topic: fc.constantFrom('key', 'partner', 'contract'), row: fc.boolean() })
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(change, { maxLength: 5 }), { maxLength: 4 }), async (transactions) => {
      const before = await lastNumber()
      const expected: { topic: string; row_id: string | null }[] = []
      for (const changes of transactions) {
        await transact(database.control, actor, async (tx) => {
          for (const { topic, row } of changes) {
            const id = row ? newId() : null
            tx.changed(topic, id)
            expected.push({ topic, row_id: id })
          }
        })
      }
      const { rows } = await database.control.pool.query(
        'select number, topic, row_id from kernel_change where number > $1 order by number',
        [before],
      )
      assert.deepEqual(
        rows,
        expected.map((row, i) => ({ number: String(before + 1 + i), ...row })),
      )
    }),
    { numRuns: 30 },
  )
})

test('who listens hears the number of the last change, after its commit', async () => {
  const listener = new pg.Client({ connectionString: database.ownerUrl })
  await listener.connect()
  await listener.query('listen portico_change')
  const heard = new Promise<string | undefined>((resolve) =>
    listener.once('notification', ({ payload }) => resolve(payload)),
  )
  await transact(database.sandbox, actor, async (tx) => {
    tx.changed('key', newId())
    tx.changed('key', newId())
  })
  assert.equal(await heard, String(await lastNumber()))
  await listener.end()
})

async function lastNumber(): Promise<number> {
  const found = await database.control.pool.query<{ last: string }>('select last from kernel_change_counter')
  return Number(found.rows[0]?.last)
}
