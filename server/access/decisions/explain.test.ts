/** What is explained of the past is what was decided then, whatever was said, planned or corrected later. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { declareCapability } from '#/access/capabilities/capabilities.ts'
import { explain } from '#/access/decisions/explain.ts'
import { decide, factsAt, readCatalogue, readPartnerFacts } from '#/access/entitlements/entitlements.ts'
import type { AccessDecision } from '#/access/entitlements/entitlements.ts'
import {
  assignPackage,
  declarePackage,
  findPackage,
  grantCapability,
  plainTerms,
} from '#/access/packages/packages.ts'
import { createApplication } from '#/identity/applications/applications.ts'
import { createPartner, recordStanding, resumePartner, suspendPartner } from '#/identity/partners/partners.ts'
import { systemClock } from '#/kernel/clock/clock.ts'
import { transact } from '#/kernel/db/db.ts'
import type { Tx } from '#/kernel/db/db.ts'
import { newId } from '#/kernel/id/id.ts'
import { expose } from '../../../tests/support/access/exposure.ts'
import { testDatabase } from '../../../tests/support/database.ts'

const hour = 3_600_000
const start = Date.UTC(2026, 0, 1)
let now = start
const database = await testDatabase({ ...systemClock(), business: () => new Date(now) })
const within = <T>(work: (tx: Tx) => Promise<T>) =>
  transact(database.control, { kind: 'system', name: 'test' }, work)

const names = ['alpha', 'beta'] as const
const environments = ['live', 'sandbox'] as const

type Scene = {
  readonly partnerId: string
  readonly applications: Readonly<Record<(typeof environments)[number], string>>
  readonly capabilities: Readonly<Record<(typeof names)[number], string>>
}

/** Of its own for each history; capabilities are everybody's, so their names are its own as well. */
let count = 0
async function scene(): Promise<Scene & { readonly name: (name: string) => string }> {
  const own = (count += 1)
  const name = (which: string) => `${which}-${own}`
  return within(async (tx) => {
    const declare = (which: string) =>
      declareCapability(tx, { name: name(which), title: which, exposure: 'general' })
    const capabilities = { alpha: (await declare('alpha')).id, beta: (await declare('beta')).id }
    const pack = (which: string, contents: readonly string[]) =>
      declarePackage(tx, { name: name(which), title: which, terms: plainTerms(contents.map(name)) })
    await pack('small', ['alpha'])
    await pack('large', ['alpha', 'beta'])
    const partner = await createPartner(tx, { slug: name('partner'), name: 'Partner' })
    const make = (environment: 'live' | 'sandbox') =>
      createApplication(tx, partner.id, { environment, name: 'App' })
    const applications = { live: (await make('live')).id, sandbox: (await make('sandbox')).id }
    return { partnerId: partner.id, applications, capabilities, name }
  })
}

type Made = Awaited<ReturnType<typeof scene>>

/** About a period that began before now: what a person writes when what was recorded turned out to be wrong. */
type Period = { readonly back: number; readonly length: number | null }

type Said =
  | { readonly kind: 'wait'; readonly hours: number }
  | { readonly kind: 'expose'; readonly exposure: 'dark' | 'general' | 'deprecated' }
  | { readonly kind: 'assign'; readonly to: 'small' | 'large' }
  | { readonly kind: 'grant'; readonly granted: boolean }
  | { readonly kind: 'suspend' | 'resume' }
  | { readonly kind: 'application'; readonly state: 'active' | 'suspended' }
  | { readonly kind: 'correct assignment'; readonly to: 'small' | 'large' | null; readonly period: Period }
  | { readonly kind: 'correct exposure'; readonly exposure: 'dark' | 'general'; readonly period: Period }
  | { readonly kind: 'roll out'; readonly percent: 0 | 100; readonly period: Period }

const period = fc.record({
  back: fc.integer({ min: -12, max: 48 }),
  length: fc.option(fc.integer({ min: 1, max: 60 })),
})
const said: fc.Arbitrary<Said> = fc.oneof(
  fc.record({ kind: fc.constant('wait' as const), hours: fc.integer({ min: 1, max: 30 }) }),
  fc.record({
    kind: fc.constant('expose' as const),
    exposure: fc.constantFrom('dark', 'general', 'deprecated'),
  }),
  fc.record({ kind: fc.constant('assign' as const), to: fc.constantFrom('small', 'large') }),
  fc.record({ kind: fc.constant('grant' as const), granted: fc.boolean() }),
  fc.record({ kind: fc.constantFrom('suspend' as const, 'resume' as const) }),
  fc.record({ kind: fc.constant('application' as const), state: fc.constantFrom('active', 'suspended') }),
  fc.record({
    kind: fc.constant('correct assignment' as const),
    to: fc.constantFrom('small', 'large', null),
    period,
  }),
  fc.record({
    kind: fc.constant('correct exposure' as const),
    exposure: fc.constantFrom('dark', 'general'),
    period,
  }),
  fc.record({ kind: fc.constant('roll out' as const), percent: fc.constantFrom(0, 100), period }),
)

/** Corrections have no door yet: a word about a period of its own goes into the table as the doors would write it. */
async function correct(table: string, columns: Readonly<Record<string, unknown>>, { back, length }: Period) {
  const from = now - back * hour
  const until = length === null ? null : new Date(from + length * hour)
  const all = { id: newId(), ...columns, valid_from: new Date(from), valid_until: until }
  const places = Object.keys(all).map((_, i) => `$${i + 1}`)
  const text = `insert into ${table} (${Object.keys(all).join(', ')}) values (${places.join(', ')})`
  await database.owner.query(text, Object.values(all))
}

async function say(one: Said, { partnerId, applications, capabilities, name }: Made): Promise<void> {
  const versionOf = (to: string) => within((tx) => findPackage(tx, name(to)))
  switch (one.kind) {
    case 'wait':
      now += one.hours * hour
      return
    case 'expose': {
      const { exposure } = one
      await expose(database.control, name('beta'), exposure)
      return
    }
    case 'assign': {
      const version = await versionOf(one.to)
      return within((tx) => assignPackage(tx, partnerId, version))
    }
    case 'grant': {
      const grant = { capabilityId: capabilities.beta, source: 'operator', sourceId: null } as const
      return within((tx) => grantCapability(tx, partnerId, { ...grant, granted: one.granted }))
    }
    case 'suspend':
      return within((tx) => suspendPartner(tx, partnerId, 'test'))
    case 'resume':
      return within((tx) => resumePartner(tx, partnerId, 'test'))
    case 'application': {
      const standing = { applicationId: applications.live, state: one.state, reason: 'test' }
      return within((tx) => recordStanding(tx, partnerId, standing))
    }
    case 'correct assignment': {
      const version = one.to && (await versionOf(one.to)).id
      return correct('access_assignment', { partner_id: partnerId, version_id: version }, one.period)
    }
    case 'correct exposure': {
      const columns = { capability_id: capabilities.alpha, exposure: one.exposure }
      return correct('access_exposure', columns, one.period)
    }
    case 'roll out': {
      const rollout = { kind: 'percentage', percent: one.percent }
      const columns = { capability_id: capabilities.beta, environment: 'live', rollout }
      return correct('access_rollout', columns, one.period)
    }
  }
}

type Recorded = {
  readonly at: Date
  readonly knownAt: Date
  readonly capability: string
  readonly environment: 'live' | 'sandbox'
  readonly applicationId: string
  readonly decision: AccessDecision
}

/** As it is decided now, and when that was. */
async function record({ partnerId, applications, name }: Made): Promise<readonly Recorded[]> {
  return within(async (tx) => {
    const catalogue = await readCatalogue(tx, null)
    const [facts] = await readPartnerFacts(tx, [{ id: partnerId, slug: name('partner') }], null)
    // Words are told apart by the database's clock, a moment by milliseconds: what is said next is said after it.
    const [clock] = await tx.rows<{ at: Date }>(
      "select date_trunc('milliseconds', clock_timestamp()) + interval '1 millisecond' as at, pg_sleep(0.002)",
    )
    return environments.flatMap((environment) =>
      names.map((which) => {
        const applicationId = applications[environment]
        const capability = catalogue.capabilities.get(name(which))!
        const asked = { environment, applicationId, moment: now }
        const decision = decide(factsAt(catalogue, capability, facts!, asked))
        const when = { at: new Date(now), knownAt: clock!.at }
        return { ...when, capability: name(which), environment, applicationId, decision }
      }),
    )
  })
}

test('a past decision is explained as it was made, after facts were added, planned and corrected', async () => {
  let changed = 0
  await fc.assert(
    fc.asyncProperty(fc.array(said, { minLength: 4, maxLength: 14 }), async (history) => {
      now = start
      const made = await scene()
      const recorded: Recorded[] = [...(await record(made))]
      for (const one of history) {
        await say(one, made)
        recorded.push(...(await record(made)))
      }
      await within(async (tx) => {
        for (const { decision, ...question } of recorded) {
          const then = await explain(tx, made.partnerId, question)
          // The packages that a refusal names are those there are today.
          assert.deepEqual({ ...then, next: null }, { ...decision, next: null })
          const known = await explain(tx, made.partnerId, { ...question, knownAt: null })
          if (known.reason !== decision.reason) changed += 1
        }
      })
    }),
    { numRuns: 12 },
  )
  assert.ok(changed > 10, 'with what is known today many of them would be otherwise')
})
