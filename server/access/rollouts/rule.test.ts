/** Who is in a rollout: percentages grow without losing anybody and are spread evenly; rules say what they read like. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { includes, readRollout } from '#/access/rollouts/rollouts.ts'
import type { Rollout, RolloutPartner, Rule } from '#/access/rollouts/rollouts.ts'
import { bounds } from '#/access/rollouts/reading.ts'
import { newId } from '#/kernel/id/id.ts'
import { Problem } from '#/kernel/problem/problem.ts'

const percent = fc.integer({ min: 0, max: 10_000 }).map((hundredths) => hundredths / 100)
const at = (percents: number): Rollout => ({ kind: 'percentage', percent: percents })

describe('percentages', () => {
  test('whoever is in a smaller one is in a larger one', () => {
    fc.assert(
      fc.property(fc.uuid(), fc.uuid(), percent, percent, (capability, id, one, other) => {
        const [small, large] = [Math.min(one, other), Math.max(one, other)]
        const partner = { id, attributes: {} }
        if (includes(at(small), capability, partner)) assert.ok(includes(at(large), capability, partner))
      }),
      { numRuns: 2000 },
    )
  })

  test('nobody is in 0, everybody in 100, and the answer is the same each time', () => {
    fc.assert(
      fc.property(fc.uuid(), fc.uuid(), percent, (capability, id, percents) => {
        const partner = { id, attributes: {} }
        assert.ok(!includes(at(0), capability, partner))
        assert.ok(includes(at(100), capability, partner))
        const [first, again] = [0, 1].map(() => includes(at(percents), capability, { ...partner }))
        assert.equal(first, again)
      }),
    )
  })

  // Ids as partners have them: of one time, so alike in their first half.
  const ids = Array.from({ length: 20_000 }, newId)

  test('evenly spread: each tenth holds a tenth of the partners, within 5 standard deviations', () => {
    const capability = newId()
    let below = 0
    for (let tenth = 1; tenth <= 10; tenth += 1) {
      const within = ids.filter((id) => includes(at(tenth * 10), capability, { id, attributes: {} })).length
      // Binomial: √(20,000 × 0.1 × 0.9) ≈ 42.
      assert.ok(Math.abs(within - below - 2000) < 5 * 42.5, `${within - below} in tenth ${tenth}`)
      below = within
    }
    assert.equal(below, ids.length)
  })

  test('of each capability another choice: those in both are as many as chance makes them', () => {
    const [one, other] = [newId(), newId()]
    const both = ids.filter((id) =>
      [one, other].every((capability) => includes(at(50), capability, { id, attributes: {} })),
    )
    assert.ok(Math.abs(both.length - 5000) < 5 * 61.3, String(both.length))
  })
})

describe('cohorts', () => {
  const partner: RolloutPartner = { id: newId(), attributes: { tier: 'gold', region: 'eu' } }
  const tier = (...values: string[]): Rule => ({ attribute: 'tier', in: values })
  const region = (...values: string[]): Rule => ({ attribute: 'region', in: values })
  const cases: readonly [string, Rule, boolean][] = [
    ['a value in the list', tier('silver', 'gold'), true],
    ['a value not in the list', tier('silver'), false],
    ['an attribute it does not have', { attribute: 'size', in: ['large'] }, false],
    ['an attribute with a name that objects know', { attribute: 'constructor', in: ['x'] }, false],
    ['all, both true', { all: [tier('gold'), region('eu')] }, true],
    ['all, one false', { all: [tier('gold'), region('us')] }, false],
    ['any, one true', { any: [tier('iron'), region('eu')] }, true],
    ['any, none true', { any: [tier('iron'), region('us')] }, false],
    ['not', { not: tier('iron') }, true],
    ['not of what it does not have', { not: { attribute: 'size', in: ['large'] } }, true],
    ['nested', { all: [{ not: { any: [region('us'), tier('iron')] } }, tier('gold')] }, true],
  ]
  for (const [name, rule, expected] of cases) {
    test(name, () => {
      const rollout = readRollout({ kind: 'cohort', rule })
      assert.equal(includes(rollout, newId(), partner), expected)
    })
  }

  test('who is named is in, whatever the rule says', () => {
    const rollout: Rollout = { kind: 'cohort', partners: [partner.id], rule: tier('iron') }
    assert.ok(includes(rollout, newId(), partner))
    assert.ok(!includes(rollout, newId(), { ...partner, id: newId() }))
  })
})

describe('what is no rollout is refused, and where', () => {
  const deep = (depth: number): object =>
    depth === 1 ? { attribute: 'tier', in: ['gold'] } : { not: deep(depth - 1) }
  const rule = (written: unknown) => ({ kind: 'cohort', rule: written })
  const many = (count: number) => Array.from({ length: count }, (_, i) => `v${i}`)
  const wrong: readonly [string, unknown, string][] = [
    ['nothing', null, ''],
    ['a list', [], ''],
    ['another kind', { kind: 'most' }, '/kind'],
    ['a key too many', { kind: 'on', percent: 3 }, ''],
    ['no percent', { kind: 'percentage' }, '/percent'],
    ['a negative percent', { kind: 'percentage', percent: -1 }, '/percent'],
    ['more than all', { kind: 'percentage', percent: 100.01 }, '/percent'],
    ['three decimals', { kind: 'percentage', percent: 0.001 }, '/percent'],
    ['no number', { kind: 'percentage', percent: Number.NaN }, '/percent'],
    ['a cohort of nobody', { kind: 'cohort', partners: [] }, ''],
    ['a partner twice', { kind: 'cohort', partners: ['a', 'a'] }, '/partners'],
    ['too many partners', { kind: 'cohort', partners: many(bounds.partners + 1) }, '/partners'],
    ['all of nothing', rule({ all: [] }), '/rule/all'],
    ['any of nothing', rule({ any: [] }), '/rule/any'],
    ['a list of no values', rule({ attribute: 'tier', in: [] }), '/rule/in'],
    ['too many values', rule({ attribute: 'tier', in: many(bounds.values + 1) }), '/rule/in'],
    ['a value that is no text', rule({ attribute: 'tier', in: [3] }), '/rule/in/0'],
    ['a value too long', rule({ attribute: 'tier', in: ['x'.repeat(201)] }), '/rule/in/0'],
    ['no short name', rule({ attribute: '__proto__', in: ['x'] }), '/rule/attribute'],
    ['two conditions at once', rule({ all: [deep(1)], any: [deep(1)] }), '/rule'],
    ['an empty rule', rule({}), '/rule/attribute'],
    ['too deep', rule(deep(bounds.depth + 1)), '/rule/not/not/not/not/not'],
    ['much too deep', rule(deep(2000)), '/rule/not/not/not/not/not'],
    ['too wide', rule({ all: Array.from({ length: 51 }, () => deep(1)) }), '/rule/all'],
    ['too many in all', rule({ all: Array.from({ length: 30 }, () => deep(2)) }), '/rule'],
  ]
  for (const [name, written, pointer] of wrong) {
    test(name, () => {
      assert.throws(
        () => readRollout(written),
        (error) => {
          assert.ok(error instanceof Problem)
          assert.equal(error.definition.code, 'rollouts.invalid')
          assert.equal(error.occurrence.errors?.[0]?.pointer, `/rollout${pointer}`)
          return true
        },
      )
    })
  }

  test('what is one is read as it was written, and reading it again changes nothing', () => {
    const leaf = fc.record({
      attribute: fc.constantFrom('tier', 'region'),
      in: fc.uniqueArray(fc.string({ minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 3 }),
    })
    const rules = fc.letrec<{ rule: Rule }>((tie) => ({
      rule: fc.oneof(
        { maxDepth: 4, depthSize: 'small' },
        leaf,
        fc.record({ not: tie('rule') }),
        fc.record({ all: fc.array(tie('rule'), { minLength: 1, maxLength: 2 }) }),
        fc.record({ any: fc.array(tie('rule'), { minLength: 1, maxLength: 2 }) }),
      ),
    })).rule
    fc.assert(
      fc.property(rules, percent, (written, percents) => {
        const cohort = { kind: 'cohort', partners: [], rule: written }
        for (const one of [cohort, { kind: 'percentage', percent: percents }]) {
          assert.deepEqual(readRollout(structuredClone(one)), structuredClone(one))
        }
      }),
    )
  })
})
