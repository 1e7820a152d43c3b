/** Every statement on passkeys and on the challenges of open ceremonies. */
import type { Tx } from '#/kernel/db/db.ts'

export type Purpose = 'register' | 'sign-in' | 'second-factor' | 'step-up'

export type PasskeyRow = {
  readonly id: string
  readonly personId: string
  readonly credentialId: Buffer
  readonly publicKey: Buffer
  readonly counter: number
  readonly transports: string[]
  readonly backupEligible: boolean
  readonly backedUp: boolean
  readonly model: string
  readonly name: Buffer
  readonly createdAt: Date
  readonly lastUsedAt: Date | null
  readonly suspendedAt: Date | null
}

const columns = `
  k.id, k.person_id as "personId", k.credential_id as "credentialId", k.public_key as "publicKey",
  k.counter::float8 as counter, k.transports, k.backup_eligible as "backupEligible", k.backed_up as "backedUp",
  k.model, k.name, k.created_at as "createdAt", k.last_used_at as "lastUsedAt", k.suspended_at as "suspendedAt"`

export const statements = {
  // Registrations and removals of one person follow each other, so that what they count stays true.
  lockPerson: `select id from identity_person where id = $1 and state = 'active' for update`,
  insertPasskey: `
    insert into identity_passkey as k (id, person_id, credential_id, public_key, counter, transports, backup_eligible,
      backed_up, model, name, created_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
    on conflict (credential_id) do nothing returning ${columns}`,
  listPasskeys: `select ${columns} from identity_passkey k where k.person_id = $1 order by k.id`,
  // Locked: of two answers with one counter only the first is taken.
  selectByCredential: `
    select ${columns} from identity_passkey k join identity_person e on e.id = k.person_id
    where k.credential_id = $1 and e.state = 'active' for update of k`,
  markUsed: `
    update identity_passkey set counter = $2, backed_up = $3, last_used_at = $4 where id = $1`,
  suspendPasskey: `update identity_passkey set suspended_at = $2 where id = $1`,
  renamePasskey: `
    update identity_passkey as k set name = $3 where k.person_id = $1 and k.id = $2 returning ${columns}`,
  deletePasskey: `
    delete from identity_passkey as k where k.person_id = $1 and k.id = $2 returning ${columns}`,
  deletePasskeys: 'delete from identity_passkey where person_id = $1',
  /** Without the passkey named: is there another passkey, a password, or somebody else's word for the person? */
  hasOtherWay: `
    select exists (select from identity_passkey where person_id = $1 and id <> $2 and suspended_at is null)
      or exists (select from identity_password where person_id = $1)
      or exists (select from identity_provider_subject where person_id = $1) as "hasOtherWay"`,

  insertChallenge: `
    insert into identity_passkey_challenge (digest, purpose, person_id, holder, expires_at)
    values ($1, $2, $3, $4, $5)`,
  takeChallenge: `
    delete from identity_passkey_challenge
    where digest = $1 and purpose = $2 and person_id is not distinct from $3 and holder = $4
    returning expires_at as "expiresAt"`,
  // A few at each new one; past those that another transaction holds.
  sweepChallenges: `
    delete from identity_passkey_challenge where digest in (
      select digest from identity_passkey_challenge where expires_at < $1
      order by expires_at limit 20 for update skip locked)`,
  deleteChallenges: 'delete from identity_passkey_challenge where person_id = $1',
} as const

/** False: there is nobody, or nobody who may sign in. */
export async function lockPerson(tx: Tx, personId: string): Promise<boolean> {
  return (await tx.rows(statements.lockPerson, [personId])).length > 0
}

export type NewPasskey = Omit<PasskeyRow, 'lastUsedAt' | 'suspendedAt'>

/** No row when the credential is registered already. */
export async function insertPasskey(tx: Tx, key: NewPasskey): Promise<PasskeyRow | undefined> {
  const rows = await tx.rows<PasskeyRow>(statements.insertPasskey, [
    key.id,
    key.personId,
    key.credentialId,
    key.publicKey,
    key.counter,
    key.transports,
    key.backupEligible,
    key.backedUp,
    key.model,
    key.name,
    key.createdAt,
  ])
  return rows[0]
}

export async function listPasskeys(tx: Tx, personId: string): Promise<PasskeyRow[]> {
  return tx.rows<PasskeyRow>(statements.listPasskeys, [personId])
}

export async function selectByCredential(tx: Tx, credentialId: Buffer): Promise<PasskeyRow | undefined> {
  return (await tx.rows<PasskeyRow>(statements.selectByCredential, [credentialId]))[0]
}

export async function markUsed(tx: Tx, id: string, counter: number, backedUp: boolean, at: Date) {
  await tx.rows(statements.markUsed, [id, counter, backedUp, at])
}

export async function suspendPasskey(tx: Tx, id: string, at: Date): Promise<void> {
  await tx.rows(statements.suspendPasskey, [id, at])
}

export async function renamePasskey(tx: Tx, personId: string, id: string, name: Buffer) {
  return (await tx.rows<PasskeyRow>(statements.renamePasskey, [personId, id, name]))[0]
}

export async function deletePasskey(tx: Tx, personId: string, id: string) {
  return (await tx.rows<PasskeyRow>(statements.deletePasskey, [personId, id]))[0]
}

export async function deletePasskeys(tx: Tx, personId: string): Promise<void> {
  await tx.rows(statements.deletePasskeys, [personId])
}

export async function hasOtherWay(tx: Tx, personId: string, id: string): Promise<boolean> {
  const rows = await tx.rows<{ hasOtherWay: boolean }>(statements.hasOtherWay, [personId, id])
  return rows[0]?.hasOtherWay ?? false
}

export type NewChallenge = {
  readonly digest: Buffer
  readonly purpose: Purpose
  readonly personId: string | null
  readonly holder: Buffer
  readonly expiresAt: Date
}

export async function insertChallenge(tx: Tx, challenge: NewChallenge): Promise<void> {
  const { digest, purpose, personId, holder, expiresAt } = challenge
  await tx.rows(statements.insertChallenge, [digest, purpose, personId, holder, expiresAt])
}

/** When it would have ended; no row when there is none of this kind, for this person, in this hand. */
export async function takeChallenge(tx: Tx, challenge: Omit<NewChallenge, 'expiresAt'>) {
  const { digest, purpose, personId, holder } = challenge
  return (
    await tx.rows<{ expiresAt: Date }>(statements.takeChallenge, [digest, purpose, personId, holder])
  )[0]
}

export async function sweepChallenges(tx: Tx, before: Date): Promise<void> {
  await tx.rows(statements.sweepChallenges, [before])
}

export async function deleteChallenges(tx: Tx, personId: string): Promise<void> {
  await tx.rows(statements.deleteChallenges, [personId])
}
