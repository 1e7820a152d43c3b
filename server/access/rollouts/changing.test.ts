/** A rollout is what was said last; steps come when they are due; a roll-back goes back, and again further back. */
import assert from 'node:assert/strict'
import { beforeEach, describe, test } from 'node:test'
import { declareCapability } from '#/access/capabilities/capabilities.ts'
import { at } from '#/access/history/history.ts'
import { assignPackage, declarePackage, plainTerms } from '#/access/packages/packages.ts'
import { previewRollout } from '#/access/rollouts/preview.ts'
import {
  attributesOf,
  readRollouts,
  rollBack,
  scheduleRollout,
  setAttributes,
  setRollout,
} from '#/access/rollouts/rollouts.ts'
import type { Rollout, Rule, Step } from '#/access/rollouts/rollouts.ts'
import { createPartner } from '#/identity/partners/partners.ts'
import { systemClock } from '#/kernel/clock/clock.ts'
import { transact } from '#/kernel/db/db.ts'
import type { Tx } from '#/kernel/db/db.ts'
import { newId } from '#/kernel/id/id.ts'
import { Problem } from '#/kernel/problem/problem.ts'
import { testDatabase } from '../../../tests/support/database.ts'

let now = new Date('2026-11-01T12:00:00.000Z')
const database = await testDatabase({ ...systemClock(), business: () => now })
const within = <T>(work: (tx: Tx) => Promise<T>) =>
  transact(database.control, { kind: 'system', name: 'test' }, work)

const day = 86_400_000
const off: Rollout = { kind: 'off' }
const on: Rollout = { kind: 'on' }
const tenth: Rollout = { kind: 'percentage', percent: 10 }
const half: Rollout = { kind: 'percentage', percent: 50 }
const inDays = (days: number) => new Date(now.getTime() + days * day)
const step = (days: number, rollout: Rollout): Step => ({ at: inDays(days), rollout })

let capabilityId = ''
let count = 0
beforeEach(async () => {
  const name = `capability-${(count += 1)}`
  const declared = { name, title: 'Capability', exposure: 'general' } as const
  capabilityId = (await within((tx) => declareCapability(tx, declared))).id
  now = inDays(1)
})

const set = (rollout: Rollout) => within((tx) => setRollout(tx, capabilityId, 'live', rollout))
const schedule = (...steps: Step[]) => within((tx) => scheduleRollout(tx, capabilityId, 'live', steps))
const back = () => within((tx) => rollBack(tx, capabilityId, 'live', 'it failed'))
/** What decisions are made of. */
async function inForce(days = 0, environment = 'live'): Promise<Rollout | null> {
  const rollouts = await within((tx) => readRollouts(tx, null))
  return at(rollouts.get(`${capabilityId} ${environment}`) ?? [], inDays(days).getTime()).value
}
async function changes(): Promise<number> {
  const { rows } = await database.owner.query<{ n: string }>('select last as n from kernel_change_counter')
  return Number(rows[0]!.n)
}
const refusal = (work: Promise<unknown>) =>
  work.then(
    () => 'done',
    (error: unknown) => {
      assert.ok(error instanceof Problem, String(error))
      return error.message
    },
  )

describe('now', () => {
  test('the last one said, in its own environment; the same again tells nobody', async () => {
    await set(tenth)
    assert.deepEqual([await inForce(), await inForce(0, 'sandbox')], [tenth, on])
    const before = await changes()
    await set({ kind: 'percentage', percent: 10 })
    assert.equal(await changes(), before)
  })

  test('a cohort names partners that there are', async () => {
    const absent: Rollout = { kind: 'cohort', partners: [newId()], rule: null }
    assert.match(await refusal(set(absent)), /rollouts\.invalid: There is no partner ptn_/)
    assert.match(await refusal(schedule(step(1, half), step(2, absent))), /rollouts\.invalid/)
    assert.deepEqual([await inForce(), await inForce(5)], [on, on])
  })

  test('of many at once the later commit is the later word', async () => {
    await Promise.all([off, tenth, half].map(set))
    const { rows } = await database.owner.query<{ rollout: Rollout }>(
      'select rollout from access_rollout where capability_id = $1 order by recorded_at desc limit 1',
      [capabilityId],
    )
    assert.deepEqual(await inForce(), rows[0]!.rollout)
  })
})

describe('step by step', () => {
  test('each step when it is due, and what is said now takes back what was planned', async () => {
    await set(off)
    await schedule(step(1, tenth), step(2, half), step(3, on))
    assert.deepEqual(
      [await inForce(), await inForce(1), await inForce(2.5), await inForce(9)],
      [off, tenth, half, on],
    )
    now = inDays(1.5)
    await set(tenth)
    assert.deepEqual([await inForce(), await inForce(9)], [tenth, tenth])
  })

  test('another plan replaces the one before, none takes it back, the same tells nobody', async () => {
    await set(off)
    await schedule(step(1, tenth), step(2, half))
    const steps = [step(3, on)]
    await schedule(...steps)
    assert.deepEqual([await inForce(1), await inForce(2), await inForce(3)], [off, off, on])
    const before = await changes()
    await schedule(...steps)
    assert.equal(await changes(), before)
    await schedule()
    assert.deepEqual(await inForce(9), off)
  })

  const wrong: readonly [string, () => Step[], RegExp][] = [
    ['a step in the past', () => [step(-1, tenth)], /Step 1 lies in the past/],
    ['a step now', () => [step(0, tenth)], /Step 1 lies in the past/],
    ['disorder', () => [step(2, tenth), step(1, half)], /Step 2 lies before step 1/],
    ['two at once', () => [step(1, tenth), step(1, half)], /Step 2 is at the same time as step 1/],
    ['the same twice', () => [step(1, tenth), step(2, tenth)], /Step 2 says the same as step 1/],
    [
      'a circle',
      () => [step(1, tenth), step(2, half), step(3, tenth)],
      /Step 3 goes round in a circle, back to step 1/,
    ],
    [
      'too many',
      () => Array.from({ length: 51 }, (_, i) => step(i + 1, { kind: 'percentage', percent: i })),
      /51 steps; at most 50/,
    ],
    ['what is no rollout', () => [step(1, half), step(2, { kind: 'percentage', percent: 101 })], /percent/],
  ]
  for (const [name, steps, message] of wrong) {
    test(`${name} is refused, and the plan stays`, async () => {
      await set(off)
      await schedule(step(4, half))
      const before = await changes()
      assert.match(await refusal(schedule(...steps())), message)
      assert.equal(await changes(), before)
      assert.deepEqual([await inForce(), await inForce(4)], [off, half])
    })
  }
})

describe('back', () => {
  test('to what was before, again further back, and not forward; then there is nothing before', async () => {
    for (const rollout of [off, tenth, half]) {
      await set(rollout)
      now = inDays(1)
    }
    const seen: (Rollout | null)[] = []
    for (let n = 0; n < 3; n += 1) {
      assert.deepEqual(await back(), await inForce())
      now = inDays(1)
      seen.push(await inForce())
    }
    assert.deepEqual(seen, [tenth, off, on])
    assert.match(await refusal(back()), /rollouts\.nothing_before/)
  })

  test('after going back and on, back is to where one went on from', async () => {
    for (const rollout of [off, tenth]) {
      await set(rollout)
      now = inDays(1)
    }
    await back()
    now = inDays(1)
    await set(half)
    now = inDays(1)
    assert.deepEqual(await back(), off)
  })

  test('from a step that came by itself, and what was planned after it is taken back', async () => {
    await set(off)
    now = inDays(1)
    await schedule(step(1, tenth), step(2, half), step(3, on))
    now = inDays(2)
    assert.deepEqual(await inForce(), half)
    assert.deepEqual(await back(), tenth)
    assert.deepEqual(await inForce(30), tenth)
  })

  test('a plan that was taken back is nothing to go back to', async () => {
    await set(off)
    now = inDays(1)
    await schedule(step(1, tenth))
    await schedule(step(2, half))
    now = inDays(2)
    assert.deepEqual([await inForce(), await back()], [half, off])
  })
})

describe('attributes and preview', () => {
  const partnerCalled = (slug: string) => within((tx) => createPartner(tx, { slug, name: slug }))

  test('the last set, whole; the same again tells nobody', async () => {
    const { id } = await partnerCalled('acme')
    const give = (attributes: Record<string, string>) => within((tx) => setAttributes(tx, id, attributes))
    await give({ tier: 'gold', region: 'eu', constructor: 'x' })
    await give({ tier: 'silver', region: 'eu' })
    assert.deepEqual(await within((tx) => attributesOf(tx, id)), { tier: 'silver', region: 'eu' })
    const before = await changes()
    await give({ region: 'eu', tier: 'silver' })
    assert.equal(await changes(), before)
    for (const wrong of [
      { tier: 'iron', slug: 'x' },
      { tier: 'iron', package: 'x' },
      { tier: 'iron', Region: 'x' },
      { tier: 'iron', region: ' ' },
      Object.fromEntries(Array.from({ length: 51 }, (_, i) => [`a${i}`, 'x'])),
    ]) {
      assert.match(await refusal(give(wrong)), /rollouts\.bad_attributes/)
    }
    assert.deepEqual(await within((tx) => attributesOf(tx, id)), { tier: 'silver', region: 'eu' })
    assert.match(await refusal(within((tx) => setAttributes(tx, newId(), {}))), /partners\.not_found/)
  })

  test('a preview says who gains and who loses, by name, package and attribute, and changes nothing', async () => {
    const [ada, bob, cleo] = [
      await partnerCalled('ada'),
      await partnerCalled('bob'),
      await partnerCalled('cleo'),
    ]
    await within(async (tx) => {
      const pro = await declarePackage(tx, { name: 'pro', title: 'Pro', terms: plainTerms([]) })
      await assignPackage(tx, ada.id, pro)
      await setAttributes(tx, bob.id, { tier: 'gold' })
    })
    await set({ kind: 'cohort', partners: [cleo.id], rule: { attribute: 'slug', in: ['bob'] } })
    const before = await changes()
    const preview = (rollout: Rollout, most = 10) =>
      within((tx) => previewRollout(tx, capabilityId, 'live', rollout, most))
    const pros: Rule = {
      any: [
        { attribute: 'package', in: ['pro'] },
        { attribute: 'tier', in: ['gold'] },
      ],
    }
    const { gains, loses } = await preview({ kind: 'cohort', partners: [], rule: pros })
    assert.deepEqual(
      [gains, loses],
      [
        { count: 1, partners: [{ id: ada.id, slug: 'ada' }] },
        { count: 1, partners: [{ id: cleo.id, slug: 'cleo' }] },
      ],
    )
    const none = await preview(off, 1)
    assert.deepEqual(
      [none.gains, none.loses.count, none.loses.partners.length],
      [{ count: 0, partners: [] }, 2, 1],
    )
    assert.equal(await changes(), before)
  })
})
