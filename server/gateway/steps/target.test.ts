/** Nothing that two servers could read differently gets past the front of the gateway. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { endOfPath } from '#/gateway/steps/target.ts'

test('accepts plain targets and says where the path ends', () => {
  assert.equal(endOfPath('/'), 1)
  assert.equal(endOfPath('/things/a'), 9)
  assert.equal(endOfPath('/things/?a=b?c'), 8)
  assert.equal(endOfPath('/a%20b/%C3%A4'), 13)
  assert.equal(endOfPath("/a;v=1,2/$b'(c)*+!&=:@~_-.x"), 27)
  assert.equal(endOfPath('/...'), 4)
})

const refused = [
  '',
  'things',
  '*',
  'http://gateway.example/things',
  '//things',
  '/things//a',
  '/.',
  '/..',
  '/things/./a',
  '/things/../secret',
  '/things/..',
  '/things/..;/secret',
  '/things/.;x=1/a',
  '/things/%2e%2e/secret',
  '/things/%2E./secret',
  '/things%2fa',
  '/things%2Fa',
  '/things%5ca',
  '/things\\a',
  '/things/%00',
  '/things/%0d%0aX:1',
  '/things/%7f',
  '/things/%',
  '/things/%2',
  '/things/%zz',
  '/things/%252e%252e',
  '/things/#fragment',
  '/things/a b',
  '/things/ä',
  '/things?a=\u0000',
  '/things?a=b#c',
  '/things?a=b c',
]

for (const target of refused) {
  test(`refuses ${JSON.stringify(target)}`, () => assert.equal(endOfPath(target), -1))
}

test('what is accepted reads the same after another server normalised it', () => {
  const pieces = ['/', '.', '..', ';', '%2e', '%2f', '%5c', 'a', 'b', '%41', '%bb', '\\', '%', '//', '?', '=']
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...pieces), { maxLength: 8 }), (parts) => {
      const target = `/${parts.join('')}`
      const end = endOfPath(target)
      if (end === -1) return
      const path = target.slice(0, end)
      assert.equal(new URL(path, 'http://upstream.example').pathname, path)
      const decoded = path.replaceAll(/%(..)/g, (_, hex: string) =>
        String.fromCharCode(Number.parseInt(hex, 16)),
      )
      assert.equal(decoded.split('/').length, path.split('/').length)
      assert.ok(!decoded.split('/').some((segment) => ['.', '..'].includes(segment.split(';')[0]!)))
    }),
    { numRuns: 2_000 },
  )
})
