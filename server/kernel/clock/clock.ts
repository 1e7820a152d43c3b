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
