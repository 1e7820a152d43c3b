/** Export and apply are each other's way back: over random files, and after random changes by hand. */
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import fc from 'fast-check'
import { stringify } from 'yaml'
import { changeExposure, describeCapability, findCapability } from '#/access/capabilities/capabilities.ts'
import { assignPackage, declarePackage, findPackage, plainTerms } from '#/access/packages/packages.ts'
import { addEvidence, declareGate } from '#/access/readiness/readiness.ts'
import { scheduleRollout, setAttributes, setRollout } from '#/access/rollouts/rollouts.ts'
import { createPartner, findPartnerBySlug, renamePartner } from '#/identity/partners/partners.ts'
import { createSealer } from '#/kernel/crypto/crypto.ts'
import { transact } from '#/kernel/db/db.ts'
import type { Tx } from '#/kernel/db/db.ts'
import { applyFile, exportFiles, planFile, readDeclaration } from '#/publish/declaration/declaration.ts'
import { rolloutsAt } from '#/publish/declaration/kinds/rollouts.ts'
import { saidOf } from '#/publish/declaration/sides.ts'
import { testDatabase } from '../../../tests/support/database.ts'

const database = await testDatabase()
const sealer = createSealer(Buffer.alloc(32, 7))
const folder = mkdtempSync(join(tmpdir(), 'portico-export-'))
after(() => rmSync(folder, { recursive: true }))
const options = (provider: string) => {
  return { provider, environment: {}, demo: false, database, sealer, takes: new Map() }
}
const within = <T>(work: (tx: Tx) => Promise<T>) =>
  transact(database.control, { kind: 'operator', id: crypto.randomUUID(), role: 'admin' }, work)

async function lastChange(): Promise<string> {
  return (await database.owner.query('select last from kernel_change_counter')).rows[0].last
}

/** Names of one run begin alike, so that what an earlier one left is not in the way. */
const names = (prefix: string, kind: string) => [1, 2, 3].map((number) => `${prefix}-${kind}-${number}`)
const words = fc.constantFrom(
  'Orders',
  'ä ö',
  '${NAME}',
  '$${x',
  'a: b # c',
  'yes',
  '1.0',
  "it's",
  '-',
  '{ }',
)
const time = fc.integer({ min: 1, max: 400 }).map((days) => new Date(Date.UTC(2030, 0, days)).toISOString())

function maybe<T>(value: fc.Arbitrary<T>) {
  return fc.option(value, { nil: undefined })
}

const record = <T extends object>(keys: readonly string[], value: fc.Arbitrary<T>) =>
  fc.subarray([...keys]).chain((some) => fc.record(Object.fromEntries(some.map((key) => [key, value]))))

function stageOf(partners: readonly string[]) {
  const rule = fc.constantFrom(
    { attribute: 'country', in: ['AT', 'DE'] },
    {
      not: { any: [{ attribute: 'size', in: ['small'] }, { all: [{ attribute: 'package', in: ['pro'] }] }] },
    },
  )
  const cohort = fc.oneof(
    fc.record({ partners: fc.subarray([...partners], { minLength: 1 }) }, {}),
    fc.record({ where: rule }),
  )
  return fc.oneof(
    fc.constantFrom({ to: 'on' }, { to: 'off' }),
    fc.integer({ min: 0, max: 10_000 }).map((percent) => ({ percentage: percent / 100 })),
    partners.length > 0 ? fc.record({ cohort }) : fc.constant({ to: 'on' }),
  )
}

function rolloutOf(partners: readonly string[]) {
  const stage = stageOf(partners)
  const schedule = fc
    .record({
      stage,
      steps: fc.array(stage, { maxLength: 3 }),
      times: fc.uniqueArray(time, { minLength: 3, maxLength: 3 }),
    })
    .map(({ stage: now, steps, times }) => {
      const seen = new Set<string>()
      const fresh = steps.filter((each) => seen.size < seen.add(JSON.stringify(each)).size)
      const at = times.toSorted()
      const later = fresh.map((each, i) => ({ at: at[i], ...each }))
      return later.length > 0 ? { ...now, steps: later } : now
    })
  return fc.oneof(
    fc.constantFrom('on', 'off'),
    fc.record({ live: maybe(schedule), sandbox: maybe(schedule) }),
  )
}

function capabilityOf(gates: readonly string[], partners: readonly string[]) {
  const evidence = (gate: string) =>
    fc.record({
      gate: fc.constant(gate),
      kind: fc.constantFrom('document', 'check', 'sign-off'),
      reference: fc.constantFrom('a.b', 'run 7', 'https://x.invalid/?a=b.c', '${X}'),
      signedBy: fc.constantFrom('Ada', 'Grace'),
      on: fc.constantFrom('2025-03-01', '2025-04-01T09:30:00Z'),
      until: maybe(time),
    })
  return fc.subarray([...gates]).chain((needed) =>
    fc.record({
      title: words,
      description: maybe(words),
      exposure: fc.constantFrom('internal', 'dark', 'pilot', 'general', 'deprecated', 'retired'),
      gates: fc.constant(needed),
      evidence: fc.tuple(...needed.map(evidence)),
      rollout: maybe(rolloutOf(partners)),
    }),
  )
}

function packageOf(capabilities: readonly string[]) {
  const limits = fc.record({ burst: fc.integer({ min: 1, max: 99 }), perSecond: fc.constantFrom(0.5, 1, 20) })
  const entitlement = fc.oneof(
    fc.constant(true as const),
    fc.record({ quota: fc.constant({ amount: 10, period: 'month' }), limits: maybe(limits) }),
    fc.record({ value: fc.oneof(fc.integer(), words, fc.boolean()) }),
    fc.record({ price: fc.constant({ amount: '0.02', currency: 'EUR' }) }),
  )
  return fc.subarray([...capabilities]).chain((short) =>
    fc.record({
      title: words,
      capabilities: fc.constant(short),
      entitlements: record(
        capabilities.filter((each) => !short.includes(each)),
        entitlement as fc.Arbitrary<object>,
      ),
      limits: maybe(limits),
      environments: maybe(fc.subarray(['sandbox', 'live'], { minLength: 1 })),
      webhooks: maybe(fc.boolean()),
      support: maybe(words),
      sla: maybe(words),
    }),
  )
}

function fileOf(prefix: string) {
  const [gates, capabilities] = [names(prefix, 'gate'), names(prefix, 'capability')]
  const [packages, partners] = [names(prefix, 'package'), names(prefix, 'partner')]
  const gate = fc.record({
    title: words,
    description: maybe(words),
    lasts: maybe(fc.constantFrom('90000d')),
    onLapse: maybe(fc.constantFrom('alarm', 'hide')),
  })
  const all = <T>(keys: readonly string[], value: fc.Arbitrary<T>) =>
    fc.record(Object.fromEntries(keys.map((key) => [key, value])))
  const partner = fc.record({
    name: words,
    package: fc.constantFrom(...packages, `${packages[0]}@1`),
    attributes: record(
      ['country', 'size'],
      fc.constantFrom('AT', 'small', '${A}') as unknown as fc.Arbitrary<object>,
    ),
    applications: fc.constantFrom([], [{ name: 'Shop v1.2', environments: ['sandbox'] }]),
  })
  return fc.record({
    provider: fc.record({ name: words, supportEmail: maybe(fc.constant('help@x.invalid')) }),
    contracts: fc.constantFrom({}, { orders: { file: 'orders.json', upstream: 'main' } }),
    upstreams: fc.constant({ main: { live: 'http://live.invalid/a', sandbox: 'http://sandbox.invalid' } }),
    gates: all(gates, gate),
    capabilities: fc
      .tuple(
        all(capabilities, capabilityOf(gates, partners)),
        fc.constant({ title: 'Orders', exposure: 'dark' }),
      )
      .map(([some, orders]) => ({ ...some, orders })),
    packages: all(packages, packageOf(capabilities)),
    partners: all(partners, partner),
  })
}

async function disturb(prefix: string, dice: readonly number[]): Promise<void> {
  const [capability = '', pack = '', slug = ''] = ['capability', 'package', 'partner'].map(
    (kind) => names(prefix, kind)[0],
  )
  const future = (days: number) => new Date(Date.UTC(2040, 0, days))
  const changes: readonly ((tx: Tx, ids: { partner: string; capability: string }) => Promise<unknown>)[] = [
    (tx, { partner }) => renamePartner(tx, partner, 'By ${hand}'),
    (tx, { partner }) => setAttributes(tx, partner, { tier: 'gold' }),
    (tx) => declarePackage(tx, { name: pack, title: 'By hand', terms: plainTerms([capability]) }),
    async (tx, { partner }) => assignPackage(tx, partner, await findPackage(tx, pack, 1)),
    (tx) => describeCapability(tx, capability, { description: 'By hand', successor: 'orders' }),
    (tx, ids) =>
      setRollout(tx, ids.capability, 'live', { kind: 'cohort', partners: [ids.partner], rule: null }),
    (tx, ids) =>
      scheduleRollout(tx, ids.capability, 'sandbox', [
        { at: future(1), rollout: { kind: 'percentage', percent: 1.25 } },
        { at: future(2), rollout: { kind: 'off' } },
      ]),
    (tx) => declareGate(tx, { name: `${prefix}-more`, title: 'More', onLapse: 'hide', lastsDays: 9 }),
    (tx, ids) =>
      addEvidence(
        tx,
        {
          capabilityId: ids.capability,
          gate: names(prefix, 'gate')[0]!,
          kind: 'document',
          reference: 'by.hand',
          signedBy: 'Eve',
        },
        sealer,
      ),
    (tx) => createPartner(tx, { slug: `${prefix}-on-nothing`, name: 'On nothing' }),
    async (tx) => {
      const { exposure } = await findCapability(tx, capability)
      if (exposure === 'general') await changeExposure(tx, capability, 'dark', { reason: 'leak' })
    },
  ]
  for (const die of dice) {
    await within(async (tx) => {
      const partner = (await findPartnerBySlug(tx, slug))!.id
      await changes[die]!(tx, {
        partner,
        capability: (await findCapability(tx, capability)).id,
      })
    })
  }
}

const disturbances = Array.from({ length: 11 }, (_, number) => number)

let runs = 0
writeFileSync(
  join(folder, 'orders.json'),
  JSON.stringify({
    openapi: '3.1.0',
    info: { title: 'Orders', version: '1.0.0' },
    paths: {
      '/orders': { get: { 'x-portico-capability': 'orders', responses: { 200: { description: 'ok' } } } },
    },
  }),
)

/** Undefined values are not said; `${` is written so that it means itself. */
const textOf = (file: object) => stringify(JSON.parse(JSON.stringify(file).replaceAll('${', () => '$${')))

async function exported(): Promise<string> {
  const place = join(folder, `exported-${(runs += 1)}`)
  mkdirSync(place)
  for (const [name, text] of (await exportFiles(database, sealer)).files)
    writeFileSync(join(place, name), text)
  return join(place, 'portico.yaml')
}

/** A file as things, without steps that change nothing and the ends that evidence has from its gate. */
async function thingsIn(file: string): Promise<Map<string, unknown>> {
  const { written, contracts } = await readDeclaration(file, {})
  return new Map(
    [...saidOf(written, contracts)].map(([path, thing]) => {
      const { fields } = rolloutsAt(thing, new Date())
      const told = Object.entries(fields).map(([field, value]) => {
        if (!field.startsWith('evidence.')) return [field, value]
        const { until: _, ...rest } = value as { until?: string }
        return [field, rest]
      })
      return [path, Object.fromEntries(told)]
    }),
  )
}

test('what was applied is exported as it was said, and applying that changes nothing', async () => {
  let run = 0
  const rounds = Number(process.env.ROUNDS ?? 3)
  const property = fc.asyncProperty(
    fc.shuffledSubarray(disturbances, { minLength: 4 }),
    fc.nat(),
    async (dice, seed) => {
      const prefix = `r${(run += 1)}`
      const [file] = fc.sample(fileOf(prefix), { numRuns: 1, seed })
      const provider = join(folder, 'portico.yaml')
      writeFileSync(provider, textOf(file!))
      const applied = await applyFile(options(provider))
      // What is dark at once and open next cannot be said by a file; nothing of these files is.
      assert.equal(applied.verdict, 'changes', applied.text)
      assert.equal((await planFile(options(provider))).text, 'Nothing to do.\n')

      const first = await exported()
      const [said, back] = [await thingsIn(provider), await thingsIn(first)]
      for (const [path, fields] of said) assert.deepEqual(back.get(path), fields, path)
      assert.equal((await planFile(options(first))).text, 'Nothing to do.\n')

      await disturb(prefix, dice)
      const second = await exported()
      const before = await lastChange()
      assert.equal((await applyFile(options(second))).text, 'Nothing to do.\n')
      assert.equal(await lastChange(), before)
      assert.deepEqual(await thingsIn(await exported()), await thingsIn(second))
    },
  )
  await fc.assert(property, { numRuns: rounds, endOnFailure: true })
})
