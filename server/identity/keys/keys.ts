/**
 * API keys. The text is told once, when a key is made; what stays is its SHA-256. An application has at most
 * two active ones, so that a new key can be rolled out while the old one still works.
 */
import {
  applicationArchived,
  findApplication,
  listApplications,
  lockApplication,
  markArchived,
} from '#/identity/applications/applications.ts'
import type { Application, Environment } from '#/identity/applications/applications.ts'
import { checkBounds, unbound } from '#/identity/keys/bounds.ts'
import type { Bounds } from '#/identity/keys/bounds.ts'
import { digestOf, parseKey, randomKey } from '#/identity/keys/key-text.ts'
import * as store from '#/identity/keys/store.ts'
import type { Key } from '#/identity/keys/store.ts'
import type { Tx } from '#/kernel/db/db.ts'
import { newId } from '#/kernel/id/id.ts'
import { problem } from '#/kernel/problem/problem.ts'

export type { Key } from '#/identity/keys/store.ts'

export { deriveDemoKey, digestOf, isText, parseKey, randomText } from '#/identity/keys/key-text.ts'
export type { ParsedKey } from '#/identity/keys/key-text.ts'
export { boundsInvalid, networkCheck } from '#/identity/keys/bounds.ts'
export type { Bounds } from '#/identity/keys/bounds.ts'

/** A key at the one moment its text is known. */
export type CreatedKey = Key & { readonly environment: Environment; readonly key: string }

export type KeyOptions = {
  readonly label: string
  readonly expiresAt?: Date | null
  /** Without them the key is bound to nothing. */
  readonly bounds?: Bounds
}

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

export const keyRevoked = problem('keys.revoked', 409, 'The key is revoked', {
  help: 'Nothing can be done with a revoked key any more. Create a new one.',
})

/** Throws `applicationNotFound`, `applicationArchived`, `tooManyActive`, `expiryPast`. */
export async function createKey(
  tx: Tx,
  partnerId: string,
  applicationId: string,
  options: KeyOptions,
): Promise<CreatedKey> {
  const application = await lockApplication(tx, partnerId, applicationId)
  if (application.archivedAt !== null) throw applicationArchived.with()
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
  if (application.archivedAt !== null) return null
  if (await store.ownerOfKey(tx, { id: null, digest: digestOf(options.text) })) return null
  return insert(tx, application, options.text, options)
}

/** The first key of an application that never had one; null when it had, or is archived. */
export async function createFirstKey(
  tx: Tx,
  partnerId: string,
  applicationId: string,
  options: KeyOptions,
): Promise<CreatedKey | null> {
  const { ever } = await store.countActiveKeys(tx, partnerId, applicationId)
  const { archivedAt } = await findApplication(tx, partnerId, applicationId)
  return ever > 0 || archivedAt !== null ? null : createKey(tx, partnerId, applicationId, options)
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
  const bounds = options.bounds ? checkBounds(options.bounds) : unbound
  const key = { id: newId(), applicationId, label: options.label, expiresAt, ...bounds }
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
 * Throws what `createKey` throws, `keyNotFound` and `keyRevoked`.
 */
export async function rotateKey(
  tx: Tx,
  partnerId: string,
  keyId: string,
  options: { readonly overlapUntil?: Date; readonly expiresAt?: Date | null } = {},
): Promise<CreatedKey> {
  const old = await findKey(tx, partnerId, keyId)
  if (old.revokedAt !== null) throw keyRevoked.with()
  const { overlapUntil, expiresAt = null } = options
  const { label, scopes, networks } = old
  const bounds = { scopes, networks }
  tx.audit({ action: 'keys.rotate', subject: { kind: 'key', id: keyId }, partnerId })
  const created = await createKey(tx, partnerId, old.applicationId, { label, expiresAt, bounds })
  const shortened = overlapUntil && (await store.expireKey(tx, partnerId, keyId, overlapUntil))
  if (shortened) announce(tx, 'identity.key_expiry_set', shortened)
  return created
}

/** What the key may do, and from where, from the next second on. Throws `boundsInvalid`, `keyNotFound`, `keyRevoked`. */
export async function setBounds(tx: Tx, partnerId: string, keyId: string, bounds: Bounds): Promise<Key> {
  const bound = await store.boundKey(tx, partnerId, keyId, checkBounds(bounds))
  if (!bound) {
    await findKey(tx, partnerId, keyId)
    throw keyRevoked.with()
  }
  announce(tx, 'identity.key_bounds_set', bound)
  return bound
}

/** When keys were last used, as gateways saw it. In a transaction of the system. */
export async function noteUse(tx: Tx, uses: ReadonlyMap<string, Date>): Promise<void> {
  if (uses.size > 0) await store.noteUse(tx, uses)
}

/** Days before the expiry of a key at which its partner is told. */
const noticeDays = [30, 7, 1]

/** Announces each key that comes near its expiry, once for each threshold. In a transaction of the system. */
export async function noticeExpiring(tx: Tx): Promise<Key[]> {
  const keys = await store.noticeExpiring(tx, noticeDays)
  for (const key of keys) {
    const data = { keyId: key.id, applicationId: key.applicationId, expiresAt: key.expiresAt }
    tx.emit('identity.key_expiring', { partnerId: key.partnerId, data })
  }
  return keys
}

/** From the next second on no gateway accepts it. Doing it again changes nothing. Throws `keyNotFound`. */
export async function revokeKey(tx: Tx, partnerId: string, keyId: string, reason: string): Promise<Key> {
  const revoked = await store.revokeKey(tx, partnerId, keyId, reason)
  if (!revoked) return findKey(tx, partnerId, keyId)
  announce(tx, 'identity.key_revoked', revoked, reason)
  return revoked
}

/** Nothing calls as it any more: all of its keys are revoked. Throws `applicationNotFound`. */
export async function archiveApplication(
  tx: Tx,
  partnerId: string,
  applicationId: string,
): Promise<Application> {
  // The lock keeps a key from being made meanwhile.
  await lockApplication(tx, partnerId, applicationId)
  for (const key of await store.listActiveKeys(tx, partnerId, applicationId)) {
    await revokeKey(tx, partnerId, key.id, 'The application was archived')
  }
  return markArchived(tx, partnerId, applicationId)
}

/**
 * The answer to a leak: ends the key, whoever owns it, by its text or by its fingerprint, and announces that it was
 * out. For the provider. Doing it again changes nothing. Throws `keyNotFound`.
 */
export async function revokeLeaked(
  tx: Tx,
  found: { readonly text: string } | { readonly fingerprint: string },
  reason: string,
): Promise<Key> {
  const owner = await ownerOfKey(tx, found)
  const before = await findKey(tx, owner.partnerId, owner.id)
  if (before.revokedAt !== null) return before
  const revoked = await revokeKey(tx, owner.partnerId, owner.id, reason)
  const data = { keyId: revoked.id, applicationId: revoked.applicationId }
  tx.emit('identity.key_leaked', { partnerId: revoked.partnerId, data })
  return revoked
}

/** Another partner's key is answered like one that does not exist. Throws `keyNotFound`. */
export async function findKey(tx: Tx, partnerId: string, keyId: string): Promise<Key> {
  const found = await store.selectKey(tx, partnerId, keyId)
  if (!found) throw keyNotFound.with()
  return found
}

/** All keys of the partner with the environment they work in, in the order they were created. */
export async function listKeys(tx: Tx, partnerId: string): Promise<(Key & { application: Application })[]> {
  const applications = new Map((await listApplications(tx, partnerId)).map((found) => [found.id, found]))
  const keys = await store.listKeys(tx, partnerId)
  return keys.map((key) => ({ ...key, application: applications.get(key.applicationId)! }))
}

/** Those of one environment, and of one application of it, in the order they were created. */
export async function listKeysOf(tx: Tx, partnerId: string, page: store.KeyPage): Promise<readonly Key[]> {
  return store.listKeysOf(tx, partnerId, page)
}

/**
 * Whose key this is, by its id, its whole text, or its fingerprint (SHA-256 of the text): for the provider, who was told of a leak. A text that is
 * no key of ours gives `keyNotFound`.
 */
export async function ownerOfKey(
  tx: Tx,
  found: { readonly id: string } | { readonly text: string } | { readonly fingerprint: string },
): Promise<{ id: string; partnerId: string }> {
  const id = 'id' in found ? found.id : null
  const owner = await store.ownerOfKey(tx, { id, digest: digestOfFound(found) })
  if (!owner) throw keyNotFound.with()
  return owner
}

/** The SHA-256 that a leak was reported by (64 hex digits), or that of the text itself. */
function digestOfFound(found: { id: string } | { text: string } | { fingerprint: string }): Buffer | null {
  if ('text' in found) return digestOf(found.text)
  return 'fingerprint' in found ? Buffer.from(found.fingerprint, 'hex') : null
}

/** What the audit calls it. */
const actions: Readonly<Record<string, string>> = {
  'identity.key_created': 'keys.create',
  'identity.key_revoked': 'keys.revoke',
  'identity.key_expiry_set': 'keys.set_expiry',
  'identity.key_bounds_set': 'keys.set_bounds',
}

function announce(tx: Tx, type: string, key: Key, reason: string | null = null): void {
  const data = { keyId: key.id, applicationId: key.applicationId }
  tx.emit(type, { partnerId: key.partnerId, data })
  tx.audit({
    action: actions[type] ?? type,
    subject: { kind: 'key', id: key.id },
    partnerId: key.partnerId,
    reason,
    changes: type === 'identity.key_revoked' ? null : { scopes: key.scopes, expiresAt: key.expiresAt },
  })
  tx.changed('key', key.id)
}
