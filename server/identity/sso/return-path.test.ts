/** No link leads out of our pages after a sign-in. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { safeReturnPath } from '#/identity/sso/sso.ts'

test('our own pages are where one goes', () => {
  for (const path of [
    '/portal',
    '/portal/',
    '/portal/usage',
    '/portal/keys/key_01?tab=scopes&sort=-name#top',
    '/portal/search?q=a%20b%2Fc&from=2026-11-01T00:00:00Z',
    '/portal?next=1',
  ]) {
    assert.equal(safeReturnPath(path), path)
  }
  assert.equal(safeReturnPath('/console/partners', '/console/'), '/console/partners')
})

const leading = [
  '',
  ' ',
  '/',
  'portal/usage',
  'https://evil.example/portal/',
  '//evil.example/portal/',
  '///evil.example',
  '/\\evil.example',
  '\\\\evil.example',
  '/portal//evil.example',
  '/portal/\\evil.example',
  '/portal/..//evil.example',
  '/portal/../../evil',
  '/portal/..',
  '/portal/./usage',
  '/portal/%2e%2e/evil',
  '/portal/.%2E/evil',
  '/portal/%2f%2fevil.example',
  '/portal/%5c%5cevil.example',
  '/portal/%0d%0aset-cookie:a=b',
  '/portal/\r\nset-cookie: a=b',
  '/portal/\tx',
  '/por\ttal/',
  '/portal/\u0000',
  '/portal/\u007f',
  '/portal/\u2028',
  '/portal/\uff0f\uff0fevil.example',
  '/portal?next=https://evil.example',
  '/portal.evil.example',
  '/portal@evil.example',
  '/portalevil',
  '/PORTAL/',
  '/console/',
  'javascript:alert(1)',
  'data:text/html,x',
  '/portal/<script>',
  `/portal/${'x'.repeat(2000)}`,
]

test('everything else leads home', () => {
  for (const path of leading) assert.equal(safeReturnPath(path), '/portal/', JSON.stringify(path))
  assert.equal(safeReturnPath('/portal/usage', '/console/'), '/console/')
})

test('whatever is written, a browser stays on our origin and among our pages', () => {
  const pieces = [
    '/portal',
    '/',
    '\\',
    '..',
    '.',
    '%2e',
    '%2f',
    '%5c',
    '?',
    '#',
    '@',
    ':',
    '\t',
    '\n',
    'evil.example',
    'https:',
  ]
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(fc.constantFrom(...pieces), { maxLength: 8 }).map((parts) => parts.join('')),
    fc.array(fc.constantFrom(...pieces), { maxLength: 6 }).map((parts) => `/portal/${parts.join('')}`),
  )
  let own = 0
  fc.assert(
    fc.property(text, (path) => {
      const safe = safeReturnPath(path)
      const url = new URL(safe, 'https://portico.example/portal/sign-in')
      assert.equal(url.origin, 'https://portico.example')
      assert.match(url.pathname, /^\/portal(?:\/|$)/)
      assert.ok(safe === path || safe === '/portal/')
      if (safe === path) own += 1
    }),
    { numRuns: 5000 },
  )
  assert.ok(own > 50, `${own} were taken`)
})
