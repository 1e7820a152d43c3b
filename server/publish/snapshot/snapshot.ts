/**
 * The gateway's world in memory. It is loaded whole at the start and then follows the change log, whose numbers
 * come in the order of commits and without gaps: whoever has seen number n knows everything up to n, and a
 * missing number means that the log was cut, so that everything is loaded again.
 */
import { setTimeout as delay } from 'node:timers/promises'
import type { Deciding } from '#/access/decisions/decisions.ts'
import type { Snapshot } from '#/gateway/gateway.ts'
import type { Clock } from '#/kernel/clock/clock.ts'
import { transact } from '#/kernel/db/db.ts'
import type { Database } from '#/kernel/db/db.ts'
import type { Log } from '#/kernel/log/log.ts'
import type { Clocks } from '#/publish/snapshot/directory.ts'
import { loadAll, namesNoRow, readChanges } from '#/publish/snapshot/held.ts'
import type { Held } from '#/publish/snapshot/held.ts'
import { createServed } from '#/publish/snapshot/served.ts'
import type { Own } from '#/publish/snapshot/served.ts'
import * as store from '#/publish/snapshot/store.ts'
import type { Reader, Readers } from '#/publish/snapshot/store.ts'
import { createWake } from '#/publish/snapshot/wake.ts'
import type { Wake } from '#/publish/snapshot/wake.ts'

export type { LocalOperation, Own } from '#/publish/snapshot/served.ts'

export type SnapshotDeps = {
  readonly database: Database
  readonly own: Own
  readonly clock: Clock
  readonly log: Log
  /** Milliseconds; how long what is known may be used when nothing can be heard; at least two seconds. Default 5 minutes. */
  readonly mostStale?: number
}

export type SnapshotState = {
  readonly version: number
  /** False: changes may have been missed since `since` (wall clock, milliseconds). */
  readonly following: boolean
  readonly since: number | null
  /** False: what is known is older than is bearable, and nothing may be decided by it. */
  readonly usable: boolean
}

export type FollowedSnapshot = {
  /** Always the newest; ask for it again rather than keep it. */
  current(): Snapshot
  /** The same for those who ask beside the calls. */
  readonly deciding: Deciding
  state(): SnapshotState
  stop(): Promise<void>
}

/** Milliseconds. */
const lookEvery = 250
const behindAfter = 2000
const lookWithin = 10_000
const readWithin = 120_000
const longestPause = 2000
/** Of changes read at once. */
const batch = 5000

const actor = { kind: 'system', name: 'snapshot' } as const

/** Everything is loaded when this resolves. Throws when the database cannot be read. */
export async function createSnapshot(deps: SnapshotDeps): Promise<FollowedSnapshot> {
  const { database, clock, log, mostStale = 300_000 } = deps
  const sources = { served: createServed(deps.own, log), clock, clocks: clocksOf(database) }
  const pool: Reader = {
    rows: async <Row>(text: string, values: readonly unknown[] = []) =>
      (await database.control.pool.query(text, [...values])).rows as Row[],
  }
  let held = await frozenTwice(database, (readers) => loadAll(readers, sources))
  let heardAt = clock.monotonicUs()
  const age = () => (clock.monotonicUs() - heardAt) / 1000

  /** True when there may be more. */
  async function catchUp(): Promise<boolean> {
    const before = held
    const { changes, gap } = await within(lookWithin, store.changesAfter(pool, before.version, batch))
    if (gap || changes.length > 0) {
      const reload = gap || changes.some(namesNoRow)
      const read = reload
        ? frozenTwice(database, async (readers) => {
            const loaded = await loadAll(readers, sources)
            return () => loaded
          })
        : frozen(database, (reader) => readChanges(reader, before, changes, sources))
      const next = await within(readWithin, read)
      // A reading that took too long was given up, and a later one may have overtaken it.
      if (held === before) held = next()
    }
    heardAt = clock.monotonicUs()
    return changes.length === batch
  }

  const follower = follow(createWake(database.ownerUrl, log), catchUp, (failure, first) => {
    if (failure === null) log.info({ event: 'snapshot.following', version: held.version })
    else if (first) log.error({ event: 'snapshot.behind', version: held.version, err: failure })
  })
  return {
    current: () => held.snapshot,
    deciding: decidingBy(() => held, sources.clocks),
    state() {
      const following = age() <= behindAfter
      const since = following ? null : Math.round(clock.wall() - age())
      return { version: held.version, following, since, usable: age() <= Math.max(mostStale, behindAfter) }
    },
    stop: follower,
  }
}

function decidingBy(held: () => Held, clocks: Clocks): Deciding {
  return {
    snapshot: () => held().snapshot,
    now: (environment) => clocks[environment].business(),
    application: (id) => held().callers.application(id),
    capabilities: () => held().directory.capabilities(),
    facts: (application, capability) => held().directory.facts(application, capability),
    operations: (id) => held().router.routes.filter(({ operation }) => operation.id === id),
  }
}

function clocksOf({ live, sandbox }: Database): Clocks {
  return { live: live.clock, sandbox: sandbox.clock }
}

/** One moment of the database for a whole reading. */
function frozen<T>(database: Database, read: (reader: Reader) => Promise<T>): Promise<T> {
  return transact(database.control, actor, async (tx) => {
    await store.freeze(tx)
    return read(tx)
  })
}

/** The same on two connections, so that one half is read while the other is. */
function frozenTwice<T>(database: Database, read: (readers: Readers) => Promise<T>): Promise<T> {
  return frozen(database, async (first) => {
    const moment = await store.nameMoment(first)
    return transact(database.control, actor, async (second) => {
      await store.freezeAt(second, moment)
      return read([first, second])
    })
  })
}

/** Looks at every notification and every quarter of a second, until the returned function is called. */
function follow(
  wake: Wake,
  catchUp: () => Promise<boolean>,
  tell: (failure: unknown, first: boolean) => void,
): () => Promise<void> {
  const stop = new AbortController()
  const running = (async () => {
    for (let failures = 0; !stop.signal.aborted;) {
      try {
        const more = await catchUp()
        if (failures > 0) tell(null, false)
        failures = 0
        if (!more) await wake.wait(lookEvery)
      } catch (error) {
        failures += 1
        tell(error, failures === 1)
        await wake.wait(Math.min(lookEvery * failures, longestPause))
      }
    }
  })()
  return async () => {
    stop.abort()
    await wake.stop()
    await running
  }
}

/** A connection that was cut without a word answers nothing for many minutes. */
async function within<T>(milliseconds: number, work: Promise<T>): Promise<T> {
  const stop = new AbortController()
  const late = delay(milliseconds, null, { signal: stop.signal }).then(() => {
    throw new Error(`the database did not answer within ${milliseconds} ms`)
  })
  // The loser's failure is nobody's business any more.
  work.catch(() => {})
  late.catch(() => {})
  try {
    return await Promise.race([work, late])
  } finally {
    stop.abort()
  }
}
