/** How much work a value may make. Counted, not timed, wherever one step can be told from the next. */
import { systemClock } from '#/kernel/clock/clock.ts'

/** Steps of about a tenth of a microsecond, shared by everything that is done for one value. */
export type Effort = { left: number }

export class Exhausted extends Error {}

const clock = () => systemClock().monotonicUs()

export function spend(effort: Effort, steps: number): void {
  effort.left -= steps
  if (effort.left < 0) throw new Exhausted()
}

/** For what cannot be looked into: charges the time it took. */
export function measured<T>(effort: Effort, work: () => T): T {
  const from = clock()
  const done = work()
  spend(effort, (clock() - from) * 10)
  return done
}
