/**
 * Service keys (`pts_…`): what the provider's own services sign in with on the admin port. Each acts in one role of
 * an operator; the text is told once.
 */
import { digestOf, isText, randomText } from '#/identity/keys/keys.ts'
import * as store from '#/identity/service-keys/store.ts'
import type { ServiceKey } from '#/identity/service-keys/store.ts'
import { refuseBeyond } from '#/identity/people/people.ts'
import type { Tx } from '#/kernel/db/db.ts'
import { newId } from '#/kernel/id/id.ts'
import { problem } from '#/kernel/problem/problem.ts'

export type { ServiceKey } from '#/identity/service-keys/store.ts'

/** A key at the one moment its text is known. */
export type CreatedServiceKey = ServiceKey & { readonly key: string }

export const serviceKeyPrefix = 'pts_'

export const serviceKeyNotFound = problem('service_keys.not_found', 404, 'There is no such service key', {
  help: 'No service key has this id. Check it against the list.',
})

export const serviceKeyTimes = problem('service_keys.times_invalid', 422, 'The key would end in the past', {
  help: 'Choose an expiry in the future, or none.',
})

export type ServiceKeyOptions = {
  readonly name: string
  readonly role: string
  readonly expiresAt?: Date | null
}

/** Throws `beyondOwnRole`: a key is no way to more than one may already. */
export async function createServiceKey(tx: Tx, options: ServiceKeyOptions): Promise<CreatedServiceKey> {
  refuseBeyond(tx, options.role)
  const key = randomText(serviceKeyPrefix)
  const { name, role, expiresAt = null } = options
  const values = { id: newId(), name, role, expiresAt, digest: digestOf(key), lastFour: key.slice(-4) }
  const created = await store.insertServiceKey(tx, values)
  tx.audit({
    action: 'service-keys.create',
    subject: { kind: 'service-key', id: created.id },
    changes: { role, expiresAt },
  })
  return { ...created, key }
}

/**
 * Makes the successor of a key, in the same role; the old one works on until `overlapUntil`. Throws
 * `serviceKeyNotFound`, `beyondOwnRole`.
 */
export async function rotateServiceKey(
  tx: Tx,
  id: string,
  overlapUntil: Date,
  expiresAt: Date | null = null,
): Promise<CreatedServiceKey> {
  const old = await findServiceKey(tx, id)
  const shortened = await store.expireServiceKey(tx, id, overlapUntil)
  if (!shortened) throw serviceKeyNotFound.with({ detail: 'The key is revoked; create a new one.' })
  return createServiceKey(tx, { name: old.name, role: old.role, expiresAt })
}

/** The next call with it is refused. Doing it again changes nothing. Throws `serviceKeyNotFound`. */
export async function revokeServiceKey(tx: Tx, id: string, reason: string): Promise<ServiceKey> {
  const revoked = await store.revokeServiceKey(tx, id, reason)
  if (!revoked) return findServiceKey(tx, id)
  tx.audit({ action: 'service-keys.revoke', subject: { kind: 'service-key', id }, reason })
  return revoked
}

async function findServiceKey(tx: Tx, id: string): Promise<ServiceKey> {
  const found = await store.selectServiceKey(tx, id)
  if (!found) throw serviceKeyNotFound.with()
  return found
}

export function listServiceKeys(tx: Tx): Promise<ServiceKey[]> {
  return store.listServiceKeys(tx)
}

/** The key behind a text that may be used now, or null; notes that it was. */
export async function useServiceKey(tx: Tx, text: string): Promise<ServiceKey | null> {
  if (!isText(text, serviceKeyPrefix)) return null
  const found = await store.usableServiceKey(tx, digestOf(text))
  if (!found) return null
  await store.touchServiceKey(tx, found.id)
  return found
}
