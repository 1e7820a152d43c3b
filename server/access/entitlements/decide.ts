/** The one decision: facts in, decision out; no table, no clock. Nothing is allowed for want of a rule. */
import { chain, isInForce } from '#/access/entitlements/chain.ts'
import type { Refusal } from '#/access/entitlements/chain.ts'
import type { Facts } from '#/access/entitlements/facts.ts'
import { noCapability, notVisible } from '#/access/entitlements/reasons.ts'
import { decisionRules } from '#/gateway/gateway.ts'
import type { Decision, DecisionRule, NextStep, Price, Quota, RateLimit } from '#/gateway/gateway.ts'
import type { ProblemDefinition } from '#/kernel/problem/problem.ts'

export type TrailLink = {
  readonly rule: DecisionRule
  readonly ok: boolean
  /** What it saw, in words. */
  readonly value: string
  /** Milliseconds; null: it follows from several words, or from none. */
  readonly since: number | null
}

export type AccessDecision = {
  readonly allow: boolean
  /** Null: as the gateway's own limits say. */
  readonly limits: RateLimit | null
  readonly quota: Quota | null
  readonly price: Price | null
  /** Null when it is allowed. */
  readonly reason: ProblemDefinition | null
  readonly rule: DecisionRule | null
  readonly detail: string
  readonly next: readonly NextStep[]
  /** Every link in its order; empty when there is no such capability. */
  readonly trail: readonly TrailLink[]
  /** Milliseconds of business time: the earliest moment from which it may be otherwise. */
  readonly validUntil: number | null
}

const nothingGiven = { limits: null, quota: null, price: null } as const

export function decide(facts: Facts): AccessDecision {
  const { capability, validUntil } = facts
  if (capability === null) return { ...unknown, validUntil }
  let refusal: (Refusal & { readonly rule: DecisionRule }) | null = null
  const trail = decisionRules.map((rule): TrailLink => {
    const seen = chain[rule](facts, capability)
    if (seen.refusal !== null) refusal ??= { ...seen.refusal, rule }
    return { rule, ok: seen.refusal === null, value: seen.value, since: finite(seen.since) }
  })
  return refusal === null
    ? { ...allowed, ...givenBy(facts, capability.name), trail, validUntil }
    : refused(refusal, trail, validUntil)
}

const allowed = { allow: true, reason: null, rule: null, detail: 'Allowed.', next: [] } as const

const unknown: AccessDecision = {
  ...{ allow: false, reason: noCapability, rule: 'capability', detail: notVisible.title, next: [] },
  ...{ ...nothingGiven, trail: [], validUntil: null },
}

/** The decision about an operation of no known capability. */
export const noDecision: Decision = asDecision(unknown)

function refused(
  { problem, rule, detail, next }: Refusal & { readonly rule: DecisionRule },
  trail: readonly TrailLink[],
  validUntil: number | null,
): AccessDecision {
  return { allow: false, ...nothingGiven, reason: problem, rule, detail, next, trail, validUntil }
}

/** What was agreed for the capability, else in general; else what the entitlement says, else the package. */
function givenBy({ agreement, package: { value: on } }: Facts, name: string) {
  const overrides = isInForce(agreement) ? (agreement.version?.terms.overrides ?? null) : null
  const agreed = of(overrides?.capabilities, name)
  const entitled = of(on?.terms.entitlements, name)
  return {
    limits: agreed?.limits ?? overrides?.limits ?? entitled?.limits ?? on?.terms.limits ?? null,
    quota: agreed?.quota ?? entitled?.quota ?? null,
    price: agreed?.price ?? entitled?.price ?? null,
  }
}

function of<T>(record: Readonly<Record<string, T>> | undefined, name: string): T | undefined {
  return record !== undefined && Object.hasOwn(record, name) ? record[name] : undefined
}

function finite(moment: number | null): number | null {
  return moment !== null && Number.isFinite(moment) ? moment : null
}

/** As much of it as the gateway keeps. */
export function asDecision(decision: AccessDecision): Decision {
  const { reason: problem, rule, detail, next, validUntil } = decision
  if (problem !== null && rule !== null) return { allow: false, problem, rule, detail, next, validUntil }
  const { limits, quota, price } = decision
  return {
    allow: true,
    ...(limits && { limits }),
    ...(quota && { quota }),
    ...(price && { price }),
    validUntil,
  }
}
