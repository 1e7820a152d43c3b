/**
 * The promise that no accounting survives without: under load, killed at any moment, every call that was
 * answered is recorded exactly once. `ROUNDS=500` for the long run.
 */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import fc from 'fast-check'
import pg from 'pg'
import { Pool } from 'undici'
import { startEmbedded } from '#/kernel/db/db.ts'
import { dataFolder, startPortico } from '../support/portico.ts'
import type { Running } from '../support/portico.ts'

const rounds = Number(process.env.ROUNDS ?? 20)
const clients = 16
const data = dataFolder()
let running: Running | null = null
after(async () => {
  await running?.stop()
  // The last process may have been killed; whatever database is left goes with the test.
  const left = await startEmbedded({ data, database: 'portico' })
  await left.stop()
})

/** Ids of the requests whose answer arrived whole, by world. */
type Answered = { readonly live: Set<string>; readonly sandbox: Set<string> }

const answered: Answered = { live: new Set(), sandbox: new Set() }

test(`${rounds} kills under load: every answered call is recorded once, in its world`, async (t) => {
  const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31))
  t.diagnostic(`seed ${seed}`)
  const moments = fc.sample(fc.record({ after: fc.integer({ min: 20, max: 700 }), whole: fc.boolean() }), {
    numRuns: rounds,
    seed,
  })
  for (const [round, moment] of moments.entries()) {
    running = await startPortico({}, data)
    const stopped = { yes: false }
    const load = putUnderLoad(running, stopped)
    await delay(moment.after)
    await running.kill(moment.whole)
    stopped.yes = true
    await load
    if (round % 10 === 9)
      t.diagnostic(`${round + 1} kills, ${answered.live.size + answered.sandbox.size} answered calls`)
  }
  running = await startPortico({}, data)
  await compare(t)
})

async function putUnderLoad(target: Running, stopped: { yes: boolean }): Promise<void> {
  const pool = new Pool(target.facts.publicUrl, { connections: clients })
  const { partners } = target.facts
  const calls = [
    { key: partners.starter.live.apiKey, path: '/api/products?limit=2', world: 'live' },
    { key: partners.pro.sandbox.apiKey, path: '/api/projects?limit=1', world: 'sandbox' },
    { key: partners.starter.live.apiKey, path: '/api/designs', world: 'live' },
    { key: partners.enterprise.live.apiKey, path: '/api/raw-data/export?limit=20', world: 'live' },
    { key: partners.pro.live.apiKey, path: '/api/products/none', world: 'live' },
  ] as const
  const client = async (number: number): Promise<void> => {
    for (let i = number; !stopped.yes; i += 1) {
      const one = calls[i % calls.length]
      if (!one) return
      try {
        const answer = await pool.request({
          path: one.path,
          method: 'GET',
          headers: { authorization: `Bearer ${one.key}` },
        })
        await answer.body.text()
        answered[one.world].add(String(answer.headers['request-id']))
      } catch {
        // Killed under our hands: this call was not answered, and may or may not be recorded.
        if (!stopped.yes) await delay(5)
      }
    }
  }
  await Promise.all(Array.from({ length: clients }, (_, i) => client(i)))
  await pool.destroy()
}

async function compare(t: { diagnostic(message: string): void }): Promise<void> {
  const database = await startEmbedded({ data, database: 'portico' })
  const client = new pg.Client({ connectionString: database.url })
  await client.connect()
  try {
    for (const world of ['live', 'sandbox'] as const) {
      const missing = await missingAfterDrain(client, world)
      assert.deepEqual(missing, [], `${world}: answered, and not recorded`)
      const [sums] = (
        await client.query<{ rows: number; ids: number; counted: number }>(
          `select (select count(*)::int from ${world}.usage_exchange) as rows,
                  (select count(distinct id)::int from ${world}.usage_exchange) as ids,
                  (select coalesce(sum(calls), 0)::int from ${world}.usage_hour) as counted`,
        )
      ).rows
      assert.equal(sums?.rows, sums?.ids, `${world}: an exchange is recorded twice`)
      assert.equal(sums?.counted, sums?.rows, `${world}: the hourly counts differ from the exchanges`)
      assert.ok(answered[world].size > rounds, 'the load was real')
      t.diagnostic(`${world}: ${answered[world].size} answered, ${sums?.rows} recorded`)
    }
  } finally {
    await client.end()
  }
}

/** Waits (10 s at most) for the replay of the journals to come to its end. */
async function missingAfterDrain(client: pg.Client, world: 'live' | 'sandbox'): Promise<string[]> {
  const ids = [...answered[world]].map((id) => id.replace('req_', ''))
  for (let waited = 0; ; waited += 250) {
    const found = await client.query<{ id: string }>(
      `select replace(wanted::text, '-', '') as id from unnest($1::uuid[]) as wanted
       where not exists (select from ${world}.usage_exchange as exchange where exchange.id = wanted)`,
      [ids],
    )
    if (found.rows.length === 0 || waited > 10_000) return found.rows.map((row) => row.id)
    await delay(250)
  }
}
