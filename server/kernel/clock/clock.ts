/**
 * The only place that asks for the time.
 *
 * Wall time governs credentials, rate limits, leases and signatures; business time governs trials, periods
 * and agreements, and a sandbox may move its own forward (an offset, never backwards).
 */
export type Clock = {
  /** Wall time in milliseconds since the epoch. */
  wall(): number
  /** Business time of this world. */
  business(): Date
  /** Microseconds on a clock that never jumps; only differences mean something. */
  monotonicUs(): number
}

/** `offset` (milliseconds) says how far a world's business time runs ahead. */
export function systemClock(offset: () => number = () => 0): Clock {
  return {
    wall: () => Date.now(),
    business: () => new Date(Date.now() + offset()),
    monotonicUs: () => performance.now() * 1000,
  }
}

const day = String.raw`(?<day>\d{4}-\d\d-\d\d)`
const rfc3339 = new RegExp(String.raw`^${day}T\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d)$`)

/**
 * A moment as RFC 3339 writes it; an invalid date for everything else. Without its zone it would be another moment on
 * another machine, and a day that no calendar has would be one of the next month.
 */
export function parseTime(text: string): Date {
  const written = rfc3339.exec(text)?.groups?.['day']
  const midnight = new Date(`${written}T00:00:00Z`)
  const isDay = !Number.isNaN(midnight.getTime()) && midnight.toISOString().startsWith(`${written}`)
  return new Date(isDay ? text : Number.NaN)
}
