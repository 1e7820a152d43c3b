/** Tells that agreements begin, come to their end, and end. Due in business time, hence looked for and not set as an alarm. */
import { announceDue } from '#/access/agreements/agreements.ts'
import { transact } from '#/kernel/db/db.ts'
import type { World } from '#/kernel/db/db.ts'
import type { Job } from '#/kernel/jobs/jobs.ts'

const actor = { kind: 'system', name: 'agreements' } as const
const batch = 100

export function agreementsJob(control: World): Job {
  return {
    name: 'access.agreements',
    cron: '* * * * *',
    async run() {
      while ((await transact(control, actor, (tx) => announceDue(tx, batch))) === batch);
    },
  }
}
