/** Every statement on the audit and its chain. Nothing here updates or deletes a line, a seal or a head. */
import type { Head, Line } from '#/governance/audit/line.ts'
import type { Tx } from '#/kernel/db/db.ts'

/** Reading needs no more of a transaction, and a test may bring its own. */
export type Rows = Pick<Tx, 'rows'>

const lineColumns = `
  line.id, to_char(line.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at,
  line.actor_kind as "actorKind", line.actor_id as "actorId", line.actor_role as "actorRole",
  line.partner_id as "partnerId", line.address, line.action,
  line.subject_kind as "subjectKind", line.subject_id as "subjectId", line.reason, line.changes::text as changes,
  line.mac`

/** The same eight in every statement that filters; PostgreSQL drops those that are null when it plans. */
const filtered = `
  ($1::uuid is null or line.partner_id = $1) and ($2::text is null or line.actor_id = $2)
  and ($3::text is null or line.action >= $3) and ($4::text is null or line.action < $4)
  and ($5::text is null or line.subject_kind = $5) and ($6::text is null or line.subject_id = $6)
  and ($7::timestamptz is null or line.at >= $7) and ($8::timestamptz is null or line.at < $8)`

export const statements = {
  // Line and queue in one statement, so that neither can be without the other. Worlds call it, hence the schema.
  insertLines: `
    with written as (
      insert into control.governance_audit (
        id, at, actor_kind, actor_id, actor_role, address,
        partner_id, action, subject_kind, subject_id, reason, changes, mac
      )
      select line.id, $2::timestamptz, $3::text, $4::text, $5::text, $6::text,
        line.partner_id, line.action, line.subject_kind, line.subject_id, line.reason, line.changes, line.mac
      from unnest(
        $1::uuid[], $7::uuid[], $8::text[], $9::text[], $10::text[], $11::text[], $12::json[], $13::bytea[]
      ) as line (id, partner_id, action, subject_kind, subject_id, reason, changes, mac)
    )
    insert into control.governance_audit_unsealed (audit_id) select unnest($1::uuid[])`,
  // One seals at a time; another gives up at once and is not missed. A statement of its own: the next one's
  // snapshot then holds what the last sealer committed before it let the lock go.
  lockChain: `select pg_try_advisory_xact_lock(7301942513) as mine`,
  lastSeal: `select position::float8 as position, hash from governance_audit_seal order by position desc limit 1`,
  lastHead: `
    select position::float8 as position, hash, mac from governance_audit_head order by position desc limit 1`,
  hashAt: `select hash from governance_audit_seal where position = $1`,
  listUnsealed: `
    select ${lineColumns}
    from governance_audit_unsealed as waiting join governance_audit as line on line.id = waiting.audit_id
    order by waiting.audit_id limit $1`,
  insertSeals: `
    with sealed as (delete from governance_audit_unsealed where audit_id = any($2::uuid[]))
    insert into governance_audit_seal (position, audit_id, hash)
    select $1::bigint + ordinality, audit_id, hash
    from unnest($2::uuid[], $3::bytea[]) with ordinality as seal (audit_id, hash, ordinality)`,
  insertHead: `insert into governance_audit_head (position, hash, mac) values ($1, $2, $3)`,

  readChain: `
    select seal.position::text as "position", seal.audit_id as "auditId", seal.hash,
      head.hash as "headHash", head.mac as "headMac", ${lineColumns}
    from governance_audit_seal as seal
    left join governance_audit as line on line.id = seal.audit_id
    left join governance_audit_head as head on head.position = seal.position
    where seal.position > $1::bigint order by seal.position limit $2`,
  // Judged in the snapshot of one statement: between two of them a sealer may have moved a line.
  readUnsealed: `
    with page as (select id from governance_audit where id > $1 order by id limit $2)
    select page.id as "pageId", seal.audit_id is not null as sealed, waiting.audit_id is not null as waiting,
      ${lineColumns}
    from page
    left join governance_audit_seal as seal on seal.audit_id = page.id
    left join governance_audit_unsealed as waiting on waiting.audit_id = page.id
    left join governance_audit as line on line.id = page.id and seal.audit_id is null
    order by page.id`,
  strayHeads: `
    select head.position::float8 as position from governance_audit_head as head
    where not exists (select from governance_audit_seal as seal where seal.position = head.position)
    order by head.position limit 1`,
  strayWaiting: `
    select waiting.audit_id as id, seal.position::float8 as position from governance_audit_unsealed as waiting
    left join governance_audit as line on line.id = waiting.audit_id
    left join governance_audit_seal as seal on seal.audit_id = waiting.audit_id
    where line.id is null or seal.audit_id is not null order by waiting.audit_id limit 100`,

  listLines: `
    select ${lineColumns} from governance_audit as line
    where ${filtered} and ($9::timestamptz is null or (line.at, line.id) < ($9, $10::uuid))
    order by line.at desc, line.id desc limit $11`,
  listPartnerLines: `
    select ${lineColumns} from governance_audit as line
    where partner_id = $1 /* owner */
      and ($2::text is null or line.action >= $2) and ($3::text is null or line.action < $3)
      and ($4::timestamptz is null or line.at >= $4) and ($5::timestamptz is null or line.at < $5)
      and ($6::timestamptz is null or (line.at, line.id) < ($6, $7::uuid))
    order by line.at desc, line.id desc limit $8`,
  exportLines: `
    select seal.position::float8 as position, seal.hash, ${lineColumns}
    from governance_audit_seal as seal join governance_audit as line on line.id = seal.audit_id
    where ${filtered} and seal.position > $9::bigint and seal.position <= $10::bigint
    order by seal.position limit $11`,
} as const

type LineRow = {
  readonly id: string
  readonly at: string
  readonly actorKind: string
  readonly actorId: string
  readonly actorRole: string | null
  readonly partnerId: string | null
  readonly address: string | null
  readonly action: string
  readonly subjectKind: string | null
  readonly subjectId: string | null
  readonly reason: string | null
  readonly changes: string | null
  readonly mac: Buffer
}

/** A line and the code it was written with. */
export type StoredLine = Line & { readonly mac: Buffer }

function toLine(row: LineRow): StoredLine {
  const { id, at, actorKind, actorId, actorRole, partnerId, address, action } = row
  const { subjectKind, subjectId, reason, changes, mac } = row
  const subject = subjectKind === null || subjectId === null ? null : { kind: subjectKind, id: subjectId }
  const actor = { kind: actorKind, id: actorId, role: actorRole }
  return { id, at, actor, partnerId, address, action, subject, reason, changes, mac }
}

export async function lockChain(tx: Rows): Promise<boolean> {
  return (await tx.rows<{ mine: boolean }>(statements.lockChain))[0]?.mine ?? false
}

export async function lastSeal(tx: Rows): Promise<Head | null> {
  return (await tx.rows<Head>(statements.lastSeal))[0] ?? null
}

export async function lastHead(tx: Rows): Promise<(Head & { readonly mac: Buffer }) | null> {
  return (await tx.rows<Head & { mac: Buffer }>(statements.lastHead))[0] ?? null
}

/** Null where the chain has no such position. */
export async function hashAt(tx: Rows, position: number): Promise<Buffer | null> {
  return (await tx.rows<{ hash: Buffer }>(statements.hashAt, [position]))[0]?.hash ?? null
}

export async function listUnsealed(tx: Rows, limit: number): Promise<StoredLine[]> {
  return (await tx.rows<LineRow>(statements.listUnsealed, [limit])).map(toLine)
}

/** The first of them gets the position after `after`. They leave the queue. */
export async function insertSeals(
  tx: Rows,
  after: number,
  ids: readonly string[],
  hashes: readonly Buffer[],
): Promise<void> {
  await tx.rows(statements.insertSeals, [after, ids, hashes])
}

export async function insertHead(tx: Rows, head: Head, mac: Buffer): Promise<void> {
  await tx.rows(statements.insertHead, [head.position, head.hash, mac])
}

/** One place of the chain; `line` is null where it is gone, `head` where no batch ended. */
export type Link = {
  /** As text: it continues the reading, and whoever tampers is not bound to numbers that JavaScript can hold. */
  readonly position: string
  readonly auditId: string
  readonly hash: Buffer
  readonly line: StoredLine | null
  readonly head: { readonly hash: Buffer; readonly mac: Buffer } | null
}

export async function readChain(tx: Rows, after: string, limit: number): Promise<Link[]> {
  type Row = Omit<LineRow, 'id'> & Pick<Link, 'position' | 'auditId' | 'hash'>
  type Found = Row & { id: string | null; headHash: Buffer | null; headMac: Buffer | null }
  const rows = await tx.rows<Found>(statements.readChain, [after, limit])
  return rows.map((row) => ({
    position: row.position,
    auditId: row.auditId,
    hash: row.hash,
    line: row.id === null ? null : toLine({ ...row, id: row.id }),
    head: row.headHash && row.headMac ? { hash: row.headHash, mac: row.headMac } : null,
  }))
}

/** A line by its id: in the chain, or still waiting for it (then it is read as well), or neither. */
export type Unsealed = {
  readonly id: string
  readonly sealed: boolean
  readonly waiting: boolean
  readonly line: StoredLine | null
}

export async function readUnsealed(tx: Rows, after: string, limit: number): Promise<Unsealed[]> {
  type Found = Omit<LineRow, 'id'> & { id: string | null; pageId: string; sealed: boolean; waiting: boolean }
  const rows = await tx.rows<Found>(statements.readUnsealed, [after, limit])
  return rows.map((row) => ({
    id: row.pageId,
    sealed: row.sealed,
    waiting: row.waiting,
    line: row.id === null ? null : toLine({ ...row, id: row.id }),
  }))
}

/** The first head that stands at no position of the chain. */
export async function strayHead(tx: Rows): Promise<number | null> {
  return (await tx.rows<{ position: number }>(statements.strayHeads))[0]?.position ?? null
}

/** What waits without a line, or although it is sealed. */
export async function strayWaiting(tx: Rows): Promise<{ id: string; position: number | null }[]> {
  return tx.rows(statements.strayWaiting)
}

export type Filter = {
  readonly partnerId?: string | undefined
  readonly actorId?: string | undefined
  /** `keys.revoke`, or all of an area: `keys`. */
  readonly action?: string | undefined
  readonly subjectKind?: string | undefined
  readonly subjectId?: string | undefined
  /** Half-open, `[from, to)`. */
  readonly from?: Date | undefined
  readonly to?: Date | undefined
}

/** The key of the last line that was shown. */
export type Place = { readonly at: string; readonly id: string }

/** Lower and upper bound (exclusive) of an action, or of all actions of an area. They sort by bytes. */
function actionRange(action: string | undefined): [string | null, string | null] {
  if (action === undefined) return [null, null]
  return action.includes('.') ? [action, `${action}\u0001`] : [`${action}.`, `${action}/`]
}

function filterValues(filter: Filter): unknown[] {
  const { partnerId, actorId, action, subjectKind, subjectId, from, to } = filter
  return [partnerId, actorId, ...actionRange(action), subjectKind, subjectId, from, to].map(
    (value) => value ?? null,
  )
}

/** Newest first. */
export async function listLines(tx: Rows, filter: Filter, after: Place | null, limit: number) {
  const values = [...filterValues(filter), after?.at ?? null, after?.id ?? null, limit]
  return (await tx.rows<LineRow>(statements.listLines, values)).map(toLine)
}

/** Newest first. */
export async function listPartnerLines(
  tx: Rows,
  partnerId: string,
  filter: Pick<Filter, 'action' | 'from' | 'to'>,
  after: Place | null,
  limit: number,
) {
  const { action, from = null, to = null } = filter
  const place = [after?.at ?? null, after?.id ?? null]
  const values = [partnerId, ...actionRange(action), from, to, ...place, limit]
  return (await tx.rows<LineRow>(statements.listPartnerLines, values)).map(toLine)
}

/** In the order of the chain, from after one position up to another. */
export async function exportLines(
  tx: Rows,
  filter: Filter,
  range: { readonly after: number; readonly upTo: number },
  limit: number,
) {
  type Row = LineRow & { position: number; hash: Buffer }
  const values = [...filterValues(filter), range.after, range.upTo, limit]
  const rows = await tx.rows<Row>(statements.exportLines, values)
  return rows.map((row) => ({ position: row.position, hash: row.hash, line: toLine(row) }))
}
