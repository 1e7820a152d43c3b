/** A package says what can be meant, or nothing is written. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { flaws } from '#/access/packages/flaws.ts'
import { plainTerms } from '#/access/packages/packages.ts'
import type { Entitlement, PackageTerms } from '#/access/packages/packages.ts'

const known = new Set(['projects', 'raw-data'])
const places = (terms: PackageTerms) => flaws(terms, known).map(({ pointer }) => pointer)
const entitled = (entitlement: Entitlement) =>
  places({ ...plainTerms([]), entitlements: { projects: entitlement } })

test('what a provider means is taken', () => {
  assert.deepEqual(places(plainTerms(['projects', 'raw-data'])), [])
  assert.deepEqual(entitled({ kind: 'static', value: 5 }), [])
  assert.deepEqual(entitled({ kind: 'static', value: false }), [])
  const quota = { amount: 10_000, period: 'billing-period' } as const
  const price = { amount: '0.125', currency: 'BHD' }
  assert.deepEqual(entitled({ kind: 'metered', quota, price, limits: { burst: 1, perSecond: 0.5 } }), [])
})

test('a capability that nobody declared is named, with its place as a JSON pointer', () => {
  assert.deepEqual(places(plainTerms(['projects', 'no/such~one'])), ['#/terms/entitlements/no~1such~0one'])
  assert.deepEqual(places(plainTerms(['partner-api'])), ['#/terms/entitlements/partner-api'])
})

test('a kind has what belongs to it, and nothing else', () => {
  const place = '#/terms/entitlements/projects'
  const quota = { amount: 1, period: 'day' } as const
  const cases: readonly (readonly [Entitlement, readonly string[]])[] = [
    [{ kind: 'boolean', value: true }, [`${place}/value`]],
    [{ kind: 'boolean', quota }, [`${place}/quota`]],
    [{ kind: 'static' }, [`${place}/value`]],
    [{ kind: 'metered' }, [`${place}/quota`]],
    [{ kind: 'metered', quota, value: 'x' }, [`${place}/value`]],
  ]
  for (const [entitlement, expected] of cases) assert.deepEqual(entitled(entitlement), expected)
})

test('limits and quotas are above zero; a price is a decimal in its currency', () => {
  const place = '#/terms/entitlements/projects'
  for (const amount of [0, -1, 1.5, Number.NaN, 2 ** 60]) {
    const quota = { amount, period: 'month' } as const
    assert.deepEqual(entitled({ kind: 'metered', quota }), [`${place}/quota/amount`], String(amount))
  }
  const limits = { burst: 0, perSecond: 0 }
  const both = ['burst', 'perSecond']
  assert.deepEqual(
    entitled({ kind: 'boolean', limits }),
    both.map((each) => `${place}/limits/${each}`),
  )
  assert.deepEqual(
    places({ ...plainTerms([]), limits: { burst: 1.5, perSecond: Number.POSITIVE_INFINITY } }),
    both.map((each) => `#/terms/limits/${each}`),
  )
  for (const [amount, currency, at] of [
    ['1', 'EURO', 'currency'],
    ['1', 'QQQ', 'currency'],
    ['1.001', 'EUR', 'amount'],
    ['1,5', 'EUR', 'amount'],
    ['-0.01', 'EUR', 'amount'],
    ['0.5', 'JPY', 'amount'],
  ] as const) {
    assert.deepEqual(entitled({ kind: 'boolean', price: { amount, currency } }), [`${place}/price/${at}`])
  }
})

test('a package is for some environment, and says what support means', () => {
  assert.deepEqual(places({ ...plainTerms([]), environments: [], support: ' ', sla: '' }), [
    '#/terms/environments',
    '#/terms/support',
    '#/terms/sla',
  ])
  assert.deepEqual(places({ ...plainTerms([]), environments: ['live', 'live'] }), ['#/terms/environments'])
})
