/**
 * What a line in the audit costs its writer, with the chain being sealed beside it and without; sealing; reading.
 *
 * A thousand transactions at once over 32 connections, each with one line; rounds of both sides are interleaved.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  createAuditSink,
  createSealing,
  listAudit,
  listPartnerAudit,
  verifyAudit,
} from '#/governance/audit/audit.ts'
import type { Head } from '#/governance/audit/audit.ts'
import { systemClock } from '#/kernel/clock/clock.ts'
import { createSealer } from '#/kernel/crypto/crypto.ts'
import { migrate, openDatabase, startEmbedded, transact } from '#/kernel/db/db.ts'
import type { Tx, World } from '#/kernel/db/db.ts'
import type { Page, PageQuery } from '#/kernel/http/http.ts'
import { newId } from '#/kernel/id/id.ts'
import { jobsSchema } from '#/kernel/jobs/jobs.ts'
import { createLog } from '#/kernel/log/log.ts'
import { table } from '../scripts/commands.ts'

const rounds = Number(process.env.ROUNDS ?? 7)
const writers = 1000
const listed = Number(process.env.ROWS ?? 1_000_000)
const sealer = createSealer(Buffer.alloc(32, 1))
const actor = { kind: 'system', name: 'bench' } as const

export default async function auditBench(): Promise<void> {
  const data = mkdtempSync(join(tmpdir(), 'portico-bench-'))
  const server = await startEmbedded({ data, database: 'bench' })
  try {
    const roles = await migrate(server.url, [jobsSchema])
    const clock = systemClock()
    const clocks = { control: clock, live: clock, sandbox: clock }
    const audit = createAuditSink(sealer)
    const database = openDatabase({ ownerUrl: server.url, roles, clocks, poolSize: 32, audit })
    await writing(database.control)
    await reading(database.control)
    await database.close()
  } finally {
    await server.stop()
    rmSync(data, { recursive: true, force: true })
  }
}

async function writing(control: World): Promise<void> {
  const sides = { 'no audit': [], 'audit, nobody seals': [], 'audit, sealed every 20 ms': [] } as {
    [name: string]: number[][]
  }
  // The first round warms up and does not count.
  for (let round = 0; round <= rounds; round += 1) {
    for (const [name, times] of Object.entries(sides)) {
      const sealing = sealingOf(control, 20)
      if (name.includes('sealed')) sealing.start()
      const took = await write(control, name !== 'no audit')
      await sealing.stop()
      if (round > 0) times.push(took)
    }
  }
  const rows = Object.entries(sides).map(([name, times]) => [
    name,
    ...[0.5, 0.99].map((share) => median(times.map((took) => at(took, share))).toFixed(2)),
  ])
  console.log(table([[`${writers} writers at once`, 'p50 ms', 'p99 ms'], ...rows]))
}

/** Milliseconds of each transaction from its first statement on: waiting for a connection is not what is measured. */
async function write(world: World, audited: boolean): Promise<number[]> {
  const times = Array.from({ length: writers }, async () => {
    let began = 0
    await transact(world, actor, async (tx) => {
      began = performance.now()
      await tx.rows('select 1')
      if (audited)
        tx.audit({ action: 'keys.revoke', subject: { kind: 'key', id: newId() }, partnerId: newId() })
    })
    return performance.now() - began
  })
  return Promise.all(times)
}

function sealingOf(control: World, interval: number) {
  const heads: Head[] = []
  const anchor = { read: () => heads.at(-1) ?? null, write: (head: Head) => void heads.splice(0, 1, head) }
  return createSealing({ control, digester: sealer, anchor, log: createLog('error'), interval })
}

async function reading(control: World): Promise<void> {
  const partnerId = newId()
  for (let n = 0; n < 20_000; n += writers) await write(control, true)
  const sealed = await timed(() => sealingOf(control, 1000).sealNow())
  const verified = await timed(() => transact(control, actor, (tx) => verifyAudit(tx, sealer)))
  const { head, findings } = verified.result
  if (findings.length > 0 || !head) throw new Error('the audit is not in order')
  await fill(control, partnerId)
  const whole = await pages((tx, query) => listAudit(tx, sealer, {}, query), control, listed)
  const own = await pages(
    (tx, query) => listPartnerAudit(tx, sealer, partnerId, {}, query),
    control,
    listed / 2,
  )
  console.log(
    table([
      ['', 'ms'],
      ['seal 20,000 lines', sealed.took.toFixed(0)],
      [`verify ${head.position} lines`, verified.took.toFixed(0)],
      [`first page of ${listed} lines`, whole.first.toFixed(2)],
      ['a page at its end', whole.last.toFixed(2)],
      [`first page of a partner's ${listed / 2}`, own.first.toFixed(2)],
      ['a page at its end', own.last.toFixed(2)],
    ]),
  )
}

/** Lines as they would be after years; every second one is the partner's. */
async function fill(control: World, partnerId: string): Promise<void> {
  await transact(control, actor, async (tx) => {
    await tx.rows('set local statement_timeout = 0')
    await tx.rows(
      `insert into governance_audit (id, at, actor_kind, actor_id, partner_id, action, mac)
       select gen_random_uuid(), timestamptz '2020-01-01' + n * interval '1 minute', 'system', 'bench',
         case when n % 2 = 0 then $1::uuid end, 'keys.revoke', decode(repeat('00', 32), 'hex')
       from generate_series(1, $2::int) as n`,
      [partnerId, listed],
    )
  })
  await transact(control, actor, (tx) => tx.rows('select count(*) from governance_audit'))
}

type List = (tx: Tx, query: PageQuery) => Promise<Page<{ readonly at: Date }>>

/** Medians of the first page and of one that far down the list. */
async function pages(list: List, control: World, lines: number) {
  const read = (query: PageQuery) => transact(control, actor, (tx) => list(tx, query))
  const measure = async (query: PageQuery) => {
    const times: number[] = []
    for (let n = 0; n < 50; n += 1) times.push((await timed(() => read(query))).took)
    return median(times)
  }
  const first = await measure({ limit: 100 })
  const { nextCursor } = await read({ limit: lines - 200 })
  if (nextCursor === null) throw new Error('there is no page after this')
  return { first, last: await measure({ limit: 100, cursor: nextCursor }) }
}

async function timed<T>(work: () => Promise<T>): Promise<{ result: T; took: number }> {
  const began = performance.now()
  const result = await work()
  return { result, took: performance.now() - began }
}

function at(times: readonly number[], share: number): number {
  return times.toSorted((a, b) => a - b)[Math.floor(times.length * share)] ?? 0
}

function median(times: readonly number[]): number {
  return at(times, 0.5)
}
