/** Ids survive the way out and back, and nothing else is taken for one. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { firstIdAt, newId, parseId, publicId } from '#/kernel/id/id.ts'

test('a public id names its kind and parses back', () => {
  const id = newId()
  assert.match(publicId('ptn', id), /^ptn_[0-9a-f]{32}$/)
  assert.equal(parseId('ptn', publicId('ptn', id)), id)
})

test('another kind, another alphabet or another length is no id', () => {
  const id = newId()
  assert.equal(parseId('app', publicId('ptn', id)), null)
  assert.equal(parseId('ptn', publicId('ptn', id).toUpperCase()), null)
  assert.equal(parseId('ptn', publicId('ptn', id).slice(0, -1)), null)
  assert.equal(parseId('ptn', ''), null)
})

test('the first id of a moment sorts before every id made then', () => {
  const before = Date.now()
  const id = newId()
  assert.ok(firstIdAt(before) <= id)
  assert.ok(id < firstIdAt(Date.now() + 1))
})
