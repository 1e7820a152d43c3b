/** When keys were last used, as this node saw it: noted in memory on the hot path, written a few times a minute. */
import { noteUse } from '#/identity/keys/store.ts'
import { transact } from '#/kernel/db/db.ts'
import type { World } from '#/kernel/db/db.ts'
import type { Log } from '#/kernel/log/log.ts'

export type LastUsed = {
  /** `at`: wall clock, milliseconds. */
  note(keyId: string, at: number): void
  flush(): Promise<void>
  /** Writes what is left. */
  stop(): Promise<void>
}

const actor = { kind: 'system', name: 'last used' } as const

/** A crash loses the last ten seconds of it, which nobody is charged for. */
const flushEvery = 10_000

export function createLastUsed(world: World, log: Log): LastUsed {
  let uses = new Map<string, number>()
  const flush = async (): Promise<void> => {
    if (uses.size === 0) return
    const taken = new Map([...uses].map(([id, at]) => [id, new Date(at)]))
    uses = new Map()
    try {
      await transact(world, actor, (tx) => noteUse(tx, taken))
    } catch (error) {
      // The next call of each key notes it again.
      log.warn({ event: 'keys.last_used_failed', keys: taken.size, err: error })
    }
  }
  const timer = setInterval(() => void flush(), flushEvery).unref()
  return {
    note: (keyId, at) => void uses.set(keyId, at),
    flush,
    async stop() {
      clearInterval(timer)
      await flush()
    },
  }
}
