/** Rollouts: how far a capability is switched on in an environment, and for whom. */
import { timelineOf } from '#/access/history/history.ts'
import type { Timeline } from '#/access/history/history.ts'
import * as store from '#/access/rollouts/store.ts'
import type { Rollout } from '#/access/rollouts/rule.ts'
import type { Tx } from '#/kernel/db/db.ts'

export { attributesOf, attributeWords, readAttributes, setAttributes } from '#/access/rollouts/attributes.ts'
export { rollBack, scheduleRollout, setRollout } from '#/access/rollouts/changing.ts'
export type { Step } from '#/access/rollouts/changing.ts'
export { rolloutInvalid } from '#/access/rollouts/problems.ts'
export { previewRollout } from '#/access/rollouts/preview.ts'
export { readRollout } from '#/access/rollouts/reading.ts'
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
