/**
 * Four eyes. What one person may not do alone becomes a proposal; another person who may do it approves, and the
 * approval does it. Only people propose and decide: a service's key would be a second pair of eyes for whoever made it.
 */
import type { Static, TObject } from 'typebox'
import { Check } from 'typebox/value'
import { attempt } from '#/governance/proposals/attempt.ts'
import { close, record } from '#/governance/proposals/closing.ts'
import * as store from '#/governance/proposals/store.ts'
import type { Proposal, ProposalFilter } from '#/governance/proposals/store.ts'
import { allows } from '#/governance/roles/roles.ts'
import type { OperatorPermission } from '#/governance/roles/roles.ts'
import type { Actor, Tx } from '#/kernel/db/db.ts'
import { pageOf } from '#/kernel/http/http.ts'
import type { Page, PageQuery, Signer } from '#/kernel/http/http.ts'
import { newId } from '#/kernel/id/id.ts'
import { Problem, problem } from '#/kernel/problem/problem.ts'

export { expireDue } from '#/governance/proposals/closing.ts'
export { PendingAnswer, showPending } from '#/governance/proposals/pending.ts'
export type { Proposal, ProposalFilter, ProposalState } from '#/governance/proposals/store.ts'

export const proposalNotFound = problem('proposals.not_found', 404, 'There is no such proposal', {
  help: 'There is no proposal with this id. Check it against the list of proposals.',
})
export const proposalNotAllowed = problem('proposals.not_allowed', 403, 'You may not decide this', {
  help: 'A proposal is made and decided by people, and whoever approves or declines needs the right to decide proposals and the permission of the proposed action. Ask somebody whose role has both.',
})
export const proposalOwn = problem('proposals.own', 403, 'You proposed this yourself', {
  help: 'A proposal is approved by another person than the one who made it, whatever role they are in. You may withdraw it by declining it.',
})
export const proposalClosed = problem('proposals.closed', 409, 'This proposal is closed', {
  help: 'It was approved, declined, or left until it expired. Look it up to see which; propose it again if it is still wanted.',
})

/** Something that needs a second person. What it needs to know are ids, enumerations and amounts. */
export type ProposalAction = {
  readonly permission: OperatorPermission
  readonly params: TObject
  /**
   * Runs once, in the transaction of the approval, whose actor is who approves; `purpose` is the proposer's. Throws a
   * `Problem` to refuse.
   */
  run(tx: Tx, params: Readonly<Record<string, unknown>>, purpose: string | null): Promise<void>
}

/** By name, `partners.suspend`. */
export type ProposalActions = Readonly<Record<string, ProposalAction>>

/** Ties what the action does to the schema of what it needs to know. */
export function proposalAction<P extends TObject>(
  action: Omit<ProposalAction, 'params' | 'run'> & {
    readonly params: P
    run(tx: Tx, params: Static<P>, purpose: string | null): Promise<void>
  },
): ProposalAction {
  return action
}

export type Proposed = {
  readonly action: string
  readonly params: Readonly<Record<string, unknown>>
  readonly partnerId?: string
  readonly purpose?: string
  /** Business time. */
  readonly expiresAt: Date
}

/** In the name of the transaction's actor. Throws `proposalNotAllowed` where that is no person of the provider. */
export async function propose(tx: Tx, actions: ProposalActions, proposed: Proposed): Promise<Proposal> {
  const proposer = operatorOf(tx.actor)
  const action = registered(actions, proposed.action)
  if (!action || !Check(action.params, proposed.params)) {
    throw new Error(`${proposed.action} cannot be proposed with these parameters`)
  }
  const { partnerId = null, purpose = null, params, expiresAt } = proposed
  const proposal = await store.insertProposal(tx, {
    id: newId(),
    action: proposed.action,
    params,
    permission: action.permission,
    partnerId,
    purpose,
    proposedBy: proposer.id,
    proposedAt: tx.now,
    expiresAt,
  })
  tx.emit('governance.proposal_opened', { partnerId: null, data: { proposalId: proposal.id } })
  record(tx, 'proposals.propose', proposal, { params })
  return proposal
}

export type Approved = {
  readonly proposal: Proposal
  /** Why the action failed, for the log; null: it is done. */
  readonly error: Error | null
}

/**
 * Does what was proposed, once: of several approvals at once the first does it, and the others throw
 * `proposalClosed`. An action that fails leaves nothing but the proposal as `failed`, which is to be committed.
 * Throws `proposalNotFound`, `proposalNotAllowed`, `proposalOwn`, `proposalClosed`.
 */
export async function approve(tx: Tx, actions: ProposalActions, id: string): Promise<Approved> {
  const { proposal, operator } = await decidable(tx, id)
  if (proposal.proposedBy === operator.id) throw proposalOwn.with()
  const action = registered(actions, proposal.action)
  refuseLacking(operator, [proposal.permission, action?.permission ?? proposal.permission])
  const error = await attempt(tx, async (inner) => {
    // Another version of Portico may have proposed it.
    if (!action || !Check(action.params, proposal.params)) {
      throw new Error(`${proposal.action} is not known in this form`)
    }
    await action.run(approvedTx(inner, proposal), proposal.params, proposal.purpose)
  })
  const failure = error ? (error instanceof Problem ? error.definition.code : 'internal') : undefined
  const state = error ? 'failed' : 'done'
  const decision = { state, decidedBy: operator.id, decidedAt: tx.now, failure } as const
  return { proposal: await close(tx, 'proposals.approve', proposal.id, decision), error }
}

/** What an approved action does is on record with both people: the actor approved, and this is who proposed. */
function approvedTx(tx: Tx, { id, proposedBy }: Proposal): Tx {
  return {
    ...tx,
    audit: (line) => tx.audit({ ...line, changes: { ...line.changes, proposalId: id, proposedBy } }),
  }
}

/**
 * By somebody who might have approved it, or by who proposed it (a withdrawal). Throws `proposalNotFound`,
 * `proposalNotAllowed`, `proposalClosed`.
 */
export async function decline(tx: Tx, id: string, reason: string): Promise<Proposal> {
  const { proposal, operator } = await decidable(tx, id)
  if (proposal.proposedBy !== operator.id) refuseLacking(operator, [proposal.permission])
  const decision = { state: 'declined', decidedBy: operator.id, decidedAt: tx.now, reason } as const
  return close(tx, 'proposals.decline', proposal.id, decision)
}

/** Throws `proposalNotFound`. */
export async function findProposal(tx: Tx, id: string): Promise<Proposal> {
  const found = await store.selectProposal(tx, id)
  if (!found) throw proposalNotFound.with()
  return found
}

/** Newest first. Throws `BadCursor`. */
export async function listProposals(
  tx: Tx,
  signer: Signer,
  filter: ProposalFilter,
  page: PageQuery,
): Promise<Page<Proposal>> {
  return pageOf(signer, ['proposals', filter.state, filter.partnerId], page, ({ after = null, limit }) =>
    store.listProposals(tx, filter, after, limit),
  )
}

type Operator = Extract<Actor, { kind: 'operator' }>

function operatorOf(actor: Actor): Operator {
  if (actor.kind !== 'operator') {
    const detail = 'This takes two people, and a service is none: let an operator do it.'
    throw proposalNotAllowed.with({ detail })
  }
  return actor
}

/** Throws `proposalNotAllowed` with what it takes to decide and the role does not bring. */
function refuseLacking({ role }: Operator, permissions: readonly string[]): void {
  const needed = new Set(['proposals:decide', ...permissions])
  const missing = [...needed].filter((each) => !allows('operator', role, each))
  if (missing.length > 0)
    throw proposalNotAllowed.with({ detail: `Your role lacks ${missing.join(' and ')}.` })
}

function registered(actions: ProposalActions, name: string): ProposalAction | undefined {
  return Object.hasOwn(actions, name) ? actions[name] : undefined
}

/** Locks it until the end of the transaction. */
async function decidable(tx: Tx, id: string): Promise<{ proposal: Proposal; operator: Operator }> {
  const operator = operatorOf(tx.actor)
  const proposal = await store.lockProposal(tx, id)
  if (!proposal) throw proposalNotFound.with()
  // The job that closes what is due comes a little later than its time.
  const state = proposal.state === 'open' && proposal.expiresAt <= tx.now ? 'expired' : proposal.state
  if (state !== 'open') throw proposalClosed.with({ detail: `This proposal is closed: ${state}.` })
  return { proposal, operator }
}
