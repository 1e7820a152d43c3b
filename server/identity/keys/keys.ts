/**
 * API keys. The text is told once, when a key is made; what stays is its SHA-256. An application has at most
 * two active ones, so that a new key can be rolled out while the old one still works.
 */
import { listApplications, lockApplication } from '#/identity/applications/applications.ts'
import type { Application, Environment } from '#/identity/applications/applications.ts'
import { digestOf, parseKey, randomKey } from '#/identity/keys/key-text.ts'
import * as store from '#/identity/keys/store.ts'
import type { Key } from '#/identity/keys/store.ts'
import type { Tx } from '#/kernel/db/db.ts'
import { newId } from '#/kernel/id/id.ts'
import { problem } from '#/kernel/problem/problem.ts'

export type { Key } from '#/identity/keys/store.ts'

export { deriveDemoKey, parseKey } from '#/identity/keys/key-text.ts'
export type { ParsedKey } from '#/identity/keys/key-text.ts'

/** A key at the one moment its text is known. */
export type CreatedKey = Key & { readonly environment: Environment; readonly key: string }

export type KeyOptions = { readonly label: string; readonly expiresAt?: Date | null }

const mostActive = 2

export const keyNotFound = problem('keys.not_found', 404, 'There is no such key', {
  help: 'You have no key with this id. Check it against the list of your keys.',
})
export const tooManyActive = problem('keys.too_many_active', 409, 'The application has two active keys', {
  help: 'An application has at most two active keys, so that one can replace the other. Revoke the one you no longer use, then create the new one.',
})
export const expiryPast = problem('keys.expiry_past', 422, 'The key would have expired already', {
  help: 'Choose an expiry in the future, or none.',
})

/** Throws `applicationNotFound`, `tooManyActive`, `expiryPast`. */
export async function createKey(
  tx: Tx,
  partnerId: string,
  applicationId: string,
  options: KeyOptions,
): Promise<CreatedKey> {
  const application = await lockApplication(tx, partnerId, applicationId)
  const text = randomKey(application.environment)
  const created = await insert(tx, application, text, options)
  if (!created) throw new Error('160 random bits came twice')
  return { ...created, environment: application.environment, key: text }
}

/** A key whose text is decided elsewhere (the demo derives its own). Null when it exists, revoked or not. */
export async function adoptKey(
  tx: Tx,
  partnerId: string,
  applicationId: string,
  options: KeyOptions & { readonly text: string },
): Promise<Key | null> {
  const application = await lockApplication(tx, partnerId, applicationId)
  const parsed = parseKey(options.text)
  if (!parsed.ok || parsed.environment !== application.environment)
    throw new Error('not a key of this environment')
  if (await store.ownerOfKey(tx, { id: null, digest: digestOf(options.text) })) return null
  return insert(tx, application, options.text, options)
}

/** The first key of an application that never had one; null when it had. */
export async function createFirstKey(
  tx: Tx,
  partnerId: string,
  applicationId: string,
  options: KeyOptions,
): Promise<CreatedKey | null> {
  const { ever } = await store.countActiveKeys(tx, partnerId, applicationId)
  return ever > 0 ? null : createKey(tx, partnerId, applicationId, options)
}

async function insert(
  tx: Tx,
  application: Application,
  text: string,
  options: KeyOptions,
): Promise<Key | null> {
  const { partnerId, id: applicationId } = application
  const expiresAt = options.expiresAt ?? null
  const { active, now } = await store.countActiveKeys(tx, partnerId, applicationId)
  if (expiresAt !== null && expiresAt <= now) throw expiryPast.with()
  if (active >= mostActive) throw tooManyActive.with()
  const key = { id: newId(), applicationId, label: options.label, expiresAt }
  const inserted = await store.insertKey(tx, partnerId, {
    ...key,
    digest: digestOf(text),
    lastFour: text.slice(-4),
  })
  if (!inserted) return null
  announce(tx, 'identity.key_created', inserted)
  return inserted
}

/**
 * Makes the successor of a key. The old one works on until `overlapUntil` (without it: until it is revoked).
 * Throws what `createKey` throws, and `keyNotFound`.
 */
export async function rotateKey(
  tx: Tx,
  partnerId: string,
  keyId: string,
  options: { readonly overlapUntil?: Date; readonly expiresAt?: Date | null } = {},
): Promise<CreatedKey> {
  const old = await findKey(tx, partnerId, keyId)
  const { overlapUntil, expiresAt = null } = options
  const created = await createKey(tx, partnerId, old.applicationId, { label: old.label, expiresAt })
  const shortened = overlapUntil && (await store.expireKey(tx, partnerId, keyId, overlapUntil))
  if (shortened) announce(tx, 'identity.key_expiry_set', shortened)
  return created
}

/** From the next second on no gateway accepts it. Doing it again changes nothing. Throws `keyNotFound`. */
export async function revokeKey(tx: Tx, partnerId: string, keyId: string, reason: string): Promise<Key> {
  const revoked = await store.revokeKey(tx, partnerId, keyId, reason)
  if (!revoked) return findKey(tx, partnerId, keyId)
  announce(tx, 'identity.key_revoked', revoked)
  return revoked
}

/** Another partner's key is answered like one that does not exist. Throws `keyNotFound`. */
export async function findKey(tx: Tx, partnerId: string, keyId: string): Promise<Key> {
  const found = await store.selectKey(tx, partnerId, keyId)
  if (!found) throw keyNotFound.with()
  return found
}

/** All keys of the partner with what they belong to; the oldest first, to the millisecond. */
export async function listKeys(tx: Tx, partnerId: string): Promise<(Key & { application: Application })[]> {
  const applications = new Map((await listApplications(tx, partnerId)).map((found) => [found.id, found]))
  const keys = await store.listKeys(tx, partnerId)
  return keys.map((key) => ({ ...key, application: applications.get(key.applicationId)! }))
}

/**
 * Whose key this is, by its id or by its whole text: for the provider, who was told of a leak. A text that is
 * no key of ours gives `keyNotFound`.
 */
export async function ownerOfKey(
  tx: Tx,
  found: { readonly id: string } | { readonly text: string },
): Promise<{ id: string; partnerId: string }> {
  const [id, digest] = 'id' in found ? [found.id, null] : [null, digestOf(found.text)]
  const owner = await store.ownerOfKey(tx, { id, digest })
  if (!owner) throw keyNotFound.with()
  return owner
}

function announce(tx: Tx, type: string, key: Key): void {
  const data = { keyId: key.id, applicationId: key.applicationId }
  tx.emit(type, { partnerId: key.partnerId, data })
  tx.changed('key', key.id)
}
