/** One JSON line an event, on the standard error. Leaf code logs nothing; edges log one wide event each. */
import { pino } from 'pino'
import type { Logger } from 'pino'

export type Log = Logger

/** Names under which a secret could slip into an event; pino replaces their values whatever is logged. */
const secretNames = [
  'authorization',
  'apiKey',
  'password',
  'secret',
  'cookie',
  'databaseUrl',
  'connectionString',
]

export function createLog(level: string): Log {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: secretNames.flatMap((name) => [name, `*.${name}`]), censor: '[withheld]' },
    },
    pino.destination({ fd: 2, sync: true }),
  )
}

export function silentLog(): Log {
  return pino({ level: 'silent' })
}
