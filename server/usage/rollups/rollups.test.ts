/** A partner sees its own counts, fresh, in pages that neither skip nor repeat, and nobody else's. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '#/kernel/clock/clock.ts'
import { createSealer } from '#/kernel/crypto/crypto.ts'
import { transact } from '#/kernel/db/db.ts'
import { newId } from '#/kernel/id/id.ts'
import { silentLog } from '#/kernel/log/log.ts'
import { Problem } from '#/kernel/problem/problem.ts'
import { createIngest } from '#/usage/ingest/ingest.ts'
import { openJournal } from '#/usage/journal/journal.ts'
import { usageOperation } from '#/usage/rollups/rollups.ts'
import { statements } from '#/usage/rollups/store.ts'
import { testDatabase } from '../../../tests/support/database.ts'
import { anExchange, journalFolder, query, recorded } from '../../../tests/support/usage.ts'

const database = await testDatabase()
const noon = Date.UTC(2026, 10, 20, 12)
const clock = { ...systemClock(), wall: () => noon }
const sealer = createSealer(Buffer.alloc(32, 7))
const operation = usageOperation({ clock, sealer })
const folder = journalFolder()
const journal = openJournal({ folder, sync: 'grouped', clock: systemClock(), log: silentLog() })
const ingest = createIngest({ folder, journal, database, clock: systemClock(), log: silentLog() })
const hourMilliseconds = 3_600_000

type Row = { hour: string; operation: string; calls: number } & Record<string, unknown>
type Page = { data: Row[]; nextCursor: string | null; from: string; to: string; asOf: string }

async function get(
  partnerId: string,
  parameters: Record<string, string> = {},
  environment: 'live' | 'sandbox' = 'live',
): Promise<Page> {
  const actor = { kind: 'application', id: newId(), partnerId } as const
  const caller = { credentialId: newId(), address: '127.0.0.1', member: null }
  const call = {
    ...caller,
    partnerId,
    applicationId: actor.id,
    environment,
    requestId: newId(),
    path: {},
    body: null,
  }
  const answer = await transact(database[environment], actor, (tx) =>
    operation.handle(tx, { ...call, query: new URLSearchParams(parameters) }),
  )
  assert.equal(answer.status, 200)
  return answer.body as Page
}

async function refused(partnerId: string, parameters: Record<string, string>): Promise<string> {
  const error: unknown = await get(partnerId, parameters).catch((thrown: unknown) => thrown)
  assert.ok(error instanceof Problem, String(error))
  return `${error.definition.status} ${error.definition.code}`
}

/** `hours` before noon. */
async function answered(partnerId: string, hours: number, name: string, over = {}): Promise<void> {
  const receivedAt = noon - hours * hourMilliseconds
  await recorded(journal, anExchange({ partnerId, receivedAt, operation: name, ...over }))
}

test('nobody sees the counts of another partner, or of the other world', async () => {
  const [one, other] = [newId(), newId()]
  await answered(one, 1, 'listProjects')
  await answered(other, 1, 'getProject')
  await answered(one, 1, 'getDesign', { environment: 'sandbox' })
  await ingest.drainNow()
  const names = (page: Page) => page.data.map((row) => row.operation)
  assert.deepEqual(names(await get(one)), ['listProjects'])
  assert.deepEqual(names(await get(other)), ['getProject'])
  assert.deepEqual(names(await get(one, {}, 'sandbox')), ['getDesign'])
  assert.deepEqual(names(await get(other, {}, 'sandbox')), [])
})

test('the last day by default: hours, operations and what is counted of them', async () => {
  const partnerId = newId()
  await answered(partnerId, 2, 'listProjects', { durationUs: 1500 })
  await answered(partnerId, 2, 'listProjects', { durationUs: 500, status: 404 })
  await answered(partnerId, 2, 'getProject', { status: 502, metered: false, responseBytes: null })
  await answered(partnerId, 25, 'tooOld')
  await ingest.drainNow()
  const page = await get(partnerId)
  assert.deepEqual([page.from, page.to], ['2026-11-19T12:00:00.000Z', '2026-11-20T12:00:00.000Z'])
  const zero = { brokenStreams: 0, requestBytes: 0, contract: 'solstice' }
  assert.deepEqual(page.data, [
    {
      ...zero,
      hour: '2026-11-20T10:00:00.000Z',
      operation: 'getProject',
      calls: 1,
      metered: 0,
      clientErrors: 0,
      serverErrors: 1,
      responseBytes: 0,
      durationMs: 2.5,
      durationMaxMs: 2.5,
    },
    {
      ...zero,
      hour: '2026-11-20T10:00:00.000Z',
      operation: 'listProjects',
      calls: 2,
      metered: 2,
      clientErrors: 1,
      serverErrors: 0,
      responseBytes: 2048,
      durationMs: 2,
      durationMaxMs: 1.5,
    },
  ])
  const only = await get(partnerId, { operation: 'getProject' })
  assert.deepEqual(
    only.data.map((row) => row.operation),
    ['getProject'],
  )
})

test('a period is cut to whole hours, and its end is not in it', async () => {
  const partnerId = newId()
  for (const hours of [5, 4, 3]) await answered(partnerId, hours, 'listProjects')
  await ingest.drainNow()
  const page = await get(partnerId, { from: '2026-11-20T07:59:59Z', to: '2026-11-20T10:00:00+01:00' })
  assert.deepEqual([page.from, page.to], ['2026-11-20T07:00:00.000Z', '2026-11-20T09:00:00.000Z'])
  assert.deepEqual(
    page.data.map((row) => row.hour),
    ['2026-11-20T07:00:00.000Z', '2026-11-20T08:00:00.000Z'],
  )
})

test('422 for a period that ends before it begins, is longer than 31 days, or is no time', async () => {
  const bad = [
    { from: '2026-11-20T10:00:00Z', to: '2026-11-20T09:00:00Z' },
    { from: '2026-11-20T10:00:00Z', to: '2026-11-20T10:00:00Z' },
    { from: '2026-10-01T00:00:00Z', to: '2026-11-02T00:00:00Z' },
    { from: 'yesterday' },
    { to: '2026-13-01T00:00:00Z' },
  ]
  for (const parameters of bad) assert.equal(await refused(newId(), parameters), '422 usage.bad_range')
  const month = { from: '2026-10-01T00:00:00Z', to: '2026-11-01T00:00:00Z' }
  assert.deepEqual((await get(newId(), month)).data, [])
})

test('pages hold every row once, while calls go on', async () => {
  const partnerId = newId()
  const names = ['a', 'B', 'ä', 'get /projects/{id}', 'z', 'Z']
  for (let hours = 1; hours <= 4; hours += 1) {
    for (const name of names) await answered(partnerId, hours, name)
  }
  await ingest.drainNow()
  const whole = await get(partnerId)
  assert.equal(whole.data.length, 24)
  assert.equal(whole.nextCursor, null)
  for (const limit of ['1', '5', '23', '24']) {
    const rows: string[] = []
    let cursor: string | null = null
    do {
      const page: Page = await get(partnerId, { limit, ...(cursor !== null && { cursor }) })
      assert.ok(page.data.length > 0 && page.data.length <= Number(limit))
      rows.push(...page.data.map((row) => `${row.hour} ${row.operation}`))
      cursor = page.nextCursor
      await answered(partnerId, 4, 'a')
      await ingest.drainNow()
    } while (cursor !== null)
    assert.deepEqual(
      rows,
      whole.data.map((row) => `${row.hour} ${row.operation}`),
    )
  }
})

test('400 for a cursor of another partner, another query, or no cursor at all', async () => {
  const partnerId = newId()
  for (const name of ['a', 'b']) await answered(partnerId, 1, name)
  await ingest.drainNow()
  const { nextCursor: cursor } = await get(partnerId, { limit: '1' })
  assert.ok(cursor)
  const refusal = '400 usage.bad_cursor'
  assert.equal(await refused(newId(), { cursor }), refusal)
  assert.equal(await refused(partnerId, { cursor, operation: 'b' }), refusal)
  assert.equal(await refused(partnerId, { cursor, from: '2026-11-20T00:00:00Z' }), refusal)
  assert.equal(
    await refused(partnerId, { cursor: (cursor.startsWith('A') ? 'B' : 'A') + cursor.slice(1) }),
    refusal,
  )
  assert.equal(await refused(partnerId, { cursor: '' }), refusal)
  assert.equal((await get(partnerId, { cursor, limit: '5' })).data[0]?.operation, 'b')
})

test('a page is read along the primary key, wherever it begins', async () => {
  const client = await database.live.pool.connect()
  try {
    await client.query(`begin; set local portico.partner = '*'`)
    await client.query(
      `insert into usage_hour
       select partner, timestamptz '2026-11-01' + hour * interval '1 hour', 'c', 'op' || n, partner,
         1, 1, 0, 0, 0, 0, 0, 0, 0, 0
       from (select gen_random_uuid() as partner from generate_series(1, 20)) as partners,
         generate_series(0, 99) as hour, generate_series(1, 20) as n`,
    )
    await client.query('analyze usage_hour')
    const partner = (
      await client.query<{ id: string }>(
        `select partner_id as id from usage_hour where operation = 'op1' and contract = 'c' limit 1`,
      )
    ).rows[0]?.id
    for (const begin of ['2026-11-01T00:00:00Z', '2026-11-05T00:00:00Z']) {
      const plan = await client.query<Record<string, string>>(
        `explain (analyze, buffers) ${statements.listHours}`,
        [partner, '2026-11-01T00:00:00Z', '2026-11-10T00:00:00Z', null, begin, '', '', 21],
      )
      const text = plan.rows.map((row) => row['QUERY PLAN']).join('\n')
      assert.match(text, /Index Scan using usage_hour_pkey/)
      assert.doesNotMatch(text, /Seq Scan|Sort|Rows Removed by Filter: [1-9]\d{2}/)
      assert.match(text, /Index Scan.*rows=2\d(\.00)? loops=1\)/, 'no more rows are read than a page has')
    }
    await client.query('rollback')
  } finally {
    client.release()
  }
})

test('the counts of a call answered a moment ago are there, and asOf says how far they reach', async () => {
  const partnerId = newId()
  const now = systemClock()
  const fresh = usageOperation({ clock: now, sealer })
  const page = async () =>
    transact(database.live, { kind: 'application', id: newId(), partnerId }, async (tx) => {
      const caller = { credentialId: newId(), address: '127.0.0.1', member: null }
      const call = {
        ...caller,
        partnerId,
        applicationId: newId(),
        environment: 'live',
        requestId: newId(),
      } as const
      const answer = await fresh.handle(tx, { ...call, path: {}, body: null, query: new URLSearchParams() })
      return answer.body as Page
    })
  ingest.start()
  await recorded(journal, anExchange({ partnerId }))
  const after = now.wall()
  let got = await page()
  while (Date.parse(got.asOf) < after) got = await page()
  assert.equal(got.data[0]?.calls, 1)
  assert.ok(now.wall() - after < 3000)
  await journal.close()
  await ingest.stop()
})

test('a node that has been silent for a day holds asOf no longer', async () => {
  await query(database.live, 'delete from usage_journal')
  const said = [noon - 25 * hourMilliseconds, noon - 60_000, noon - 1000]
  for (const at of said) {
    await query(database.live, 'insert into usage_journal values ($1, 1, 0, $2)', [newId(), new Date(at)])
  }
  assert.equal((await get(newId())).asOf, new Date(noon - 60_000).toISOString())
})
