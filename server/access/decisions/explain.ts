/** Why a decision was what it was: the facts of a past moment, as far as they were known at another. */
import { Type } from 'typebox'
import type { Deciding } from '#/access/decisions/decisions.ts'
import { operationUnknown } from '#/access/decisions/decisions.ts'
import { operationOf } from '#/access/decisions/routes.ts'
import { DecisionAnswer, showDecision } from '#/access/decisions/shown.ts'
import { decide, factsAt, readCatalogue, readPartnerFacts } from '#/access/entitlements/entitlements.ts'
import type { AccessDecision } from '#/access/entitlements/entitlements.ts'
import type { Environment } from '#/access/packages/packages.ts'
import { applicationNotFound, findApplication } from '#/identity/applications/applications.ts'
import { findPartner, partnerNotFound } from '#/identity/partners/partners.ts'
import { parseTime } from '#/kernel/clock/clock.ts'
import type { Tx } from '#/kernel/db/db.ts'
import { route } from '#/kernel/http/http.ts'
import type { Route } from '#/kernel/http/http.ts'
import { parseId } from '#/kernel/id/id.ts'
import { problem } from '#/kernel/problem/problem.ts'

export const momentInvalid = problem('decisions.moment_invalid', 422, 'This is no moment', {
  help: 'Write date and time as RFC 3339 has them: 2026-11-26T09:00:00Z.',
})

export type Question = {
  readonly capability: string | null
  readonly environment: Environment
  readonly applicationId: string | null
  /** Of which moment, in business time, and with what was recorded until when. Null: all of it. */
  readonly at: Date
  readonly knownAt: Date | null
}

/** Throws `partnerNotFound`. */
export async function explain(tx: Tx, partnerId: string, question: Question): Promise<AccessDecision> {
  const partner = await findPartner(tx, partnerId)
  if (!partner) throw partnerNotFound.with()
  const { capability, environment, applicationId, at, knownAt } = question
  const catalogue = await readCatalogue(tx, knownAt)
  const [facts] = await readPartnerFacts(tx, [partner], knownAt)
  const found = catalogue.capabilities.get(capability ?? '') ?? null
  return decide(factsAt(catalogue, found, facts!, { environment, applicationId, moment: at.getTime() }))
}

export function explainRoute(deciding: Deciding): Route {
  return route({
    method: 'GET',
    path: '/v1/partners/:id/access/explain',
    permission: 'access:read',
    summary: 'Why a partner may call an operation or not, at any moment, as far as it was known then',
    params: Type.Object({ id: Type.String({ description: '`ptn_…`' }) }),
    query: Type.Object({
      operation: Type.String({ maxLength: 200, description: 'Its id in the contract that is served now.' }),
      environment: Type.Optional(Type.Union([Type.Literal('live'), Type.Literal('sandbox')])),
      application: Type.Optional(Type.String({ description: '`app_…`; brings its environment.' })),
      at: Type.Optional(Type.String({ description: 'Of which moment; now without it.' })),
      known: Type.Optional(
        Type.String({ description: 'With what was recorded until when; that moment without it.' }),
      ),
    }),
    answer: { status: 200, schema: DecisionAnswer },
    handle: async ({ params, query, transact }) => {
      const partnerId = parseId('ptn', params.id)
      if (partnerId === null) throw partnerNotFound.with()
      const at = momentOf(query.at)
      const knownAt = momentOf(query.known) ?? at
      const decision = await transact(async (tx) => {
        if (!(await findPartner(tx, partnerId))) throw partnerNotFound.with()
        const application = await applicationOf(tx, partnerId, query.application)
        const served = operationOf(deciding, query)
        if (!served) throw operationUnknown.with()
        const environment = application?.environment ?? query.environment ?? 'live'
        return explain(tx, partnerId, {
          capability: served.operation.capability,
          environment,
          applicationId: application?.id ?? null,
          at: at ?? deciding.now(environment),
          knownAt,
        })
      })
      return { status: 200, body: showDecision(decision) }
    },
  })
}

async function applicationOf(tx: Tx, partnerId: string, text: string | undefined) {
  if (text === undefined) return null
  const id = parseId('app', text)
  if (id === null) throw applicationNotFound.with()
  return findApplication(tx, partnerId, id)
}

function momentOf(text: string | undefined): Date | null {
  if (text === undefined) return null
  const moment = parseTime(text)
  if (Number.isNaN(moment.getTime())) throw momentInvalid.with({ detail: `${text} is not a date and time.` })
  return moment
}
