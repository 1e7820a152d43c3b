/** Says of requests that were not decided in time that they are overdue, once for each due date. */
import { tellOverdue } from '#/access/requests/requests.ts'
import { transact } from '#/kernel/db/db.ts'
import type { World } from '#/kernel/db/db.ts'
import type { Job } from '#/kernel/jobs/jobs.ts'

const actor = { kind: 'system', name: 'access requests' } as const
const batch = 100

export function overdueRequestsJob(control: World): Job {
  return {
    name: 'access.overdue_requests',
    cron: '* * * * *',
    async run() {
      while ((await transact(control, actor, (tx) => tellOverdue(tx, batch))) === batch);
    },
  }
}
