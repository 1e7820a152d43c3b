/**
 * The door of the journal: one append to a local file before an answer leaves. Each process writes a folder
 * of its own, `<journal>/<uuid>/000001.log …`; `ingest` brings the lines to PostgreSQL and deletes segments.
 */
import type { Recorder } from '#/gateway/gateway.ts'
import type { Clock } from '#/kernel/clock/clock.ts'
import { newId } from '#/kernel/id/id.ts'
import type { Log } from '#/kernel/log/log.ts'
import type { Files } from '#/usage/journal/files.ts'
import { realFiles } from '#/usage/journal/files.ts'
import { endPayload, exchangePayload, refusalsPayload } from '#/usage/journal/line.ts'
import { beat, makeOwnedFolder } from '#/usage/journal/owner.ts'
import { createRefusalCounter } from '#/usage/journal/refusals.ts'
import { createWriter } from '#/usage/journal/writer.ts'

export type { Files } from '#/usage/journal/files.ts'
export { realFiles } from '#/usage/journal/files.ts'
export type { Entry, RefusalCount } from '#/usage/journal/line.ts'
export { ownerLives } from '#/usage/journal/owner.ts'
export { readPortion } from '#/usage/journal/segment.ts'
export type { Aside, Found, Portion } from '#/usage/journal/segment.ts'
export { segmentName } from '#/usage/journal/writer.ts'

export type JournalOptions = {
  /** `PORTICO_DATA/journal`; this process makes its own folder in it. */
  readonly folder: string
  readonly sync: 'grouped' | 'always'
  readonly clock: Clock
  readonly log: Log
  readonly segmentBytes?: number
  /** Milliseconds. */
  readonly segmentAge?: number
  readonly files?: Files
}

export type Journal = Recorder & {
  /** UUIDv7; the name of its folder. */
  readonly id: string
  readonly folder: string
  /** The segment being written and how many bytes of it were answered on; every lower number is complete. */
  confirmed(): { readonly segment: number; readonly bytes: number }
  /** True once everything is written that ever will be. */
  closed(): boolean
  close(): Promise<void>
}

/** 40,000 records: deleted as soon as they are in the database, read again at most once after a crash. */
const segmentBytes = 16 * 1024 * 1024
const segmentAge = 10 * 60_000
const beatMilliseconds = 1000
const refusalsEvery = 10

export function openJournal(options: JournalOptions): Journal {
  const { clock, log } = options
  const files = options.files ?? realFiles
  const id = newId()
  const folder = makeOwnedFolder(options.folder, id)
  files.syncFolder(options.folder)
  const defaults = { segmentBytes, segmentAge }
  const writer = createWriter({ ...defaults, ...options, folder, files })
  const refusals = createRefusalCounter(clock)
  const writeRefusals = () => {
    for (const count of refusals.take()) writer.append(refusalsPayload(count), null)
  }
  let beats = 0
  const timer = setInterval(() => {
    beats += 1
    if (beats % refusalsEvery === 0) writeRefusals()
    writer.retry()
    try {
      beat(folder, clock)
    } catch (error) {
      // Appending to a file that has no name any more would be losing calls quietly; now it is refused.
      log.error({ event: 'journal.folder_lost', err: error, folder })
      writer.abandon()
    }
  }, beatMilliseconds).unref()
  let closed = false
  return {
    id,
    folder,
    record: (record, done) => writer.append(exchangePayload(record), done),
    finish: (end) => writer.append(endPayload(end), null),
    refuse: (refusal) => refusals.count(refusal),
    confirmed: () => writer.confirmed(),
    closed: () => closed,
    async close() {
      clearInterval(timer)
      writeRefusals()
      await writer.close()
      closed = true
    },
  }
}
