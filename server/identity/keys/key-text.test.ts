/** A key's text: a typing error is told from a key that was never issued. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { deriveDemoKey, parseKey, randomKey } from '#/identity/keys/key-text.ts'

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const prefixLength = 'ptk_live_'.length

const anyKey = fc
  .record({ name: fc.string(), environment: fc.constantFrom('live' as const, 'sandbox' as const) })
  .map(({ name, environment }) => deriveDemoKey('property', name, environment))

test('a key says its environment, and its digest is the SHA-256 of the whole text', () => {
  const text = 'ptk_live_3zgTv6ARmUKNruAxzeyqPjxocjg1ByCJ1'
  assert.equal(text, deriveDemoKey('s', 'brightside', 'live'))
  const digest = 'jNT7eCxxrsZEBsuF7SgZJ1IFu+p2nPvDocrzn1l+zH4='
  assert.deepEqual(parseKey(text), { ok: true, digest, environment: 'live' })
  const sandbox = parseKey(randomKey('sandbox'))
  assert.ok(sandbox.ok && sandbox.environment === 'sandbox')
})

test('every key has 33 digits, and is read back', () => {
  assert.match(randomKey('live'), /^ptk_live_[0-9A-Za-z]{33}$/)
  fc.assert(
    fc.property(anyKey, (key) => {
      assert.match(key, /^ptk_(live|test)_[0-9A-Za-z]{33}$/)
      assert.ok(parseKey(key).ok)
    }),
  )
})

test('every single wrong character is seen', () => {
  const inKey = fc.nat({ max: 32 }).map((i) => prefixLength + i)
  fc.assert(
    fc.property(anyKey, inKey, fc.constantFrom(...alphabet.split('')), (key, at, typed) => {
      fc.pre(key[at] !== typed)
      const wrong = key.slice(0, at) + typed + key.slice(at + 1)
      assert.deepEqual(parseKey(wrong), { ok: false, reason: 'mistyped' })
    }),
    { numRuns: 5000 },
  )
})

test('every swap of neighbours is seen, across the border of random part and checksum too', () => {
  fc.assert(
    fc.property(anyKey, fc.nat({ max: 31 }), (key, i) => {
      const at = prefixLength + i
      fc.pre(key[at] !== key[at + 1])
      const wrong = key.slice(0, at) + key[at + 1] + key[at] + key.slice(at + 2)
      assert.deepEqual(parseKey(wrong), { ok: false, reason: 'mistyped' })
    }),
    { numRuns: 5000 },
  )
})

test('what has not the form of a key is malformed, and never throws', () => {
  const key = randomKey('live')
  for (const text of [
    '',
    'ptk_live_',
    key.slice(1),
    key.slice(0, -1),
    `${key}0`,
    ` ${key}`,
    `${key.slice(0, -1)}-`,
  ]) {
    assert.deepEqual(parseKey(text), { ok: false, reason: 'malformed' }, text)
  }
  assert.deepEqual(parseKey(key.replace('ptk_live_', 'ptk_test_')), { ok: false, reason: 'mistyped' })
  assert.deepEqual(parseKey(key.replace('ptk_live_', 'sk__live_')), { ok: false, reason: 'malformed' })
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => assert.equal(parseKey(text).ok, false)))
})

test("the demo's keys are the same at every start, and differ by secret, name and environment", () => {
  const first = deriveDemoKey('a', 'northwind/Hub', 'live')
  assert.equal(deriveDemoKey('a', 'northwind/Hub', 'live'), first)
  const others = [
    deriveDemoKey('b', 'northwind/Hub', 'live'),
    deriveDemoKey('a', 'northwind/Hub2', 'live'),
    deriveDemoKey('a', 'northwind/Hub', 'sandbox'),
  ]
  assert.equal(new Set([first, ...others].map((text) => text.slice(prefixLength))).size, 4)
})
