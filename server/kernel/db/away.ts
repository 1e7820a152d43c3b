/** Tells a database that cannot be reached, which passes, from a statement that is wrong, which is our bug. */
import { problem } from '#/kernel/problem/problem.ts'

export const DatabaseAway = problem('database.away', 503, 'The database does not answer', {
  help: 'Calls of the API go on without it; what reads or changes our own data waits for it. Ask again after the seconds in `Retry-After`.',
  retryable: true,
})

/** SQLSTATE: connection exceptions, and a server that shuts down, crashed or starts. */
const states = /^(?:08...|57P0[1235])$/

const network: readonly string[] = [
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EPIPE',
  'ETIMEDOUT',
]

/** What the driver says without a code: of a connection that ended, and of a wait that was too long. */
const words = /^(?:Connection terminated|Client (?:has encountered|was closed)|Query read timeout|timeout e)/

export function isAway(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const { code } = error as { code?: unknown }
  if (typeof code === 'string') return states.test(code) || network.includes(code)
  return words.test(error.message)
}
