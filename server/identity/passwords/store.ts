/** Every statement on passwords. */
import type { Tx } from '#/kernel/db/db.ts'

export type PasswordRow = { readonly phc: Buffer; readonly changedAt: Date }

export type AccountRow = {
  readonly personId: string
  readonly state: 'active' | 'disabled'
  readonly digest: Buffer
  readonly phc: Buffer
}

const account = `
  select e.id as "personId", e.state, e.email_digest as digest, w.phc
  from identity_person e join identity_password w on w.person_id = e.id`

export const statements = {
  // The account of the digest or, when there is none, the next one (after the last: the first): a row is found, sent and
  // opened in either case. Returning no row for strangers was 10 to 30 µs faster, which 1,000 tries told apart.
  selectNearest: `
    (${account} where e.email_digest >= $1 order by e.email_digest limit 1)
    union all
    (${account} order by e.email_digest limit 1)
    limit 1`,
  selectPassword: `
    select phc, changed_at as "changedAt" from identity_password where person_id = $1`,
  putPassword: `
    insert into identity_password (person_id, phc, changed_at) values ($1, $2, $3)
    on conflict (person_id) do update set phc = excluded.phc, changed_at = excluded.changed_at`,
  // Only while it is still the one that was verified: a change that came between wins.
  replacePhc: 'update identity_password set phc = $3 where person_id = $1 and phc = $2',
  deletePassword: 'delete from identity_password where person_id = $1 returning person_id as "personId"',
} as const

/** Not necessarily the one asked for: compare the digest. */
export async function selectNearest(tx: Tx, digest: Buffer) {
  return (await tx.rows<AccountRow>(statements.selectNearest, [digest]))[0]
}

export async function selectPassword(tx: Tx, personId: string) {
  return (await tx.rows<PasswordRow>(statements.selectPassword, [personId]))[0]
}

export async function putPassword(tx: Tx, personId: string, phc: Buffer, at: Date) {
  await tx.rows(statements.putPassword, [personId, phc, at])
}

export async function replacePhc(tx: Tx, personId: string, before: Buffer, phc: Buffer) {
  await tx.rows(statements.replacePhc, [personId, before, phc])
}

/** Whether there was one. */
export async function deletePassword(tx: Tx, personId: string) {
  return (await tx.rows(statements.deletePassword, [personId])).length > 0
}
