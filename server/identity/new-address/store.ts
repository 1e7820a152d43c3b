/** Every statement on addresses that wait to be confirmed. Times come from the caller's wall clock. */
import type { Tx } from '#/kernel/db/db.ts'

export const statements = {
  putNewAddress: `
    insert into identity_new_address (person_id, token_digest, email, expires_at) values ($1, $2, $3, $4)
    on conflict (person_id) do update
    set token_digest = excluded.token_digest, email = excluded.email, expires_at = excluded.expires_at`,
  takeNewAddress: `
    delete from identity_new_address where person_id = $1 and token_digest = $2 and expires_at > $3
    returning email`,
  deleteNewAddress: 'delete from identity_new_address where person_id = $1 returning person_id as "personId"',
  // A few at each new one; past those that another transaction holds.
  sweepNewAddresses: `
    delete from identity_new_address where person_id in (
      select person_id from identity_new_address where expires_at < $1
      order by expires_at limit 20 for update skip locked)`,
} as const

export type NewAddress = {
  readonly personId: string
  readonly digest: Buffer
  readonly email: Buffer
  readonly expiresAt: Date
}

/** In the place of an earlier one. */
export async function putNewAddress(tx: Tx, { personId, digest, email, expiresAt }: NewAddress, at: Date) {
  await tx.rows(statements.sweepNewAddresses, [at])
  await tx.rows(statements.putNewAddress, [personId, digest, email, expiresAt])
}

export async function takeNewAddress(tx: Tx, personId: string, digest: Buffer, at: Date) {
  return (await tx.rows<{ email: Buffer }>(statements.takeNewAddress, [personId, digest, at]))[0]
}

/** Whether there was one. */
export async function deleteNewAddress(tx: Tx, personId: string) {
  return (await tx.rows(statements.deleteNewAddress, [personId])).length > 0
}
