/**
 * A bound on what runs at once. Each argon2 takes 64 MiB and a thread of libuv's four for a quarter of a second: a
 * storm of sign-ins must neither exhaust the memory nor keep the journal, whose writes share the threads, waiting.
 */
import { problem } from '#/kernel/problem/problem.ts'

export const busy = problem('auth.busy', 503, 'Too many sign-ins at once', {
  help: 'More people sign in than can be checked at once. Try again after the seconds in `Retry-After`.',
  retryable: true,
})

export type Turns = <T>(work: () => Promise<T>) => Promise<T>

/** First come, first served. Throws `busy` when `waiting` are before one. */
export function createTurns(bound: { readonly running: number; readonly waiting: number }): Turns {
  const queue: (() => void)[] = []
  let running = 0
  return async (work) => {
    if (running < bound.running) running += 1
    else {
      if (queue.length >= bound.waiting) throw busy.with({ headers: { 'retry-after': '2' } })
      // Whoever ends hands its place over, so that nobody slips in between.
      await new Promise<void>((resolve) => queue.push(resolve))
    }
    try {
      return await work()
    } finally {
      const next = queue.shift()
      if (next) next()
      else running -= 1
    }
  }
}
