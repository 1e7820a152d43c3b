/**
 * What a snapshot reads. One statement serves the whole load and the re-reading of single rows: `$1` is null or
 * the ids, and the pages go by id, so that 300,000 keys never stand in memory as rows at once.
 */
import type { Tx } from '#/kernel/db/db.ts'
import type { Environment } from '#/gateway/gateway.ts'

export type Reader = Pick<Tx, 'rows'>

/** Two that see the same moment. */
export type Readers = readonly [Reader, Reader]

export const statements = {
  nameMoment: `select pg_export_snapshot() as name`,
  lastChange: `select last from control.kernel_change_counter`,
  changesAfter: `
    select counter.last, change.number, change.topic, change.row_id as id
    from control.kernel_change_counter as counter left join control.kernel_change as change on change.number > $1
    order by change.number limit $2`,
  partners: `
    select id, slug from control.identity_partner
    where ($1::uuid[] is null or id = any ($1)) and id > $2 order by id limit $3`,
  applications: `
    select id, partner_id as "partnerId", environment from control.identity_application
    where ($1::uuid[] is null or id = any ($1)) and id > $2 order by id limit $3`,
  // The digest as base64url, milliseconds as numbers: what the gateway looks up and compares, made once here.
  keys: `
    select id, application_id as "applicationId",
           translate(rtrim(encode(digest, 'base64'), '='), '+/', '-_') as digest,
           (extract(epoch from expires_at) * 1000)::float8 as "expiresAt",
           (extract(epoch from revoked_at) * 1000)::float8 as "revokedAt", scopes, networks::text[] as networks
    from control.identity_key where ($1::uuid[] is null or id = any ($1)) and id > $2 order by id limit $3`,
} as const

/** Every statement of the transaction then sees the same moment. Apart from the others: `set` cannot be prepared. */
export async function freeze(reader: Reader): Promise<void> {
  await reader.rows('set transaction isolation level repeatable read, read only')
}

/** A name for the moment that this transaction sees, under which another can see it too. */
export async function nameMoment(reader: Reader): Promise<string> {
  const [row] = await reader.rows<{ name: string }>(statements.nameMoment)
  return row!.name
}

/** First of all in its transaction, as `freeze`. */
export async function freezeAt(reader: Reader, moment: string): Promise<void> {
  await freeze(reader)
  // The name cannot be a parameter.
  if (!/^[0-9A-F-]+$/.test(moment)) throw new Error('not the name of a moment')
  await reader.rows(`set transaction snapshot '${moment}'`)
}

export async function lastChange(reader: Reader): Promise<number> {
  const [row] = await reader.rows<{ last: string }>(statements.lastChange)
  if (!row) throw new Error('control.kernel_change_counter is empty')
  return Number(row.last)
}

export type ChangeRow = { readonly number: number; readonly topic: string; readonly id: string | null }

/**
 * What came after a version, in the order of commits. `gap`: the log does not tell all of it (it was cut, or the
 * database is another one than before), so that only reading everything helps.
 */
export async function changesAfter(
  reader: Reader,
  version: number,
  limit: number,
): Promise<{ readonly changes: readonly ChangeRow[]; readonly gap: boolean }> {
  type Row = { last: string; number: string | null; topic: string; id: string | null }
  const rows = await reader.rows<Row>(statements.changesAfter, [version, limit])
  const changes = rows.flatMap(({ number, topic, id }) =>
    number === null ? [] : [{ number: Number(number), topic, id }],
  )
  const [first] = changes
  const gap = first ? first.number !== version + 1 : Number(rows[0]?.last) !== version
  return { changes, gap }
}

export type PartnerRow = { readonly id: string; readonly slug: string }

export type ApplicationRow = {
  readonly id: string
  readonly partnerId: string
  readonly environment: Environment
}

export type KeyRow = {
  readonly id: string
  readonly applicationId: string
  readonly digest: string
  readonly expiresAt: number | null
  readonly revokedAt: number | null
  readonly scopes: readonly string[] | null
  readonly networks: readonly string[] | null
}

export function readPartners(reader: Reader, ids: readonly string[] | null) {
  return pages<PartnerRow>(reader, statements.partners, ids)
}

export function readApplications(reader: Reader, ids: readonly string[] | null) {
  return pages<ApplicationRow>(reader, statements.applications, ids)
}

export function readKeys(reader: Reader, ids: readonly string[] | null) {
  return pages<KeyRow>(reader, statements.keys, ids)
}

/** Small enough that a page is garbage before it is old. */
const pageSize = 4000
const lowest = '00000000-0000-0000-0000-000000000000'

async function* pages<Row extends { id: string }>(
  reader: Reader,
  statement: string,
  ids: readonly string[] | null,
): AsyncGenerator<readonly Row[]> {
  if (ids?.length === 0) return
  for (let after = lowest; ;) {
    const rows = await reader.rows<Row>(statement, [ids, after, pageSize])
    if (rows.length > 0) yield rows
    if (rows.length < pageSize) return
    after = rows[rows.length - 1]!.id
  }
}
