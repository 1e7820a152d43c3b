/** What the decision depends on: the histories of a partner, and the facts of one moment that are made of them. */
import { agreementAt } from '#/access/agreements/agreements.ts'
import type { Agreement, AgreementVersion } from '#/access/agreements/agreements.ts'
import type { Exposure } from '#/access/capabilities/capabilities.ts'
import type { Catalogue, CapabilityFacts } from '#/access/entitlements/catalogue.ts'
import { at, earlier, spanAt } from '#/access/history/history.ts'
import type { Timeline } from '#/access/history/history.ts'
import type { Environment, PackageVersion } from '#/access/packages/packages.ts'
import type { PilotHistory, PlaceState } from '#/access/pilots/pilots.ts'
import { readinessAt } from '#/access/readiness/readiness.ts'
import type { OpenGate } from '#/access/readiness/readiness.ts'
import { includes } from '#/access/rollouts/rollouts.ts'
import type { Rollout } from '#/access/rollouts/rollouts.ts'

type State = 'active' | 'suspended'

/** What was said of one partner. */
export type PartnerFacts = {
  readonly id: string
  readonly slug: string
  readonly standing: Timeline<State>
  /** Applications that were ever suspended. */
  readonly applications: ReadonlyMap<string, Timeline<State>>
  /** Ids of package versions. */
  readonly assignments: Timeline<string>
  /** By capability id. */
  readonly grants: ReadonlyMap<string, Timeline<boolean>>
  readonly attributes: ReadonlyMap<string, Timeline<string | null>>
  /** By pilot id. */
  readonly places: ReadonlyMap<string, Timeline<PlaceState>>
  readonly agreements: readonly AgreementVersion[]
}

/** What is true at a moment and since when; `since` null: nothing was said, or it follows from several words. */
export type Fact<T> = { readonly value: T; readonly since: number | null }

export type PilotPosture = 'none' | 'running' | 'ended'

/** What access to one capability depends on, at one moment. */
export type Facts = {
  readonly environment: Environment
  /** Null: the operation names none, or one that nobody declared. `isOwn`: that of the Partner API. */
  readonly capability: {
    readonly id: string
    readonly name: string
    readonly title: string
    readonly isOwn: boolean
  } | null
  readonly exposure: Fact<Exposure | null>
  /** Needed, not met, and of the kind that hides. */
  readonly lapsed: readonly OpenGate[]
  /** Null: there was no such partner. */
  readonly partner: Fact<State | null>
  /** Null: nothing was said of it, so it is active. */
  readonly application: Fact<State | null>
  readonly package: Fact<PackageVersion | null>
  readonly granted: Fact<boolean>
  readonly rollout: Fact<Rollout | null> & { readonly included: boolean }
  readonly pilot: { readonly posture: PilotPosture; readonly place: Fact<PlaceState | null> }
  readonly agreement: Agreement
  readonly scopes: { readonly needed: readonly string[]; readonly held: ReadonlySet<string> | null }
  /** The newest version of each, for saying which of them has it. */
  readonly packages: readonly PackageVersion[]
  /** The earliest moment from which any of these may be otherwise. */
  readonly validUntil: number | null
}

/** Of whom, where and when. `applicationId` null: no particular one. */
export type Asked = {
  readonly environment: Environment
  readonly applicationId: string | null
  readonly moment: number
}

/** What is true of a partner whatever the capability, and what it is looked up by. */
export type Standing = Pick<
  Facts,
  'environment' | 'partner' | 'application' | 'package' | 'agreement' | 'packages' | 'validUntil'
> & { readonly of: PartnerFacts; readonly moment: number }

const unbound = { needed: [], held: null } as const

export function standingAt(
  catalogue: Catalogue,
  partner: PartnerFacts,
  { environment, applicationId, moment }: Asked,
): Standing {
  const standing = spanAt(partner.standing, moment)
  const application = spanAt((applicationId && partner.applications.get(applicationId)) || [], moment)
  const assigned = spanAt(partner.assignments, moment)
  const version = assigned.value === null ? null : (catalogue.versions.get(assigned.value) ?? null)
  const agreement = agreementAt(partner.agreements, moment)
  return {
    environment,
    of: partner,
    moment,
    agreement,
    packages: catalogue.newest,
    partner: standing,
    application,
    package: {
      value: version,
      since: assigned.since,
    },
    validUntil: earliest(standing.until, application.until, assigned.until, agreement.until),
  }
}

/** `capability` null: one that nobody declared. */
export function factsOf(standing: Standing, capability: CapabilityFacts | null): Facts {
  const { of: partner, moment, environment, application, agreement, packages } = standing
  const exposure = spanAt(capability?.exposures ?? [], moment)
  const readiness = readinessAt(capability?.gates ?? [], moment)
  const granted = spanAt((capability && partner.grants.get(capability.id)) ?? [], moment)
  const rollout = spanAt(capability?.rollouts[environment] ?? [], moment)
  const pilot = pilotAt(capability?.pilots ?? [], partner, moment)
  const included = includedAt(rollout.value, capability, standing)
  return {
    environment,
    capability,
    exposure,
    application,
    agreement,
    packages,
    pilot,
    lapsed: readiness.open.filter((gate) => gate.onLapse === 'hide'),
    partner: standing.partner,
    package: standing.package,
    granted: {
      value: granted.value === true,
      since: granted.since,
    },
    rollout: {
      value: rollout.value,
      since: rollout.since,
      included: included.value,
    },
    scopes: unbound,
    validUntil: earlier(
      earliest(standing.validUntil, exposure.until, readiness.until, granted.until),
      earliest(rollout.until, pilot.until, included.until, null),
    ),
  }
}

export function factsAt(
  catalogue: Catalogue,
  capability: CapabilityFacts | null,
  partner: PartnerFacts,
  asked: Asked,
): Facts {
  return factsOf(standingAt(catalogue, partner, asked), capability)
}

function earliest(a: number | null, b: number | null, c: number | null, d: number | null): number | null {
  return earlier(earlier(a, b), earlier(c, d))
}

/** The running one counts, else the last that there was. */
function pilotAt(pilots: readonly PilotHistory[], partner: PartnerFacts, moment: number) {
  let posture: PilotPosture = 'none'
  let found: PilotHistory | null = null
  let until: number | null = null
  for (const pilot of pilots) {
    const terms = at(pilot.terms, moment)
    until = earlier(until, terms.until)
    const endsAt = terms.value?.endsAt ?? null
    if (endsAt !== null && endsAt > moment) until = earlier(until, endsAt)
    const hasBegun = pilot.terms.length > 0 && pilot.terms[0]!.from <= moment
    const isRunning = terms.value !== null && (endsAt === null || moment < endsAt)
    if (!hasBegun || (posture === 'running' && !isRunning)) continue
    posture = isRunning ? 'running' : 'ended'
    found = pilot
  }
  const place = spanAt((found && partner.places.get(found.id)) ?? [], moment)
  return { posture, place, until: earlier(until, place.until) }
}

/** A rule goes by attributes as they are at that moment; anything else by the partner alone. */
function includedAt(
  rollout: Rollout | null,
  capability: CapabilityFacts | null,
  { of: partner, package: { value: version }, moment }: Standing,
): { readonly value: boolean; readonly until: number | null } {
  if (rollout === null || capability === null) return { value: false, until: null }
  if (rollout.kind !== 'cohort' || rollout.rule === null) {
    return { value: includes(rollout, capability.id, { id: partner.id, attributes: {} }), until: null }
  }
  const attributes: Record<string, string> = Object.create(null)
  let until: number | null = null
  for (const [name, timeline] of partner.attributes) {
    const now = at(timeline, moment)
    until = earlier(until, now.until)
    if (now.value !== null) attributes[name] = now.value
  }
  attributes.slug = partner.slug
  if (version === null) delete attributes.package
  else attributes.package = version.name
  return { value: includes(rollout, capability.id, { id: partner.id, attributes }), until }
}
