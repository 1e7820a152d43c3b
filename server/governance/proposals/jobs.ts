/** Closes proposals whose time is up. Due in business time, hence looked for and not set as an alarm. */
import { expireDue } from '#/governance/proposals/proposals.ts'
import { transact } from '#/kernel/db/db.ts'
import type { World } from '#/kernel/db/db.ts'
import type { Job } from '#/kernel/jobs/jobs.ts'

const actor = { kind: 'system', name: 'proposals' } as const
const batch = 100

export function proposalsJob(control: World): Job {
  return {
    name: 'governance.proposals',
    cron: '* * * * *',
    async run() {
      while ((await transact(control, actor, (tx) => expireDue(tx, batch))) === batch);
    },
  }
}
