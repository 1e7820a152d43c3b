/** The question whether the database answers has an answer in time, and floods nobody. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type pg from 'pg'
import { createProbe } from '#/kernel/db/db.ts'
import { testDatabase } from '../../../tests/support/database.ts'

/** Answers when told to. */
function scriptedPool() {
  const asked: { answer(): void; fail(): void }[] = []
  const query = () =>
    new Promise((resolve, reject) => {
      asked.push({ answer: () => resolve(null), fail: () => reject(new Error('gone')) })
    })
  return { asked, pool: { query } as unknown as Pick<pg.Pool, 'query'> }
}

test('a real database answers', async () => {
  const database = await testDatabase()
  assert.equal(await createProbe(database.control.pool)(), true)
})

test('one that hangs is asked once, however often anybody wants to know', async () => {
  const { asked, pool } = scriptedPool()
  const probe = createProbe(pool, 20)
  assert.deepEqual(await Promise.all([probe(), probe(), probe()]), [false, false, false])
  assert.equal(await probe(), false)
  assert.equal(asked.length, 1)
  asked[0]?.answer()
  const next = createProbe(pool, 1000)
  const answer = next()
  asked[1]?.answer()
  assert.equal(await answer, true)
})

test('after an answer it is asked anew, and a failure is a no', async () => {
  const { asked, pool } = scriptedPool()
  const probe = createProbe(pool, 1000)
  const first = probe()
  asked[0]?.fail()
  assert.equal(await first, false)
  const second = probe()
  assert.equal(asked.length, 2)
  asked[1]?.answer()
  assert.equal(await second, true)
})
