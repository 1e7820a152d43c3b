/** What was answered is counted once: whatever is read twice, refused, or interrupted on the way. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { ExchangeRecord } from '#/gateway/gateway.ts'
import { systemClock } from '#/kernel/clock/clock.ts'
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
  const ingest = createIngest({ folder, journal, database, clock, log })
  return { folder, journal, ingest }
}

async function stop({ journal, ingest }: Scene): Promise<void> {
  await journal.close()
  await ingest.stop()
}

test('a record arrives as it was written, in its world and no other', async () => {
  const here = scene()
  const live = anExchange({ code: 'gateway.off_contract', status: 502, metered: false, responseBytes: null })
  const sandbox = anExchange({ environment: 'sandbox', partnerId: live.partnerId })
  await Promise.all([recorded(here.journal, live), recorded(here.journal, sandbox)])
  await here.ingest.drainNow()
  const [row] = await query<Record<string, unknown>>(
    database.live,
    'select * from usage_exchange where partner_id = $1',
    [live.partnerId],
  )
  assert.deepEqual(row, {
    id: live.id,
    received_at: new Date(live.receivedAt),
    partner_id: live.partnerId,
    application_id: live.applicationId,
    credential_id: live.credentialId,
    contract: 'solstice',
    api_version: '1.4.0',
    operation: 'listProjects',
    method: 'GET',
    status: '502',
    code: 'gateway.off_contract',
    metered: false,
    duration_us: '2500',
    upstream_us: '2000',
    request_bytes: '0',
    response_bytes: null,
    ended_us: null,
    ended_code: null,
  })
  assert.deepEqual(await counted(database.sandbox, live.partnerId), [1, 1])
  await stop(here)
})

test('the hours tell answers, errors, bytes and times apart', async () => {
  const here = scene()
  const partnerId = newId()
  const applicationId = newId()
  const same = { partnerId, applicationId, receivedAt: Date.UTC(2026, 10, 1, 12, 59, 59, 999) }
  const list = [
    anExchange({ ...same, durationUs: 100, requestBytes: 7 }),
    anExchange({ ...same, durationUs: 300, status: 404, metered: true }),
    anExchange({ ...same, durationUs: 200, status: 503, metered: false, responseBytes: null }),
    anExchange({ ...same, receivedAt: same.receivedAt + 1 }),
  ]
  for (const one of list) await recorded(here.journal, one)
  await here.ingest.drainNow()
  const hours = await query(
    database.live,
    `select hour, calls::int, metered::int, client_errors::int, server_errors::int, request_bytes::int,
       response_bytes::int, duration_us::int, duration_max_us::int, upstream_us::int
     from usage_hour where partner_id = $1 order by hour`,
    [partnerId],
  )
  assert.deepEqual(hours[0], {
    hour: new Date('2026-11-01T12:00:00Z'),
    calls: 3,
    metered: 2,
    client_errors: 1,
    server_errors: 1,
    request_bytes: 7,
    response_bytes: 2048,
    duration_us: 600,
    duration_max_us: 300,
    upstream_us: 6000,
  })
  assert.deepEqual((hours[1] as { hour: Date }).hour, new Date('2026-11-01T13:00:00Z'))
  await stop(here)
})

test('read again from its beginning, a journal counts nothing twice', async () => {
  const here = scene()
  const partnerId = newId()
  for (const one of ofPartner(partnerId, 100)) await recorded(here.journal, one)
  for (let i = 0; i < 3; i += 1) {
    const again = createIngest({ folder: here.folder, journal: here.journal, database, clock, log })
    await again.drainNow()
    assert.deepEqual(await counted(database.live, partnerId), [100, 100])
  }
  await stop(here)
})

test('one id on two lines of one batch counts once', async () => {
  const here = scene()
  const one = anExchange()
  await Promise.all([recorded(here.journal, one), recorded(here.journal, one)])
  await here.ingest.drainNow()
  assert.deepEqual(await counted(database.live, one.partnerId), [1, 1])
  await stop(here)
})

test('a stream ends once, in the same batch or a later one', async () => {
  const here = scene()
  const partnerId = newId()
  const [first, second] = ofPartner(partnerId, 2, { responseBytes: null }) as [ExchangeRecord, ExchangeRecord]
  const end = { environment: 'live', durationUs: 9_000_000, responseBytes: 5000, code: null } as const
  await Promise.all([recorded(here.journal, first), recorded(here.journal, second)])
  here.journal.finish({ ...end, id: first.id })
  await here.ingest.drainNow()
  here.journal.finish({ ...end, id: second.id, code: 'gateway.client_gone' })
  here.journal.finish({ ...end, id: second.id, responseBytes: 77 })
  await recorded(here.journal, anExchange())
  await here.ingest.drainNow()
  await createIngest({ folder: here.folder, journal: here.journal, database, clock, log }).drainNow()
  const [hour] = await query(
    database.live,
    `select sum(calls)::int as calls, sum(response_bytes)::int as bytes, sum(broken_streams)::int as broken
     from usage_hour where partner_id = $1`,
    [partnerId],
  )
  assert.deepEqual(hour, { calls: 2, bytes: 10_000, broken: 1 })
  await stop(here)
})

test('refusals without a credential are counted once, however often they are read', async () => {
  const here = scene()
  const code = `gateway.${newId()}`
  for (let i = 0; i < 1000; i += 1) here.journal.refuse({ status: 401, code, operation: null })
  await here.journal.close()
  for (let i = 0; i < 2; i += 1) {
    const [row] = await query<{ rows: number; sum: number }>(
      database.control,
      'select count(*)::int as rows, coalesce(sum(count), 0)::int as sum from usage_refusal where code = $1',
      [code],
    )
    assert.ok(row)
    if (i === 0) assert.equal(row.sum, 0)
    else {
      assert.equal(row.sum, 1000)
      // The clock may have turned a minute in between.
      assert.ok(row.rows <= 2)
    }
    await here.ingest.drainNow()
  }
  await here.ingest.stop()
})

test('what PostgreSQL will not take is set aside with its reason, and holds up nothing', async () => {
  const here = scene()
  const partnerId = newId()
  const good = ofPartner(partnerId, 20)
  const poison = [
    anExchange({ partnerId: 'nobody' }),
    anExchange({ operation: 'a\u0000b' }),
    anExchange({ durationUs: 1.5 }),
    anExchange({ receivedAt: Number.MAX_SAFE_INTEGER }),
    anExchange({ id: 'ffffffff-ffff-7fff-bfff-ffffffffffff' }),
    anExchange({ environment: 'staging' as 'live' }),
  ]
  const mixed = good.flatMap((one, i) => (poison[i] ? [poison[i], one] : [one]))
  await Promise.all(mixed.map((one) => recorded(here.journal, one)))
  await here.ingest.drainNow()
  assert.deepEqual(await counted(database.live, partnerId), [20, 20])
  assert.equal(here.ingest.lag().setAside, poison.length)
  const kept = readFileSync(join(here.folder, 'set-aside', `${here.journal.id}.jsonl`), 'utf8')
  const lines = kept
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { reason: string; detail: string; bytes: string })
  assert.deepEqual(
    lines.map(({ reason }) => reason),
    poison.map(() => 'refused'),
  )
  assert.ok(lines.every(({ detail, bytes }) => detail !== '' && bytes.endsWith(']\n')))
  for (const { operation } of poison.slice(0, 1)) assert.ok(kept.includes(operation))
  assert.equal(here.ingest.lag().bytes, 0)
  await stop(here)
})

test('every call answered before asking is in after one pass, and the watermark says so', async () => {
  const here = scene()
  const one = anExchange()
  await recorded(here.journal, one)
  const asked = new Date()
  await here.ingest.drainNow()
  const [row] = await query<{ until: Date }>(
    database.live,
    'select drained_until as until from usage_journal where id = $1',
    [here.journal.id],
  )
  assert.ok(row && row.until >= asked)
  assert.deepEqual(await counted(database.live, one.partnerId), [1, 1])
  await stop(here)
})
