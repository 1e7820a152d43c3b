/** Names of answer headers are told apart without their case, whatever was read before. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { readAnswerHead } from '#/gateway/wire/answer-head.ts'

const name = fc.constantFrom('Date', 'DATE', 'date', 'ETag', 'etag', '__proto__', 'constructor', 'X-A', 'x-a')
const head = fc.array(fc.tuple(name, fc.constantFrom('', 'a', 'b')), { maxLength: 6 })
const heads = fc.array(head, { minLength: 1, maxLength: 200 })

test('a head is read as if it were the first', () => {
  fc.assert(
    fc.property(heads, (all) => {
      for (const fields of all) {
        const lines = fields.map(([sent, value]) => `${sent}: ${value}\r\n`).join('')
        const text = `HTTP/1.1 200 OK\r\n${lines}\r\n`
        const read = readAnswerHead(text, text.length - 4, false)
        const values = Map.groupBy(fields, ([sent]) => sent.toLowerCase())
        const expected = [...values].map(([lower, found]) => {
          const said = found.map(([, value]) => value)
          return [lower, said.length === 1 ? said[0] : said]
        })
        assert.deepEqual(Object.entries(read!.headers), expected)
      }
    }),
    { numRuns: 300 },
  )
})
