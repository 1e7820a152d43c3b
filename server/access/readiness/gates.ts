/** Which gates there are, and which of them a capability needs. */
import * as store from '#/access/readiness/store.ts'
import type { Gate, NeededGate, OnLapse } from '#/access/readiness/store.ts'
import type { Tx } from '#/kernel/db/db.ts'
import { newId } from '#/kernel/id/id.ts'
import { problem } from '#/kernel/problem/problem.ts'

export const gateNotFound = problem('readiness.gate_not_found', 404, 'There is no such gate', {
  help: 'No readiness gate has this name. Check it against the list of gates, or declare it first.',
})
export const gateInUse = problem('readiness.gate_lapsed', 409, 'The gate hides a capability now', {
  help: 'The evidence for the gate has expired, and because of that a capability is hidden. Making the gate raise an alarm only would show it again without evidence: add evidence first, or take the capability back to dark.',
})
export const gatesMissing = problem('readiness.gates_missing', 409, 'The gate has no evidence yet', {
  help: 'The capability is open to partners, so it cannot begin to need a gate that is not met. Send evidence with it, or take the capability back to dark first.',
})
export const tooManyGates = problem('readiness.too_many_gates', 422, 'Too many gates', {
  help: 'A capability needs at most 50 gates. Let one gate stand for several conditions.',
})

const mostGates = 50

export type DeclaredGate = {
  readonly name: string
  readonly title: string
  readonly description?: string
  /** How long evidence lasts when it names no end itself, in days of 24 hours; null: it does not expire. */
  readonly lastsDays?: number | null
  readonly onLapse: OnLapse
}

/** Makes the gate what it is said to be. Saying the same again changes nothing. Throws `gateInUse`. */
export async function declareGate(tx: Tx, declared: DeclaredGate): Promise<{ id: string }> {
  const { name, title, description = '', lastsDays = null, onLapse } = declared
  const written = await store.upsertGate(tx, { id: newId(), name, title, description, lastsDays })
  const found = await store.lockGate(tx, name)
  if (!found) throw new Error(`the gate ${name} vanished`)
  const before = await store.selectPolicy(tx, found.id)
  if (before === 'hide' && onLapse === 'alarm') await refuseShowing(tx, found.id, name)
  if (before !== onLapse) await store.insertPolicy(tx, newId(), found.id, onLapse)
  if (!written && before === onLapse) return found
  const subject = { kind: 'gate', id: found.id }
  tx.audit({ action: 'gates.declare', subject, changes: { name, lastsDays, onLapse } })
  tx.emit('access.gate_declared', { partnerId: null, data: { gateId: found.id, lastsDays, onLapse } })
  tx.changed('capability', null)
  return found
}

/** What is hidden because the gate lapsed must not come back by another policy. */
async function refuseShowing(tx: Tx, gateId: string, name: string): Promise<void> {
  for (const capabilityId of await store.readOpen(tx)) {
    const open = await unmet(tx, capabilityId, await store.selectNeeds(tx, capabilityId))
    if (open.some(({ id }) => id === gateId)) {
      throw gateInUse.with({
        detail: `The evidence for ${name} has expired, and a capability is hidden for it.`,
      })
    }
  }
}

/** By name. */
export async function listGates(tx: Tx): Promise<readonly Gate[]> {
  return store.listGates(tx, null)
}

/**
 * Makes the capability need these gates and no others. Evidence may be there before the need is. Throws
 * `gateNotFound`, `tooManyGates`, and `gatesMissing` when the capability is open and a new one of them is not met.
 */
export async function declareNeeds(
  tx: Tx,
  capabilityId: string,
  gateNames: readonly string[],
): Promise<void> {
  const wanted = await gatesNamed(tx, gateNames)
  await store.lockCapability(tx, capabilityId)
  const needed = await store.selectNeeds(tx, capabilityId)
  const added = wanted.filter((gate) => !needed.some(({ id }) => id === gate.id))
  const removed = needed.filter((gate) => !wanted.some(({ id }) => id === gate.id))
  if (added.length === 0 && removed.length === 0) return
  const missing = await unmet(tx, capabilityId, added)
  if (missing.length > 0 && (await store.selectIsOpen(tx, capabilityId))) {
    const detail = `The capability is open, and there is no evidence for ${namesOf(missing).join(', ')}.`
    throw gatesMissing.with({ detail })
  }
  for (const { id: gateId } of added)
    await store.insertNeed(tx, newId(), { capabilityId, gateId, needed: true })
  for (const { id: gateId } of removed)
    await store.insertNeed(tx, newId(), { capabilityId, gateId, needed: false })
  const subject = { kind: 'capability', id: capabilityId }
  const changes = { added: namesOf(added), removed: namesOf(removed) }
  tx.audit({ action: 'capabilities.need_gates', subject, changes })
  tx.emit('access.needs_changed', { partnerId: null, data: { capabilityId, ...changes } })
  tx.changed('capability', capabilityId)
}

async function gatesNamed(tx: Tx, names: readonly string[]): Promise<Gate[]> {
  const asked = [...new Set(names)]
  if (asked.length > mostGates)
    throw tooManyGates.with({ detail: `${asked.length} gates; at most ${mostGates}.` })
  const found = await store.listGates(tx, asked)
  const unknown = asked.filter((name) => !found.some((gate) => gate.name === name))
  if (unknown.length > 0) throw gateNotFound.with({ detail: `There is no gate ${unknown.join(', ')}.` })
  return found
}

/** The gates the capability needs and that are not met now, by name. */
export async function openGates(tx: Tx, capabilityId: string): Promise<readonly NeededGate[]> {
  return unmet(tx, capabilityId, await store.selectNeeds(tx, capabilityId))
}

/** The gates the capability needs, by name. */
export async function neededGates(tx: Tx, capabilityId: string): Promise<readonly NeededGate[]> {
  return store.selectNeeds(tx, capabilityId)
}

/** May partners know of the capability now? Not before it is open, nor while a gate that hides it has lapsed. */
export async function isKnown(tx: Tx, capabilityId: string): Promise<boolean> {
  if (!(await store.selectIsOpen(tx, capabilityId))) return false
  return !(await openGates(tx, capabilityId)).some(({ onLapse }) => onLapse === 'hide')
}

/** Ids of the evidence that meets the gates the capability needs now. */
export async function heldEvidence(tx: Tx, capabilityId: string): Promise<string[]> {
  const needed = new Set((await store.selectNeeds(tx, capabilityId)).map(({ id }) => id))
  return (await store.selectInForce(tx, capabilityId))
    .filter(({ gateId }) => needed.has(gateId))
    .map(({ id }) => id)
}

async function unmet<G extends Pick<Gate, 'id'>>(
  tx: Tx,
  capabilityId: string,
  gates: readonly G[],
): Promise<G[]> {
  if (gates.length === 0) return []
  const met = new Set((await store.selectInForce(tx, capabilityId)).map(({ gateId }) => gateId))
  return gates.filter(({ id }) => !met.has(id))
}

function namesOf(gates: readonly Pick<Gate, 'name'>[]): string[] {
  return gates.map(({ name }) => name)
}
