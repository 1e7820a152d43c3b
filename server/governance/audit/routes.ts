/** The audit in the management API: searched, taken away as a file, and checked. */
import { Type } from 'typebox'
import type { Anchor } from '#/governance/audit/anchor.ts'
import type { Digester } from '#/governance/audit/line.ts'
import { exportAudit, listAudit } from '#/governance/audit/list.ts'
import { filterQuery, readFilter, showEntry } from '#/governance/audit/shown.ts'
import { verifyAudit } from '#/governance/audit/verify.ts'
import type { Finding, Verified } from '#/governance/audit/verify.ts'
import { pageQuery, pageSchema, route, streamed } from '#/kernel/http/http.ts'
import type { Route, Signer } from '#/kernel/http/http.ts'
import { publicId } from '#/kernel/id/id.ts'

const noText = Type.Union([Type.String(), Type.Null()])

const EntryAnswer = Type.Object({
  id: Type.String(),
  at: Type.String({ format: 'date-time' }),
  actor: Type.Object({ kind: Type.String(), id: Type.String(), role: noText }),
  partnerId: noText,
  address: noText,
  action: Type.String(),
  subject: Type.Union([Type.Object({ kind: Type.String(), id: Type.String() }), Type.Null()]),
  reason: noText,
  changes: Type.Union([Type.Object({}, { additionalProperties: true }), Type.Null()]),
})

const VerifyAnswer = Type.Object({
  intact: Type.Boolean({ description: 'Nothing was found.' }),
  sealed: Type.Integer({ description: 'Lines in the chain.' }),
  waiting: Type.Integer({ description: 'Lines of the last moments that are not in the chain yet.' }),
  end: Type.Union([Type.String(), Type.Null()], {
    description:
      'Position and hash of the last line; kept elsewhere, it shows later that nothing was cut off.',
  }),
  findings: Type.Array(
    Type.Object({
      kind: Type.String(),
      position: Type.Union([Type.Integer(), Type.Null()]),
      lineId: noText,
      text: Type.String(),
    }),
  ),
  complete: Type.Boolean({ description: 'False: there is more; these are the first.' }),
})

export type AuditRouteDeps = {
  readonly sealer: Signer & Digester
  readonly anchor: Pick<Anchor, 'read'>
}

export function auditRoutes(deps: AuditRouteDeps): Route[] {
  return [listRoute(deps), exportRoute(), verifyRoute(deps)]
}

function listRoute({ sealer }: AuditRouteDeps): Route {
  return route({
    method: 'GET',
    path: '/v1/audit',
    permission: 'audit:read',
    summary: 'Who did what, newest first',
    query: Type.Object({ ...filterQuery, ...pageQuery }),
    answer: { status: 200, schema: pageSchema(EntryAnswer) },
    handle: async ({ query, transact }) => {
      const filter = readFilter(query)
      const page = await transact((tx) => listAudit(tx, sealer, filter, query))
      return { status: 200, body: { ...page, data: page.data.map(showEntry) } }
    },
  })
}

function exportRoute(): Route {
  return route({
    method: 'GET',
    path: '/v1/audit/export',
    permission: 'audit:read',
    summary: 'The sealed audit as JSON Lines, in the order of the chain, as it was hashed',
    query: Type.Object({
      ...filterQuery,
      after: Type.Optional(
        Type.Integer({ minimum: 0, description: 'Continue after this position of an earlier export.' }),
      ),
    }),
    answer: { status: 200 },
    handle: async ({ query, transact }) => {
      const filter = readFilter(query)
      const { after = 0 } = query
      const fields = Object.keys(query)
      await transact(async (tx) => tx.audit({ action: 'audit.export', changes: { fields } }))
      return {
        status: 200,
        headers: {
          'content-type': 'application/jsonl',
          'content-disposition': 'attachment; filename="audit.jsonl"',
        },
        body: streamed(exportAudit(transact, filter, { after })),
      }
    },
  })
}

function verifyRoute({ sealer, anchor }: AuditRouteDeps): Route {
  // Reads everything there is, so whoever asks meanwhile gets the answer that is being made.
  let running: Promise<Verified> | null = null
  return route({
    method: 'GET',
    path: '/v1/audit/verify',
    permission: 'audit:read',
    summary: 'Is the audit still what was written?',
    answer: { status: 200, schema: VerifyAnswer },
    handle: async ({ transact }) => {
      const known = anchor.read()
      running ??= transact((tx) => verifyAudit(tx, sealer, known ? [known] : [])).finally(() => {
        running = null
      })
      return { status: 200, body: showVerified(await running) }
    },
  })
}

function showVerified({ head, waiting, findings, complete }: Verified) {
  return {
    intact: findings.length === 0,
    sealed: head?.position ?? 0,
    waiting,
    end: head ? `${head.position}:${head.hash.toString('hex')}` : null,
    findings: findings.map((finding: Finding) => ({
      ...finding,
      lineId: finding.lineId === null ? null : publicId('aud', finding.lineId),
    })),
    complete,
  }
}
