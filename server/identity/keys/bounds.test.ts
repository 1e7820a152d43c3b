/** Bounds mean what they say, in every way an address can be written. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { checkBounds, networkCheck } from '#/identity/keys/bounds.ts'

const check = (networks: string[]) => networkCheck(checkBounds({ scopes: null, networks }).networks ?? [])

test('an address, a range, and both families', () => {
  const allowed = check(['203.0.113.7', '198.51.100.99/24', '2001:db8::1/64', '::ffff:192.0.2.1'])
  for (const inside of ['203.0.113.7', '198.51.100.1', '2001:db8::ffff', '2001:0db8:0:0:1::2']) {
    assert.equal(allowed(inside), true, inside)
  }
  for (const outside of ['203.0.113.8', '198.51.101.1', '2001:db8:0:1::1', 'unknown', '']) {
    assert.equal(allowed(outside), false, outside)
  }
})

test('a range holds exactly the addresses that share its bits', () => {
  const byte = fc.integer({ min: 0, max: 255 })
  const address = fc.tuple(byte, byte, byte, byte)
  fc.assert(
    fc.property(address, address, fc.integer({ min: 0, max: 32 }), (a, b, length) => {
      const number = (bytes: number[]) => bytes.reduce((sum, part) => sum * 256 + part, 0)
      const same = Math.floor(number(a) / 2 ** (32 - length)) === Math.floor(number(b) / 2 ** (32 - length))
      assert.equal(check([`${a.join('.')}/${length}`])(b.join('.')), same)
    }),
  )
})

test('422 for what is no network, no scope, and a list that would lock everyone out', () => {
  for (const network of [
    '300.1.1.1',
    '1.2.3.4/33',
    '1.2.3.4/',
    '1.2.3.4/8/8',
    '::1/129',
    'fe80::1%eth0',
    'localhost',
    '',
  ]) {
    assert.throws(() => checkBounds({ scopes: null, networks: [network] }), /keys\.bounds_invalid/, network)
  }
  for (const scope of ['', 'a b', 'a"b', 'ä', 'x'.repeat(101)]) {
    assert.throws(() => checkBounds({ scopes: [scope], networks: null }), /keys\.bounds_invalid/, scope)
  }
  assert.throws(() => checkBounds({ scopes: [], networks: null }), /keys\.bounds_invalid/)
  assert.deepEqual(checkBounds({ scopes: ['a:read', 'a:read'], networks: null }).scopes, ['a:read'])
})
