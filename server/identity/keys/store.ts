/**
 * Every statement on keys. Times are the database's wall clock, not the transaction's business time: a partner
 * that moves its sandbox's clock must not make a key expire or come back.
 */
import type { Tx } from '#/kernel/db/db.ts'

export type Key = {
  readonly id: string
  readonly partnerId: string
  readonly applicationId: string
  readonly label: string
  /** The last characters of the text, to tell keys apart. */
  readonly lastFour: string
  readonly createdAt: Date
  readonly expiresAt: Date | null
  readonly revokedAt: Date | null
  readonly revokedReason: string | null
  readonly lastUsedAt: Date | null
  /** Null: everything its application is entitled to. */
  readonly scopes: readonly string[] | null
  /** Null: from anywhere. */
  readonly networks: readonly string[] | null
}

const columnsOf = (of: string) => `
  ${of}id, ${of}partner_id as "partnerId", ${of}application_id as "applicationId", ${of}label,
  ${of}last_four as "lastFour", ${of}created_at as "createdAt", ${of}expires_at as "expiresAt",
  ${of}revoked_at as "revokedAt", ${of}revoked_reason as "revokedReason", ${of}last_used_at as "lastUsedAt",
  ${of}scopes, ${of}networks::text[] as networks`
const columns = columnsOf('')

export const statements = {
  countActiveKeys: `
    select count(*) filter (where revoked_at is null and (expires_at is null or expires_at > clock_timestamp()))::int
             as active,
           count(*)::int as ever, clock_timestamp() as now
    from identity_key where partner_id = $1 /* owner */ and application_id = $2`,
  insertKey: `
    insert into identity_key (id, partner_id, application_id, label, digest, last_four, expires_at, scopes, networks)
    values ($2, $1, $3, $4, $5, $6, $7, $8, $9::cidr[]) on conflict (digest) do nothing returning ${columns}`,
  selectKey: `select ${columns} from identity_key where partner_id = $1 /* owner */ and id = $2`,
  listKeys: `select ${columns} from identity_key where partner_id = $1 /* owner */ order by id`,
  listKeysOf: `
    select ${columnsOf('k.')} from identity_key k
      join identity_application a on a.partner_id = k.partner_id and a.id = k.application_id
    where k.partner_id = $1 /* owner */ and a.environment = $2 and ($3::uuid is null or k.application_id = $3)
      and ($4::uuid is null or k.id > $4)
    order by k.id limit $5`,
  listActiveKeys: `
    select ${columns} from identity_key
    where partner_id = $1 /* owner */ and application_id = $2 and revoked_at is null order by id`,
  revokeKey: `
    update identity_key set revoked_at = clock_timestamp(), revoked_reason = $3
    where partner_id = $1 /* owner */ and id = $2 and revoked_at is null returning ${columns}`,
  // Never later than it was: an overlap shortens a key's life and does not lengthen it.
  expireKey: `
    update identity_key set expires_at = least(expires_at, $3)
    where partner_id = $1 /* owner */ and id = $2 and (expires_at is null or expires_at > $3) returning ${columns}`,
  boundKey: `
    update identity_key set scopes = $3, networks = $4::cidr[]
    where partner_id = $1 /* owner */ and id = $2 and revoked_at is null returning ${columns}`,
  // By a gateway, for many partners at once; never backwards, whichever node writes last.
  noteUse: `
    update identity_key set last_used_at = greatest(last_used_at, used.at)
    from unnest($1::uuid[], $2::timestamptz[]) as used (id, at) where identity_key.id = used.id`,
  // Each key once for each threshold it passes; the fewest days it is within.
  noticeExpiring: `
    update identity_key set expiry_noticed_days = due.days
    from (
      select key.id as key_id, min(threshold) as days
      from identity_key as key, unnest($1::bigint[]) as threshold
      where key.revoked_at is null and key.expires_at > clock_timestamp()
        and key.expires_at <= clock_timestamp() + make_interval(days => threshold::integer)
      group by key.id
    ) as due
    where identity_key.id = due.key_id
      and (identity_key.expiry_noticed_days is null or identity_key.expiry_noticed_days > due.days)
    returning ${columns}`,
  // For the platform team, which holds an id or a leaked text and asks whose it is.
  ownerOfKey: `select id, partner_id as "partnerId" from identity_key where id = $1 or digest = $2`,
} as const

export async function countActiveKeys(tx: Tx, partnerId: string, applicationId: string) {
  type Row = { active: number; ever: number; now: Date }
  return (await tx.rows<Row>(statements.countActiveKeys, [partnerId, applicationId]))[0]!
}

export type NewKey = {
  readonly id: string
  readonly applicationId: string
  readonly label: string
  readonly digest: Buffer
  readonly lastFour: string
  readonly expiresAt: Date | null
  readonly scopes: readonly string[] | null
  readonly networks: readonly string[] | null
}

/** No row when this very key exists. */
export async function insertKey(tx: Tx, partnerId: string, key: NewKey) {
  const { id, applicationId, label, digest, lastFour, expiresAt, scopes, networks } = key
  const values = [partnerId, id, applicationId, label, digest, lastFour, expiresAt, scopes, networks]
  return (await tx.rows<Key>(statements.insertKey, values))[0]
}

export async function selectKey(tx: Tx, partnerId: string, keyId: string) {
  return (await tx.rows<Key>(statements.selectKey, [partnerId, keyId]))[0]
}

export async function listKeys(tx: Tx, partnerId: string) {
  return tx.rows<Key>(statements.listKeys, [partnerId])
}

export type KeyPage = {
  readonly environment: string
  readonly applicationId?: string
  readonly after?: string
  readonly limit: number
}

export async function listKeysOf(tx: Tx, partnerId: string, page: KeyPage) {
  const { environment, applicationId = null, after = null, limit } = page
  return tx.rows<Key>(statements.listKeysOf, [partnerId, environment, applicationId, after, limit])
}

/** Expired ones too. */
export async function listActiveKeys(tx: Tx, partnerId: string, applicationId: string) {
  return tx.rows<Key>(statements.listActiveKeys, [partnerId, applicationId])
}

/** No row when it is revoked already, or another partner's. */
export async function revokeKey(tx: Tx, partnerId: string, keyId: string, reason: string) {
  return (await tx.rows<Key>(statements.revokeKey, [partnerId, keyId, reason]))[0]
}

/** No row when it ends earlier anyway. */
export async function expireKey(tx: Tx, partnerId: string, keyId: string, at: Date) {
  return (await tx.rows<Key>(statements.expireKey, [partnerId, keyId, at]))[0]
}

export async function ownerOfKey(tx: Tx, found: { id: string | null; digest: Buffer | null }) {
  type Row = { id: string; partnerId: string }
  return (await tx.rows<Row>(statements.ownerOfKey, [found.id, found.digest]))[0]
}

export async function boundKey(
  tx: Tx,
  partnerId: string,
  keyId: string,
  bounds: { readonly scopes: readonly string[] | null; readonly networks: readonly string[] | null },
) {
  const values = [partnerId, keyId, bounds.scopes, bounds.networks]
  return (await tx.rows<Key>(statements.boundKey, values))[0]
}

export async function noteUse(tx: Tx, uses: ReadonlyMap<string, Date>): Promise<void> {
  await tx.rows(statements.noteUse, [[...uses.keys()], [...uses.values()]])
}

export function noticeExpiring(tx: Tx, days: readonly number[]): Promise<Key[]> {
  return tx.rows<Key>(statements.noticeExpiring, [days])
}
