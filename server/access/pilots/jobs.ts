/** Tells that pilots come to their end. Due in business time, hence looked for and not set as an alarm. */
import { announceDue } from '#/access/pilots/pilots.ts'
import { transact } from '#/kernel/db/db.ts'
import type { World } from '#/kernel/db/db.ts'
import type { Job } from '#/kernel/jobs/jobs.ts'

const actor = { kind: 'system', name: 'pilots' } as const
const batch = 100

export function pilotsJob(control: World): Job {
  return {
    name: 'access.pilots',
    cron: '* * * * *',
    async run() {
      while ((await transact(control, actor, (tx) => announceDue(tx, batch))) === batch);
    },
  }
}
