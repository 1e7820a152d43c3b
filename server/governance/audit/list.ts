/** The audit as people read it: searched, page by page, as a whole file, and by a partner whose own it is. */
import * as store from '#/governance/audit/store.ts'
import type { Filter } from '#/governance/audit/store.ts'
import { lineText } from '#/governance/audit/line.ts'
import type { Line } from '#/governance/audit/line.ts'
import type { Sealer } from '#/kernel/crypto/crypto.ts'
import type { Tx } from '#/kernel/db/db.ts'
import { problem } from '#/kernel/problem/problem.ts'

export const BadAuditCursor = problem('audit.bad_cursor', 400, 'This cursor does not continue this list', {
  help: 'A cursor goes with the very query that returned it. Begin again without one.',
})

export type AuditEntry = Omit<Line, 'at' | 'changes'> & {
  readonly at: Date
  readonly changes: Readonly<Record<string, unknown>> | null
}

export type AuditPage<Entry> = {
  readonly data: readonly Entry[]
  /** Null on the last page. */
  readonly nextCursor: string | null
}

export type PageRequest = { readonly limit: number; readonly cursor?: string | null | undefined }

/** All that the list needs of the installation's key. */
export type Signer = Pick<Sealer, 'sign' | 'verify'>

/** The provider's view: newest first, filtered. Throws `BadAuditCursor`. */
export async function listAudit(
  tx: Tx,
  signer: Signer,
  filter: Filter,
  page: PageRequest,
): Promise<AuditPage<AuditEntry>> {
  const { partnerId, actorId, action, subjectKind, subjectId, from, to } = filter
  const context = JSON.stringify([
    'audit.list',
    ...[partnerId, actorId, action, subjectKind, subjectId, from, to].map((value) => value ?? null),
  ])
  const after = readCursor(signer, page.cursor, context)
  const lines = await store.listLines(tx, filter, after, page.limit + 1)
  return paged(lines, page.limit, { signer, context }, toEntry)
}

/**
 * A partner's own lines, newest first. Of what the provider did there is that it did, not who, from where, why
 * and how: those are the provider's affair. Throws `BadAuditCursor`.
 */
export async function listPartnerAudit(
  tx: Tx,
  signer: Signer,
  partnerId: string,
  filter: Pick<Filter, 'action' | 'from' | 'to'>,
  page: PageRequest,
): Promise<AuditPage<PartnerAuditEntry>> {
  const { action = null, from = null, to = null } = filter
  const context = JSON.stringify(['audit.partner', partnerId, action, from, to])
  const after = readCursor(signer, page.cursor, context)
  const lines = await store.listPartnerLines(tx, partnerId, filter, after, page.limit + 1)
  return paged(lines, page.limit, { signer, context }, toPartnerEntry)
}

export type PartnerAuditEntry = Omit<AuditEntry, 'actor' | 'partnerId'> & {
  readonly actor: {
    /** `operator` stands for the provider's people and services alike. */
    readonly kind: 'operator' | 'system' | 'member' | 'application'
    readonly id: string | null
    readonly role: string | null
  }
}

type Binding = { readonly signer: Signer; readonly context: string }

function paged<Entry>(
  lines: readonly Line[],
  limit: number,
  { signer, context }: Binding,
  show: (line: Line) => Entry,
): AuditPage<Entry> {
  const shown = lines.slice(0, limit)
  const last = lines.length > limit ? shown.at(-1) : undefined
  const nextCursor = last ? signer.sign(JSON.stringify({ at: last.at, id: last.id }), context) : null
  return { data: shown.map(show), nextCursor }
}

function readCursor(signer: Signer, cursor: string | null | undefined, context: string): store.Place | null {
  if (cursor == null) return null
  const text = signer.verify(cursor, context)
  if (text === null) throw BadAuditCursor.with()
  return JSON.parse(text) as store.Place
}

function toEntry(line: Line): AuditEntry {
  const { id, at, actor, partnerId, address, action, subject, reason, changes } = line
  return {
    id,
    at: new Date(at),
    actor,
    partnerId,
    address,
    action,
    subject,
    reason,
    changes: changes === null ? null : (JSON.parse(changes) as Record<string, unknown>),
  }
}

function toPartnerEntry(line: Line): PartnerAuditEntry {
  const { actor, partnerId: _, ...entry } = toEntry(line)
  if (actor.kind === 'member' || actor.kind === 'application') {
    return { ...entry, actor: { ...actor, kind: actor.kind } }
  }
  const kind = actor.kind === 'system' ? 'system' : 'operator'
  return { ...entry, actor: { kind, id: null, role: null }, address: null, reason: null, changes: null }
}

export type ExportOptions = {
  /** Continue after this position, the last one of an earlier export. */
  readonly after?: number
  readonly batch?: number
}

/**
 * Everything that is sealed and passes the filter, as JSON Lines in the order of the chain: position, hash, and the
 * line's text as it was hashed; who has all of them can compute the chain. Each batch is read in a transaction of
 * its own (`run`), so a slow reader holds none open.
 */
export async function* exportAudit(
  run: <T>(work: (tx: Tx) => Promise<T>) => Promise<T>,
  filter: Filter,
  options: ExportOptions = {},
): AsyncGenerator<string, void, undefined> {
  const { batch = 500 } = options
  const end = await run((tx) => store.lastSeal(tx))
  for (let after = options.after ?? 0, upTo = end?.position ?? 0; ;) {
    const rows = await run((tx) => store.exportLines(tx, filter, { after, upTo }, batch))
    const last = rows.at(-1)
    if (!last) return
    yield rows
      .map(
        ({ position, hash, line }) =>
          `{"position":${position},"hash":"${hash.toString('hex')}","line":${lineText(line)}}\n`,
      )
      .join('')
    if (rows.length < batch) return
    after = last.position
  }
}
