/** Every statement on service keys. They are the provider's own, so no partner stands in front. */
import type { Tx } from '#/kernel/db/db.ts'

export type ServiceKey = {
  readonly id: string
  readonly name: string
  /** An operator's role: what the service may do. */
  readonly role: string
  readonly lastFour: string
  readonly createdAt: Date
  readonly expiresAt: Date | null
  readonly revokedAt: Date | null
  readonly lastUsedAt: Date | null
}

const columns = `
  id, name, role, last_four as "lastFour", created_at as "createdAt", expires_at as "expiresAt",
  revoked_at as "revokedAt", last_used_at as "lastUsedAt"`

export const statements = {
  insertServiceKey: `
    insert into identity_service_key (id, name, role, digest, last_four, expires_at)
    values ($1, $2, $3, $4, $5, $6) returning ${columns}`,
  selectServiceKey: `select ${columns} from identity_service_key where id = $1`,
  listServiceKeys: `select ${columns} from identity_service_key order by id`,
  revokeServiceKey: `
    update identity_service_key set revoked_at = clock_timestamp(), revoked_reason = $2
    where id = $1 and revoked_at is null returning ${columns}`,
  // Never later than it was: an overlap shortens a key's life and does not lengthen it.
  expireServiceKey: `
    update identity_service_key set expires_at = least(expires_at, $2)
    where id = $1 and revoked_at is null returning ${columns}`,
  // The clock is the database's, so that every node judges an expiry alike.
  usableServiceKey: `
    select ${columns} from identity_service_key
    where digest = $1 and revoked_at is null and (expires_at is null or expires_at > clock_timestamp())`,
  // Once a minute is exact enough to see whether a key is still in use, and spares a write a call.
  touchServiceKey: `
    update identity_service_key set last_used_at = clock_timestamp()
    where id = $1 and (last_used_at is null or last_used_at < clock_timestamp() - interval '1 minute')`,
} as const

export type NewServiceKey = Pick<ServiceKey, 'id' | 'name' | 'role' | 'lastFour' | 'expiresAt'> & {
  readonly digest: Buffer
}

export async function insertServiceKey(tx: Tx, key: NewServiceKey): Promise<ServiceKey> {
  const { id, name, role, digest, lastFour, expiresAt } = key
  const rows = await tx.rows<ServiceKey>(statements.insertServiceKey, [
    id,
    name,
    role,
    digest,
    lastFour,
    expiresAt,
  ])
  return rows[0]!
}

export async function selectServiceKey(tx: Tx, id: string) {
  return (await tx.rows<ServiceKey>(statements.selectServiceKey, [id]))[0]
}

export function listServiceKeys(tx: Tx): Promise<ServiceKey[]> {
  return tx.rows<ServiceKey>(statements.listServiceKeys)
}

export async function revokeServiceKey(tx: Tx, id: string, reason: string) {
  return (await tx.rows<ServiceKey>(statements.revokeServiceKey, [id, reason]))[0]
}

export async function expireServiceKey(tx: Tx, id: string, at: Date) {
  return (await tx.rows<ServiceKey>(statements.expireServiceKey, [id, at]))[0]
}

export async function usableServiceKey(tx: Tx, digest: Buffer) {
  return (await tx.rows<ServiceKey>(statements.usableServiceKey, [digest]))[0]
}

export async function touchServiceKey(tx: Tx, id: string): Promise<void> {
  await tx.rows(statements.touchServiceKey, [id])
}
