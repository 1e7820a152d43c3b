/** The embedded PostgreSQL comes back whatever was killed. */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import pg from 'pg'
import { startEmbedded } from '#/kernel/db/db.ts'

const data = join(mkdtempSync(join(tmpdir(), 'portico-embedded-')), 'data')
const options = { data, database: 'portico' }
let stop: () => Promise<void> = async () => {}
after(() => stop())

async function query(url: string, text: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query(text)).rows
  } finally {
    await client.end()
  }
}

async function start() {
  const server = await startEmbedded(options)
  stop = server.stop
  return server
}

/** From the log's folder or, for root below a closed folder, wherever the server says its data is. */
async function serverPid(url: string): Promise<number> {
  const [row] = (await query(url, 'show data_directory')) as { data_directory: string }[]
  return Number(readFileSync(join(row?.data_directory ?? '', 'postmaster.pid'), 'utf8').split('\n')[0])
}

test('a first start makes the database, a second one finds what was written', async () => {
  const first = await start()
  assert.equal(first.adopted, false)
  await query(first.url, 'create table kept as select 1 as n')
  await first.stop()
  await assert.rejects(query(first.url, 'select 1'))
  const second = await start()
  assert.deepEqual(await query(second.url, 'select n from kept'), [{ n: 1 }])
})

test('a server whose parent was killed is adopted', async () => {
  const again = await start()
  assert.equal(again.adopted, true)
  assert.deepEqual(await query(again.url, 'select n from kept'), [{ n: 1 }])
})

test('a server that was killed is started again, with what was committed', async () => {
  const running = await start()
  await query(running.url, 'insert into kept values (2)')
  process.kill(await serverPid(running.url), 'SIGKILL')
  const next = await start()
  assert.deepEqual(await query(next.url, 'select n from kept order by n'), [{ n: 1 }, { n: 2 }])
})
