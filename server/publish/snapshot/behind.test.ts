/** A node that cannot hear: it says so, serves what it knows for a while, and catches up when it can. */
import assert from 'node:assert/strict'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { after, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import { createApplication } from '#/identity/applications/applications.ts'
import { createKey, parseKey, revokeKey } from '#/identity/keys/keys.ts'
import { createPartner } from '#/identity/partners/partners.ts'
import { systemClock } from '#/kernel/clock/clock.ts'
import type { Clock } from '#/kernel/clock/clock.ts'
import { transact } from '#/kernel/db/db.ts'
import type { Database, Tx } from '#/kernel/db/db.ts'
import { silentLog } from '#/kernel/log/log.ts'
import { createSnapshot } from '#/publish/snapshot/snapshot.ts'
import { testDatabase } from '../../../tests/support/database.ts'

const database = await testDatabase()
const within = <T>(work: (tx: Tx) => Promise<T>) =>
  transact(database.control, { kind: 'system', name: 'test' }, work)

/** A wire to the database that can be cut. */
async function createWire(url: string) {
  const target = new URL(url)
  const sockets = new Set<Socket>()
  let isCut = false
  const server = createServer((near) => {
    if (isCut) return near.destroy()
    const far = connect(Number(target.port), target.hostname)
    for (const socket of [near, far]) {
      sockets.add(socket)
      socket.on('error', () => socket.destroy())
      socket.on('close', () => {
        sockets.delete(socket)
        near.destroy()
        far.destroy()
      })
    }
    near.pipe(far).pipe(near)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    through(address: string): string {
      const changed = new URL(address)
      changed.port = String(port)
      return changed.href
    },
    cut() {
      isCut = true
      for (const socket of sockets) socket.destroy()
    },
    mend: () => void (isCut = false),
    close: () => new Promise<void>((resolve) => void server.close(() => resolve())),
  }
}

async function until(isSo: () => boolean): Promise<void> {
  for (let waited = 0; !isSo(); waited += 5) {
    assert.ok(waited < 10_000, 'it did not come about within ten seconds')
    await delay(5)
  }
}

/** Runs ahead by what it is told. */
function createLeapingClock(): Clock & { leap(milliseconds: number): void } {
  const system = systemClock()
  let ahead = 0
  return {
    wall: () => system.wall() + ahead,
    business: () => system.business(),
    monotonicUs: () => system.monotonicUs() + ahead * 1000,
    leap: (milliseconds) => void (ahead += milliseconds),
  }
}

const { id, applicationId } = await within(async (tx) => {
  const partner = await createPartner(tx, { slug: 'acme', name: 'Acme' })
  const application = await createApplication(tx, partner.id, { environment: 'live', name: 'App' })
  return { id: partner.id, applicationId: application.id }
})
const newKey = () => within((tx) => createKey(tx, id, applicationId, { label: 'Key' }))

/** A snapshot at the far end of a wire. */
async function distantSnapshot(clock: Clock) {
  const wire = await createWire(database.ownerUrl)
  const { connectionString } = database.control.pool.options
  const pool = new pg.Pool({
    connectionString: wire.through(connectionString!),
    connectionTimeoutMillis: 1000,
  })
  pool.on('error', () => {})
  const control = { ...database.control, pool }
  const distant: Database = { ...database, ownerUrl: wire.through(database.ownerUrl), control }
  const own = { version: '1', operations: [] }
  const snapshot = await createSnapshot({ database: distant, clock, log: silentLog(), own })
  after(async () => {
    await snapshot.stop()
    await pool.end()
    await wire.close()
  })
  const known = (key: string) => {
    const parsed = parseKey(key)
    return parsed.ok ? snapshot.current().credential(parsed.digest) : undefined
  }
  return { wire, snapshot, known }
}

test('it says since when it has been behind, when that is too long, and catches up after it', async () => {
  const clock = createLeapingClock()
  const { wire, snapshot, known } = await distantSnapshot(clock)
  const first = await newKey()
  await until(() => known(first.key) !== undefined)
  assert.deepEqual(
    { ...snapshot.state(), version: 0 },
    { version: 0, following: true, since: null, usable: true },
  )

  wire.cut()
  const cutAt = clock.wall()
  await within((tx) => revokeKey(tx, id, first.id, 'test'))
  clock.leap(10_000)
  await until(() => !snapshot.state().following)
  const behind = snapshot.state()
  assert.ok(behind.usable && Math.abs(behind.since! - cutAt) < 3000)
  assert.equal(known(first.key)?.revokedAt, null, 'it serves what it knows')
  clock.leap(290_001)
  assert.deepEqual(
    { ...snapshot.state(), version: 0, since: 0 },
    { version: 0, following: false, since: 0, usable: false },
  )

  wire.mend()
  await until(() => snapshot.state().following)
  assert.ok(snapshot.state().usable)
  await until(() => known(first.key)?.revokedAt !== null)
})

test('a change log that was cut meanwhile is noticed, and everything is loaded again', async () => {
  const { wire, known } = await distantSnapshot(systemClock())
  wire.cut()
  const missed = await newKey()
  await database.control.pool.query('delete from kernel_change')
  wire.mend()
  await until(() => known(missed.key) !== undefined)
})
