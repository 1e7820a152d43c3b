/** What a browser brings and is given: cookies, the CSRF token, and as little as possible of where it was. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { clearCookie, cookieNames, readCookie, writeCookie } from '#/identity/sessions/cookies.ts'
import { networkOf, seenFrom } from '#/identity/sessions/seen-from.ts'
import { csrfOf, matchesCsrf, randomToken, tokenDigest } from '#/identity/sessions/token.ts'

test('a cookie is for this host alone, not for scripts, and not sent along by other sites', () => {
  const token = randomToken()
  const written = writeCookie(cookieNames.portal, token, 60.9)
  assert.equal(written, `__Host-portico=${token}; Path=/; Max-Age=60; HttpOnly; Secure; SameSite=Lax`)
  // RFC 6265bis §4.1.3.2: without these a browser refuses the name; a Domain would make it another host's too.
  assert.ok(!/domain/i.test(written))
  assert.match(clearCookie(cookieNames.console), /^__Host-portico-admin=; Path=\/; Max-Age=0;/)
  assert.throws(() => writeCookie('x', 'a; Domain=example.com', 1))
})

test('a cookie is read back among any others, and the realms do not mix', () => {
  const token = randomToken()
  const header = `theme=dark; __Host-portico-admin=other; __Host-portico=${token}; x=__Host-portico`
  assert.equal(readCookie(header, cookieNames.portal), token)
  assert.equal(readCookie(header, cookieNames.console), 'other')
  assert.equal(readCookie(undefined, cookieNames.portal), null)
  assert.equal(readCookie('__Host-portico=', cookieNames.portal), null)
  assert.equal(readCookie(`__HOST-PORTICO=${token}; portico=${token}`, cookieNames.portal), null)
})

test('a cookie that is there twice is not read: somebody tossed one of them', () => {
  const [mine, tossed] = [randomToken(), randomToken()]
  for (const header of [
    `__Host-portico=${mine}; __Host-portico=${tossed}`,
    `__Host-portico=${tossed};__Host-portico=${mine}`,
    `__Host-portico=${mine}; a=b; __Host-portico=${mine}`,
    `__Host-portico=; __Host-portico=${mine}`,
  ]) {
    assert.equal(readCookie(header, cookieNames.portal), null, header)
  }
})

test('a token is 256 bits, and only a token is looked up', () => {
  const token = randomToken()
  assert.equal(Buffer.from(token, 'base64url').length, 32)
  assert.equal(tokenDigest(token)?.length, 32)
  for (const text of ['', token.slice(1), `${token}A`, `${token.slice(1)}=`, `${token.slice(1)} `]) {
    assert.equal(tokenDigest(text), null, text)
  }
})

test('the CSRF token belongs to one session token and does not lead back to it', () => {
  const token = randomToken()
  const csrf = csrfOf(token)
  assert.equal(csrfOf(token), csrf)
  assert.ok(matchesCsrf(csrf, csrf))
  for (const given of [undefined, '', csrf.slice(1), `${csrf} `, csrfOf(randomToken()), token]) {
    assert.equal(matchesCsrf(csrf, given), false)
  }
})

test('a network has one name, whatever the spelling of the address', () => {
  const bits = { v4: 24, v6: 48 }
  const names = {
    '203.0.113.77': '203.0.113.0/24',
    '::ffff:203.0.113.77': '203.0.113.0/24',
    '::FFFF:203.0.113.1': '203.0.113.0/24',
    '2001:db8:1:2:3:4:5:6': '2001:db8:1::/48',
    '2001:0DB8:0001:ffff::1': '2001:db8:1::/48',
    'fe80::1%eth0': 'fe80::/48',
    '::1': '::/48',
    '': 'unknown',
    'example.com': 'unknown',
    '1.2.3': 'unknown',
  }
  for (const [address, name] of Object.entries(names)) assert.equal(networkOf(address, bits), name, address)
  assert.equal(networkOf('2001:db8:1:2:3:4:5:6', { v4: 32, v6: 64 }), '2001:db8:1:2::/64')
  assert.equal(networkOf('203.0.113.77', { v4: 32, v6: 64 }), '203.0.113.77/32')
  assert.equal(networkOf('203.0.255.77', { v4: 20, v6: 64 }), '203.0.240.0/20')
})

test('two addresses share a /64 exactly when their first half is the same', () => {
  const half = fc.tuple(...Array.from({ length: 4 }, () => fc.nat({ max: 0xff_ff })))
  const text = (groups: readonly number[]) => groups.map((group) => group.toString(16)).join(':')
  fc.assert(
    fc.property(half, half, half, half, (one, other, front, back) => {
      const network = (groups: readonly number[]) => networkOf(text(groups), { v4: 32, v6: 64 })
      const same = text(one) === text(front)
      assert.equal(network([...one, ...other]) === network([...front, ...back]), same)
      assert.equal(network([...one, ...other]), network([...one, ...back]))
    }),
  )
})

test('of a browser its kind stays', () => {
  const chrome =
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36'
  const agents = {
    [chrome]: 'Chrome on Linux',
    [`${chrome} Edg/141.0.0.0`]: 'Edge on Linux',
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:143.0) Gecko/20100101 Firefox/143.0': 'Firefox on Windows',
    'Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 Version/19.0 Mobile/15E148 Safari/604.1':
      'Safari on iOS',
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.0 Safari/605.1.15':
      'Safari on macOS',
    'curl/8.14.1': 'Another program',
  }
  for (const [agent, kind] of Object.entries(agents)) {
    assert.deepEqual(seenFrom('203.0.113.77', agent), { network: '203.0.113.0/24', agent: kind })
  }
  assert.equal(seenFrom('::1', undefined).agent, 'Another program')
})
