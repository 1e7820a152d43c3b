/** The value that is validated is the only value that the bytes can be read as. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { readForm, readJson } from '#/gateway/steps/content.ts'

const read = (text: string | Buffer) => readJson(Buffer.from(text), 8)

function codeOf(text: string | Buffer): string {
  const result = read(text)
  return result.ok ? 'ok' : result.refused.definition.code
}

test('reads JSON', () => {
  assert.deepEqual(read('{"a":[1,{"b":"\\"{:"}],"c":null}'), {
    ok: true,
    value: { a: [1, { b: '"{:' }], c: null },
  })
})

test('refuses what is not JSON in UTF-8', () => {
  for (const text of ['', ' ', '{', '{"a":1,}', "{'a':1}", 'NaN', '{"a":1}x', '\ufeff{}', '"\u0001"']) {
    assert.equal(codeOf(text), 'request.malformed_body', text)
  }
  assert.equal(codeOf(Buffer.from([0x22, 0xff, 0x22])), 'request.malformed_body')
  assert.equal(codeOf(Buffer.from('{"a":1}', 'utf16le')), 'request.malformed_body')
  // An overlong slash: a lenient reader would decode it.
  assert.equal(codeOf(Buffer.from([0x22, 0xc0, 0xaf, 0x22])), 'request.malformed_body')
})

test('refuses members that appear twice, at any depth and however they are written', () => {
  for (const text of [
    '{"a":1,"a":2}',
    '{"a":1,"b":2,"a":1}',
    '{"x":[{"a":1,"a":1}]}',
    '{"a":{"b":1},"a":2}',
    '{"a":1,"\\u0061":2}',
    '{"__proto__":1,"__proto__":2}',
    '{"":1,"":2}',
  ]) {
    assert.equal(codeOf(text), 'request.duplicate_member', text)
  }
})

test('a member called __proto__ is an own member and nothing else', () => {
  const result = read('{"__proto__":{"admin":true},"a":1}')
  assert.ok(result.ok)
  assert.deepEqual(Object.keys(result.value as object), ['__proto__', 'a'])
  assert.equal((result.value as { admin?: boolean }).admin, undefined)
})

test('refuses nesting beyond the limit, and does not fall over a million levels', () => {
  assert.equal(codeOf('['.repeat(8) + ']'.repeat(8)), 'ok')
  assert.equal(codeOf('['.repeat(9) + ']'.repeat(9)), 'request.malformed_body')
  assert.equal(codeOf('['.repeat(500_000) + ']'.repeat(500_000)), 'request.malformed_body')
  assert.equal(codeOf('{"a":'.repeat(9) + '1' + '}'.repeat(9)), 'request.malformed_body')
})

test('takes every JSON value for itself', () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 4 }), (text) => {
      assert.deepEqual(read(text), { ok: true, value: JSON.parse(text) })
    }),
  )
})

test('finds a duplicate wherever one is put', () => {
  const name = fc.string({ minLength: 1, maxLength: 3 })
  fc.assert(
    fc.property(
      fc.uniqueArray(name, { minLength: 1, maxLength: 6 }),
      fc.nat(),
      fc.json({ maxDepth: 2 }),
      (names, at, value) => {
        const members = names.map((each) => `${JSON.stringify(each)}:${value}`)
        assert.equal(codeOf(`{${members.join(',')}}`), 'ok')
        members.push(`${JSON.stringify(names[at % names.length])}:1`)
        assert.equal(codeOf(`[{${members.join(',')}}]`), 'request.duplicate_member')
      },
    ),
  )
})

test('reads forms strictly', () => {
  const form = (text: string) => readForm(Buffer.from(text, 'latin1'))
  const value = { a: '1 2', b: ['x', 'y'], ä: '', __proto__: null }
  assert.deepEqual(form('a=1+2&b=x&b=y&%C3%A4'), {
    ok: true,
    value: Object.assign(Object.create(null), value),
  })
  assert.equal(form('a=%zz').ok, false)
  assert.equal(form('a=%FF').ok, false)
  assert.equal(form('a=\xff').ok, false)
})
