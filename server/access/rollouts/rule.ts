/** What a rollout says, and whether a partner is in it. */
import { createHash } from 'node:crypto'

/** A condition on a partner. An attribute that it does not have is in no list. */
export type Rule =
  | { readonly attribute: string; readonly in: readonly string[] }
  | { readonly all: readonly Rule[] }
  | { readonly any: readonly Rule[] }
  | { readonly not: Rule }

export type Rollout =
  | { readonly kind: 'off' | 'on' }
  /** 0 to 100, two decimals. */
  | { readonly kind: 'percentage'; readonly percent: number }
  /** Those named (ids), and those that the rule is true of. */
  | { readonly kind: 'cohort'; readonly partners: readonly string[]; readonly rule: Rule | null }

/** What a rollout may go by. `package` and `slug` are attributes of every partner. */
export type RolloutPartner = {
  readonly id: string
  readonly attributes: Readonly<Record<string, string>>
}

/**
 * Is the partner in it? A percentage takes each partner by a number of its own for this capability, so that a larger
 * one keeps everyone whom a smaller one had.
 */
export function includes(rollout: Rollout, capabilityId: string, partner: RolloutPartner): boolean {
  switch (rollout.kind) {
    case 'off':
      return false
    case 'on':
      return true
    case 'percentage':
      return bucketOf(capabilityId, partner.id) < Math.round(rollout.percent * 100)
    case 'cohort':
      return (
        rollout.partners.includes(partner.id) ||
        (rollout.rule !== null && holds(rollout.rule, partner.attributes))
      )
  }
}

/** 0 to 9,999, evenly spread. */
function bucketOf(capabilityId: string, partnerId: string): number {
  return createHash('sha256').update(`${capabilityId} ${partnerId}`).digest().readUInt32BE(0) % 10_000
}

function holds(rule: Rule, attributes: RolloutPartner['attributes']): boolean {
  if ('all' in rule) return rule.all.every((each) => holds(each, attributes))
  if ('any' in rule) return rule.any.some((each) => holds(each, attributes))
  if ('not' in rule) return !holds(rule.not, attributes)
  const value = Object.hasOwn(attributes, rule.attribute) ? attributes[rule.attribute] : undefined
  return value !== undefined && rule.in.includes(value)
}
