/** What is written is what was given, line by line, and nothing that was written before makes a bad line a good one. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createFieldWriter } from '#/gateway/wire/fields.ts'

/** Few, so that a place often has what it had before. */
const name = fc.constantFrom('A', 'a', 'Content-Type')
const value = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('', 'b', 'b ', '\u00e4', 'application/json') },
  { weight: 1, arbitrary: fc.constantFrom('b\r\nEvil: c', '\n', '\r', '\0', '\u007f', '\u0100', 'b\r\n') },
  { weight: 1, arbitrary: fc.string({ unit: 'binary' }) },
)
const heads = fc.array(fc.array(fc.tuple(name, value), { maxLength: 5 }), { minLength: 1, maxLength: 200 })

const isText = (text: string): boolean =>
  Array.from(text).every((letter) => letter === '\t' || /[ -~\u0080-\u00ff]/.test(letter))

test('a head is written as if it were the first, or not at all', () => {
  fc.assert(
    fc.property(heads, (all) => {
      const write = createFieldWriter()
      for (const head of all) {
        const flat = head.flat()
        if (!head.every(([, said]) => isText(said))) {
          assert.throws(() => write(flat), TypeError)
          continue
        }
        assert.equal(write(flat), head.map(([named, said]) => `${named}: ${said}\r\n`).join(''))
      }
    }),
    { numRuns: 500 },
  )
})
