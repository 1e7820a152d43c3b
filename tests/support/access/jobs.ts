/** What runs beside the calls in access, done once and now. */
import { accessJobs } from '#/access/access.ts'
import type { World } from '#/kernel/db/db.ts'

export async function runAccessJobs(control: World): Promise<void> {
  for (const job of accessJobs(control)) await job.run({})
}
