/** Makes partitions ahead of time, so that no batch has to wait for one at midnight. */
import type { Clock } from '#/kernel/clock/clock.ts'
import { transact } from '#/kernel/db/db.ts'
import type { Database } from '#/kernel/db/db.ts'
import type { Job } from '#/kernel/jobs/jobs.ts'
import { actor, dayOf } from '#/usage/ingest/batch.ts'
import { ensureDay } from '#/usage/ingest/store.ts'

const daysAhead = 7

export function partitionsJob(database: Database, clock: Clock): Job {
  return {
    name: 'usage.partitions',
    cron: '17 */6 * * *',
    async run() {
      for (const name of ['live', 'sandbox'] as const) {
        for (let ahead = 0; ahead <= daysAhead; ahead += 1) {
          const day = dayOf(clock.wall() + ahead * 86_400_000)
          await transact(database[name], actor, (tx) => ensureDay(tx, day))
        }
      }
    },
  }
}
