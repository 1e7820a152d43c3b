/**
 * Exposure: who may know of a capability, and the ways from one to another. Two rules stand between a capability and
 * partners: it goes to `pilot` or `general` only while every gate it needs is met, and out of `dark` only by two people.
 */
import { Type } from 'typebox'
import * as store from '#/access/capabilities/store.ts'
import type { Exposure, FoundCapability } from '#/access/capabilities/store.ts'
import { heldEvidence, neededGates, openGates } from '#/access/readiness/readiness.ts'
import { proposalAction, propose } from '#/governance/proposals/proposals.ts'
import type { Proposal, ProposalActions } from '#/governance/proposals/proposals.ts'
import type { Tx } from '#/kernel/db/db.ts'
import { newId } from '#/kernel/id/id.ts'
import { problem } from '#/kernel/problem/problem.ts'

export const capabilityNotFound = problem('capabilities.not_found', 404, 'There is no such capability', {
  help: 'No capability has this name. Check it against the list of capabilities.',
})
export const noSuchTransition = problem('capabilities.no_transition', 409, 'There is no way there', {
  help: 'Exposure changes step by step: internal to dark; dark to internal, pilot or general; pilot to general or dark; general to deprecated or dark; deprecated to general, retired or dark. What is retired stays retired.',
})
export const gatesOpen = problem('capabilities.gates_open', 409, 'The capability is not ready', {
  help: 'It needs readiness gates that have no evidence in force. Add evidence for each that is named, then try again.',
})
export const pilotInTheWay = problem('capabilities.pilot_runs', 409, 'The capability has a pilot that runs', {
  help: 'It becomes general by promoting its pilot, which leaves everyone who was admitted with a grant of their own. Promote the pilot, or cancel it first.',
})
export const secondPersonNeeded = problem('capabilities.second_person', 409, 'This takes two people', {
  help: 'A capability leaves dark for partners only when one person proposes it and another approves. Ask for the exposure in the management API; the answer is the proposal.',
})
export const needsChanged = problem('capabilities.needs_changed', 409, 'It was proposed with other gates', {
  help: 'Since this was proposed the capability ceased to need one of its gates, so whoever approves would approve something else. Propose it again.',
})

/** Where a capability may go from each exposure. */
export const transitions: Readonly<Record<Exposure, readonly Exposure[]>> = {
  internal: ['dark'],
  dark: ['internal', 'pilot', 'general'],
  pilot: ['general', 'dark'],
  general: ['deprecated', 'dark'],
  deprecated: ['general', 'retired', 'dark'],
  retired: [],
}

/** Throws `capabilityNotFound`. */
export async function findCapability(tx: Tx, name: string): Promise<FoundCapability> {
  const found = await store.selectCapability(tx, name)
  if (!found) throw capabilityNotFound.with({ detail: `There is no capability ${name}.` })
  return found
}

/** Nobody else changes it, its gates or its evidence until the end of the transaction. Throws `capabilityNotFound`. */
export async function lockedCapability(tx: Tx, name: string): Promise<FoundCapability> {
  await store.lockCapability(tx, name)
  return findCapability(tx, name)
}

/**
 * Changes nothing when it has that exposure. Throws `capabilityNotFound`, `noSuchTransition`, `pilotInTheWay`,
 * `gatesOpen`, `secondPersonNeeded`.
 */
export async function changeExposure(
  tx: Tx,
  name: string,
  to: Exposure,
  { reason }: { readonly reason: string | null },
): Promise<void> {
  const capability = await lockedCapability(tx, name)
  if (capability.exposure === to) return
  await refuseUnready(tx, capability, to)
  if (needsTwo(capability.exposure, to)) {
    throw secondPersonNeeded.with({ detail: `${name} leaves dark only when a second person approves.` })
  }
  await sayExposure(tx, capability, to, reason)
}

function needsTwo(from: Exposure, to: Exposure): boolean {
  return from === 'dark' && (to === 'pilot' || to === 'general')
}

/** Throws `noSuchTransition`, `pilotInTheWay`, `gatesOpen`. */
async function refuseUnready(tx: Tx, { id, name, exposure }: FoundCapability, to: Exposure): Promise<void> {
  if (!transitions[exposure].includes(to)) {
    throw noSuchTransition.with({ detail: `${name} is ${exposure}; there is no way to ${to}.` })
  }
  if (to !== 'pilot' && to !== 'general') return
  if (to === 'general' && (await store.selectPilotRuns(tx, id))) {
    throw pilotInTheWay.with({ detail: `${name} has a pilot that runs.` })
  }
  const open = (await openGates(tx, id)).map((gate) => gate.name)
  if (open.length > 0) throw gatesOpen.with({ detail: `${name} has open gates: ${open.join(', ')}.` })
}

/** `from` null: it is new. The caller has made sure that it may be said. */
export async function sayExposure(
  tx: Tx,
  { id, exposure: from }: { readonly id: string; readonly exposure: Exposure | null },
  to: Exposure,
  reason: string | null,
): Promise<void> {
  const evidence = await heldEvidence(tx, id)
  const changedBy = 'id' in tx.actor ? { kind: tx.actor.kind, id: tx.actor.id } : null
  await store.insertExposure(tx, newId(), id, { exposure: to, reason, changedBy, evidence })
  tx.emit('access.exposure_changed', { partnerId: null, data: { capabilityId: id, from, to } })
  const subject = { kind: 'capability', id }
  tx.audit({ action: 'capabilities.expose', subject, reason, changes: { from, to, evidence } })
  tx.changed('capability', id)
}

/** Leaving dark, as a second person approves it. Gates are looked at again: evidence may have gone since. */
export const openAction = proposalAction({
  permission: 'access:write',
  params: Type.Object({
    capability: Type.String(),
    to: Type.Union([Type.Literal('pilot'), Type.Literal('general')]),
    reason: Type.String(),
    gates: Type.Array(Type.String(), { description: 'Names of the gates it needed when this was proposed.' }),
    evidence: Type.Array(Type.String(), { description: 'Ids of what met them then.' }),
  }),
  async run(tx, { capability: name, to, reason, gates }) {
    const capability = await lockedCapability(tx, name)
    await refuseUnready(tx, capability, to)
    const needed = new Set((await neededGates(tx, capability.id)).map((gate) => gate.name))
    const gone = gates.filter((gate) => !needed.has(gate))
    if (gone.length > 0) {
      throw needsChanged.with({
        detail: `${name} ceased to need ${gone.join(', ')} after this was proposed.`,
      })
    }
    await sayExposure(tx, capability, to, reason)
  },
})

/** A week, business time. */
const timeToApprove = 7 * 86_400_000

/**
 * Changes it, or proposes the change where it takes two people; null: it is done. Throws as `changeExposure`, and
 * `proposalNotAllowed` where what takes two people is asked for by no person.
 */
export async function askExposure(
  tx: Tx,
  actions: ProposalActions,
  name: string,
  { to, reason }: { readonly to: Exposure; readonly reason: string },
): Promise<Proposal | null> {
  const capability = await lockedCapability(tx, name)
  if (!needsTwo(capability.exposure, to)) {
    await changeExposure(tx, name, to, { reason })
    return null
  }
  await refuseUnready(tx, capability, to)
  const gates = (await neededGates(tx, capability.id)).map((gate) => gate.name)
  const evidence = await heldEvidence(tx, capability.id)
  return propose(tx, actions, {
    action: 'capabilities.open',
    params: { capability: name, to, reason, gates, evidence },
    purpose: reason,
    expiresAt: new Date(tx.now.getTime() + timeToApprove),
  })
}
