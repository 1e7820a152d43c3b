/**
 * The one decision: may this partner call an operation of this capability? Facts in, decision out; no table,
 * no clock. `publish/` calls it for every package and state of a partner when a snapshot is made, so that the
 * gateway only looks the answer up. Nothing is allowed for want of a rule.
 */
import { isVisible, ownCapability } from '#/access/capabilities/capabilities.ts'
import type { Capability } from '#/access/capabilities/capabilities.ts'
import type { PackageVersion } from '#/access/packages/packages.ts'
import type { Decision, DecisionRule, NextStep } from '#/gateway/gateway.ts'
import { problem } from '#/kernel/problem/problem.ts'
import type { ProblemDefinition } from '#/kernel/problem/problem.ts'

/** What access depends on. */
export type Facts = {
  readonly partnerState: 'active' | 'suspended'
  /** What the partner is on; null: nothing yet. */
  readonly package: PackageVersion | null
  /** What the operation belongs to; null: nothing, or a capability that nobody declared. */
  readonly capability: Pick<Capability, 'name' | 'title' | 'exposure'> | null
  /** The newest version of each, for saying which of them has it. */
  readonly packages: readonly PackageVersion[]
}

export const notInPackage = problem('access.not_in_package', 403, 'Your package does not include this', {
  help: 'The operation belongs to a capability that is not part of the package you are on. Ask for the capability, or for a package that has it.',
})
export const noPackage = problem('access.no_package', 403, 'You are not on a package yet', {
  help: 'Access is granted by a package, and none has been given to you. Ask for one.',
})
export const partnerSuspended = problem('access.partner_suspended', 403, 'Your access is suspended', {
  help: 'The provider has suspended your organisation. No call is served until it is resumed; your keys stay as they are.',
})
export const notVisible = problem('access.not_visible', 404, 'Nothing is served here', {
  help: 'The operation does not exist for you.',
})
export const noCapability = problem('access.no_capability', 404, 'Nothing is served here', {
  help: 'The operation belongs to no capability, so nobody can be entitled to it. Providers: give it x-portico-capability.',
})

const allowed: Decision = { allow: true, validUntil: null }

export function decide(facts: Facts): Decision {
  const { capability, partnerState } = facts
  // Hidden first: whatever else is true of the partner, the answer must not show that there is something.
  if (capability === null) return hide(noCapability, 'capability')
  if (!isVisible(capability.exposure)) return hide(notVisible, 'exposure')
  if (partnerState !== 'active') return suspended
  if (capability.name === ownCapability) return allowed
  if (facts.package === null) {
    const detail = `You are not on a package yet, and ${capability.title} needs one.`
    return deny(noPackage, 'package', detail, waysIn(facts, capability))
  }
  if (Object.hasOwn(facts.package.terms.entitlements, capability.name)) return allowed
  const detail = `${capability.title} is not part of the ${facts.package.title} package.`
  return deny(notInPackage, 'package', detail, waysIn(facts, capability))
}

/** Every decision of partners in one state on one package, by capability. What is not in it is `noDecision`. */
export function compileDecisions(
  facts: Omit<Facts, 'capability'>,
  capabilities: readonly Pick<Capability, 'name' | 'title' | 'exposure'>[],
): ReadonlyMap<string, Decision> {
  const own = { name: ownCapability, title: 'Partner API', exposure: 'general' } as const
  return new Map(
    [...capabilities, own].map((capability) => [capability.name, decide({ ...facts, capability })]),
  )
}

function hide(reason: ProblemDefinition, rule: DecisionRule): Decision {
  return { allow: false, problem: reason, rule, detail: notVisible.title, next: [], validUntil: null }
}

/** The decision about an operation of no known capability. */
export const noDecision: Decision = hide(noCapability, 'capability')

function deny(
  reason: ProblemDefinition,
  rule: DecisionRule,
  detail: string,
  next: readonly NextStep[],
): Decision {
  return { allow: false, problem: reason, rule, detail, next, validUntil: null }
}

const suspended: Decision = deny(
  partnerSuspended,
  'partner',
  'Your organisation is suspended, so no call is served.',
  [{ action: 'contact-provider', detail: 'Ask the provider what has to happen for it to be resumed.' }],
)

function waysIn(
  facts: Facts,
  capability: { readonly name: string; readonly title: string },
): readonly NextStep[] {
  const href = `/portal/access?capability=${encodeURIComponent(capability.name)}`
  const titles = facts.packages
    .filter((each) => Object.hasOwn(each.terms.entitlements, capability.name))
    .map((each) => each.title)
  const where =
    titles.length === 0
      ? 'No package includes it today.'
      : `It is part of ${new Intl.ListFormat('en').format(titles)}.`
  return [{ action: 'request-access', detail: `Ask for access to ${capability.title}. ${where}`, href }]
}
