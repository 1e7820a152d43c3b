/** How a decision is written in an API. */
import { Type } from 'typebox'
import type { Static } from 'typebox'
import type { AccessDecision, TrailLink } from '#/access/entitlements/entitlements.ts'
import { decisionRules } from '#/gateway/gateway.ts'
import type { DecisionRule } from '#/gateway/gateway.ts'

const orNull = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) =>
  Type.Union([schema, Type.Null()])

const moment = orNull(Type.String({ format: 'date-time' }))

export const Rule = Type.Unsafe<DecisionRule>({ type: 'string', enum: [...decisionRules] })

export const Next = Type.Array(
  Type.Object({ action: Type.String(), detail: Type.String(), href: Type.Optional(Type.String()) }),
  { description: 'What the partner can do about a refusal.' },
)

export const Limits = orNull(
  Type.Object({
    burst: Type.Number({ description: 'Calls at once.' }),
    perSecond: Type.Number({ description: 'Steady.' }),
  }),
)

export const QuotaAnswer = orNull(
  Type.Object({
    amount: Type.Number(),
    period: Type.Union([Type.Literal('day'), Type.Literal('month'), Type.Literal('billing-period')]),
  }),
)

export const PriceAnswer = orNull(Type.Object({ amount: Type.String(), currency: Type.String() }))

export const Trail = Type.Array(
  Type.Object({
    rule: Rule,
    ok: Type.Boolean(),
    value: Type.String({ description: 'What the link saw, in words.' }),
    since: moment,
  }),
  { description: 'Every link of the chain in its order; the first that is not ok decided.' },
)

export const given = { limits: Limits, quota: QuotaAnswer, price: PriceAnswer }

export const DecisionAnswer = Type.Object({
  allow: Type.Boolean(),
  reason: Type.Union([Type.String(), Type.Null()], {
    description: 'Null when it is allowed; else the code of a problem: `access.not_in_package`.',
  }),
  status: Type.Integer({
    description: 'What the gateway would answer: 200 stands for whatever is behind it.',
  }),
  rule: orNull(Rule),
  detail: Type.String(),
  next: Next,
  ...given,
  trail: Trail,
  validUntil: Type.Union([Type.String({ format: 'date-time' }), Type.Null()], {
    description: 'The earliest moment at which it changes by itself; a change that is made ends it sooner.',
  }),
})

export function showDecision(decision: AccessDecision): Static<typeof DecisionAnswer> {
  const { allow, reason, rule, detail, next, limits, quota, price, trail, validUntil } = decision
  return {
    allow,
    reason: reason?.code ?? null,
    status: reason?.status ?? 200,
    rule,
    detail,
    next: next.map((step) => ({ ...step })),
    limits,
    quota,
    price,
    trail: showTrail(trail),
    validUntil: showMoment(validUntil),
  }
}

export function showTrail(trail: readonly TrailLink[]): Static<typeof Trail> {
  return trail.map(({ rule, ok, value, since }) => ({ rule, ok, value, since: showMoment(since) }))
}

export function showMoment(moment: number | null): string | null {
  return moment === null ? null : new Date(moment).toISOString()
}
