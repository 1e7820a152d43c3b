/** When a node should get calls, and what it says where it should not. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { ExchangeRecord, Recorder } from '#/gateway/gateway.ts'
import { healthRoutes, watchRecorder } from '#/operations/health/health.ts'
import { createHttp } from '#/kernel/http/http.ts'
import { silentLog } from '#/kernel/log/log.ts'

const well = {
  database: true,
  snapshot: { following: true, usable: true },
  lag: { bytes: 0, age: 0, setAside: 0 },
  recording: true,
}

async function ready(change: Partial<typeof well>): Promise<{ status: number; body: unknown }> {
  const state = { ...well, ...change }
  const routes = healthRoutes({
    answers: async () => state.database,
    snapshot: { state: () => state.snapshot },
    ingest: { lag: () => state.lag },
    isRecording: () => state.recording,
  })
  const http = await createHttp({ log: silentLog(), base: () => '', routes })
  const answer = await http.inject({ url: '/readyz' })
  return { status: answer.statusCode, body: answer.json() }
}

const unused = () => assert.fail('a look does nothing')

describe('GET /readyz', () => {
  const ok = { database: 'ok', snapshot: 'ok', journal: 'ok' }

  test('200 when all is well, and when only the database is away or behind', async () => {
    assert.deepEqual(await ready({}), { status: 200, body: { status: 'ready', checks: ok } })
    const away = await ready({ database: false, snapshot: { ...well.snapshot, following: false } })
    assert.deepEqual(away, {
      status: 200,
      body: { status: 'ready', checks: { ...ok, database: 'away', snapshot: 'behind' } },
    })
  })

  test('503 when what is known is too old, when records wait too long, and when none can be written', async () => {
    const cases = [
      [{ snapshot: { ...well.snapshot, usable: false } }, { ...ok, snapshot: 'too old' }],
      [{ lag: { ...well.lag, age: 60_000 } }, { ...ok, journal: 'behind' }],
      [{ recording: false }, { ...ok, journal: 'failing' }],
    ] as const
    for (const [change, checks] of cases) {
      assert.deepEqual(await ready(change), { status: 503, body: { status: 'not ready', checks } })
    }
  })
})

test('recording fails from a failed record to the next good one, or until it is time to try again', () => {
  let now = 0
  let failure: Error | null = null
  const recorder: Recorder = { record: (_record, done) => done(failure), finish: unused, refuse: unused }
  const clock = { wall: () => 0, business: () => new Date(0), monotonicUs: () => now }
  const watched = watchRecorder(recorder, clock)
  const told: (Error | null)[] = []
  const record = () => watched.recorder.record({} as ExchangeRecord, (error) => told.push(error))
  record()
  assert.ok(watched.works())
  failure = new Error('no space')
  record()
  assert.ok(!watched.works())
  now = 4_900_000
  assert.ok(!watched.works())
  now = 5_100_000
  assert.ok(watched.works())
  record()
  assert.ok(!watched.works())
  failure = null
  record()
  assert.ok(watched.works())
  assert.deepEqual(
    told.map((error) => error?.message ?? null),
    [null, 'no space', 'no space', null],
  )
})
