/** What an outage looks like to the driver, made for real. */
import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import pg from 'pg'
import { isAway, transact } from '#/kernel/db/db.ts'
import { testDatabase } from '../../../tests/support/database.ts'

const database = await testDatabase()
const actor = { kind: 'system', name: 'test' } as const

async function failure(work: () => Promise<unknown>): Promise<unknown> {
  try {
    await work()
  } catch (error) {
    return error
  }
  return assert.fail('it went well')
}

test('a connection that is ended under a transaction', async () => {
  const error = await failure(() =>
    transact(database.live, actor, (tx) => tx.rows('select pg_terminate_backend(pg_backend_pid())')),
  )
  assert.ok(isAway(error), String(error))
})

test('nobody there, nobody answering, somebody hanging up', async () => {
  const silent = createServer(() => {})
  const rude = createServer((socket) => socket.on('data', () => socket.end()))
  for (const server of [silent, rude]) {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  }
  const portOf = (server: typeof silent) => (server.address() as AddressInfo).port
  for (const port of [1, portOf(silent), portOf(rude)]) {
    const pool = new pg.Pool({
      connectionString: `postgres://u:p@127.0.0.1:${port}/d`,
      connectionTimeoutMillis: 50,
    })
    const error = await failure(() => pool.query('select 1'))
    assert.ok(isAway(error), String(error))
  }
  silent.close()
  rude.close()
})

test('a query that is not answered', async () => {
  const { ownerUrl } = database
  const client = new pg.Client({ connectionString: ownerUrl, query_timeout: 50 })
  await client.connect()
  const error = await failure(() => client.query('select pg_sleep(2)'))
  assert.ok(isAway(error), String(error))
  await client.end()
})

test('a statement that is wrong, and a bug of ours, are none', async () => {
  const wrong = await failure(() =>
    transact(database.live, actor, (tx) => tx.rows('select * from nothing_here')),
  )
  assert.ok(!isAway(wrong))
  assert.ok(!isAway(new TypeError('x is not a function')))
  assert.ok(!isAway('ECONNREFUSED'))
})
