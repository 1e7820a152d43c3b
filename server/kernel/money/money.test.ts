/** Money survives the way out and back to the last unit, and half a cent is refused. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { moneyJson, parseMoney } from '#/kernel/money/money.ts'

test('any amount in any currency survives the way out and back', () => {
  const currency = fc.constantFrom('EUR', 'JPY', 'KWD', 'CLF', 'USD')
  const minor = fc.bigInt({ min: -(10n ** 17n), max: 10n ** 17n })
  fc.assert(
    fc.property(minor, currency, (amount, code) => {
      assert.deepEqual(parseMoney(moneyJson({ minor: amount, currency: code })), {
        minor: amount,
        currency: code,
      })
    }),
  )
})

test('amounts read as people write them', () => {
  assert.deepEqual(parseMoney({ amount: '12.5', currency: 'EUR' }), { minor: 1250n, currency: 'EUR' })
  assert.deepEqual(parseMoney({ amount: '-0.01', currency: 'EUR' }), { minor: -1n, currency: 'EUR' })
  assert.deepEqual(parseMoney({ amount: '500', currency: 'JPY' }), { minor: 500n, currency: 'JPY' })
  assert.deepEqual(moneyJson({ minor: -5n, currency: 'KWD' }), { amount: '-0.005', currency: 'KWD' })
  assert.deepEqual(moneyJson({ minor: 0n, currency: 'JPY' }), { amount: '0', currency: 'JPY' })
})

test('half a cent, an exponent, a comma, an empty text and a currency in small letters are no money', () => {
  for (const amount of ['0.005', '1e3', '1,00', '', ' 1', '1.', '.5', '+1', 'NaN']) {
    assert.equal(parseMoney({ amount, currency: 'EUR' }), null, amount)
  }
  assert.equal(parseMoney({ amount: '1.5', currency: 'JPY' }), null)
  assert.equal(parseMoney({ amount: '1', currency: 'eur' }), null)
})
