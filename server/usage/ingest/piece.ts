/** Reads one segment from where its journal stands, batch by batch, into the database. */
import { open } from 'node:fs/promises'
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
  /** When the oldest call that is being brought in was received; null: nothing is. */
  oldest: number | null
}

export type State = DrainOptions & {
  readonly days: KnownDays
  readonly own: Source | null
  readonly adopted: Source[]
  nextSearch: number
  saidAt: number
  setAside: number
}

/** Entries a transaction; the event loop stands still for up to 9 ms while they are read and sent (bench/journal.bench.ts). */
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
  const start = source.at.position
  if (end !== null && start >= end) return
  const bytes = await readFrom(join(source.folder, segmentName(segment)), start, end)
  for (let read = 0; read < bytes.length;) {
    const { found, aside, next } = readPortion(bytes, read, end === null, portion)
    if (next === read) return
    read = next
    source.oldest ??= oldestOf(found)
    const at = { segment, position: start + next }
    const keep = (reason: SetAside['reason'], bytes: Buffer, detail: string) => {
      setAside(state.folder, { journal: source.id, segment, reason, detail, bytes }, state.log)
      state.setAside += 1
    }
    for (const piece of aside) keep(piece.reason, piece.bytes, `at byte ${start + piece.at}`)
    const refuse = (line: Buffer, detail: string) => keep('refused', line, detail)
    await commitBatch({ ...state, refuse }, found, { journal: source.id, at, drainedUntil: null })
    source.at = at
    source.oldest = null
  }
}

/** Up to `end`, or all there is. Empty when the segment is gone: another process drained it to its end. */
async function readFrom(path: string, start: number, end: number | null): Promise<Buffer> {
  let file
  try {
    file = await open(path, 'r')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return Buffer.alloc(0)
    throw error
  }
  try {
    const length = (end ?? (await file.stat()).size) - start
    const bytes = Buffer.allocUnsafeSlow(Math.max(length, 0))
    let read = 0
    while (read < bytes.length) {
      const { bytesRead } = await file.read(bytes, read, bytes.length - read, start + read)
      if (bytesRead === 0) break
      read += bytesRead
    }
    return bytes.subarray(0, read)
  } finally {
    await file.close()
  }
}

function oldestOf(found: readonly Found[]): number | null {
  for (const { entry } of found) if (entry.kind === 'exchange') return entry.exchange.receivedAt
  return null
}
