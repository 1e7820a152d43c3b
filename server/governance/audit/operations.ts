/** A partner reads what was done in its organisation, and by whom of its own. */
import { Type } from 'typebox'
import type { Static } from 'typebox'
import { listPartnerAudit } from '#/governance/audit/audit.ts'
import type { PartnerAuditEntry } from '#/governance/audit/audit.ts'
import { pageQuery, pageQueryOf, defaultLimit, partnerOperation } from '#/kernel/http/http.ts'
import type { PartnerOperation, Signer } from '#/kernel/http/http.ts'
import { publicId } from '#/kernel/id/id.ts'
import { problem } from '#/kernel/problem/problem.ts'

export const badAuditTime = problem('audit.bad_time', 422, 'This is no time', {
  help: '`from` and `to` are times such as `2026-11-01T00:00:00Z`.',
})

const Time = Type.String({ format: 'date-time' })
const TextOrNull = Type.Union([Type.String(), Type.Null()])
const Entry = Type.Object({
  id: Type.String(),
  at: Time,
  actor: Type.Object({
    kind: Type.Enum(['operator', 'system', 'member', 'application'], {
      description: '`operator` stands for the people and services of the provider.',
    }),
    id: TextOrNull,
    role: TextOrNull,
  }),
  address: TextOrNull,
  action: Type.String({ description: 'Area and verb, `keys.revoke`.' }),
  subject: Type.Union([Type.Object({ kind: Type.String(), id: Type.String() }), Type.Null()]),
  reason: TextOrNull,
  changes: Type.Unsafe<Readonly<Record<string, unknown>> | null>({
    type: ['object', 'null'],
    description: 'Ids, names of fields, and values of closed lists; no personal data.',
    'x-portico-class': 'public',
  }),
})

export function auditOperations({ sealer }: { readonly sealer: Signer }): PartnerOperation[] {
  return [
    partnerOperation({
      id: 'listAudit',
      method: 'GET',
      path: '/partner/audit',
      summary: 'What was done in your organisation, newest first',
      capability: 'partner-api',
      organisation: true,
      scopes: ['audit:read'],
      permission: 'audit:read',
      query: Type.Object({
        action: Type.Optional(
          Type.String({
            minLength: 1,
            maxLength: 100,
            description: '`keys.revoke`, or all of an area: `keys`.',
          }),
        ),
        from: Type.Optional(Type.String({ format: 'date-time', description: 'Not before.' })),
        to: Type.Optional(Type.String({ format: 'date-time', description: 'Before.' })),
        ...pageQuery,
      }),
      status: 200,
      response: Type.Object({
        data: Type.Array(Entry),
        nextCursor: Type.Union([Type.String(), Type.Null()], { description: 'Null on the last page.' }),
      }),
      async handle(tx, { partnerId, query }) {
        const filter = {
          action: query.get('action') ?? undefined,
          from: readTime(query.get('from')),
          to: readTime(query.get('to')),
        }
        const { limit = defaultLimit, cursor } = pageQueryOf(query)
        const page = await listPartnerAudit(tx, sealer, partnerId, filter, { limit, cursor })
        return { status: 200, body: { ...page, data: page.data.map(present) } }
      },
    }),
  ]
}

function readTime(text: string | null): Date | undefined {
  if (text === null) return undefined
  const time = new Date(text)
  if (Number.isNaN(time.getTime())) throw badAuditTime.with()
  return time
}

/** How the ids of what a line is about leave the program; what is not among them is named in words. */
const prefixes: Readonly<Record<string, string>> = {
  partner: 'ptn',
  application: 'app',
  key: 'key',
  member: 'per',
  person: 'per',
  invitation: 'ivt',
}

function idOf(kind: string, id: string): string {
  const prefix = prefixes[kind]
  return prefix === undefined ? id : publicId(prefix, id)
}

function present(entry: PartnerAuditEntry): Static<typeof Entry> {
  const { id, at, actor, address, action, subject, reason, changes } = entry
  return {
    id: publicId('aud', id),
    at: at.toISOString(),
    actor: { ...actor, id: actor.id === null ? null : idOf(actor.kind, actor.id) },
    address,
    action,
    subject: subject && { kind: subject.kind, id: idOf(subject.kind, subject.id) },
    reason,
    changes,
  }
}
