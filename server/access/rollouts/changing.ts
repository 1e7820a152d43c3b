/** Changes of a rollout: now, step by step later, and back at once. Each takes back what was planned before it. */
import { isDeepStrictEqual } from 'node:util'
import { timelineOf } from '#/access/history/history.ts'
import type { Environment } from '#/access/packages/packages.ts'
import { nothingBefore, rolloutInvalid, scheduleInvalid } from '#/access/rollouts/problems.ts'
import { readRollout } from '#/access/rollouts/reading.ts'
import type { Rollout } from '#/access/rollouts/rule.ts'
import * as store from '#/access/rollouts/store.ts'
import type { RolloutWord } from '#/access/rollouts/store.ts'
import type { Tx } from '#/kernel/db/db.ts'
import { newId, publicId } from '#/kernel/id/id.ts'

/** Business time. */
export type Step = { readonly at: Date; readonly rollout: Rollout }

/** What was said of one capability in one environment, as far as it came or will come into force. */
export type Course = {
  /** Oldest first; the last is in force now. Empty: nothing was said, which is off. */
  readonly past: readonly RolloutWord[]
  readonly planned: readonly Step[]
}

const mostSteps = 50

/** From now on and for good. Changes nothing when that is so already. Throws `rolloutInvalid`. */
export async function setRollout(
  tx: Tx,
  capabilityId: string,
  environment: Environment,
  rollout: Rollout,
): Promise<void> {
  const read = await checkedRollout(tx, rollout)
  await store.lockCapability(tx, capabilityId)
  const { past, planned } = await readCourse(tx, capabilityId, environment)
  if (planned.length === 0 && isDeepStrictEqual(past.at(-1)?.rollout, read)) return
  const word = { id: newId(), capabilityId, environment, rollout: read, from: tx.now, restores: null }
  await store.insertRollout(tx, word)
  announce(tx, 'set', { capabilityId, environment }, { ...shortly(read), cancelled: planned.length })
}

/**
 * Plans these steps and no others; none takes back what was planned. Throws `rolloutInvalid`, `scheduleInvalid`.
 */
export async function scheduleRollout(
  tx: Tx,
  capabilityId: string,
  environment: Environment,
  steps: readonly Step[],
): Promise<void> {
  const read: Step[] = []
  for (const { at, rollout } of steps) read.push({ at, rollout: await checkedRollout(tx, rollout) })
  refuseUnfit(tx, read)
  await store.lockCapability(tx, capabilityId)
  const { past, planned } = await readCourse(tx, capabilityId, environment)
  if (isDeepStrictEqual(planned, read)) return
  const place = { capabilityId, environment, restores: null }
  if (planned.length > 0) {
    // Saying again what is in force takes back every step that was planned.
    const rollout = past.at(-1)?.rollout ?? { kind: 'off' as const }
    await store.insertRollout(tx, { ...place, id: newId(), rollout, from: tx.now })
  }
  for (const { at: from, rollout } of read) {
    await store.insertRollout(tx, { ...place, id: newId(), rollout, from })
  }
  const told = read.map(({ at, rollout }) => ({ at, ...shortly(rollout) }))
  announce(tx, 'schedule', { capabilityId, environment }, { steps: told, cancelled: planned.length })
}

/**
 * Back to what was in force before, at once; what was planned is taken back as well. Rolling back again goes further
 * back. Returns what is in force now. Throws `nothingBefore`.
 */
export async function rollBack(
  tx: Tx,
  capabilityId: string,
  environment: Environment,
  reason: string,
): Promise<Rollout> {
  await store.lockCapability(tx, capabilityId)
  const { past, planned } = await readCourse(tx, capabilityId, environment)
  const target = wayBack(past).at(-2)
  if (!target) throw nothingBefore.with()
  const { rollout, id: restores } = target
  await store.insertRollout(tx, {
    id: newId(),
    capabilityId,
    environment,
    rollout,
    from: tx.now,
    restores,
  })
  const changes = { ...shortly(rollout), cancelled: planned.length }
  announce(tx, 'roll_back', { capabilityId, environment }, changes, reason)
  return rollout
}

/** The words to go back over, the one in force last: a roll-back takes off what it went back from. */
function wayBack(past: readonly RolloutWord[]): readonly RolloutWord[] {
  const way: RolloutWord[] = []
  for (const word of past) {
    const restored = way.findIndex(({ id }) => id === word.restores)
    if (restored !== -1) way.length = restored + 1
    else if (!isDeepStrictEqual(way.at(-1)?.rollout, word.rollout)) way.push(word)
  }
  return way
}

export async function readCourse(tx: Tx, capabilityId: string, environment: Environment): Promise<Course> {
  const words = await store.readWords(tx, capabilityId, environment)
  const spans = timelineOf(words.map((word) => ({ ...word, value: word })))
  const isPast = ({ from }: { from: number }) => from <= tx.now.getTime()
  return {
    past: spans.filter(isPast).flatMap(({ from, value }) => (value ? [{ ...value, from }] : [])),
    planned: spans
      .filter((span) => !isPast(span))
      .flatMap(({ from, value }) => (value ? [{ at: new Date(from), rollout: value.rollout }] : [])),
  }
}

/** Throws `rolloutInvalid`. */
export async function checkedRollout(tx: Tx, written: Rollout): Promise<Rollout> {
  const rollout = readRollout(written)
  if (rollout.kind !== 'cohort' || rollout.partners.length === 0) return rollout
  const unknown = await store.selectUnknown(tx, rollout.partners)
  if (unknown !== undefined) {
    throw rolloutInvalid.with({ detail: `There is no partner ${publicId('ptn', unknown)}.` })
  }
  return rollout
}

function refuseUnfit(tx: Tx, steps: readonly Step[]): void {
  if (steps.length > mostSteps) {
    throw scheduleInvalid.with({ detail: `${steps.length} steps; at most ${mostSteps}.` })
  }
  for (const [i, { at, rollout }] of steps.entries()) {
    const before = steps[i - 1]
    const same = steps.slice(0, i).findIndex((earlier) => isDeepStrictEqual(earlier.rollout, rollout))
    const detail =
      at <= tx.now
        ? 'lies in the past'
        : before && at.getTime() === before.at.getTime()
          ? `is at the same time as step ${i}`
          : before && at < before.at
            ? `lies before step ${i}`
            : same === i - 1 && same !== -1
              ? `says the same as step ${i}`
              : same !== -1
                ? `goes round in a circle, back to step ${same + 1}`
                : null
    if (detail !== null) throw scheduleInvalid.with({ detail: `Step ${i + 1} ${detail}.` })
  }
}

/** As the audit has it: how far, and not for whom. */
function shortly(rollout: Rollout): Readonly<Record<string, unknown>> {
  if (rollout.kind === 'percentage') return rollout
  if (rollout.kind !== 'cohort') return { kind: rollout.kind }
  return { kind: rollout.kind, partners: rollout.partners.length, rule: rollout.rule !== null }
}

function announce(
  tx: Tx,
  verb: 'set' | 'schedule' | 'roll_back',
  { capabilityId, environment }: { readonly capabilityId: string; readonly environment: Environment },
  changes: Readonly<Record<string, unknown>>,
  reason: string | null = null,
): void {
  const subject = { kind: 'capability', id: capabilityId }
  tx.audit({ action: `rollouts.${verb}`, subject, reason, changes: { environment, ...changes } })
  tx.emit('access.rollout_changed', { partnerId: null, data: { capabilityId, environment } })
  tx.changed('capability', capabilityId)
}
