/** How a line leaves the program, and how its filter comes in: with the ids that everyone else sees. */
import { Type } from 'typebox'
import type { AuditEntry } from '#/governance/audit/list.ts'
import type { Filter } from '#/governance/audit/store.ts'
import { problem } from '#/kernel/problem/problem.ts'
import { parseId, publicId } from '#/kernel/id/id.ts'

export const BadAuditFilter = problem('audit.bad_filter', 422, 'The audit cannot be searched for this', {
  help: 'Times are written like `2026-11-01T00:00:00Z`, ids with their prefix, and `from` lies before `to`.',
})

/** What stands before the id of a subject or an actor of this kind. Of others (a session) the id leaves as it is. */
const prefixes: Readonly<Record<string, string>> = {
  partner: 'ptn',
  application: 'app',
  key: 'key',
  'service-key': 'svk',
  service: 'svk',
  person: 'per',
  operator: 'per',
  member: 'per',
  proposal: 'prp',
  invitation: 'ivt',
  package: 'pkg',
  'access-request': 'acr',
  capability: 'cap',
  gate: 'gat',
}

const time = (description: string) => Type.Optional(Type.String({ maxLength: 40, description }))

export const filterQuery = {
  partner: Type.Optional(Type.String({ pattern: '^ptn_[0-9a-f]{32}$' })),
  actor: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 100,
      description: 'Who acted: `per_…`, `svk_…`, `app_…`, or the name of a part of the system.',
    }),
  ),
  action: Type.Optional(
    Type.String({
      pattern: '^[a-z0-9_-]+(\\.[a-z0-9_-]+)*$',
      maxLength: 100,
      description: '`keys.revoke`, or all of `keys`.',
    }),
  ),
  subject: Type.Optional(
    Type.String({
      pattern: '^[a-z]+_[0-9a-f]{32}$',
      description: 'What it was done to: `key_…`, `ptn_…`, …',
    }),
  ),
  from: time('Not before this time.'),
  to: time('Before this time.'),
}

type FilterQuery = { readonly [Name in keyof typeof filterQuery]?: string | undefined }

/** Throws `BadAuditFilter`. */
export function readFilter(query: FilterQuery): Filter {
  const subject = query.subject?.split('_', 1)[0] ?? ''
  const subjectId = query.subject === undefined ? undefined : parseId(subject, query.subject)
  if (subjectId === null || (subjectId && !Object.values(prefixes).includes(subject))) {
    throw refused('subject', 'is no id of ours')
  }
  const [from, to] = [readTime('from', query.from), readTime('to', query.to)]
  if (from && to && from >= to) throw refused('from', 'does not lie before `to`')
  return {
    partnerId: query.partner === undefined ? undefined : (parseId('ptn', query.partner) ?? undefined),
    actorId: query.actor === undefined ? undefined : readActor(query.actor),
    action: query.action,
    subjectId,
    from,
    to,
  }
}

/** An id in its own form; anything else is the name of a part of the system. */
function readActor(text: string): string {
  return parseId(text.split('_', 1)[0] ?? '', text) ?? text
}

function readTime(name: string, text: string | undefined): Date | undefined {
  if (text === undefined) return undefined
  const at = new Date(text)
  if (Number.isNaN(at.getTime())) throw refused(name, 'is no time')
  return at
}

function refused(name: string, detail: string) {
  return BadAuditFilter.with({ errors: [{ in: 'query', name, code: 'format', detail }] })
}

export function showEntry(entry: AuditEntry) {
  const { id, at, actor, partnerId, subject } = entry
  return {
    ...entry,
    id: publicId('aud', id),
    at: at.toISOString(),
    actor: { ...actor, id: actor.id && showAuditId(actor.kind, actor.id) },
    partnerId: partnerId && publicId('ptn', partnerId),
    subject: subject && { kind: subject.kind, id: showAuditId(subject.kind, subject.id) },
  }
}

/** The id of a subject or an actor as it leaves; a name, and an id of a kind without a prefix, as it is. */
export function showAuditId(kind: string, id: string): string {
  const prefix = Object.hasOwn(prefixes, kind) ? prefixes[kind] : undefined
  return prefix !== undefined && /^[0-9a-f-]{36}$/.test(id) ? publicId(prefix, id) : id
}
