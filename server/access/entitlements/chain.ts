/**
 * The links between a call and an allow, in their order; the first that says no decides. Each looks at the facts
 * alone and says what it saw, so that the same list refuses, explains, and is the trail.
 */
import type { Agreement } from '#/access/agreements/agreements.ts'
import { isVisible } from '#/access/capabilities/capabilities.ts'
import type { Fact, Facts } from '#/access/entitlements/facts.ts'
import * as reasons from '#/access/entitlements/reasons.ts'
import { scopeMissing } from '#/gateway/gateway.ts'
import type { DecisionRule, NextStep } from '#/gateway/gateway.ts'
import type { ProblemDefinition } from '#/kernel/problem/problem.ts'

export type Refusal = {
  readonly problem: ProblemDefinition
  readonly detail: string
  readonly next: readonly NextStep[]
}

/** What a link saw: in words, since when (milliseconds; null: not one moment), and why it says no, if it does. */
export type Sight = Fact<string> & { readonly refusal: Refusal | null }

type Link = (facts: Facts, capability: NonNullable<Facts['capability']>) => Sight

/** With what a capability of another kind needs. The order is that of `decisionRules`. */
export const chain: Readonly<Record<DecisionRule, Link>> = {
  exposure({ exposure }) {
    const isSeen = exposure.value !== null && isVisible(exposure.value)
    return see(exposure.value ?? 'none', exposure.since, isSeen ? null : hide(reasons.notVisible))
  },
  readiness({ lapsed }) {
    if (lapsed.length === 0) return see('no needed gate hides it', null, null)
    return see(`lapsed: ${list(lapsed.map((gate) => gate.title))}`, null, hide(reasons.notReady))
  },
  partner({ partner }) {
    const refusal = partner.value === 'active' ? null : partnerSuspended
    return see(partner.value ?? 'no partner yet', partner.since, refusal)
  },
  application({ application }) {
    const isSuspended = application.value === 'suspended'
    return see(application.value ?? 'active', application.since, isSuspended ? applicationSuspended : null)
  },
  package(facts, { isOwn, title }) {
    const { value, since } = facts.package
    if (isOwn) return notAsked
    if (value !== null) return see(`${value.title}, version ${value.number}`, since, null)
    const detail = `You are not on a package yet, and ${title} needs one.`
    return see('none', since, { problem: reasons.noPackage, detail, next: waysIn(facts) })
  },
  environment({ environment, package: { value, since } }, { isOwn }) {
    if (isOwn || value === null) return notAsked
    const { environments } = value.terms
    const seen = `${list(environments)} of ${value.title}`
    if (environments.includes(environment)) return see(seen, since, null)
    const detail = `The ${value.title} package does not include the ${environment} environment.`
    const next = [{ action: 'request-access', detail: 'Ask for a package that has it.', href: accessPage }]
    return see(seen, since, { problem: reasons.notInEnvironment, detail, next })
  },
  capability(facts, { isOwn, title }) {
    if (isOwn) return notAsked
    if (facts.exposure.value === 'pilot') return see('by admission to the pilot', null, null)
    const source = sourceOf(facts)
    if (source !== null) return source
    const on = facts.package.value?.title
    const detail = on ? `${title} is not part of the ${on} package.` : `${title} was not given to you.`
    return see('not granted', null, { problem: reasons.notInPackage, detail, next: waysIn(facts) })
  },
  rollout({ rollout, environment }, { isOwn, title }) {
    if (isOwn) return notAsked
    const words = rolloutWords(rollout)
    if (rollout.included) return see(words, rollout.since, null)
    const detail = `${title} is not switched on for you in the ${environment} environment yet.`
    return see(words, rollout.since, { problem: reasons.notRolledOut, detail, next: askProvider })
  },
  pilot: ({ exposure, pilot }, { title, name }) => {
    if (exposure.value !== 'pilot') return notAsked
    return pilotSight(pilot, title, name)
  },
  agreement({ agreement, package: { value } }, { isOwn }) {
    const isAsked = !isOwn && value?.terms.agreement === 'required'
    if (!isAsked || isInForce(agreement)) return see(agreement.posture, null, null)
    const isOver = agreement.posture === 'ended'
    const problem = isOver ? reasons.agreementEnded : reasons.agreementRequired
    const state = isOver
      ? 'Yours has ended.'
      : agreement.posture === 'none'
        ? ''
        : 'Yours is not in force yet.'
    const detail = `The ${value.title} package needs an agreement in force. ${state}`.trim()
    return see(agreement.posture, null, { problem, detail, next: askProvider })
  },
  scopes({ scopes: { needed, held } }) {
    const missing = held === null ? [] : needed.filter((scope) => !held.has(scope))
    if (missing.length === 0) return see(held === null ? 'every scope' : 'enough', null, null)
    const detail = `The key lacks ${missing.join(', ')}.`
    const next = [{ action: 'create-key', detail: 'Create a key with it.', href: '/portal/keys' }]
    return see(`lacks ${missing.join(', ')}`, null, { problem: scopeMissing, detail, next })
  },
}

export function isInForce({ posture }: Agreement): boolean {
  return posture === 'active' || posture === 'expiring'
}

function see(value: string, since: number | null, refusal: Refusal | null): Sight {
  return { value, since, refusal }
}

const notAsked: Sight = { value: 'not asked', since: null, refusal: null }

function hide(problem: ProblemDefinition): Refusal {
  return { problem, detail: reasons.notVisible.title, next: [] }
}

/** By what the capability was granted; null: by nothing. */
function sourceOf({ granted, agreement, capability, package: on }: Facts): Sight | null {
  const { name } = capability!
  if (on.value && Object.hasOwn(on.value.terms.entitlements, name))
    return see('by the package', on.since, null)
  if (granted.value) return see('given beside the package', granted.since, null)
  if (isInForce(agreement) && agreement.version?.terms.capabilities.includes(name))
    return see('by the agreement', null, null)
  return null
}

function rolloutWords({ value, included }: Facts['rollout']): string {
  if (value === null) return 'not said'
  if (value.kind !== 'cohort' && value.kind !== 'percentage') return value.kind
  const kind = value.kind === 'cohort' ? 'cohort' : `${value.percent} %`
  return `${kind}, ${included ? 'included' : 'not included'}`
}

function pilotSight({ posture, place }: Facts['pilot'], title: string, name: string): Sight {
  const words = `${posture === 'none' ? 'no pilot' : posture}, ${place.value ?? 'no place'}`
  const refuse = (problem: ProblemDefinition, detail: string, next: readonly NextStep[]) =>
    see(words, place.since, { problem, detail, next })
  if (posture === 'ended') return refuse(reasons.pilotEnded, `The pilot of ${title} has ended.`, askProvider)
  if (posture === 'running' && place.value === 'admitted') return see(words, place.since, null)
  if (posture === 'running' && place.value === 'waiting') {
    const wait = { action: 'wait', detail: 'You are told when you are admitted.', href: accessPage }
    return refuse(reasons.pilotWaiting, `You are on the waitlist of the pilot of ${title}.`, [wait])
  }
  const join = {
    action: 'join-pilot',
    detail: `Ask for a place in the pilot of ${title}.`,
    href: pageOf(name),
  }
  return refuse(reasons.pilotNotAdmitted, `${title} is in a pilot that you are not in.`, [join])
}

const accessPage = '/portal/access'

function pageOf(name: string): string {
  return `${accessPage}?capability=${encodeURIComponent(name)}`
}

const askProvider: readonly NextStep[] = [
  { action: 'contact-provider', detail: 'The provider can tell you what comes next.' },
]

const partnerSuspended: Refusal = {
  problem: reasons.partnerSuspended,
  detail: 'Your organisation is suspended, so no call is served.',
  next: [
    {
      action: 'contact-provider',
      detail: 'Ask the provider what has to happen for it to be resumed.',
    },
  ],
}

const applicationSuspended: Refusal = {
  problem: reasons.applicationSuspended,
  detail: 'This application is suspended, so no call of it is served.',
  next: [
    {
      action: 'contact-provider',
      detail: 'Ask the provider what has to happen for it to be resumed.',
    },
  ],
}

function waysIn({ capability, packages }: Facts): readonly NextStep[] {
  const { name, title } = capability!
  const titles = packages
    .filter((each) => Object.hasOwn(each.terms.entitlements, name))
    .map((each) => each.title)
  const where = titles.length === 0 ? 'No package includes it today.' : `It is part of ${list(titles)}.`
  return [{ action: 'request-access', detail: `Ask for access to ${title}. ${where}`, href: pageOf(name) }]
}

/** `A`, `A and B`, `A, B, and C`. By hand: the formatter of `Intl` costs more than the rest of a decision. */
function list(words: readonly string[]): string {
  if (words.length < 3) return words.join(' and ')
  return `${words.slice(0, -1).join(', ')}, and ${words.at(-1)}`
}
