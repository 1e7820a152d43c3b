/**
 * What a snapshot reads. One statement serves the whole load and the re-reading of single rows: `$1` is null or
 * the ids, and the pages go by id. A page is one text with a line for each row (kernel/lines), whose parts have a fixed
 * length as far as they can: 300,000 keys are cut out of a text in a tenth of the time that rows with columns take.
 */
import type { Tx } from '#/kernel/db/db.ts'
import { idLength, inMilliseconds } from '#/kernel/lines/lines.ts'
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
    select string_agg(id || slug, E'\n' order by id) as lines from (
      select id, slug from control.identity_partner
      where ($1::uuid[] is null or id = any ($1)) and id > $2 order by id limit $3
    ) as page`,
  applications: `
    select string_agg(id || (partner_id || environment), E'\n' order by id) as lines from (
      select id, partner_id, environment from control.identity_application
      where ($1::uuid[] is null or id = any ($1)) and id > $2 order by id limit $3
    ) as page`,
  // The digest as base64, which is what the gateway looks up. Most keys have no bounds, and their lines end there.
  keys: `
    select string_agg(
             id || (application_id || encode(digest, 'base64')) || case
               when coalesce(expires_at, revoked_at) is null and scopes is null and networks is null then ''
               else json_build_array(${inMilliseconds('expires_at')}, ${inMilliseconds('revoked_at')}, scopes, networks::text[])::text
             end, E'\n' order by id) as lines
    from (
      select id, application_id, digest, expires_at, revoked_at, scopes, networks from control.identity_key
      where ($1::uuid[] is null or id = any ($1)) and id > $2 order by id limit $3
    ) as page`,
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
  readonly expiresAt: number | null
  readonly revokedAt: number | null
  readonly scopes: readonly string[] | null
  readonly networks: readonly string[] | null
}

export function readPartners(reader: Reader, ids: readonly string[] | null) {
  return pages(reader, statements.partners, ids, (line): PartnerRow => {
    return { id: line.slice(0, idLength), slug: line.slice(idLength) }
  })
}

export function readApplications(reader: Reader, ids: readonly string[] | null) {
  return pages(reader, statements.applications, ids, (line): ApplicationRow => {
    const environment = line.endsWith('live') ? 'live' : 'sandbox'
    return { id: line.slice(0, idLength), partnerId: line.slice(idLength, 2 * idLength), environment }
  })
}

/** Lines for `digestIn` and `keyIn`: most keys are read when they first call. */
export function readKeys(reader: Reader, ids: readonly string[] | null) {
  return pages(reader, statements.keys, ids, (line) => line)
}

const keyHead = 2 * idLength
/** With a SHA-256 as base64. */
const keyLength = keyHead + 44

type Bounds = readonly [
  expiresAt: number | null,
  revokedAt: number | null,
  scopes: readonly string[] | null,
  networks: readonly string[] | null,
]

const unbound: Bounds = [null, null, null, null]

export function digestIn(line: string): string {
  return line.slice(keyHead, keyLength)
}

export function keyIn(line: string): KeyRow {
  const [expiresAt, revokedAt, scopes, networks] =
    line.length === keyLength ? unbound : (JSON.parse(line.slice(keyLength)) as Bounds)
  const id = line.slice(0, idLength)
  return { id, applicationId: line.slice(idLength, keyHead), expiresAt, revokedAt, scopes, networks }
}

/** Small enough that a page is garbage before it is old. */
const pageSize = 4000
const lowest = '00000000-0000-0000-0000-000000000000'

async function* pages<Row>(
  reader: Reader,
  statement: string,
  ids: readonly string[] | null,
  read: (line: string) => Row,
): AsyncGenerator<readonly Row[]> {
  if (ids?.length === 0) return
  for (let after = lowest; ;) {
    const [page] = await reader.rows<{ lines: string | null }>(statement, [ids, after, pageSize])
    const lines = page?.lines?.split('\n') ?? []
    if (lines.length > 0) yield lines.map(read)
    if (lines.length < pageSize) return
    after = lines.at(-1)!.slice(0, idLength)
  }
}
