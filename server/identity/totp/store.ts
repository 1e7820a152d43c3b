/** Every statement on code generators and recovery codes. */
import type { Tx } from '#/kernel/db/db.ts'

export type TotpRow = {
  readonly secret: Buffer
  readonly confirmedAt: Date | null
  readonly codesLeft: number
}

export const statements = {
  selectTotp: `
    select t.secret, t.confirmed_at as "confirmedAt",
           (select count(*)::int from identity_recovery_code c where c.person_id = t.person_id and c.used_at is null)
             as "codesLeft"
    from identity_totp t where t.person_id = $1`,
  // Whoever begins again gets another secret; a generator that is in use stays.
  putTotp: `
    insert into identity_totp (person_id, secret) values ($1, $2)
    on conflict (person_id) do update set secret = excluded.secret
    where identity_totp.confirmed_at is null returning person_id as "personId"`,
  confirmTotp: `
    update identity_totp set confirmed_at = $2, last_step = $3
    where person_id = $1 and confirmed_at is null returning person_id as "personId"`,
  // The row lock makes two who bring the same code at once come one after the other; the second finds it spent.
  spendStep: `
    update identity_totp set last_step = $2
    where person_id = $1 and confirmed_at is not null and last_step < $2 returning person_id as "personId"`,
  deleteTotp: 'delete from identity_totp where person_id = $1 returning confirmed_at as "confirmedAt"',
  insertCodes: `
    insert into identity_recovery_code (person_id, digest) select $1, unnest($2::bytea[])`,
  spendCode: `
    update identity_recovery_code set used_at = $3
    where person_id = $1 and digest = $2 and used_at is null returning person_id as "personId"`,
  deleteCodes: 'delete from identity_recovery_code where person_id = $1',
} as const

export async function selectTotp(tx: Tx, personId: string) {
  return (await tx.rows<TotpRow>(statements.selectTotp, [personId]))[0]
}

/** False when a confirmed one is there. */
export async function putTotp(tx: Tx, personId: string, secret: Buffer) {
  return (await tx.rows(statements.putTotp, [personId, secret])).length > 0
}

/** False when it is confirmed already. */
export async function confirmTotp(tx: Tx, personId: string, at: Date, step: number) {
  return (await tx.rows(statements.confirmTotp, [personId, at, step])).length > 0
}

/** False when this step or a later one is spent. */
export async function spendStep(tx: Tx, personId: string, step: number) {
  return (await tx.rows(statements.spendStep, [personId, step])).length > 0
}

export async function deleteTotp(tx: Tx, personId: string) {
  return (await tx.rows<{ confirmedAt: Date | null }>(statements.deleteTotp, [personId]))[0]
}

export async function insertCodes(tx: Tx, personId: string, digests: readonly Buffer[]) {
  await tx.rows(statements.insertCodes, [personId, digests])
}

/** False when there is no such code, or it was used. */
export async function spendCode(tx: Tx, personId: string, digest: Buffer, at: Date) {
  return (await tx.rows(statements.spendCode, [personId, digest, at])).length > 0
}

export async function deleteCodes(tx: Tx, personId: string) {
  await tx.rows(statements.deleteCodes, [personId])
}
