/** A person's passkeys as the person sees them: listed, named, removed. */
import type { Sealer } from '#/kernel/crypto/crypto.ts'
import type { Tx } from '#/kernel/db/db.ts'
import { lastWayIn, passkeyNotFound } from '#/identity/passkeys/problems.ts'
import { tell } from '#/identity/passkeys/proof.ts'
import * as store from '#/identity/passkeys/store.ts'
import type { PasskeyRow } from '#/identity/passkeys/store.ts'

export type Passkey = {
  readonly id: string
  readonly personId: string
  readonly name: string
  /** Which make of authenticator (AAGUID); zeros where it does not say. */
  readonly model: string
  /** It is copied between the person's devices by whoever made them. */
  readonly backedUp: boolean
  readonly createdAt: Date
  readonly lastUsedAt: Date | null
  /** Out of use: its counter went back, so somebody may hold a copy. Removing it is all that can be done. */
  readonly suspendedAt: Date | null
}

export function place(id: string): string {
  return `identity_passkey.name:${id}`
}

export function readPasskey(sealer: Sealer, row: PasskeyRow): Passkey {
  const { id, personId, model, backedUp, createdAt, lastUsedAt, suspendedAt } = row
  const name = sealer.open(row.name, place(id))
  return { id, personId, name, model, backedUp, createdAt, lastUsedAt, suspendedAt }
}

/** Oldest first. */
export async function listPasskeys(tx: Tx, sealer: Sealer, personId: string): Promise<Passkey[]> {
  return (await store.listPasskeys(tx, personId)).map((row) => readPasskey(sealer, row))
}

/** Throws `passkeyNotFound`, also for somebody else's. */
export async function renamePasskey(
  tx: Tx,
  sealer: Sealer,
  personId: string,
  id: string,
  name: string,
): Promise<Passkey> {
  const row = await store.renamePasskey(tx, personId, id, sealer.seal(name, place(id)))
  if (!row) throw passkeyNotFound.with()
  tx.audit({ action: 'passkeys.rename', subject: { kind: 'passkey', id } })
  return readPasskey(sealer, row)
}

/** Throws `passkeyNotFound`, also for somebody else's; `lastWayIn`. */
export async function removePasskey(tx: Tx, personId: string, id: string): Promise<void> {
  await store.lockPerson(tx, personId)
  const row = await store.deletePasskey(tx, personId, id)
  if (!row) throw passkeyNotFound.with()
  // One that is out of use is no way in; whoever has it alone is shut out already.
  if (row.suspendedAt === null && !(await store.hasOtherWay(tx, personId, id))) throw lastWayIn.with()
  tell(tx, row, 'removed', 'remove')
}

/** When the person is forgotten. */
export async function erasePasskeys(tx: Tx, personId: string): Promise<void> {
  await store.deletePasskeys(tx, personId)
  await store.deleteChallenges(tx, personId)
}
