/**
 * Counts refusals that no credential stands behind. One line a minute and kind, however many there are: who
 * floods us with wrong keys fills neither the disk nor the database.
 */
import type { Refusal } from '#/gateway/gateway.ts'
import type { Clock } from '#/kernel/clock/clock.ts'
import { newId } from '#/kernel/id/id.ts'
import type { RefusalCount } from '#/usage/journal/line.ts'

export type RefusalCounter = {
  count(refusal: Refusal): void
  /** What was counted since the last time. */
  take(): RefusalCount[]
}

/** Kinds told apart between two takes; what comes on top is counted under no operation and `other`. */
export const kindsMost = 500

type Kind = { minute: number; refusal: Refusal; count: number }

export function createRefusalCounter(clock: Clock): RefusalCounter {
  let kinds = new Map<string, Kind>()
  return {
    count(refusal) {
      const minute = Math.floor(clock.wall() / 60_000) * 60_000
      let kind = kinds.get(keyOf(minute, refusal))
      if (!kind) {
        const told =
          kinds.size < kindsMost ? refusal : { status: refusal.status, code: 'other', operation: null }
        kind = kinds.get(keyOf(minute, told)) ?? { minute, refusal: told, count: 0 }
        kinds.set(keyOf(minute, told), kind)
      }
      kind.count += 1
    },
    take() {
      const taken = [...kinds.values()]
      kinds = new Map()
      return taken.map(({ minute, refusal, count }) => {
        const { status, code, operation } = refusal
        return { id: newId(), minute, status, code, operation, count }
      })
    },
  }
}

function keyOf(minute: number, refusal: Refusal): string {
  return `${minute} ${refusal.status} ${refusal.code} ${refusal.operation ?? ''}`
}
