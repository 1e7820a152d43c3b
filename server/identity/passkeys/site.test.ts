/** Which addresses have passkeys, and for whom they are. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { passkeySite } from '#/identity/passkeys/passkeys.ts'

test('a name over HTTPS is its own relying party, whatever the port', () => {
  assert.deepEqual(passkeySite('https://portal.example:8443/x', 'P'), {
    id: 'portal.example',
    origin: 'https://portal.example:8443',
    name: 'P',
  })
})

test('the loopback address, which is no name, goes by localhost', () => {
  for (const url of ['http://127.0.0.1:8080', 'http://[::1]:8080', 'http://localhost:8080']) {
    assert.deepEqual(passkeySite(url, 'P'), { id: 'localhost', origin: 'http://localhost:8080', name: 'P' })
  }
})

test('other addresses and plain HTTP have none', () => {
  for (const url of [
    'https://192.0.2.1',
    'https://[2001:db8::1]',
    'http://portal.example',
    'http://10.0.0.1:8080',
    'http://localhost.evil.example',
  ]) {
    assert.throws(() => passkeySite(url, 'P'), /passkeys\.unavailable/, url)
  }
})
