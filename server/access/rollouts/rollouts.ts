/** Rollouts: how far a capability is switched on in an environment, and for whom. */
import { timelineOf } from '#/access/history/history.ts'
import type { Timeline } from '#/access/history/history.ts'
import * as store from '#/access/rollouts/store.ts'
import type { Rollout } from '#/access/rollouts/rule.ts'
import type { Tx } from '#/kernel/db/db.ts'

export { includes } from '#/access/rollouts/rule.ts'
export type { Rollout, RolloutPartner, Rule } from '#/access/rollouts/rule.ts'

/** By capability id and environment, `… live`. `knownAt` null: as known now. */
export async function readRollouts(
  reader: Pick<Tx, 'rows'>,
  knownAt: Date | null,
): Promise<ReadonlyMap<string, Timeline<Rollout>>> {
  const rows = await store.readRollouts(reader, knownAt)
  const words = Map.groupBy(rows, (row) => `${row.capabilityId} ${row.environment}`)
  return new Map([...words].map(([key, own]) => [key, timelineOf(own)]))
}

/** By partner, then name. */
export async function readAttributes(
  reader: Pick<Tx, 'rows'>,
  partnerIds: readonly string[],
  knownAt: Date | null,
): Promise<ReadonlyMap<string, ReadonlyMap<string, Timeline<string | null>>>> {
  const rows = await store.readAttributes(reader, partnerIds, knownAt)
  return new Map(
    [...Map.groupBy(rows, (row) => row.partnerId)].map(([partnerId, own]) => {
      const byName = Map.groupBy(own, (row) => row.name)
      return [partnerId, new Map([...byName].map(([name, words]) => [name, timelineOf(words)]))]
    }),
  )
}
