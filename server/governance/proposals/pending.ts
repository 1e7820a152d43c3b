/** What a route answers (202) when it only proposes: a second person has to approve before anything happens. */
import { Type } from 'typebox'
import type { Static } from 'typebox'
import type { Proposal } from '#/governance/proposals/store.ts'
import { publicId } from '#/kernel/id/id.ts'

export const PendingAnswer = Type.Object({
  proposalId: Type.String({ description: 'Approved or declined under `/v1/proposals`.' }),
  action: Type.String(),
  permission: Type.String({ description: 'Whoever approves needs it, besides `proposals:decide`.' }),
  expiresAt: Type.String({ format: 'date-time' }),
})

export function showPending({ id, action, permission, expiresAt }: Proposal): Static<typeof PendingAnswer> {
  return { proposalId: publicId('prp', id), action, permission, expiresAt: expiresAt.toISOString() }
}
