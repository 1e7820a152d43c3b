/** Brings one batch of journal lines into the two worlds, each in one transaction. */
import type { ExchangeRecord, StreamEnd } from '#/gateway/gateway.ts'
import type { Clock } from '#/kernel/clock/clock.ts'
import { transact } from '#/kernel/db/db.ts'
import type { Database, Tx, World } from '#/kernel/db/db.ts'
import type { Found, RefusalCount } from '#/usage/journal/journal.ts'
import * as store from '#/usage/ingest/store.ts'

export const actor = { kind: 'system', name: 'usage.ingest' } as const

/** Days whose partition is known to be there, by world. */
export type KnownDays = Readonly<Record<'live' | 'sandbox', Set<string>>>

export type BatchDeps = {
  readonly database: Database
  readonly clock: Clock
  readonly days: KnownDays
  /** Takes a line that cannot be counted; called before the position moves past it. */
  refuse(line: Buffer, detail: string): void
}

/** Where a journal stands when the batch is in. */
export type Standing = {
  readonly journal: string
  readonly at: store.Position
  readonly drainedUntil: Date | null
}

type WorldName = 'live' | 'sandbox'

const dayMilliseconds = 86_400_000
/** Partitions are made for days this far from now; an id from elsewhere comes from a broken clock. */
const pastDays = 400
const futureDays = 2

/** Throws when the database is away, and then any part may or may not be in. */
export async function commitBatch(
  deps: BatchDeps,
  found: readonly Found[],
  standing: Standing,
): Promise<void> {
  const parts = { live: [] as Found[], sandbox: [] as Found[] }
  for (const one of found) {
    const world = worldOf(one)
    if (world) parts[world].push(one)
    else deps.refuse(one.line, 'names no environment')
  }
  for (const name of ['live', 'sandbox'] as const) {
    if (parts[name].length > 0) await commitWorld(deps, name, parts[name], standing)
  }
}

/** Says of both worlds how far the journal is. */
export async function commitStanding(database: Database, standing: Standing): Promise<void> {
  for (const name of ['live', 'sandbox'] as const) {
    await transact(database[name], actor, (tx) => save(tx, standing))
  }
}

function save(tx: Tx, { journal, at, drainedUntil }: Standing): Promise<void> {
  return store.savePosition(tx, journal, at, drainedUntil)
}

function worldOf({ entry }: Found): WorldName | null {
  if (entry.kind === 'refusals') return 'live'
  const name = entry.kind === 'exchange' ? entry.exchange.environment : entry.end.environment
  return name === 'live' || name === 'sandbox' ? name : null
}

async function commitWorld(
  deps: BatchDeps,
  name: WorldName,
  found: readonly Found[],
  standing: Standing,
): Promise<void> {
  const world = deps.database[name]
  try {
    await write(deps, world, found, standing)
  } catch (error) {
    if (!isOfData(error)) throw error
    // A partition may have been dropped behind our back.
    deps.days[name].clear()
    await halve(deps, world, found)
    await transact(world, actor, (tx) => save(tx, standing))
  }
}

/** Finds the lines that PostgreSQL refuses; everything else goes in. */
async function halve(deps: BatchDeps, world: World, found: readonly Found[]): Promise<void> {
  try {
    await write(deps, world, found, null)
    return
  } catch (error) {
    if (!isOfData(error)) throw error
    const [first] = found
    if (first && found.length === 1) return deps.refuse(first.line, (error as Error).message)
  }
  const middle = found.length >> 1
  await halve(deps, world, found.slice(0, middle))
  await halve(deps, world, found.slice(middle))
}

/** The record itself is wrong: another try will not help (SQLSTATE classes 22 data, 23 integrity), and waiting would stop the rest. */
function isOfData(error: unknown): boolean {
  const { code } = error as { code?: unknown }
  if (error instanceof RangeError || error instanceof TypeError) return true
  return typeof code === 'string' && /^2[23][0-9A-Z]{3}$/.test(code)
}

async function write(
  deps: BatchDeps,
  world: World,
  found: readonly Found[],
  standing: Standing | null,
): Promise<void> {
  const exchanges: ExchangeRecord[] = []
  const ends: StreamEnd[] = []
  const refusals: RefusalCount[] = []
  for (const { entry } of found) {
    if (entry.kind === 'exchange') exchanges.push(entry.exchange)
    else if (entry.kind === 'end') ends.push(entry.end)
    else refusals.push(entry.refusals)
  }
  const known = deps.days[world.name as WorldName]
  const days = missingDays(known, exchanges, deps.clock.wall())
  await transact(world, actor, async (tx) => {
    for (const day of days) await store.ensureDay(tx, day)
    if (exchanges.length > 0) await store.insertExchanges(tx, exchanges)
    // Behind the exchanges: a stream may begin and end in one batch.
    if (ends.length > 0) await store.endStreams(tx, ends)
    if (refusals.length > 0) await store.insertRefusals(tx, refusals)
    if (standing) await save(tx, standing)
  })
  for (const day of days) known.add(day)
}

function missingDays(known: Set<string>, exchanges: readonly ExchangeRecord[], now: number): Set<string> {
  const missing = new Set<string>()
  for (const { id } of exchanges) {
    const at = Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16)
    if (!(at > now - pastDays * dayMilliseconds && at < now + futureDays * dayMilliseconds)) continue
    const day = dayOf(at)
    if (!known.has(day)) missing.add(day)
  }
  return missing
}

/** `2026-11-01`, UTC. */
export function dayOf(milliseconds: number): string {
  return new Date(milliseconds).toISOString().slice(0, 10)
}
