/**
 * The door of the ingest: brings the journals of this folder to PostgreSQL and deletes what has arrived.
 *
 * It drains the journal of its own process every quarter of a second and adopts those whose process died.
 * Nothing is deleted before it is committed, every statement bears being repeated, and a database that is
 * away only makes the journal longer.
 */
import { setTimeout as delay } from 'node:timers/promises'
import type { Clock } from '#/kernel/clock/clock.ts'
import type { Database } from '#/kernel/db/db.ts'
import type { Log } from '#/kernel/log/log.ts'
import type { Journal } from '#/usage/journal/journal.ts'
import { createDrain } from '#/usage/ingest/drain.ts'
import type { Lag } from '#/usage/ingest/drain.ts'

export { partitionsJob } from '#/usage/ingest/jobs.ts'
export type { Lag } from '#/usage/ingest/drain.ts'

export type IngestOptions = {
  /** `PORTICO_DATA/journal`. */
  readonly folder: string
  /** Of this process; null where only those of dead ones are brought in. */
  readonly journal: Journal | null
  readonly database: Database
  readonly clock: Clock
  readonly log: Log
  /** Milliseconds between two passes. */
  readonly interval?: number
}

export type Ingest = {
  start(): void
  /** Everything that was answered before this call is in when it resolves; rejects when the database is away. */
  drainNow(): Promise<void>
  /** Makes a last pass over the own journal; what does not go in stays there for the next process. */
  stop(): Promise<void>
  /** For `/readyz` and the metrics. */
  lag(): Lag
}

const longestPause = 5000

export function createIngest(options: IngestOptions): Ingest {
  const { log, interval = 250 } = options
  const drain = createDrain(options)
  const stopping = new AbortController()
  let pass: Promise<void> = Promise.resolve()
  /** One pass at a time; the next begins when the last is over, however it ended. */
  const afterThis = (work: () => Promise<void>) => {
    pass = pass.then(work, work)
    return pass
  }
  let loop: Promise<void> | null = null
  const run = async () => {
    for (let failures = 0; !stopping.signal.aborted;) {
      try {
        await afterThis(() => drain.pass(() => stopping.signal.aborted))
        if (failures > 0) log.info({ event: 'usage.ingest_recovered', failures })
        failures = 0
      } catch (error) {
        failures += 1
        log.error({ event: 'usage.ingest_failed', failures, err: error, ...drain.lag() })
      }
      const pause = Math.min(interval * 2 ** failures, longestPause)
      await delay(pause, undefined, { signal: stopping.signal }).catch(() => {})
    }
  }
  return {
    start: () => void (loop ??= run()),
    drainNow: () => afterThis(() => drain.everything()),
    async stop() {
      stopping.abort()
      await loop
      await afterThis(() => drain.pass(() => true)).catch((error: unknown) =>
        log.error({ event: 'usage.left_in_journal', err: error, ...drain.lag() }),
      )
      drain.release()
    },
    lag: () => drain.lag(),
  }
}
