/** Every statement on forgotten passwords. Times come from the caller's wall clock. */
import type { Tx } from '#/kernel/db/db.ts'
import type { Realm } from '#/identity/sessions/sessions.ts'

export type RequestRow = { readonly digest: Buffer; readonly realm: Realm }

export type LinkRow = { readonly personId: string; readonly createdAt: Date }

export const statements = {
  insertRequest: 'insert into identity_recovery_request (id, email_digest, realm) values ($1, $2, $3)',
  // In the order they came. Two who answer at once take different ones.
  takeRequests: `
    delete from identity_recovery_request where id in (
      select id from identity_recovery_request order by id limit $1 for update skip locked)
    returning email_digest as digest, realm`,
  // A change of the address that is being confirmed is waited for, or waits and then drops the link: none for the new
  // owner lies in the old mailbox.
  insertLink: `
    insert into identity_recovery_link (token_digest, person_id, created_at, expires_at)
    select $1, id, $3, $4 from identity_person where id = $2 and email_digest = $5 for share
    returning person_id as "personId"`,
  // Locked: of two who use it at once, the second waits and finds nothing.
  selectLink: `
    select person_id as "personId", created_at as "createdAt" from identity_recovery_link
    where token_digest = $1 and expires_at > $2 for update`,
  deleteLinks: 'delete from identity_recovery_link where person_id = $1',
  // A few at each new one; past those that another transaction holds.
  sweepLinks: `
    delete from identity_recovery_link where token_digest in (
      select token_digest from identity_recovery_link where expires_at < $1
      order by expires_at limit 20 for update skip locked)`,
} as const

export async function insertRequest(tx: Tx, id: string, { digest, realm }: RequestRow): Promise<void> {
  await tx.rows(statements.insertRequest, [id, digest, realm])
}

export function takeRequests(tx: Tx, most: number): Promise<RequestRow[]> {
  return tx.rows<RequestRow>(statements.takeRequests, [most])
}

/** Whether it was made: only while the address is still the person's. */
export async function insertLink(
  tx: Tx,
  link: {
    readonly digest: Buffer
    readonly personId: string
    readonly emailDigest: Buffer
    readonly createdAt: Date
    readonly expiresAt: Date
  },
): Promise<boolean> {
  const { digest, personId, emailDigest, createdAt, expiresAt } = link
  await tx.rows(statements.sweepLinks, [createdAt])
  const values = [digest, personId, createdAt, expiresAt, emailDigest]
  return (await tx.rows(statements.insertLink, values)).length > 0
}

export async function selectLink(tx: Tx, digest: Buffer, at: Date): Promise<LinkRow | undefined> {
  return (await tx.rows<LinkRow>(statements.selectLink, [digest, at]))[0]
}

export async function deleteLinks(tx: Tx, personId: string): Promise<void> {
  await tx.rows(statements.deleteLinks, [personId])
}
