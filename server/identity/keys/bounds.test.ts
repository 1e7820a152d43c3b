/** Bounds mean what they say, in every way an address can be written. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { checkBounds, isWithin, networkCheck } from '#/identity/keys/bounds.ts'

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

test('a range is within another exactly when it holds no address that the other does not', () => {
  const byte = fc.constantFrom(0, 1, 127, 128, 255)
  const range = fc.tuple(byte, byte, byte, byte, fc.integer({ min: 0, max: 32 }))
  const boundTo = (...networks: string[]) => checkBounds({ scopes: null, networks })
  fc.assert(
    fc.property(range, range, ([a, b, c, d, length], [e, f, g, h, otherLength]) => {
      const inner = boundTo(`${a}.${b}.${c}.${d}/${length}`)
      const outer = boundTo(`${e}.${f}.${g}.${h}/${otherLength}`)
      const first = inner.networks?.[0]?.split('/')[0] ?? ''
      const number = first.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)
      const end = number + 2 ** (32 - length) - 1
      const last = [24, 16, 8, 0].map((bits) => Math.floor(end / 2 ** bits) % 256).join('.')
      const holds = networkCheck(outer.networks ?? [])
      assert.equal(isWithin(inner, outer), holds(first) && holds(last))
    }),
  )
  const unbound = { scopes: null, networks: null }
  assert.ok(isWithin(boundTo('::1'), unbound) && !isWithin(unbound, boundTo('::/0', '0.0.0.0/0')))
  assert.ok(
    !isWithin(boundTo('10.0.0.1'), boundTo('::/0')) && isWithin(boundTo('2001:db8::1'), boundTo('::/0')),
  )
})

test('scopes are within others when each is one of them, and all of them only within all', () => {
  const boundTo = (...scopes: string[]) => ({ scopes, networks: null })
  const all = { scopes: null, networks: null }
  assert.ok(isWithin(boundTo('a'), boundTo('a', 'b')) && isWithin(boundTo('a'), all) && isWithin(all, all))
  assert.ok(!isWithin(boundTo('a', 'c'), boundTo('a', 'b')) && !isWithin(all, boundTo('a')))
})
