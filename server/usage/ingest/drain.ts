/** One pass over the journals: the own one as far as it stands, then a piece of what dead processes left. */
import { join } from 'node:path'
import { transact } from '#/kernel/db/db.ts'
import { actor, commitStanding } from '#/usage/ingest/batch.ts'
import {
  adopt,
  listJournals,
  listSegments,
  removeJournal,
  removeSegment,
  sizeOf,
} from '#/usage/ingest/folders.ts'
import { drainSegment } from '#/usage/ingest/piece.ts'
import type { DrainOptions, Source, State } from '#/usage/ingest/piece.ts'
import * as store from '#/usage/ingest/store.ts'
import { segmentName } from '#/usage/journal/journal.ts'

export type Lag = {
  /** In journals of this folder and not in the database. */
  readonly bytes: number
  /** Milliseconds since the oldest of them was received; 0 when nothing waits. */
  readonly age: number
  /** Pieces set aside since the start. */
  readonly setAside: number
}

export type Drain = {
  /** Drains the own journal, and all that can be adopted unless it is told to stop. */
  pass(stopped: () => boolean): Promise<void>
  everything(): Promise<void>
  release(): void
  lag(): Lag
}

const searchMilliseconds = 5000
const sayMilliseconds = 1000

export function createDrain(options: DrainOptions): Drain {
  const state: State = {
    ...options,
    days: { live: new Set(), sandbox: new Set() },
    own: options.journal && {
      id: options.journal.id,
      folder: options.journal.folder,
      at: { segment: 0, position: 0 },
      lock: null,
      oldest: null,
    },
    adopted: [],
    nextSearch: 0,
    saidAt: 0,
    setAside: 0,
  }
  const pass = async (stopped: () => boolean) => {
    await drainOwn(state)
    if (!stopped() && state.clock.wall() >= state.nextSearch) await search(state)
    // A long heritage does not make the present wait: after each of its segments the own journal has its turn.
    while (state.adopted.length > 0 && !stopped()) {
      await drainAdopted(state, state.adopted[0] as Source)
      await drainOwn(state)
    }
  }
  return {
    pass,
    async everything() {
      state.nextSearch = 0
      state.saidAt = 0
      await pass(() => false)
    },
    release() {
      for (const source of state.adopted) source.lock?.release()
    },
    lag: () => lagOf(state),
  }
}

async function search(state: State): Promise<void> {
  for (const id of listJournals(state.folder)) {
    if (id === state.journal?.id || state.adopted.some((source) => source.id === id)) continue
    const lock = adopt(state.folder, id, state.clock)
    if (!lock) continue
    const folder = join(state.folder, id)
    const at = await standingOf(state, id).catch((error: unknown) => {
      lock.release()
      throw error
    })
    state.adopted.push({ id, folder, at, lock, oldest: null })
    state.log.info({ event: 'usage.journal_adopted', journal: id, segments: listSegments(folder).length })
  }
  state.nextSearch = state.clock.wall() + searchMilliseconds
}

/** The least that both worlds have; reading the rest of it twice changes nothing. */
async function standingOf(state: State, id: string): Promise<store.Position> {
  const { live, sandbox } = state.database
  const one = await transact(live, actor, (tx) => store.findPosition(tx, id))
  const other = await transact(sandbox, actor, (tx) => store.findPosition(tx, id))
  if (!one || !other) return { segment: 0, position: 0 }
  const first = one.segment - other.segment || one.position - other.position
  return first <= 0 ? one : other
}

async function drainOwn(state: State): Promise<void> {
  const { journal, own } = state
  if (!journal || !own) return
  // In this order: whatever was answered before this moment stands below the mark.
  const until = new Date(state.clock.wall())
  const closed = journal.closed()
  const mark = journal.confirmed()
  for (const segment of listSegments(own.folder)) {
    if (segment < mark.segment) await drainWhole(state, own, segment)
    else if (segment === mark.segment) await drainSegment(state, own, segment, mark.bytes)
  }
  own.oldest = null
  if (closed) return forget(state, own)
  if (until.getTime() - state.saidAt < sayMilliseconds) return
  await commitStanding(state.database, { journal: own.id, at: own.at, drainedUntil: until })
  state.saidAt = until.getTime()
}

async function drainWhole(state: State, source: Source, segment: number): Promise<void> {
  const path = join(source.folder, segmentName(segment))
  if (segment >= source.at.segment) await drainSegment(state, source, segment, null)
  source.at = { segment: segment + 1, position: 0 }
  removeSegment(path)
}

async function drainAdopted(state: State, source: Source): Promise<void> {
  const [segment] = listSegments(source.folder)
  if (segment !== undefined) return drainWhole(state, source, segment)
  await forget(state, source)
  state.adopted.splice(state.adopted.indexOf(source), 1)
  state.log.info({ event: 'usage.journal_finished', journal: source.id })
}

/** Everything of it is in. */
async function forget(state: State, source: Source): Promise<void> {
  for (const name of ['live', 'sandbox'] as const) {
    await transact(state.database[name], actor, (tx) => store.forgetJournal(tx, source.id))
  }
  removeJournal(source.folder)
}

function lagOf(state: State): Lag {
  const now = state.clock.wall()
  let bytes = 0
  let oldest = now
  for (const source of [...state.adopted, ...(state.own ? [state.own] : [])]) {
    bytes += waitingBytes(source)
    oldest = Math.min(oldest, source.oldest ?? now)
  }
  return { bytes, age: now - oldest, setAside: state.setAside }
}

function waitingBytes({ folder, at }: Source): number {
  let bytes = 0
  for (const segment of listSegments(folder)) {
    const size = sizeOf(join(folder, segmentName(segment)))
    if (segment >= at.segment) bytes += size - (segment === at.segment ? at.position : 0)
  }
  return bytes
}
