/** Reads one segment from where its journal stands, batch by batch, into the database. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '#/kernel/clock/clock.ts'
import type { Database } from '#/kernel/db/db.ts'
import type { Log } from '#/kernel/log/log.ts'
import type { Lock } from '#/kernel/process/process.ts'
import { setAside } from '#/usage/ingest/aside.ts'
import type { SetAside } from '#/usage/ingest/aside.ts'
import { commitBatch } from '#/usage/ingest/batch.ts'
import type { KnownDays } from '#/usage/ingest/batch.ts'
import type { Position } from '#/usage/ingest/store.ts'
import { readPortion, segmentName } from '#/usage/journal/journal.ts'
import type { Found, Journal } from '#/usage/journal/journal.ts'

export type DrainOptions = {
  readonly folder: string
  readonly journal: Journal | null
  readonly database: Database
  readonly clock: Clock
  readonly log: Log
}

/** A journal that is being drained. */
export type Source = {
  readonly id: string
  readonly folder: string
  at: Position
  readonly lock: Lock | null
}

export type State = DrainOptions & {
  readonly days: KnownDays
  own: Source | null
  adopted: Source[]
  nextSearch: number
  saidAt: number
  /** When the oldest line that is being brought in was received. */
  waitingSince: number | null
  setAside: number
}

/** Entries a transaction; the event loop stands still for about 4 ms while they are read and sent. */
const portion = 1000

/** `end`: bytes that count, of a segment still written to; null: the segment is complete. */
export async function drainSegment(
  state: State,
  source: Source,
  segment: number,
  end: number | null,
): Promise<void> {
  if (segment < source.at.segment) return
  if (segment > source.at.segment) source.at = { segment, position: 0 }
  if (end !== null && source.at.position >= end) return
  const whole = await readSegment(join(source.folder, segmentName(segment)))
  const bytes = end === null ? whole : whole.subarray(0, end)
  while (source.at.position < bytes.length) {
    const { found, aside, next } = readPortion(bytes, source.at.position, end === null, portion)
    if (next === source.at.position) return
    state.waitingSince = oldestOf(found) ?? state.waitingSince
    const at = { segment, position: next }
    const keep = (reason: SetAside['reason'], bytes: Buffer, detail: string) => {
      setAside(state.folder, { journal: source.id, segment, reason, detail, bytes }, state.log)
      state.setAside += 1
    }
    for (const piece of aside) keep(piece.reason, piece.bytes, `at byte ${piece.at}`)
    const refuse = (line: Buffer, detail: string) => keep('refused', line, detail)
    await commitBatch({ ...state, refuse }, found, { journal: source.id, at, drainedUntil: null })
    source.at = at
  }
}

/** Empty when it is gone: another process drained it to its end. */
async function readSegment(path: string): Promise<Buffer> {
  try {
    return await readFile(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return Buffer.alloc(0)
    throw error
  }
}

function oldestOf(found: readonly Found[]): number | null {
  for (const { entry } of found) if (entry.kind === 'exchange') return entry.exchange.receivedAt
  return null
}
