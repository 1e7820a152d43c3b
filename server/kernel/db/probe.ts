/** Whether the database answers, asked in a way that a database which hangs cannot hold up or be flooded by. */
import { setTimeout as delay } from 'node:timers/promises'
import type pg from 'pg'

/** Milliseconds. */
const bearable = 500

/** One question at a time, whoever asks how often; one that is not answered in time counts as no. */
export function createProbe(pool: Pick<pg.Pool, 'query'>, within = bearable): () => Promise<boolean> {
  let asking: Promise<boolean> | null = null
  return async () => {
    asking ??= pool
      .query('select 1')
      .then(
        () => true,
        () => false,
      )
      .finally(() => (asking = null))
    const stop = new AbortController()
    const late = delay(within, false, { signal: stop.signal }).catch(() => false)
    return Promise.race([asking, late]).finally(() => stop.abort())
  }
}
