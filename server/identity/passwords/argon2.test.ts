/** argon2id gives what the RFC and the reference implementation give, and a stored hash says how it was made. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  derive,
  hashPassword,
  impossiblePhc,
  isWeaker,
  matchesPhc,
  recommended,
} from '#/identity/passwords/argon2.ts'

const light = { memory: 64, passes: 1, parallelism: 1 }

test('RFC 9106 §5.3: password, salt, secret and associated data', async () => {
  const tag = await derive(
    Buffer.alloc(32, 1),
    Buffer.alloc(16, 2),
    { memory: 32, passes: 3, parallelism: 4 },
    { secret: Buffer.alloc(8, 3), associatedData: Buffer.alloc(12, 4) },
  )
  assert.equal(tag.toString('hex'), '0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659')
})

test('hashes of the reference implementation are known again, and no other password with them', async () => {
  const known = [
    ['password', '$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4'],
    ['password', '$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc'],
    ['password', '$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc'],
    [
      'differentpassword',
      '$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$C4TWUs9rDEvq7w3+J4umqA32aWKB1+DSiRuBfYxFj94',
    ],
  ] as const
  for (const [password, phc] of known) {
    assert.equal(await matchesPhc(phc, password), true, phc)
    assert.equal(await matchesPhc(phc, `${password}x`), false, phc)
  }
})

test('what was hashed matches, and nothing else does', async () => {
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: 'grapheme' }), fc.string(), async (password, other) => {
      const phc = await hashPassword(password, light)
      assert.match(phc, /^\$argon2id\$v=19\$m=64,t=1,p=1\$[\w+/]{22}\$[\w+/]{43}$/)
      assert.equal(await matchesPhc(phc, password), true)
      assert.equal(await matchesPhc(phc, other), other === password)
      assert.notEqual(await hashPassword(password, light), phc)
    }),
    { numRuns: 50 },
  )
})

test('a hash made with less memory or fewer passes is weaker; with more it is not', async () => {
  const phc = await hashPassword('x', light)
  assert.equal(isWeaker(phc, light), false)
  assert.equal(isWeaker(phc, { ...light, memory: 128 }), true)
  assert.equal(isWeaker(phc, { ...light, passes: 2 }), true)
  assert.equal(isWeaker(phc, { ...light, memory: 32 }), false)
  assert.ok(recommended.memory >= 65_536 && recommended.passes >= 3, 'RFC 9106 §4, second option')
})

test('nobody has a password', async () => {
  const phc = impossiblePhc(light)
  for (const password of ['', 'password', phc]) assert.equal(await matchesPhc(phc, password), false)
  assert.notEqual(impossiblePhc(light), phc)
})

test('a text that is no hash of ours is refused, not matched', async () => {
  const phc = await hashPassword('x', light)
  for (const text of ['', 'x', `${phc}$`, phc.replace('argon2id', 'argon2i'), phc.replace('v=19', 'v=16')]) {
    await assert.rejects(matchesPhc(text, 'x'), /not a PHC string/, text)
  }
})
