/** Whoever is interrupted, and whoever else is at the same journals: everything arrives, and once. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, openSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { systemClock } from '#/kernel/clock/clock.ts'
import type { World } from '#/kernel/db/db.ts'
import { newId } from '#/kernel/id/id.ts'
import { silentLog } from '#/kernel/log/log.ts'
import { createIngest } from '#/usage/ingest/ingest.ts'
import type { Ingest } from '#/usage/ingest/ingest.ts'
import { openJournal } from '#/usage/journal/journal.ts'
import type { Journal } from '#/usage/journal/journal.ts'
import { testDatabase } from '../../../tests/support/database.ts'
import {
  anExchange,
  counted,
  deadJournal,
  journalFolder,
  ofPartner,
  query,
  recorded,
} from '../../../tests/support/usage.ts'

const database = await testDatabase()
const clock = systemClock()
const log = silentLog()

type Scene = { folder: string; journal: Journal; ingest: Ingest }

function scene(): Scene {
  const folder = journalFolder()
  const journal = openJournal({ folder, sync: 'grouped', clock, log })
  return { folder, journal, ingest: createIngest({ folder, journal, database, clock, log }) }
}

async function stop({ journal, ingest }: Scene): Promise<void> {
  await journal.close()
  await ingest.stop()
}

/** Drains what dead processes left in the folder. */
async function drainDead(folder: string): Promise<Ingest> {
  const ingest = createIngest({ folder, journal: null, database, clock, log })
  await ingest.drainNow()
  return ingest
}

test('interrupted between the worlds, both are whole after the next start', async () => {
  const folder = journalFolder()
  const partnerId = newId()
  const list = ofPartner(partnerId, 20).map((one, i) =>
    i % 2 ? one : { ...one, environment: 'sandbox' as const },
  )
  await deadJournal(folder, list)
  // The sandbox answers the search and is away from the first batch on.
  let asked = 0
  const connect = () =>
    (asked += 1) === 1 ? database.sandbox.pool.connect() : Promise.reject(new Error('away'))
  const sandbox = { ...database.sandbox, pool: { connect } } as unknown as World
  const first = createIngest({ folder, journal: null, database: { ...database, sandbox }, clock, log })
  await assert.rejects(first.drainNow(), /away/)
  await first.stop()
  assert.deepEqual(await counted(database.live, partnerId), [10, 10], 'one world had committed')
  await (await drainDead(folder)).stop()
  assert.deepEqual(await counted(database.live, partnerId), [10, 10])
  assert.deepEqual(await counted(database.sandbox, partnerId), [10, 10])
})

test('a position that was lost means reading again, not counting again', async () => {
  const here = scene()
  const partnerId = newId()
  for (const one of ofPartner(partnerId, 10)) await recorded(here.journal, one)
  await here.ingest.drainNow()
  for (const world of [database.live, database.sandbox]) await world.pool.query('delete from usage_journal')
  for (const one of ofPartner(partnerId, 10)) await recorded(here.journal, one)
  await createIngest({ folder: here.folder, journal: here.journal, database, clock, log }).drainNow()
  assert.deepEqual(await counted(database.live, partnerId), [20, 20])
  await stop(here)
})

test('two processes at the same journals: everything once, and nothing deleted too early', async () => {
  const folder = journalFolder()
  const partnerId = newId()
  for (let i = 0; i < 6; i += 1) await deadJournal(folder, ofPartner(partnerId, 50), 3000)
  const both = [0, 1].map(() => createIngest({ folder, journal: null, database, clock, log }))
  await Promise.all(both.map((ingest) => ingest.drainNow()))
  await Promise.all(both.map((ingest) => ingest.stop()))
  await (await drainDead(folder)).stop()
  assert.deepEqual(await counted(database.live, partnerId), [300, 300])
  assert.deepEqual(readdirSync(folder), [])
})

test('even without the lock between them', async () => {
  const folder = journalFolder()
  const partnerId = newId()
  const { journal, ingest } = scene()
  for (const one of ofPartner(partnerId, 200)) await recorded(journal, one)
  const other = createIngest({ folder, journal, database, clock, log })
  await Promise.all([ingest.drainNow(), other.drainNow()])
  assert.deepEqual(await counted(database.live, partnerId), [200, 200])
  await journal.close()
  await Promise.all([ingest.stop(), other.stop()])
})

test('a journal of a living process is left alone, a finished one leaves no trace', async () => {
  const here = scene()
  await recorded(here.journal, anExchange())
  await (await drainDead(here.folder)).stop()
  assert.ok(existsSync(join(here.folder, here.journal.id, '000001.log')))
  await here.ingest.drainNow()
  const rows = () => query(database.live, 'select from usage_journal where id = $1', [here.journal.id])
  assert.equal((await rows()).length, 1)
  await stop(here)
  assert.deepEqual(readdirSync(here.folder), [])
  assert.equal((await rows()).length, 0)
})

/** Answers bursts and says so in a file, an id a line, until it is killed. */
const answering = `
  import { writeSync } from 'node:fs'
  const { openJournal } = await import('#/usage/journal/journal.ts')
  const { systemClock } = await import('#/kernel/clock/clock.ts')
  const { silentLog } = await import('#/kernel/log/log.ts')
  const { anExchange } = await import('./tests/support/usage.ts')
  const [folder, partnerId, sync] = process.argv.slice(1)
  const journal = openJournal({ folder, sync, clock: systemClock(), log: silentLog(), segmentBytes: 100_000 })
  const turn = () => {
    for (let i = 1 + Math.random() * 60; i > 0; i -= 1) {
      const one = anExchange({ partnerId, environment: i % 2 < 1 ? 'live' : 'sandbox' })
      journal.record(one, (error) => error || writeSync(1, one.id + '\\n'))
    }
    setTimeout(turn, Math.random() * 3)
  }
  turn()
  process.send('answering')
`

/** Kills it at a random moment and returns what it had answered. */
async function killed(folder: string, partnerId: string, sync: string): Promise<string[]> {
  const said = join(folder, `said-${newId()}`)
  const out = openSync(said, 'w')
  const child = spawn(
    process.execPath,
    ['--input-type=module', '--eval', answering, folder, partnerId, sync],
    {
      cwd: join(import.meta.dirname, '../../..'),
      stdio: ['ignore', out, 'inherit', 'ipc'],
    },
  )
  await once(child, 'message')
  await delay(Math.random() * 80)
  child.kill('SIGKILL')
  await once(child, 'exit')
  closeSync(out)
  // A line without its end was not said.
  const lines = readFileSync(said, 'utf8').split('\n').slice(0, -1)
  rmSync(said)
  return lines
}

test('killed at random moments, every answered call is there exactly once', async () => {
  const folder = journalFolder()
  const partnerId = newId()
  const rounds = Number(process.env.ROUNDS ?? 20)
  const answered: string[] = []
  let round = 0
  const killing = async () => {
    while ((round += 1) <= rounds) {
      answered.push(...(await killed(folder, partnerId, round % 2 ? 'grouped' : 'always')))
    }
  }
  await Promise.all([killing(), killing()])
  assert.ok(answered.length > rounds * 10, `${answered.length} answered`)
  await (await drainDead(folder)).stop()
  const recordedIds: string[] = []
  for (const world of [database.live, database.sandbox]) {
    const rows = await query<{ id: string }>(world, 'select id from usage_exchange where partner_id = $1', [
      partnerId,
    ])
    assert.deepEqual(await counted(world, partnerId), [rows.length, rows.length])
    recordedIds.push(...rows.map(({ id }) => id))
  }
  const known = new Set(recordedIds)
  assert.equal(known.size, recordedIds.length)
  assert.deepEqual(
    answered.filter((id) => !known.has(id)),
    [],
  )
  assert.deepEqual(
    readdirSync(folder).filter((name) => name !== 'set-aside'),
    [],
  )
})
