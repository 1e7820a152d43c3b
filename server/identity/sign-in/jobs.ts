/** Deletes sessions that are over and tries that decide nothing any more, so that nothing of a person stays needlessly. */
import { transact } from '#/kernel/db/db.ts'
import type { Job } from '#/kernel/jobs/jobs.ts'
import { system } from '#/identity/sign-in/proof.ts'
import type { SignInDeps } from '#/identity/sign-in/proof.ts'

export function signInJob({
  world,
  sessions,
  lockout,
}: Pick<SignInDeps, 'world' | 'sessions' | 'lockout'>): Job {
  return {
    name: 'identity.sign_ins',
    cron: '23 * * * *',
    async run() {
      const wall = world.clock.wall()
      await transact(world, system, (tx) => sessions.prune(tx, wall))
      await transact(world, system, (tx) => lockout.prune(tx, wall))
    },
  }
}
