/** The audit as people read it: searched, page by page, as a whole file, and by a partner whose own it is. */
import * as store from '#/governance/audit/store.ts'
import type { Filter, Place } from '#/governance/audit/store.ts'
import { lineText } from '#/governance/audit/line.ts'
import type { Line } from '#/governance/audit/line.ts'
import type { Tx } from '#/kernel/db/db.ts'
import { pageOf } from '#/kernel/http/http.ts'
import type { Page, PageQuery, Signer } from '#/kernel/http/http.ts'

export type AuditEntry = Omit<Line, 'at' | 'changes'> & {
  readonly at: Date
  readonly changes: Readonly<Record<string, unknown>> | null
}

/** The provider's view: newest first, filtered. Throws `BadCursor`. */
export async function listAudit(
  tx: Tx,
  signer: Signer,
  filter: Filter,
  page: PageQuery,
): Promise<Page<AuditEntry>> {
  const { partnerId, actorId, action, subjectKind, subjectId, from, to } = filter
  const bound = ['audit', partnerId, actorId, action, subjectKind, subjectId, from, to]
  const read = (after: Place | null, limit: number) => store.listLines(tx, filter, after, limit)
  return paged(signer, bound, page, read, toEntry)
}

/** The last line on a subject that another than this part of the system wrote. `action`: of these only, as in a filter. */
export async function lastAudit(
  tx: Tx,
  subject: { readonly kind: string; readonly id: string },
  { but, action }: { readonly but: string; readonly action?: string | undefined },
): Promise<AuditEntry | null> {
  const filter = { subjectKind: subject.kind, subjectId: subject.id, action }
  const lines = await store.listLines(tx, filter, null, 50)
  const found = lines.find(({ actor }) => actor.kind !== 'system' || actor.id !== but)
  return found ? toEntry(found) : null
}

/**
 * A partner's own lines, newest first. Of what the provider did there is that it did, not who, from where, why
 * and how: those are the provider's affair. Throws `BadCursor`.
 */
export async function listPartnerAudit(
  tx: Tx,
  signer: Signer,
  partnerId: string,
  filter: Pick<Filter, 'action' | 'from' | 'to'>,
  page: PageQuery,
): Promise<Page<PartnerAuditEntry>> {
  const { action, from, to } = filter
  const bound = ["a partner's audit", partnerId, action, from, to]
  const read = (after: Place | null, limit: number) =>
    store.listPartnerLines(tx, partnerId, filter, after, limit)
  return paged(signer, bound, page, read, toPartnerEntry)
}

export type PartnerAuditEntry = Omit<AuditEntry, 'actor' | 'partnerId'> & {
  readonly actor: {
    /** `operator` stands for the provider's people and services alike. */
    readonly kind: 'operator' | 'system' | 'member' | 'application'
    readonly id: string | null
    readonly role: string | null
  }
}

/** By time and id: those of one transaction have the same time. */
async function paged<Entry>(
  signer: Signer,
  bound: readonly unknown[],
  query: PageQuery,
  read: (after: Place | null, limit: number) => Promise<readonly Line[]>,
  show: (line: Line) => Entry,
): Promise<Page<Entry>> {
  const page = await pageOf(signer, bound, query, async ({ after, limit }) => {
    const [at = '', id = ''] = after?.split(' ') ?? []
    const lines = await read(after === undefined ? null : { at, id }, limit)
    return lines.map((line) => ({ id: `${line.at} ${line.id}`, line }))
  })
  return { data: page.data.map(({ line }) => show(line)), nextCursor: page.nextCursor }
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
