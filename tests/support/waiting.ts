/** Waiting for what happens beside a test. */
import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'

/** Asks again until the answer is yes, or the time (milliseconds) is up. */
export async function within(limit: number, ask: () => Promise<boolean>): Promise<void> {
  const started = Date.now()
  while (!(await ask())) {
    assert.ok(Date.now() - started < limit, `not within ${limit} ms`)
    await delay(25)
  }
}
