/** No decision outlives its `validUntil`: what the gateway is told at any moment is what the facts of that moment say. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { exposures } from '#/access/capabilities/capabilities.ts'
import { catalogueOf, decide, factsAt, factsIn } from '#/access/entitlements/entitlements.ts'
import type {
  CapabilityFacts,
  Catalogue,
  PartnerFacts,
  WrittenFacts,
} from '#/access/entitlements/entitlements.ts'
import { timelineOf } from '#/access/history/history.ts'
import type { Timeline, Word } from '#/access/history/history.ts'
import { plainTerms } from '#/access/packages/packages.ts'
import type { PackageVersion } from '#/access/packages/packages.ts'
import type { Rollout } from '#/access/rollouts/rollouts.ts'
import { systemClock } from '#/kernel/clock/clock.ts'
import { createDirectory } from '#/publish/snapshot/directory.ts'
import type { Directory } from '#/publish/snapshot/directory.ts'

const last = 14
const moment = fc.integer({ min: 0, max: last })
const end = fc.option(moment)

/** Words about periods, in any order, some of them about the future. */
function words<T>(value: fc.Arbitrary<T>, most = 3): fc.Arbitrary<readonly Word<T>[]> {
  const word = fc
    .record({ value, from: moment, length: fc.option(fc.integer({ min: 1, max: 6 })), saidAt: moment })
    .map(({ length, ...rest }) => ({ ...rest, until: length === null ? null : rest.from + length }))
  return fc.array(word, { maxLength: most })
}

function timeline<T>(value: fc.Arbitrary<T>, most = 3): fc.Arbitrary<Timeline<T>> {
  return words(value, most).map(timelineOf)
}

const mostly = <T>(value: T, rest: fc.Arbitrary<Timeline<T>>) =>
  fc.oneof(fc.constant<Timeline<T>>([{ from: 0, value }]), rest)

const period = fc.record({ from: moment, until: end })
const rollout = fc.constantFrom<Rollout>(
  { kind: 'off' },
  { kind: 'on' },
  { kind: 'percentage', percent: 50 },
  { kind: 'cohort', partners: ['second'], rule: { attribute: 'tier', in: ['gold'] } },
  { kind: 'cohort', partners: [], rule: { attribute: 'package', in: ['pro'] } },
)
const gate = fc.record({
  id: fc.constant('legal'),
  name: fc.constant('legal'),
  title: fc.constant('Legal'),
  policy: timeline(fc.constantFrom('alarm', 'hide'), 2),
  needed: timeline(fc.boolean(), 2),
  evidence: fc.array(period, { maxLength: 2 }),
})
const pilot = fc.record({
  id: fc.constantFrom('pilot', 'later'),
  terms: timeline(fc.record({ capacity: fc.constant(5), endsAt: end }), 2),
})
const capability = (name: string): fc.Arbitrary<CapabilityFacts> =>
  fc.record({
    id: fc.constant(name),
    name: fc.constant(name),
    title: fc.constant(name),
    isOwn: fc.constant(false),
    exposures: mostly('general', timeline(fc.constantFrom(...exposures))),
    gates: fc.array(gate, { maxLength: 1 }),
    rollouts: fc.record({
      live: mostly<Rollout>({ kind: 'on' }, timeline(rollout)),
      sandbox: timeline(rollout),
    }),
    pilots: fc.array(pilot, { maxLength: 2 }),
  })

const versions = (['pro', 'basic'] as const).map((name): PackageVersion => {
  const terms = plainTerms(name === 'pro' ? ['one', 'two'] : ['one'])
  return { id: name, packageId: name, name, title: name, number: 1, terms: { ...terms, agreement: 'none' } }
})
const strict = {
  ...versions[0]!,
  id: 'strict',
  terms: { ...versions[0]!.terms, agreement: 'required' },
} satisfies PackageVersion

/** As PostgreSQL writes them down. */
const linesOf = (fields: readonly (readonly unknown[])[]) =>
  fields.map((line) => JSON.stringify(line)).join('\n')

/** `about`: what they are about, if that is not the partner. */
const said = <T>(value: fc.Arbitrary<T>, ...about: readonly string[]) =>
  words(value).map((all) =>
    linesOf(all.map(({ value, from, until, saidAt }) => [...about, value, from, until, saidAt])),
  )

const agreement = fc.record({ startsAt: moment, endsAt: end }).map(({ startsAt, endsAt }) => {
  const terms = { noticeDays: 0, capabilities: ['two'], overrides: {}, sla: null, consents: [] }
  return linesOf([['v1', 'a', 1, startsAt, endsAt, terms]])
})

/** Of the partner and one of its applications; they have no end. */
const standings = (id: string) => {
  const about = (applicationId: string | null) =>
    words(fc.constantFrom('active', 'suspended')).map((all) =>
      all.map(({ value, from, saidAt }) => [applicationId, value, from, saidAt]),
    )
  const mostlyActive = fc.oneof(fc.constant([[null, 'active', 0, 0]]), about(null))
  return fc.tuple(mostlyActive, about(`${id} live`)).map((both) => linesOf(both.flat()))
}

const partner = (id: string): fc.Arbitrary<WrittenFacts> =>
  fc.record({
    id: fc.constant(id),
    slug: fc.constant(id),
    standings: standings(id),
    assignments: fc.oneof(
      fc.constant(linesOf([['pro', 0, null, 0]])),
      said(fc.constantFrom('pro', 'basic', 'strict')),
    ),
    grants: said(fc.boolean(), 'two'),
    attributes: said(fc.constantFrom('gold', null), 'tier'),
    places: said(fc.constantFrom('waiting', 'admitted', 'left'), 'pilot'),
    agreements: fc.oneof(fc.constant(''), agreement),
    agreementEvents: said(fc.constantFrom('sent', 'signed', 'ended'), 'v1'),
  })

const scene = fc.record({
  capabilities: fc.tuple(capability('one'), capability('two')),
  partners: fc.tuple(partner('first'), partner('second')),
  /** Of these moments somebody asks; at the others nobody does. */
  asked: fc.uniqueArray(moment, { minLength: 1, maxLength: last }),
})

type Triple = { facts: PartnerFacts; each: CapabilityFacts; environment: 'live' | 'sandbox' }

function triples(partners: readonly PartnerFacts[], capabilities: readonly CapabilityFacts[]): Triple[] {
  return partners.flatMap((facts) =>
    capabilities.flatMap((each) =>
      (['live', 'sandbox'] as const).map((environment) => ({ facts, each, environment })),
    ),
  )
}

/** What the gateway is told now against the facts of now and of all moments until it ends; true: it ends by itself. */
function holds(
  directory: Directory,
  catalogue: Catalogue,
  { facts, each, environment, now }: Triple & { now: number },
): boolean {
  const applicationId = `${facts.id} ${environment}`
  const at = (when: number) =>
    decide(factsAt(catalogue, each, facts, { environment, applicationId, moment: when }))
  const expected = at(now)
  const told = directory.decide({ id: applicationId, partnerId: facts.id, environment }, each.name)
  assert.equal(told.allow ? null : told.problem, expected.reason)
  assert.ok(told.validUntil === null || told.validUntil > now, 'it is not over')
  assert.ok((told.validUntil ?? Infinity) <= (expected.validUntil ?? Infinity))
  for (let later = now; later < (expected.validUntil ?? last + 1) && later <= last; later += 1)
    assert.equal(at(later).reason, expected.reason)
  return told.validUntil !== null
}

test('a decision is the same until its validUntil, and from then on another is looked up', () => {
  let ended = 0
  fc.assert(
    fc.property(scene, ({ capabilities, partners, asked }) => {
      let now = 0
      const clock = { ...systemClock(), business: () => new Date(now) }
      const directory = createDirectory({ live: clock, sandbox: clock })
      const catalogue = catalogueOf(capabilities, [...versions, strict])
      directory.setCatalogue(catalogue)
      directory.putPartners(partners)
      const all = partners.map(factsIn)
      for (const moment of asked.toSorted((a, b) => a - b)) {
        now = moment
        for (const { facts, each, environment } of triples(all, capabilities))
          if (holds(directory, catalogue, { facts, each, environment, now })) ended += 1
        for (const each of capabilities) {
          const isHidden = all.every((facts) => {
            const asked = { environment: 'live', applicationId: null, moment: now } as const
            return decide(factsAt(catalogue, each, facts, asked)).reason?.status === 404
          })
          assert.equal(directory.visible(each.name, 'anywhere'), !isHidden)
        }
      }
    }),
    { numRuns: 300 },
  )
  assert.ok(ended > 300, 'many of them end by themselves')
})
