/** Every statement on invitations. `partnerId` null is the provider. */
import type { Tx } from '#/kernel/db/db.ts'

export type InvitationRow = {
  readonly id: string
  readonly partnerId: string | null
  readonly role: string
  readonly email: Buffer
  readonly createdAt: Date
  readonly expiresAt: Date
}

const columns = `
  id, partner_id as "partnerId", role, email, created_at as "createdAt", expires_at as "expiresAt"`

export const statements = {
  // An expired one makes room, so that inviting again is all there is to learn.
  revokeOpen: `
    update identity_invitation set revoked_at = clock_timestamp()
    where partner_id is not distinct from $1 /* owner */ and email_digest = $2
      and accepted_at is null and revoked_at is null
    returning ${columns}`,
  insertInvitation: `
    insert into identity_invitation (partner_id, id, role, email, email_digest, token_digest, expires_at)
    values ($1, $2, $3, $4, $5, $6, $7) returning ${columns}`,
  listOpen: `
    select ${columns} from identity_invitation
    where partner_id is not distinct from $1 /* owner */ and accepted_at is null and revoked_at is null
      and ($2::uuid is null or id > $2)
    order by id limit $3`,
  revokeInvitation: `
    update identity_invitation set revoked_at = clock_timestamp()
    where partner_id is not distinct from $1 /* owner */ and id = $2 and accepted_at is null and revoked_at is null
    returning ${columns}`,
  // Whoever holds the token acts for nobody yet, so no owner stands here; the token is the condition.
  openByToken: `
    select ${columns} from identity_invitation
    where token_digest = $1 and accepted_at is null and revoked_at is null and expires_at > clock_timestamp()
    for update`,
  markAccepted: `update identity_invitation set accepted_at = clock_timestamp() where id = $1`,
} as const

/** At most one: what it was. */
export async function revokeOpen(tx: Tx, partnerId: string | null, emailDigest: Buffer) {
  return (await tx.rows<InvitationRow>(statements.revokeOpen, [partnerId, emailDigest]))[0]
}

export type NewInvitation = {
  readonly id: string
  readonly role: string
  readonly email: Buffer
  readonly emailDigest: Buffer
  readonly tokenDigest: Buffer
  readonly expiresAt: Date
}

export async function insertInvitation(tx: Tx, partnerId: string | null, invitation: NewInvitation) {
  const { id, role, email, emailDigest, tokenDigest, expiresAt } = invitation
  const values = [partnerId, id, role, email, emailDigest, tokenDigest, expiresAt]
  return (await tx.rows<InvitationRow>(statements.insertInvitation, values))[0]!
}

/** Without a limit all of them. */
export function listOpen(
  tx: Tx,
  partnerId: string | null,
  after: string | null,
  limit: number | null,
): Promise<InvitationRow[]> {
  return tx.rows<InvitationRow>(statements.listOpen, [partnerId, after, limit])
}

export async function revokeInvitation(tx: Tx, partnerId: string | null, id: string) {
  return (await tx.rows<InvitationRow>(statements.revokeInvitation, [partnerId, id]))[0]
}

export async function openByToken(tx: Tx, tokenDigest: Buffer) {
  return (await tx.rows<InvitationRow>(statements.openByToken, [tokenDigest]))[0]
}

export async function markAccepted(tx: Tx, id: string): Promise<void> {
  await tx.rows(statements.markAccepted, [id])
}
