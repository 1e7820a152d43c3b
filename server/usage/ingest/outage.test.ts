/** The database goes away and comes back: the journal grows, says so, and empties itself without losing a call. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { after, test } from 'node:test'
import pg from 'pg'
import { systemClock } from '#/kernel/clock/clock.ts'
import { migrate, openDatabase } from '#/kernel/db/db.ts'
import type { Database } from '#/kernel/db/db.ts'
import { newId } from '#/kernel/id/id.ts'
import { jobsSchema } from '#/kernel/jobs/jobs.ts'
import { silentLog } from '#/kernel/log/log.ts'
import { createIngest } from '#/usage/ingest/ingest.ts'
import { openJournal } from '#/usage/journal/journal.ts'
import { testDatabase } from '../../../tests/support/database.ts'
import { counted, journalFolder, ofPartner, recorded } from '../../../tests/support/usage.ts'

const direct = await testDatabase()
const clock = systemClock()
const log = silentLog()

type Wire = { port: number; cut(): void; mend(): void; close(): void }

/** A wire to the database that can be cut. */
async function wireTo(url: URL): Promise<Wire> {
  const open = new Set<Socket>()
  let up = true
  const server = createServer((near) => {
    if (!up) return void near.destroy()
    const far = connect(Number(url.port), url.hostname)
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      open.add(one)
      one.on('error', () => other.destroy())
      one.on('close', () => {
        open.delete(one)
        other.destroy()
      })
      one.pipe(other)
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const cut = () => {
    up = false
    for (const socket of open) socket.destroy()
  }
  const { port } = server.address() as AddressInfo
  return { port, cut, mend: () => void (up = true), close: () => void (cut(), server.close()) }
}

/** The test's database behind a wire. */
async function wired(): Promise<{ database: Database; wire: Wire }> {
  const wire = await wireTo(new URL(direct.ownerUrl))
  const roles = await migrate(direct.ownerUrl, [jobsSchema])
  const ownerUrl = new URL(direct.ownerUrl)
  ownerUrl.port = String(wire.port)
  const clocks = { control: clock, live: clock, sandbox: clock }
  const database = openDatabase({ ownerUrl: ownerUrl.href, roles, clocks, poolSize: 2 })
  after(async () => {
    await database.close()
    wire.close()
  })
  return { database, wire }
}

test('away while calls are answered, then back: all are in, once, and the lag said so', async () => {
  const { database, wire } = await wired()
  const folder = journalFolder()
  const journal = openJournal({ folder, sync: 'grouped', clock, log, segmentBytes: 5000 })
  const ingest = createIngest({ folder, journal, database, clock, log, interval: 5 })
  const partnerId = newId()
  ingest.start()
  for (const one of ofPartner(partnerId, 20)) await recorded(journal, one)
  await ingest.drainNow()
  assert.deepEqual(ingest.lag(), { bytes: 0, age: 0, setAside: 0 })
  wire.cut()
  const [first, ...rest] = ofPartner(partnerId, 80)
  assert.ok(first)
  await recorded(journal, first)
  for (const one of rest) await recorded(journal, one)
  await assert.rejects(ingest.drainNow())
  assert.ok(ingest.lag().bytes > 80 * 200, 'the journal grew')
  assert.ok(ingest.lag().age >= 0 && clock.wall() - first.receivedAt >= ingest.lag().age)
  wire.mend()
  await ingest.drainNow()
  assert.deepEqual(await counted(direct.live, partnerId), [100, 100])
  assert.equal(ingest.lag().bytes, 0)
  await journal.close()
  await ingest.stop()
})

test('connections cut again and again in the middle of it', async () => {
  const folder = journalFolder()
  const journal = openJournal({ folder, sync: 'grouped', clock, log, segmentBytes: 20_000 })
  const { database, wire } = await wired()
  const ingest = createIngest({ folder, journal, database, clock, log, interval: 1 })
  ingest.start()
  const partnerId = newId()
  const killer = new pg.Client({ connectionString: direct.ownerUrl })
  await killer.connect()
  for (let i = 0; i < 30; i += 1) {
    await Promise.all(ofPartner(partnerId, 40).map((one) => recorded(journal, one)))
    await killer.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where datname = current_database() and application_name in ('portico live', 'portico sandbox')`,
    )
    if (i % 10 === 5) wire.cut()
    if (i % 10 === 8) wire.mend()
  }
  await killer.end()
  await journal.close()
  // The pool may still hold connections that are dead; the loop gets past them.
  while (existsSync(journal.folder)) await ingest.drainNow().catch(() => {})
  await ingest.stop()
  assert.deepEqual(await counted(direct.live, partnerId), [1200, 1200])
})
