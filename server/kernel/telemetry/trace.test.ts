/** The trace context of a request id: valid, found again, and alike on every node. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { newId } from '#/kernel/id/id.ts'
import { isSampled, spanIdsOf, traceParent } from '#/kernel/telemetry/trace.ts'

const ids = fc.constant(null).map(() => newId())

test('a traceparent is well-formed and holds the id of the request (W3C Trace Context §3.2)', () => {
  fc.assert(
    fc.property(ids, fc.double({ min: 0, max: 1, noNaN: true }), (id, ratio) => {
      const found = /^00-([0-9a-f]{32})-([0-9a-f]{16})-(02|03)$/.exec(traceParent(id, ratio))
      assert.ok(found)
      assert.deepEqual(spanIdsOf(id), { traceId: found[1], spanId: found[2] })
      assert.equal(found[1], id.replaceAll('-', ''))
      assert.notEqual(found[2], '0'.repeat(16))
      assert.equal(found[3] === '03', isSampled(id, ratio))
    }),
  )
})

test('none at 0, all at 1, and who is in a smaller share is in a larger one', () => {
  fc.assert(
    fc.property(ids, fc.double({ min: 0, max: 1, noNaN: true }), (id, ratio) => {
      assert.equal(isSampled(id, 0), false)
      assert.equal(isSampled(id, 1), true)
      if (isSampled(id, ratio / 2)) assert.ok(isSampled(id, ratio))
    }),
  )
})

test('the share is the share', () => {
  // The end of an id is what is random of it: 1,024 of them spread evenly over its last 32 bits.
  const spread = Array.from({ length: 1024 }, (_, i) => {
    const end = Math.floor((i / 1024) * 0x1_0000_0000)
    return `01a1fc6b-e01c-7fd9-8244-9651${end.toString(16).padStart(8, '0')}`
  })
  assert.equal(spread.filter((id) => isSampled(id, 1 / 64)).length, 16)
  assert.equal(spread.filter((id) => isSampled(id, 0.25)).length, 256)
})
