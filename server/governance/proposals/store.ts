/** Every statement on proposals. They are the provider's; a partner's id only says whom one is about. */
import type { Tx } from '#/kernel/db/db.ts'

export type ProposalState = 'open' | 'done' | 'failed' | 'declined' | 'expired'

export type Proposal = {
  readonly id: string
  /** Its name in the registry, `partners.suspend`. */
  readonly action: string
  readonly params: Readonly<Record<string, unknown>>
  /** Of the action: whoever approves must have it. */
  readonly permission: string
  /** Whom it is about; null: nobody in particular. */
  readonly partnerId: string | null
  /** Why it was proposed, for whoever decides. */
  readonly purpose: string | null
  readonly proposedBy: string
  readonly proposedAt: Date
  readonly expiresAt: Date
  readonly state: ProposalState
  readonly decidedBy: string | null
  readonly decidedAt: Date | null
  /** Why it was declined. */
  readonly reason: string | null
  /** Code of the problem that stopped the action. */
  readonly failure: string | null
}

const columns = `
  id, action, params, permission, partner_id as "partnerId", purpose, proposed_by as "proposedBy",
  proposed_at as "proposedAt", expires_at as "expiresAt", state, decided_by as "decidedBy",
  decided_at as "decidedAt", reason, failure`

export const statements = {
  insertProposal: `
    insert into governance_proposal
      (id, action, params, permission, partner_id, purpose, proposed_by, proposed_at, expires_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9) returning ${columns}`,
  selectProposal: `select ${columns} from governance_proposal where id = $1`,
  // Held until the end of the transaction: of two who decide at once, the second sees what the first decided.
  lockProposal: `select ${columns} from governance_proposal where id = $1 for update`,
  decideProposal: `
    update governance_proposal set state = $2, decided_by = $3, decided_at = $4, reason = $5, failure = $6
    where id = $1 and state = 'open' returning ${columns}`,
  // One that is being decided at this moment is left to whoever decides it.
  expireProposals: `
    update governance_proposal set state = 'expired', decided_at = $1
    where id in (
      select id from governance_proposal where state = 'open' and expires_at <= $1
      order by expires_at limit $2 for update skip locked
    ) returning ${columns}`,
  listProposals: `
    select ${columns} from governance_proposal
    where ($1::text is null or state = $1) and ($2::uuid is null or partner_id = $2) and ($3::uuid is null or id < $3)
    order by id desc limit $4`,
} as const

export type NewProposal = Pick<
  Proposal,
  | 'id'
  | 'action'
  | 'params'
  | 'permission'
  | 'partnerId'
  | 'purpose'
  | 'proposedBy'
  | 'proposedAt'
  | 'expiresAt'
>

export async function insertProposal(tx: Tx, proposal: NewProposal): Promise<Proposal> {
  const { id, action, params, permission, partnerId, purpose, proposedBy, proposedAt, expiresAt } = proposal
  const text = JSON.stringify(params)
  const values = [id, action, text, permission, partnerId, purpose, proposedBy, proposedAt, expiresAt]
  return (await tx.rows<Proposal>(statements.insertProposal, values))[0]!
}

export async function selectProposal(tx: Tx, id: string): Promise<Proposal | undefined> {
  return (await tx.rows<Proposal>(statements.selectProposal, [id]))[0]
}

export async function lockProposal(tx: Tx, id: string): Promise<Proposal | undefined> {
  return (await tx.rows<Proposal>(statements.lockProposal, [id]))[0]
}

export type Decision = {
  readonly state: Exclude<ProposalState, 'open' | 'expired'>
  readonly decidedBy: string
  readonly decidedAt: Date
  readonly reason?: string
  readonly failure?: string | undefined
}

/** Only of one that is open, which the caller has locked. */
export async function decideProposal(tx: Tx, id: string, decision: Decision): Promise<Proposal> {
  const { state, decidedBy, decidedAt, reason = null, failure = null } = decision
  const values = [id, state, decidedBy, decidedAt, reason, failure]
  return (await tx.rows<Proposal>(statements.decideProposal, values))[0]!
}

export async function expireProposals(tx: Tx, limit: number): Promise<Proposal[]> {
  return tx.rows<Proposal>(statements.expireProposals, [tx.now, limit])
}

export type ProposalFilter = {
  readonly state?: ProposalState | undefined
  readonly partnerId?: string | undefined
}

/** Newest first. */
export async function listProposals(tx: Tx, filter: ProposalFilter, after: string | null, limit: number) {
  const values = [filter.state ?? null, filter.partnerId ?? null, after, limit]
  return tx.rows<Proposal>(statements.listProposals, values)
}
