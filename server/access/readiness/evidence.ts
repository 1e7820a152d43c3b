/** Evidence: what meets a gate of a capability, for how long, and its end before its time. */
import * as store from '#/access/readiness/store.ts'
import type { EvidenceKind, SealedEvidence } from '#/access/readiness/store.ts'
import type { Sealer } from '#/kernel/crypto/crypto.ts'
import type { Tx } from '#/kernel/db/db.ts'
import { newId } from '#/kernel/id/id.ts'
import { problem } from '#/kernel/problem/problem.ts'
import { gateNotFound } from '#/access/readiness/gates.ts'

export const badEvidence = problem('readiness.bad_evidence', 422, 'This is no evidence', {
  help: 'Evidence says where it is to be found, a sign-off also who signed, and it ends after it begins and not before now.',
})
export const evidenceNotFound = problem('readiness.evidence_not_found', 404, 'There is no such evidence', {
  help: 'The gate has no evidence with this id for this capability. Look at its list.',
})
export const evidenceWithdrawn = problem('readiness.evidence_withdrawn', 409, 'The evidence was withdrawn', {
  help: 'It was withdrawn before and does not count any more. Add new evidence instead.',
})
export const evidenceNeeded = problem('readiness.evidence_needed', 409, 'An open capability rests on this', {
  help: 'Partners may know of the capability, and no other evidence meets the gate. Add other evidence first, or take the capability back to dark.',
})

export type NewEvidence = {
  readonly capabilityId: string
  /** Its name. */
  readonly gate: string
  readonly kind: EvidenceKind
  /** Where the document is, what the check was, what was signed. */
  readonly reference: string
  /** Name of a person or of what ran; a sign-off needs it. */
  readonly signedBy?: string | null
  /** From when it meets the gate, business time; without it from now on. A sign-off's date. */
  readonly from?: Date
  /** Without it as long as evidence for the gate lasts. */
  readonly until?: Date | null
}

/**
 * The gate need not be needed yet. The name of who signed is sealed, hence the sealer where there is one. Throws
 * `gateNotFound`, `badEvidence`.
 */
export async function addEvidence(
  tx: Tx,
  evidence: NewEvidence,
  sealer: Pick<Sealer, 'seal'> | null = null,
): Promise<{ id: string }> {
  const { capabilityId, kind, reference, from = tx.now } = evidence
  const signedBy = evidence.signedBy ?? null
  const [gate] = await store.listGates(tx, [evidence.gate])
  if (!gate) throw gateNotFound.with({ detail: `There is no gate ${evidence.gate}.` })
  const until = evidence.until ?? endAfter(from, gate.lastsDays)
  refuseUnfit(tx, { kind, reference, signedBy, from, until })
  if (signedBy !== null && sealer === null) throw new Error('a name needs a sealer')
  const id = newId()
  const sealed = signedBy === null ? null : sealer!.seal(signedBy, contextOf(id))
  const row = { id, capabilityId, gateId: gate.id, kind, reference, signedBy: sealed, from, until }
  await store.insertEvidence(tx, { ...row, withdraws: null })
  const subject = { kind: 'capability', id: capabilityId }
  const changes = { evidence: id, gate: gate.name, kind, from, until }
  tx.audit({ action: 'capabilities.add_evidence', subject, changes })
  tx.emit('access.evidence_added', {
    partnerId: null,
    data: { capabilityId, gateId: gate.id, evidenceId: id },
  })
  tx.changed('capability', capabilityId)
  return { id }
}

const day = 86_400_000

function endAfter(from: Date, days: number | null): Date | null {
  return days === null ? null : new Date(from.getTime() + days * day)
}

type Told = Pick<NewEvidence, 'kind' | 'reference'> & {
  readonly signedBy: string | null
  readonly from: Date
  readonly until: Date | null
}

function refuseUnfit(tx: Tx, { kind, reference, signedBy, from, until }: Told): void {
  const detail =
    reference.trim() === ''
      ? 'Evidence says where it is to be found.'
      : kind === 'sign-off' && (signedBy ?? '').trim() === ''
        ? 'A sign-off names who signed.'
        : until !== null && until <= from
          ? 'The evidence ends before it begins.'
          : until !== null && until <= tx.now
            ? `The evidence ended on ${until.toISOString()}.`
            : null
  if (detail !== null) throw badEvidence.with({ detail })
}

/**
 * From now on it does not count. Refused where an open capability rests on it; what has expired rests on nothing.
 * Throws `evidenceNotFound`, `evidenceWithdrawn`, `evidenceNeeded`.
 */
export async function withdrawEvidence(tx: Tx, id: string, reason: string): Promise<void> {
  const asked = await store.selectEvidence(tx, id)
  if (!asked) throw evidenceNotFound.with()
  const { capabilityId, gateId, gate, kind } = asked
  await store.lockCapability(tx, capabilityId)
  if ((await store.selectEvidence(tx, id))!.withdrawnAt !== null) throw evidenceWithdrawn.with()
  const inForce = (await store.selectInForce(tx, capabilityId)).filter((each) => each.gateId === gateId)
  const needs = await store.selectNeeds(tx, capabilityId)
  const isLast = inForce.length === 1 && inForce[0]!.id === id && needs.some((need) => need.id === gateId)
  if (isLast && (await store.selectIsOpen(tx, capabilityId))) {
    throw evidenceNeeded.with({ detail: `The capability is open, and nothing else meets ${gate}.` })
  }
  const row = { id: newId(), capabilityId, gateId, kind, reference: reason, from: tx.now }
  await store.insertEvidence(tx, { ...row, signedBy: null, until: null, withdraws: id })
  const subject = { kind: 'capability', id: capabilityId }
  tx.audit({ action: 'capabilities.withdraw_evidence', subject, reason, changes: { evidence: id, gate } })
  tx.emit('access.evidence_withdrawn', { partnerId: null, data: { capabilityId, gateId, evidenceId: id } })
  tx.changed('capability', capabilityId)
}

export type Evidence = Omit<SealedEvidence, 'signedBy'> & {
  readonly signedBy: string | null
  readonly state: 'upcoming' | 'in-force' | 'expired' | 'withdrawn'
}

/** Of every gate, newest first. */
export async function listEvidence(
  tx: Tx,
  sealer: Pick<Sealer, 'open'>,
  capabilityId: string,
): Promise<readonly Evidence[]> {
  return (await store.listEvidence(tx, capabilityId)).map((row) => ({
    ...row,
    signedBy: row.signedBy && sealer.open(row.signedBy, contextOf(row.id)),
    state: stateOf(row, tx.now),
  }))
}

function stateOf({ from, until, withdrawnAt }: SealedEvidence, now: Date): Evidence['state'] {
  if (withdrawnAt !== null) return 'withdrawn'
  if (until !== null && until <= now) return 'expired'
  return from > now ? 'upcoming' : 'in-force'
}

function contextOf(id: string): string {
  return `access_evidence.signed_by ${id}`
}
