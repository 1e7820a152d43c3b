/** The embedded PostgreSQL comes back whatever was killed. */
import assert from 'node:assert/strict'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, test } from 'node:test'
import pg from 'pg'
import { startEmbedded } from '#/kernel/db/db.ts'

/** Closed to others or, for whom root starts the server as, walkable. */
function newFolder(mode: number): string {
  const folder = mkdtempSync(join(tmpdir(), 'portico-embedded-'))
  chmodSync(folder, mode)
  return join(folder, 'data')
}

const data = newFolder(0o711)
const options = { data, database: 'portico' }
let stop: () => Promise<void> = async () => {}
after(async () => {
  await stop()
  rmSync(dirname(data), { recursive: true })
})

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

test('a kept server that is killed comes back on its port by itself', async () => {
  const running = await start()
  const told: string[] = []
  const back = new Promise<void>((resolve) =>
    running.keep((event) => {
      told.push(event)
      if (event === 'restarted') resolve()
    }),
  )
  process.kill(await serverPid(running.url), 'SIGKILL')
  await back
  assert.deepEqual(told, ['ended', 'restarted'])
  assert.deepEqual(await query(running.url, 'select count(*)::int as n from kept'), [{ n: 2 }])
  await running.stop()
  assert.deepEqual(told, ['ended', 'restarted'], 'one that is stopped stays so')
  await assert.rejects(query(running.url, 'select 1'))
})

test('whoever lost the password is told', async () => {
  const file = join(data, 'postgres.password')
  const password = readFileSync(file)
  rmSync(file)
  await assert.rejects(startEmbedded(options), /its password is not the one in postgres\.password/)
  writeFileSync(file, password)
  const running = await start()
  assert.equal(running.adopted, false, 'the server that could not be used was not left running')
})

test('a setup that was killed halfway is done again', async () => {
  const folder = newFolder(0o711)
  mkdirSync(join(folder, 'postgres.new', 'base'), { recursive: true })
  writeFileSync(join(folder, 'postgres.new', 'PG_VERSION'), '18\n')
  const server = await startEmbedded({ data: folder, database: 'portico' })
  assert.deepEqual(await query(server.url, 'select 1 as n'), [{ n: 1 }])
  await server.stop()
  rmSync(dirname(folder), { recursive: true })
})

test('whoever deletes the folder begins again, also where the database stands elsewhere', async () => {
  const folder = newFolder(0o700)
  const places: string[] = []
  for (let round = 0; round < 2; round += 1) {
    const server = await startEmbedded({ data: folder, database: 'portico' })
    const [row] = (await query(server.url, 'show data_directory')) as { data_directory: string }[]
    places.push(row?.data_directory ?? '')
    await query(server.url, 'create table fresh as select 1 as n')
    await server.stop()
    rmSync(folder, { recursive: true })
  }
  for (const place of places.filter((path) => existsSync(path))) rmSync(dirname(place), { recursive: true })
  rmSync(dirname(folder), { recursive: true })
})
