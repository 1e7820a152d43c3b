/**
 * The decision over the whole product of its facts: every cell of the compiled tables against a second evaluation,
 * written as a reader would say the rules, from the words of the cell and not from the facts.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AgreementVersion } from '#/access/agreements/agreements.ts'
import { exposures } from '#/access/capabilities/capabilities.ts'
import { catalogueOf, createTables, decide, factsAt, noDecision } from '#/access/entitlements/entitlements.ts'
import type { CapabilityFacts, PartnerFacts } from '#/access/entitlements/entitlements.ts'
import type { Timeline } from '#/access/history/history.ts'
import { plainTerms } from '#/access/packages/packages.ts'
import type { Environment, PackageTerms, PackageVersion } from '#/access/packages/packages.ts'
import type { PilotHistory } from '#/access/pilots/pilots.ts'
import type { GateHistory, OnLapse } from '#/access/readiness/readiness.ts'
import type { Rollout } from '#/access/rollouts/rollouts.ts'
import type { Decision } from '#/gateway/gateway.ts'

const day = 86_400_000
const now = 1000 * day
const since = <T>(value: T, from = 0): Timeline<T> => [{ from, value }]

const whatIsShown = [null, ...exposures] as const
const rollouts = {
  none: null,
  off: { kind: 'off' },
  on: { kind: 'on' },
  everyone: { kind: 'percentage', percent: 100 },
  'by rule': { kind: 'cohort', partners: [], rule: { attribute: 'tier', in: ['gold'] } },
  'of others': { kind: 'cohort', partners: ['other'], rule: { attribute: 'tier', in: ['lead'] } },
} as const satisfies Record<string, Rollout | null>
const pilots = ['none', 'running', 'ended', 'closed'] as const
const readiness = ['met', 'open', 'lapsed'] as const

/** What is true of a capability. */
type Kind = {
  readonly name: string
  readonly exposure: (typeof whatIsShown)[number]
  readonly rollout: keyof typeof rollouts
  readonly pilot: (typeof pilots)[number]
  readonly readiness: (typeof readiness)[number]
}

const kinds: readonly Kind[] = whatIsShown.flatMap((exposure) =>
  (Object.keys(rollouts) as (keyof typeof rollouts)[]).flatMap((rollout) =>
    pilots.flatMap((pilot) =>
      readiness.map((ready) => {
        return {
          name: [exposure, rollout, pilot, ready].join('/'),
          exposure,
          rollout,
          pilot,
          readiness: ready,
        }
      }),
    ),
  ),
)

function pilotsOf(pilot: Kind['pilot']): readonly PilotHistory[] {
  const running = since({ capacity: 10, endsAt: null })
  const terms = {
    running,
    ended: since({ capacity: 10, endsAt: now }),
    closed: [...running, { from: 500, value: null }],
  }
  return pilot === 'none' ? [] : [{ id: 'pilot', terms: terms[pilot] }]
}

function gatesOf(ready: Kind['readiness']): readonly GateHistory[] {
  const gate = { id: 'legal', name: 'legal', title: 'Legal', needed: since(true) }
  const met = [{ from: 0, until: null }]
  if (ready === 'met') return [{ ...gate, policy: since('hide'), evidence: met }]
  const policy = since<OnLapse>(ready === 'open' ? 'alarm' : 'hide')
  return [{ ...gate, policy, evidence: [{ from: 0, until: now }] }]
}

const capabilities = kinds.map(({ name, exposure, rollout, pilot, readiness: ready }): CapabilityFacts => {
  const said = rollouts[rollout] === null ? [] : since<Rollout>(rollouts[rollout])
  return {
    id: name,
    name,
    title: name,
    isOwn: false,
    exposures: exposure === null ? [] : since(exposure),
    gates: gatesOf(ready),
    rollouts: {
      live: said,
      sandbox: said,
    },
    pilots: pilotsOf(pilot),
  }
})

const names = kinds.map(({ name }) => name)
const packages = {
  with: plainTerms(names),
  without: plainTerms([]),
  'sandbox only': { ...plainTerms(names), environments: ['sandbox'] },
  'by agreement': { ...plainTerms(names), agreement: 'required' },
  'without, by agreement': { ...plainTerms([]), agreement: 'required' },
} as const satisfies Record<string, PackageTerms>
const versions = Object.entries(packages).map(([name, terms]): PackageVersion => {
  return { id: name, packageId: name, name, title: name, number: 1, terms }
})

const places = [null, 'waiting', 'admitted', 'left'] as const
const agreements = ['none', 'sent', 'to come', 'in force', 'names it', 'in notice', 'over'] as const
const suspensions = ['nobody', 'partner', 'application', 'never was'] as const
const grants = ['none', 'given', 'taken back'] as const

/** What is true of a partner. */
type Standing = {
  readonly package: keyof typeof packages | null
  readonly place: (typeof places)[number]
  readonly agreement: (typeof agreements)[number]
  readonly suspended: (typeof suspensions)[number]
  readonly grant: (typeof grants)[number]
}

const standings: readonly Standing[] = [null, ...(Object.keys(packages) as (keyof typeof packages)[])]
  .flatMap((on) => places.map((place) => ({ package: on, place })))
  .flatMap((each) => agreements.map((agreement) => ({ ...each, agreement })))
  .flatMap((each) => suspensions.map((suspended) => ({ ...each, suspended })))
  .flatMap((each) => grants.map((grant) => ({ ...each, grant })))

function agreementOf(agreement: Standing['agreement']): readonly AgreementVersion[] {
  const terms = { noticeDays: 30, capabilities: [], overrides: {}, sla: null, consents: [] }
  const plain = { id: agreement, agreementId: 'a', number: 1, startsAt: 0, endsAt: null, terms }
  switch (agreement) {
    case 'none':
      return []
    case 'sent':
      return [{ ...plain, states: since('sent') }]
    case 'to come':
      return [{ ...plain, states: since('signed'), startsAt: now + 1 }]
    case 'in force':
      return [{ ...plain, states: since('signed') }]
    case 'names it':
      return [{ ...plain, states: since('signed'), terms: { ...terms, capabilities: names } }]
    case 'in notice':
      return [{ ...plain, states: since('signed'), endsAt: now + 3 * day }]
    case 'over':
      return [{ ...plain, states: since('signed'), endsAt: now }]
  }
}

function partnerOf({ package: on, place, agreement, suspended, grant }: Standing): PartnerFacts {
  const given = since(grant === 'given')
  return {
    id: 'partner',
    slug: 'partner',
    standing: suspended === 'never was' ? [] : since(suspended === 'partner' ? 'suspended' : 'active'),
    applications: new Map(suspended === 'application' ? [['app', since('suspended')]] : []),
    assignments: on === null ? [] : since<string>(on),
    grants: new Map(grant === 'none' ? [] : names.map((name) => [name, given])),
    attributes: new Map([['tier', since('gold')]]),
    places: new Map(place === null ? [] : [['pilot', since(place)]]),
    agreements: agreementOf(agreement),
  }
}

/** The first rule that says no, as it would be told. */
function naive(kind: Kind, partner: Standing, environment: Environment): string {
  const { exposure, rollout, pilot, readiness: ready } = kind
  if (exposure === null || exposure === 'internal' || exposure === 'dark' || exposure === 'retired')
    return '404 access.not_visible'
  if (ready === 'lapsed') return '404 access.not_ready'
  if (partner.suspended === 'partner' || partner.suspended === 'never was')
    return '403 access.partner_suspended'
  if (partner.suspended === 'application') return '403 access.application_suspended'
  if (partner.package === null) return '403 access.no_package'
  if (partner.package === 'sandbox only' && environment === 'live') return '403 access.not_in_environment'
  const isEntitled = !partner.package.startsWith('without')
  const isGranted = isEntitled || partner.grant === 'given' || partner.agreement === 'names it'
  if (exposure !== 'pilot' && !isGranted) return '403 access.not_in_package'
  if (!['on', 'everyone', 'by rule'].includes(rollout)) return '403 access.not_rolled_out'
  if (exposure === 'pilot') {
    if (pilot === 'ended' || pilot === 'closed') return '403 access.pilot_ended'
    if (pilot === 'none' || partner.place === null || partner.place === 'left')
      return '403 access.pilot_not_admitted'
    if (partner.place === 'waiting') return '403 access.pilot_waiting'
  }
  if (partner.package.endsWith('by agreement')) {
    if (partner.agreement === 'over') return '403 access.agreement_ended'
    if (['none', 'sent', 'to come'].includes(partner.agreement)) return '403 access.agreement_required'
  }
  return 'allow'
}

const wordsOf = (decision: Decision) =>
  decision.allow ? 'allow' : `${decision.problem.status} ${decision.problem.code}`

test('every cell of the compiled tables agrees with a plain reading of the rules, and the rest is denied', () => {
  const tables = createTables(catalogueOf(capabilities, versions))
  const seen = new Map<string, number>()
  let count = 0
  for (const standing of standings) {
    const partner = partnerOf(standing)
    for (const environment of ['live', 'sandbox'] as const) {
      const { decisions } = tables.tableOf(partner, { environment, applicationId: 'app', moment: now })
      assert.equal(decisions.size, kinds.length + 1)
      for (const kind of kinds) {
        const words = wordsOf(decisions.get(kind.name)!)
        // Compared before it is asserted: a message for each of the cells would take longer than all of them.
        if (words !== naive(kind, standing, environment))
          assert.equal(
            words,
            naive(kind, standing, environment),
            JSON.stringify([kind, standing, environment]),
          )
        seen.set(words, (seen.get(words) ?? 0) + 1)
        count += 1
      }
      const own = decisions.get('partner-api')!
      const mayCall = standing.suspended === 'nobody'
      assert.equal(own.allow, mayCall, 'the Partner API asks for the partner and the application alone')
    }
  }
  assert.equal(count, kinds.length * 2 * 6 * 4 * 7 * 4 * 3)
  assert.equal(seen.size, 1 + 13, 'an allow, and every reason that is not a scope')
  assert.ok(seen.get('allow')! < count / 20, 'few cells allow')
  assert.equal(wordsOf(noDecision), '404 access.no_capability')
})

test('partners that agree in every fact share a table, and no others do', () => {
  const tables = createTables(catalogueOf(capabilities, versions))
  const tableOf = (partner: PartnerFacts, applicationId = 'other') =>
    tables.tableOf(partner, { environment: 'live', applicationId, moment: now })
  const plain = {
    package: 'with',
    place: null,
    agreement: 'none',
    suspended: 'nobody',
    grant: 'none',
  } as const
  const first = tableOf(partnerOf(plain))
  const alike = { ...partnerOf(plain), id: 'second', standing: since<'active'>('active', 77) }
  assert.equal(tableOf(alike), first)
  const apart = partnerOf({ ...plain, suspended: 'application' })
  assert.equal(tableOf(apart), first)
  assert.notEqual(tableOf(apart, 'app'), first)
  for (const other of [
    { ...plain, package: 'without' },
    { ...plain, place: 'admitted' },
    { ...plain, agreement: 'in force' },
    { ...plain, suspended: 'partner' },
    { ...plain, grant: 'given' },
  ] as const)
    assert.notEqual(tableOf(partnerOf(other)), first)
  assert.notEqual(tableOf({ ...partnerOf(plain), attributes: new Map() }), first, 'a rule tells them apart')
  assert.equal(tables.size(), 8)
})

test('a key needs the scopes of the operation as well, whatever else allows', () => {
  const allowing = kinds.find((kind) => kind.name === 'general/on/none/met')!
  const partner = partnerOf({
    package: 'with',
    place: null,
    agreement: 'none',
    suspended: 'nobody',
    grant: 'none',
  })
  const catalogue = catalogueOf(capabilities, versions)
  const asked = { environment: 'live', applicationId: 'app', moment: now } as const
  const facts = factsAt(catalogue, catalogue.capabilities.get(allowing.name)!, partner, asked)
  for (const needed of [[], ['read'], ['read', 'write']])
    for (const held of [null, new Set<string>(), new Set(['read']), new Set(['read', 'write'])]) {
      const decision = decide({ ...facts, scopes: { needed, held } })
      const isEnough = held === null || needed.every((scope) => held.has(scope))
      assert.deepEqual([decision.allow, decision.rule], isEnough ? [true, null] : [false, 'scopes'])
      if (!isEnough) assert.equal(decision.reason!.code, 'auth.insufficient_scope')
    }
})
