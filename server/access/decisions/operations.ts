/** What a partner sees of its access: what it has, what it could ask for, and why not. */
import { Type } from 'typebox'
import { given, Next, Rule, showMoment, showTrail, Trail } from '#/access/decisions/shown.ts'
import { decide, factsAt, readCatalogue, readPartnerFacts } from '#/access/entitlements/entitlements.ts'
import type { Catalogue, Facts } from '#/access/entitlements/entitlements.ts'
import { findPartner } from '#/identity/partners/partners.ts'
import { partnerOperation } from '#/kernel/http/http.ts'
import type { PartnerOperation } from '#/kernel/http/http.ts'

const orNull = Type.Null()

const CapabilityAnswer = Type.Object({
  name: Type.String(),
  title: Type.String(),
  state: Type.Union([Type.Literal('pilot'), Type.Literal('general'), Type.Literal('deprecated')]),
  allow: Type.Boolean(),
  reason: Type.Union([Type.String(), orNull], { description: 'Null when it is allowed.' }),
  rule: Type.Union([Rule, orNull]),
  detail: Type.String(),
  next: Next,
  ...given,
  trail: Trail,
  validUntil: Type.Union([Type.String({ format: 'date-time' }), orNull]),
})

const AccessAnswer = Type.Object({
  environment: Type.Union([Type.Literal('live'), Type.Literal('sandbox')]),
  package: Type.Union([
    Type.Object({
      name: Type.String(),
      title: Type.String(),
      version: Type.Integer(),
      webhooks: Type.Boolean(),
      support: Type.String(),
      sla: Type.Union([Type.String(), orNull]),
    }),
    orNull,
  ]),
  agreement: Type.String({ description: '`none`, `pending`, `active`, `expiring` or `ended`.' }),
  capabilities: Type.Array(CapabilityAnswer),
})

export function accessOperation(): PartnerOperation {
  return partnerOperation({
    id: 'getAccess',
    method: 'GET',
    path: '/partner/access',
    summary: 'What you may call, what you could ask for, and why not',
    description: 'As of now, in the environment of the key. It is the decision that your calls meet.',
    capability: 'partner-api',
    scopes: [],
    permission: 'access:read',
    status: 200,
    response: AccessAnswer,
    handle: async (tx, { partnerId, applicationId, environment, member }) => {
      const partner = await findPartner(tx, partnerId)
      if (!partner) throw new Error('the partner of a call is not there')
      const catalogue = await readCatalogue(tx, null)
      const [own] = await readPartnerFacts(tx, [partner], null)
      const asked = {
        environment,
        applicationId: member === null ? applicationId : null,
        moment: tx.now.getTime(),
      }
      const all = named(catalogue).map((each) => factsAt(catalogue, each, own!, asked))
      const anyFacts = factsAt(catalogue, null, own!, asked)
      return {
        status: 200,
        body: {
          environment,
          package: showPackage(anyFacts.package.value),
          agreement: anyFacts.agreement.posture,
          capabilities: all.flatMap(showCapability),
        },
      }
    },
  })
}

function named(catalogue: Catalogue) {
  return [...catalogue.capabilities.values()].filter((each) => !each.isOwn)
}

function showPackage(version: Facts['package']['value']) {
  if (version === null) return null
  const { name, title, number, terms } = version
  const { webhooks, support, sla } = terms
  return { name, title, version: number, webhooks, support, sla }
}

/** Nothing of what is hidden, whatever hides it. */
function showCapability(facts: Facts) {
  const { reason, allow, rule, detail, next, trail, validUntil, ...rest } = decide(facts)
  const state = facts.exposure.value
  const isSeen = state === 'pilot' || state === 'general' || state === 'deprecated'
  if (!isSeen || facts.capability === null || reason?.status === 404) return []
  const { name, title } = facts.capability
  return [
    {
      name,
      title,
      state,
      allow,
      rule,
      detail,
      ...rest,
      reason: reason?.code ?? null,
      next: next.map((step) => ({ ...step })),
      trail: showTrail(trail),
      validUntil: showMoment(validUntil),
    },
  ]
}
