/** Whether this process lives (`/healthz`), whether it can serve (`/readyz`), and what stands in the way. */
import type { Recorder } from '#/gateway/gateway.ts'
import type { Clock } from '#/kernel/clock/clock.ts'
import { route } from '#/kernel/http/http.ts'
import type { Route } from '#/kernel/http/http.ts'
import type { Ingest } from '#/usage/ingest/ingest.ts'

/** How far what the gateway knows is behind. */
type Followed = { state(): { readonly usable: boolean; readonly following: boolean } }

export type Watched = {
  /** Asks the database; never takes longer than is bearable. */
  readonly answers: () => Promise<boolean>
  readonly snapshot: Followed
  readonly ingest: Pick<Ingest, 'lag'>
  readonly isRecording: () => boolean
}

/** A journal this old (milliseconds) means that the database has been away. */
const bearableLag = 60_000

export function healthRoutes(watched: Watched): Route[] {
  return [
    route({
      method: 'GET',
      path: '/healthz',
      permission: 'public',
      summary: 'The process lives',
      handle: async () => ({ status: 200, body: { status: 'ok' } }),
    }),
    route({
      method: 'GET',
      path: '/readyz',
      permission: 'public',
      summary: 'This node can serve, and what it waits for where it cannot',
      handle: async () => {
        const database = (await watched.answers()) ? 'ok' : 'away'
        const snapshot = stateOfSnapshot(watched.snapshot)
        const journal = stateOfJournal(watched)
        // Calls are served from memory and recorded in a file, so a database that is away is no reason to stop.
        const ready = snapshot !== 'too old' && journal === 'ok'
        const body = { status: ready ? 'ready' : 'not ready', checks: { database, snapshot, journal } }
        return { status: ready ? 200 : 503, body }
      },
    }),
  ]
}

function stateOfSnapshot(snapshot: Followed): 'ok' | 'behind' | 'too old' {
  const { usable, following } = snapshot.state()
  return usable ? (following ? 'ok' : 'behind') : 'too old'
}

function stateOfJournal({ ingest, isRecording }: Watched): 'ok' | 'failing' | 'behind' {
  if (!isRecording()) return 'failing'
  return ingest.lag().age < bearableLag ? 'ok' : 'behind'
}

/** After this long without a call (microseconds) one may try again whether the disk takes a record. */
const failingFor = 5_000_000

/** Notices when calls cannot be recorded: they are refused then, and another node should get them. */
export function watchRecorder(recorder: Recorder, clock: Clock): { recorder: Recorder; works(): boolean } {
  let failedAt: number | null = null
  return {
    recorder: {
      finish: (end) => recorder.finish(end),
      refuse: (refusal) => recorder.refuse(refusal),
      record: (record, done) =>
        recorder.record(record, (error) => {
          failedAt = error === null ? null : clock.monotonicUs()
          done(error)
        }),
    },
    works: () => failedAt === null || clock.monotonicUs() - failedAt > failingFor,
  }
}
