/** Every record finds the partition of its day, at midnight, when it is missing and when it was dropped. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import pg from 'pg'
import { systemClock } from '#/kernel/clock/clock.ts'
import { transact } from '#/kernel/db/db.ts'
import { newId } from '#/kernel/id/id.ts'
import { silentLog } from '#/kernel/log/log.ts'
import { createIngest, partitionsJob } from '#/usage/ingest/ingest.ts'
import { ensureDay } from '#/usage/ingest/store.ts'
import { openJournal } from '#/usage/journal/journal.ts'
import { testDatabase } from '../../../tests/support/database.ts'
import {
  anExchange,
  counted,
  journalFolder,
  ofPartner,
  query,
  recorded,
} from '../../../tests/support/usage.ts'

const database = await testDatabase()
const clock = systemClock()
const log = silentLog()

test('midnight: ids on both sides of it find their partitions, made on demand', async () => {
  const folder = journalFolder()
  const journal = openJournal({ folder, sync: 'grouped', clock, log })
  const partnerId = newId()
  const midnight = Date.UTC(2026, 1, 1)
  const now = { ...clock, wall: () => midnight + 5000 }
  const ids = [midnight - 1, midnight, midnight + 1].map((at) => {
    const hex = at.toString(16).padStart(12, '0')
    return `${hex.slice(0, 8)}-${hex.slice(8)}${newId().slice(13)}`
  })
  // The first id there can be in the new day.
  const hex = midnight.toString(16).padStart(12, '0')
  ids.push(`${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-000000000000`)
  for (const id of ids) await recorded(journal, anExchange({ id, partnerId, receivedAt: midnight }))
  await createIngest({ folder, journal, database, clock: now, log }).drainNow()
  const rows = await query<{ part: string; n: number }>(
    database.live,
    `select tableoid::regclass::text as part, count(*)::int as n from usage_exchange
     where partner_id = $1 group by 1 order by 1`,
    [partnerId],
  )
  assert.deepEqual(rows, [
    { part: 'usage_exchange_20260131', n: 1 },
    { part: 'usage_exchange_20260201', n: 3 },
  ])
  await journal.close()
})

test('a partition that was dropped under us is made again', async () => {
  const folder = journalFolder()
  const journal = openJournal({ folder, sync: 'grouped', clock, log })
  const partnerId = newId()
  const ingest = createIngest({ folder, journal, database, clock, log })
  await recorded(journal, anExchange({ partnerId }))
  await ingest.drainNow()
  const owner = new pg.Client({ connectionString: database.ownerUrl })
  await owner.connect()
  const day = new Date().toISOString().slice(0, 10).replaceAll('-', '')
  await owner.query(`drop table live.usage_exchange_${day}`)
  await owner.end()
  for (const one of ofPartner(partnerId, 3)) await recorded(journal, one)
  await ingest.drainNow()
  assert.deepEqual(await counted(database.live, partnerId), [3, 4])
  assert.equal(ingest.lag().setAside, 0)
  await journal.close()
  await ingest.stop()
})

test('the job makes a week ahead in both worlds, and bears being run twice', async () => {
  const wall = Date.UTC(2031, 4, 30)
  const job = partitionsJob(database, { ...clock, wall: () => wall })
  await Promise.all([job.run({}), job.run({})])
  for (const world of [database.live, database.sandbox]) {
    const made = await query(
      world,
      `select from pg_class where relname ~ '^usage_exchange_2031' and relkind = 'r'
      and relnamespace = (select oid from pg_namespace where nspname = $1)`,
      [world.name],
    )
    assert.equal(made.length, 8)
  }
  const tx = { kind: 'system', name: 'test' } as const
  assert.equal(await transact(database.live, tx, (one) => ensureDay(one, '2031-06-06')), false)
})
