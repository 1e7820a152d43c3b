/** The end of a proposal, and what the audit and the other features are told of it. */
import * as store from '#/governance/proposals/store.ts'
import type { Proposal } from '#/governance/proposals/store.ts'
import type { Tx } from '#/kernel/db/db.ts'

/** Closes what nobody decided in time. Returns how many, at most `limit`; ask again until it is fewer. */
export async function expireDue(tx: Tx, limit = 100): Promise<number> {
  const expired = await store.expireProposals(tx, limit)
  for (const proposal of expired) announceClosed(tx, 'proposals.expire', proposal)
  return expired.length
}

/** Of a proposal that is open and locked by the caller. */
export async function close(tx: Tx, verb: string, id: string, decision: store.Decision): Promise<Proposal> {
  const closed = await store.decideProposal(tx, id, decision)
  announceClosed(tx, verb, closed)
  return closed
}

function announceClosed(tx: Tx, verb: string, proposal: Proposal): void {
  const { id, state, proposedBy, decidedBy, failure, reason } = proposal
  tx.emit('governance.proposal_closed', { partnerId: null, data: { proposalId: id, state } })
  record(tx, verb, proposal, { state, proposedBy, decidedBy, failure }, reason)
}

/** The provider's own line, also where it is about a partner: what is only proposed is not that partner's to see. */
export function record(
  tx: Tx,
  verb: string,
  { id, action, partnerId }: Proposal,
  changes: Readonly<Record<string, unknown>>,
  reason: string | null = null,
): void {
  const subject = { kind: 'proposal', id }
  tx.audit({ action: verb, subject, reason, changes: { action, partnerId, ...changes } })
}
