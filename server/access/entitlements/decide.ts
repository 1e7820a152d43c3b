/** The one decision: facts in, decision out; no table, no clock. Nothing is allowed for want of a rule. */
import { chain, isInForce } from '#/access/entitlements/chain.ts'
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
const allowed = { allow: true, reason: null, rule: null, detail: 'Allowed.', next: [] } as const
const unknown = {
  allow: false,
  reason: noCapability,
  rule: 'capability',
  detail: notVisible.title,
  next: [],
  ...nothingGiven,
} as const

export function decide(facts: Facts): AccessDecision {
  return { ...judge(facts), trail: trailOf(facts) }
}

/** Without the trail: the first link that says no decides, and no other is asked. */
export function judge(facts: Facts): Omit<AccessDecision, 'trail'> {
  const { capability, validUntil } = facts
  if (capability === null) return { ...unknown, validUntil }
  for (const rule of decisionRules) {
    const { refusal } = chain[rule](facts, capability)
    if (refusal === null) continue
    const { problem: reason, detail, next } = refusal
    return { allow: false, ...nothingGiven, reason, rule, detail, next, validUntil }
  }
  return { ...allowed, ...givenBy(facts, capability.name), validUntil }
}

function trailOf(facts: Facts): readonly TrailLink[] {
  const { capability } = facts
  if (capability === null) return []
  return decisionRules.map((rule) => {
    const { value, since, refusal } = chain[rule](facts, capability)
    return { rule, ok: refusal === null, value, since: finite(since) }
  })
}

/** The decision about an operation of no known capability. */
export const noDecision: Decision = asDecision({ ...unknown, validUntil: null })

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
export function asDecision(decision: Omit<AccessDecision, 'trail'>): Decision {
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
