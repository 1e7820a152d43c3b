/**
 * Appends lines to numbered segments, everything of one turn of the event loop in one write.
 *
 * A turn ends with `setImmediate`, which runs when all sockets that were ready have been read; a microtask
 * would run after each of them and write alone (bench/journal.bench.ts). Whatever goes wrong, a batch stands
 * wholly or not at all: the segment is cut back to the last good byte, or left behind for a new one.
 */
import { join } from 'node:path'
import type { Clock } from '#/kernel/clock/clock.ts'
import type { Log } from '#/kernel/log/log.ts'
import type { Files } from '#/usage/journal/files.ts'
import { roomFor, writeLine } from '#/usage/journal/line.ts'

export type Done = (error: Error | null) => void

export type WriterOptions = {
  readonly folder: string
  /** `grouped`: forced to disk every 50 ms, behind the answers; `always`: before them, one sync a batch. */
  readonly sync: 'grouped' | 'always'
  readonly segmentBytes: number
  /** Milliseconds after which a segment is left for the next, so that it can be deleted. */
  readonly segmentAge: number
  readonly files: Files
  readonly clock: Clock
  readonly log: Log
}

export type Writer = {
  /** Without `done` a payload that could not be written is kept and tried again. */
  append(payload: string, done: Done | null): void
  /** Tries again what was kept. */
  retry(): void
  /** The folder is not what it was: no more is written to the open segment. */
  abandon(): void
  /** How far the journal stands: the segment, and the bytes of it that were answered on. */
  confirmed(): { readonly segment: number; readonly bytes: number }
  /** Writes and forces out what is left. */
  close(): Promise<void>
}

type Pending = { readonly payload: string; readonly done: Done | null }

type Segment = {
  readonly fd: number
  readonly number: number
  readonly openedAt: number
  /** Length up to which everything was answered on. */
  good: number
  dirty: boolean
  syncing: boolean
  retired: boolean
}

type State = WriterOptions & {
  queue: Pending[]
  scheduled: boolean
  /** In `always`: a batch is written and waits for its sync; the next collects meanwhile. */
  waiting: boolean
  current: Segment | null
  last: number
  buffer: Buffer
  failing: Error | null
  restUntilUs: number
  openSegments: number
  closing: (() => void) | null
}

const groupMilliseconds = 50
/** While the disk fails, segments are opened no oftener, or it would fill with empty files. */
const restMicroseconds = 100_000
/** Lines a write; more than these come in one turn only behind a long stop, and a reader takes a write whole. */
const batchMost = 1000
/** Payloads kept for another try. */
const keptMost = 10_000
const fullDisk: readonly (string | undefined)[] = ['ENOSPC', 'EDQUOT']

export function createWriter(options: WriterOptions): Writer {
  const state: State = {
    ...options,
    queue: [],
    scheduled: false,
    waiting: false,
    current: null,
    last: 0,
    buffer: Buffer.allocUnsafeSlow(64 * 1024),
    failing: null,
    restUntilUs: 0,
    openSegments: 0,
    closing: null,
  }
  return {
    append(payload, done) {
      if (state.closing) {
        done?.(new Error('the journal is closed'))
        return
      }
      state.queue.push({ payload, done })
      schedule(state)
    },
    retry: () => schedule(state),
    abandon() {
      if (state.current && !state.waiting) retire(state, state.current)
    },
    confirmed: () =>
      state.current
        ? { segment: state.current.number, bytes: state.current.good }
        : { segment: state.last + 1, bytes: 0 },
    close: () =>
      new Promise((resolve) => {
        state.closing = resolve
        flush(state)
        finishClosing(state)
      }),
  }
}

function schedule(state: State): void {
  if (state.scheduled || state.waiting || state.queue.length === 0) return
  state.scheduled = true
  setImmediate(flush, state)
}

function flush(state: State): void {
  state.scheduled = false
  if (state.waiting || state.queue.length === 0) return
  const batch = state.queue.slice(0, batchMost)
  state.queue = state.queue.slice(batchMost)
  let segment: Segment
  let length: number
  try {
    segment = usableSegment(state)
    length = encode(state, batch)
    writeWhole(state.files, segment, state.buffer, length)
  } catch (error) {
    refuse(state, batch, error as Error)
    goOn(state)
    return
  }
  segment.dirty = true
  if (state.sync === 'grouped') {
    if (!segment.syncing) groupSync(state, segment)
    confirm(state, segment, length, batch)
    goOn(state)
    return
  }
  state.waiting = true
  state.files.datasync(segment.fd, (error) => {
    state.waiting = false
    segment.dirty = false
    if (error) refuse(state, batch, error, true)
    else confirm(state, segment, length, batch)
    goOn(state)
    finishClosing(state)
  })
}

/** What is only kept for another try waits for the next record, or the failing disk would be asked without rest. */
function goOn(state: State): void {
  if (state.closing) flush(state)
  else if (state.queue.some(({ done }) => done !== null)) schedule(state)
}

function encode(state: State, batch: readonly Pending[]): number {
  let room = 0
  for (const { payload } of batch) room += roomFor(payload)
  if (state.buffer.length < room) state.buffer = Buffer.allocUnsafeSlow(room)
  const last = batch.length - 1
  let end = 0
  for (let i = 0; i <= last; i += 1) end = writeLine(state.buffer, end, batch[i]!.payload, i === last)
  return end
}

function writeWhole(files: Files, segment: Segment, bytes: Buffer, length: number): void {
  for (let at = 0; at < length;) at += files.write(segment.fd, bytes, at, length - at)
}

function usableSegment(state: State): Segment {
  const now = state.clock.monotonicUs()
  if (state.current) {
    const { good, openedAt } = state.current
    const old = good > 0 && now - openedAt > state.segmentAge * 1000
    if (good < state.segmentBytes && !old) return state.current
    retire(state, state.current)
  }
  if (state.failing && now < state.restUntilUs) throw state.failing
  // Before the attempt, not at every refusal: under load the rest would never end.
  state.restUntilUs = now + restMicroseconds
  const number = state.last + 1
  const fd = state.files.create(join(state.folder, segmentName(number)))
  state.last = number
  state.openSegments += 1
  state.current = { fd, number, openedAt: now, good: 0, dirty: false, syncing: false, retired: false }
  state.files.syncFolder(state.folder)
  return state.current
}

/** `000001.log`; names sort like numbers. */
export function segmentName(number: number): string {
  return `${String(number).padStart(6, '0')}.log`
}

function confirm(state: State, segment: Segment, length: number, batch: readonly Pending[]): void {
  segment.good += length
  if (state.failing) {
    state.failing = null
    state.log.warn({ event: 'journal.recovered', segment: segment.number })
  }
  for (const { done } of batch) if (done) settle(state, done, null)
}

/** None of the batch counts. Those who wait are told; what nobody waits for is kept. */
function refuse(state: State, batch: readonly Pending[], error: Error, unsynced = false): void {
  const segment = state.current
  if (segment) {
    const kept = cutBack(state, segment)
    // After a failed sync the kernel may have dropped the pages and call the next sync a success.
    if (!kept || unsynced || !fullDisk.includes((error as NodeJS.ErrnoException).code)) retire(state, segment)
  }
  if (!state.failing) state.log.error({ event: 'journal.failing', err: error, records: batch.length })
  state.failing = error
  const again = batch.filter(({ done }) => done === null)
  if (!state.closing) state.queue = [...again, ...state.queue].slice(0, keptMost)
  for (const { done } of batch) if (done) settle(state, done, error)
}

function cutBack(state: State, segment: Segment): boolean {
  try {
    state.files.truncate(segment.fd, segment.good)
    return true
  } catch (error) {
    // What stands behind the last good byte has no end mark, or it waits for a reader that knows the length.
    state.log.error({ event: 'journal.not_cut_back', err: error, segment: segment.number })
    return false
  }
}

function settle(state: State, done: Done, error: Error | null): void {
  try {
    done(error)
  } catch (thrown) {
    state.log.error({ event: 'journal.callback_threw', err: thrown })
  }
}

function groupSync(state: State, segment: Segment): void {
  segment.syncing = true
  setTimeout(syncNow, groupMilliseconds, state, segment)
}

function syncNow(state: State, segment: Segment): void {
  segment.syncing = true
  segment.dirty = false
  state.files.datasync(segment.fd, (error) => {
    segment.syncing = false
    if (error) {
      state.log.error({ event: 'journal.not_synced', err: error, segment: segment.number })
      if (!segment.retired) retire(state, segment)
      else letGo(state, segment)
      return
    }
    if (segment.dirty && segment.retired) syncNow(state, segment)
    else if (segment.dirty) groupSync(state, segment)
    else if (segment.retired) letGo(state, segment)
  })
}

/** No more is written to it; it is forced out once more and closed. */
function retire(state: State, segment: Segment): void {
  segment.retired = true
  if (state.current === segment) state.current = null
  if (segment.syncing) return
  if (segment.dirty && state.sync === 'grouped') syncNow(state, segment)
  else letGo(state, segment)
}

function letGo(state: State, segment: Segment): void {
  state.files.close(segment.fd)
  state.openSegments -= 1
  finishClosing(state)
}

function finishClosing(state: State): void {
  if (!state.closing || state.waiting) return
  if (state.current) retire(state, state.current)
  if (state.openSegments === 0) state.closing()
}
