/**
 * Two servers get the same bytes in the same pieces: one has the fast lane before node:http, the other is node:http
 * alone. They must see the same requests, and answer the same, whatever the bytes are.
 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import fc from 'fast-check'
import { streams } from '../../../tests/support/lane/requests.ts'
import { startSide } from '../../../tests/support/lane/sides.ts'
import type { Side } from '../../../tests/support/lane/sides.ts'

const rounds = Number(process.env.ROUNDS ?? 600)

let fast: Side
let node: Side

before(async () => {
  fast = await startSide(true)
  node = await startSide(false)
})
after(() => {
  fast.close()
  node.close()
})

/**
 * Without what is different every time. node:http answers 417 by itself and at once; whether that is over when it
 * reads on depends on where the bytes come from, so what follows is not compared.
 */
function comparable(answers: string): string {
  return answers
    .replaceAll(/\r\nDate: [^\r]*/g, '')
    .replaceAll(/req_[0-9a-f]{32}/g, 'req')
    .replace(/(HTTP\/1\.1 417 [^]*?\r\n0\r\n\r\n)[^]*$/, '$1')
}

test('the same requests are seen, and the same answers given', async () => {
  let seen = 0
  const property = fc.asyncProperty(streams, async (stream) => {
    const [ours, theirs] = await Promise.all([fast.send(stream, 'wait'), node.send(stream, 'wait')])
    seen += theirs.seen.length
    assert.deepEqual(ours.seen, theirs.seen)
    assert.equal(comparable(ours.answers), comparable(theirs.answers))
  })
  await fc.assert(property, { numRuns: rounds })
  // A lane that served nothing would agree with node:http in everything.
  assert.ok(fast.inLane() > seen / 4, `${fast.inLane()} of ${seen} requests were served by the fast lane`)
})

test('what comes while a request is served is seen the same', async () => {
  const property = fc.asyncProperty(streams, async (stream) => {
    const [ours, theirs] = await Promise.all([fast.send(stream, 'hold'), node.send(stream, 'hold')])
    // node:http reads ahead, so it may have seen more when a connection ends; what both saw is the same.
    const both = Math.min(ours.seen.length, theirs.seen.length)
    assert.deepEqual(ours.seen.slice(0, both), theirs.seen.slice(0, both))
  })
  await fc.assert(property, { numRuns: rounds / 3 })
})
