/** What the usage area brings to the program. */
import type { Clock } from '#/kernel/clock/clock.ts'
import type { Database } from '#/kernel/db/db.ts'
import type { PartnerOperation } from '#/kernel/http/http.ts'
import type { Job } from '#/kernel/jobs/jobs.ts'
import { partitionsJob } from '#/usage/ingest/ingest.ts'
import { usageOperation } from '#/usage/rollups/rollups.ts'
import type { RollupDeps } from '#/usage/rollups/rollups.ts'

export { createIngest } from '#/usage/ingest/ingest.ts'
export type { Ingest, Lag } from '#/usage/ingest/ingest.ts'
export { openJournal } from '#/usage/journal/journal.ts'
export type { Journal } from '#/usage/journal/journal.ts'

export function usageJobs(database: Database, clock: Clock): Job[] {
  return [partitionsJob(database, clock)]
}

export function usageOperations(deps: RollupDeps): PartnerOperation[] {
  return [usageOperation(deps)]
}
