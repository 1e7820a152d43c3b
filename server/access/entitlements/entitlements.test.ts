/** What a decision says: limits from the nearest word, and to a partner that is refused who said no and what to do. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { AgreementTerms } from '#/access/agreements/agreements.ts'
import { catalogueOf, decide, factsAt, noDecision } from '#/access/entitlements/entitlements.ts'
import type { CapabilityFacts, Facts, PartnerFacts } from '#/access/entitlements/entitlements.ts'
import { plainTerms } from '#/access/packages/packages.ts'
import type { PackageTerms, PackageVersion } from '#/access/packages/packages.ts'

const hour = 3_600_000

function version(name: string, terms: PackageTerms): PackageVersion {
  const title = name[0]!.toUpperCase() + name.slice(1)
  return { id: name, packageId: name, name, title, number: 1, terms }
}

const versions = [
  version('large', plainTerms(['raw-data'])),
  version('pro', plainTerms(['raw-data'])),
  version('starter', plainTerms(['projects'])),
]

const on = [{ from: 0, value: { kind: 'on' } as const }]
const rawData: CapabilityFacts = {
  id: 'raw-data',
  name: 'raw-data',
  title: 'Raw data',
  isOwn: false,
  exposures: [
    {
      from: 0,
      value: 'general',
    },
  ],
  gates: [],
  rollouts: {
    live: on,
    sandbox: on,
  },
  pilots: [],
}
const partner: PartnerFacts = {
  id: 'acme',
  slug: 'acme',
  applications: new Map(),
  standing: [
    {
      from: 0,
      value: 'active',
    },
  ],
  assignments: [
    {
      from: 0,
      value: 'starter',
    },
  ],
  grants: new Map(),
  attributes: new Map(),
  places: new Map(),
  agreements: [],
}

function decisionOf(
  {
    capability = {},
    of = {},
    facts = {},
  }: {
    capability?: Partial<CapabilityFacts>
    of?: Partial<PartnerFacts>
    facts?: Partial<Facts>
  },
  packages: readonly PackageVersion[] = versions,
) {
  const asked = { environment: 'live', applicationId: null, moment: hour } as const
  const found = factsAt(
    catalogueOf([], packages),
    { ...rawData, ...capability },
    { ...partner, ...of },
    asked,
  )
  return decide({ ...found, ...facts })
}

describe('what a refusal says', () => {
  test('403 names the capability and the package, and where to ask', () => {
    const decision = decisionOf({})
    assert.equal(decision.rule, 'capability')
    assert.equal(decision.detail, 'Raw data is not part of the Starter package.')
    assert.deepEqual(decision.next, [
      {
        action: 'request-access',
        detail: 'Ask for access to Raw data. It is part of Large and Pro.',
        href: '/portal/access?capability=raw-data',
      },
    ])
  })

  test('403 without a package, and for what no package has', () => {
    const none = decisionOf({ of: { assignments: [] } })
    assert.deepEqual(
      [none.rule, none.detail],
      ['package', 'You are not on a package yet, and Raw data needs one.'],
    )
    const nobody = decisionOf({ capability: { name: 'other', title: 'Other' } })
    assert.match(nobody.next[0]!.detail, /No package includes it today\.$/)
  })

  test('404 says nothing of what it hides', () => {
    const hidden = decisionOf({ capability: { exposures: [{ from: 0, value: 'dark' }] } })
    assert.equal(hidden.reason?.status, 404)
    assert.deepEqual(hidden.next, [])
    assert.doesNotMatch(JSON.stringify([hidden.detail, hidden.next]), /raw|dark|pro/i)
  })

  test('a capability that nobody declared is hidden, and has no trail', () => {
    const unknown = decisionOf({ facts: { capability: null } })
    assert.deepEqual(
      [unknown.allow, unknown.reason?.code, unknown.trail],
      [false, 'access.no_capability', []],
    )
    assert.ok(!noDecision.allow && noDecision.problem.status === 404)
  })

  test('what is asked of a partner on a waitlist is to wait, and of one outside to ask for a place', () => {
    const pilots = [{ id: 'p', terms: [{ from: 0, value: { capacity: 1, endsAt: null } }] }]
    const capability = { exposures: [{ from: 0, value: 'pilot' as const }], pilots }
    const actionOf = (state: 'waiting' | 'left') =>
      decisionOf({ capability, of: { places: new Map([['p', [{ from: 0, value: state }]]]) } }).next[0]!
        .action
    assert.deepEqual([actionOf('waiting'), actionOf('left')], ['wait', 'join-pilot'])
  })

  test('the trail tells of every link, since when, and all that say no', () => {
    const { trail } = decisionOf({
      of: {
        standing: [
          { from: 0, value: 'active' },
          { from: 5, value: 'suspended' },
        ],
      },
    })
    assert.equal(trail.length, 11)
    assert.deepEqual(
      trail.filter(({ ok }) => !ok),
      [
        { rule: 'partner', ok: false, value: 'suspended', since: 5 },
        { rule: 'capability', ok: false, value: 'not granted', since: null },
      ],
    )
  })
})

test('limits, quota and price come from the agreement for the capability, the agreement, the entitlement, the package', () => {
  const limit = (burst: number) => ({ burst, perSecond: 1 })
  const quotaOf = (amount: number) => ({ amount, period: 'month' }) as const
  const price = (amount: string) => ({ amount, currency: 'EUR' })
  // Which of the words are said: each bit one of them, the last whether the agreement is in force.
  for (let said = 0; said < 32; said += 1) {
    const [agreed, general, entitled, packaged, isInForce] = [1, 2, 4, 8, 16].map((bit) => (said & bit) > 0)
    const own = { limits: limit(1), quota: quotaOf(1), price: price('1') }
    const entitlement = { limits: limit(3), quota: quotaOf(3), price: price('3') }
    const terms: PackageTerms = {
      ...plainTerms([]),
      limits: packaged ? limit(4) : null,
      entitlements: { 'raw-data': { kind: 'metered', ...(entitled && entitlement) } },
    }
    const agreement: AgreementTerms = {
      noticeDays: 0,
      capabilities: [],
      sla: null,
      consents: [],
      overrides: {
        ...(general && { limits: limit(2) }),
        ...(agreed && { capabilities: { 'raw-data': own } }),
      },
    }
    const states = [{ from: 0, value: isInForce ? ('signed' as const) : ('sent' as const) }]
    const term = { id: 'v', agreementId: 'a', number: 1, startsAt: 0, endsAt: null }
    const {
      allow,
      limits,
      quota,
      price: asked,
    } = decisionOf({ of: { agreements: [{ ...term, terms: agreement, states }] } }, [
      version('starter', terms),
    ])
    const bursts = [agreed && isInForce && 1, general && isInForce && 2, entitled && 3, packaged && 4]
    const from = agreed && isInForce ? 1 : entitled ? 3 : null
    assert.equal(allow, true)
    assert.equal(limits?.burst ?? false, bursts.find((burst) => burst !== false) ?? false)
    assert.deepEqual([quota?.amount ?? null, asked?.amount ?? null], [from, from && String(from)])
  }
})
