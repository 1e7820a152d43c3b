/** Sealed values open only with their key and in their place; signed ones cannot be made elsewhere. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { createSealer } from '#/kernel/crypto/crypto.ts'

const sealer = createSealer(randomBytes(32))

test('any text opens again, and two seals of one text differ', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      const sealed = sealer.seal(text, 'row:1')
      assert.equal(sealer.open(sealed, 'row:1'), text)
      assert.notDeepEqual(sealer.seal(text, 'row:1'), sealed)
    }),
  )
})

test('another key, another place or any changed bit does not open', () => {
  const sealed = sealer.seal('DE123456789', 'partner:1:tax')
  assert.throws(() => sealer.open(sealed, 'partner:2:tax'))
  assert.throws(() => createSealer(randomBytes(32)).open(sealed, 'partner:1:tax'))
  for (let i = 0; i < sealed.length; i += 1) {
    const changed = Buffer.from(sealed)
    changed[i] = (changed[i] ?? 0) ^ 1
    assert.throws(() => sealer.open(changed, 'partner:1:tax'), `byte ${i}`)
  }
})

test('a signed text is known again, in its context only', () => {
  const signed = sealer.sign('{"after":"x"}', 'usage:ptn_1')
  assert.equal(sealer.verify(signed, 'usage:ptn_1'), '{"after":"x"}')
  assert.equal(sealer.verify(signed, 'usage:ptn_2'), null)
  assert.equal(createSealer(randomBytes(32)).verify(signed, 'usage:ptn_1'), null)
  assert.equal(sealer.verify('', 'usage:ptn_1'), null)
  assert.equal(sealer.verify(`${signed}A`, 'usage:ptn_1'), null)
})

test('a digest is the same for the same text, place and key, and for nothing else', () => {
  const digest = sealer.digest('ada@example.com', 'person.email')
  assert.equal(digest.length, 32)
  assert.deepEqual(sealer.digest('ada@example.com', 'person.email'), digest)
  const others = [
    sealer.digest('bob@example.com', 'person.email'),
    sealer.digest('ada@example.com', 'person.mail'),
    sealer.digest('.emailada@example.com', 'person'),
    createSealer(randomBytes(32)).digest('ada@example.com', 'person.email'),
  ]
  for (const other of others) assert.notDeepEqual(other, digest)
})
