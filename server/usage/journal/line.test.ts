/** Any record survives the line format, and no damage to a line passes for a line. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import type { ExchangeRecord, StreamEnd } from '#/gateway/gateway.ts'
import {
  endPayload,
  exchangePayload,
  parseLine,
  readPayload,
  refusalsPayload,
  roomFor,
  writeLine,
} from '#/usage/journal/line.ts'
import type { RefusalCount } from '#/usage/journal/line.ts'
import { readPortion } from '#/usage/journal/segment.ts'

const text = fc.string({ unit: 'binary' })
const count = fc.nat({ max: Number.MAX_SAFE_INTEGER })
const environment = fc.constantFrom('live' as const, 'sandbox' as const)

const anyExchange: fc.Arbitrary<ExchangeRecord> = fc.record(
  {
    id: fc.uuid(),
    receivedAt: count,
    environment,
    partnerId: fc.uuid(),
    applicationId: fc.uuid(),
    credentialId: fc.uuid(),
    contract: text,
    apiVersion: text,
    operation: text,
    method: text,
    status: fc.nat(),
    code: fc.option(text),
    metered: fc.boolean(),
    durationUs: count,
    upstreamUs: count,
    requestBytes: count,
    responseBytes: fc.option(count),
  },
  { noNullPrototype: true },
)
const anyEnd: fc.Arbitrary<StreamEnd> = fc.record(
  {
    id: fc.uuid(),
    environment,
    durationUs: count,
    responseBytes: count,
    code: fc.option(text),
  },
  { noNullPrototype: true },
)
const anyRefusals: fc.Arbitrary<RefusalCount> = fc.record(
  {
    id: fc.uuid(),
    minute: count,
    status: fc.nat(),
    code: text,
    operation: fc.option(text),
    count,
  },
  { noNullPrototype: true },
)
const anyEntry = fc.oneof(
  anyExchange.map((exchange) => ({ kind: 'exchange' as const, exchange })),
  anyEnd.map((end) => ({ kind: 'end' as const, end })),
  anyRefusals.map((refusals) => ({ kind: 'refusals' as const, refusals })),
)
type Entry = typeof anyEntry extends fc.Arbitrary<infer T> ? T : never

function payloadOf(entry: Entry): string {
  if (entry.kind === 'exchange') return exchangePayload(entry.exchange)
  return entry.kind === 'end' ? endPayload(entry.end) : refusalsPayload(entry.refusals)
}

function frame(payload: string, last: boolean): Buffer {
  const bytes = Buffer.alloc(roomFor(payload))
  return bytes.subarray(0, writeLine(bytes, 0, payload, last))
}

/** Batches as the writer writes them, and the offsets at which they end. */
function segmentOf(batches: readonly (readonly Entry[])[]): { bytes: Buffer; ends: number[] } {
  const parts = batches.map((batch) =>
    Buffer.concat(batch.map((entry, i) => frame(payloadOf(entry), i === batch.length - 1))),
  )
  let length = 0
  return { bytes: Buffer.concat(parts), ends: parts.map((part) => (length += part.length)) }
}

const someBatches = fc.array(fc.array(anyEntry, { minLength: 1, maxLength: 4 }), {
  minLength: 1,
  maxLength: 5,
})
const read = (bytes: Buffer, sealed = true) => readPortion(bytes, 0, sealed, Infinity)
const entriesOf = (bytes: Buffer) => read(bytes).found.map(({ entry }) => entry)

/** Calls that follow each other: the next has some of what the one before had. */
const calls = fc
  .array(fc.tuple(anyExchange, fc.uniqueArray(fc.constantFrom(...memberNames()))), { minLength: 1 })
  .map((steps) => {
    let before: ExchangeRecord = steps[0]![0]
    return steps.map(([exchange, same]) => {
      const kept = Object.fromEntries(same.map((name) => [name, before[name]]))
      return (before = { ...exchange, ...kept })
    })
  })

function memberNames(): (keyof ExchangeRecord)[] {
  return Object.keys(fc.sample(anyExchange, 1)[0]!) as (keyof ExchangeRecord)[]
}

test('a payload is the array that JSON.stringify writes, whatever was written before', () => {
  fc.assert(
    fc.property(calls, (list) => {
      for (const call of list) {
        const { id, receivedAt, environment, partnerId, applicationId, credentialId, ...rest } = call
        const { contract, apiVersion, operation, method, status, code, metered, ...numbers } = rest
        const { durationUs, upstreamUs, requestBytes, responseBytes } = numbers
        const ids = ['x', id, receivedAt, environment, partnerId, applicationId, credentialId]
        const what = [contract, apiVersion, operation, method, status, code, metered]
        const array = [...ids, ...what, durationUs, upstreamUs, requestBytes, responseBytes]
        assert.equal(exchangePayload(call), JSON.stringify(array))
      }
    }),
  )
})

test('a text of many applications is still that of its own', () => {
  const [call] = fc.sample(anyExchange, 1) as [ExchangeRecord]
  const written = exchangePayload(call)
  for (let i = 0; i < 10_001; i++) exchangePayload({ ...call, credentialId: `c${i}` })
  assert.equal(exchangePayload(call), written)
})

test('a line is the sum, the mark, the payload and a newline', () => {
  fc.assert(
    fc.property(text, fc.boolean(), (payload, last) => {
      const marked = `${last ? '.' : '+'}${payload}\n`
      const line = crc32(marked).toString(16).padStart(8, '0') + marked
      assert.deepEqual(frame(payload, last), Buffer.from(line))
    }),
  )
})

test('whatever is in a record comes back', () => {
  fc.assert(
    fc.property(someBatches, (batches) => {
      const { bytes } = segmentOf(batches)
      const { found, aside, next } = read(bytes)
      assert.deepEqual(
        found.map(({ entry }) => entry),
        batches.flat(),
      )
      assert.deepEqual(aside, [])
      assert.equal(next, bytes.length)
    }),
  )
})

test('cut anywhere, whole batches count and of the broken one nothing', () => {
  fc.assert(
    fc.property(someBatches, fc.nat(), (batches, cut) => {
      const { bytes, ends } = segmentOf(batches)
      const at = cut % bytes.length
      const whole = ends.filter((end) => end <= at)
      const { found, aside, next } = read(bytes.subarray(0, at))
      assert.deepEqual(
        found.map(({ entry }) => entry),
        batches.slice(0, whole.length).flat(),
      )
      assert.equal(next, at)
      assert.deepEqual(
        aside.map(({ reason }) => reason),
        at === (whole.at(-1) ?? 0) ? [] : ['torn'],
      )
    }),
  )
})

test('a segment that is still written to is read to its last whole batch', () => {
  fc.assert(
    fc.property(someBatches, fc.nat(), (batches, cut) => {
      const { bytes, ends } = segmentOf(batches)
      const at = cut % bytes.length
      const { aside, next } = read(bytes.subarray(0, at), false)
      assert.equal(next, ends.findLast((end) => end <= at) ?? 0)
      assert.deepEqual(aside, [])
    }),
  )
})

test('any flipped bit is seen, and every other line still counts', () => {
  const two = fc.tuple(anyEntry, anyEntry)
  fc.assert(
    fc.property(someBatches, two, fc.nat(), fc.nat({ max: 7 }), (batches, behind, at, bit) => {
      // Two batches behind it: a flipped newline takes the first with it, the second shows that reading goes on.
      const { bytes, ends } = segmentOf([...batches, ...behind.map((entry) => [entry])])
      const inside = at % (ends.at(-3) ?? 1)
      bytes[inside] = (bytes[inside] ?? 0) ^ (1 << bit)
      const { found, aside } = read(bytes)
      const expected = [...batches.flat(), ...behind].map((entry) => JSON.stringify(entry))
      const got = found.map(({ entry }) => JSON.stringify(entry))
      const lost = expected.length - got.length
      assert.ok(lost === 1 || lost === 2, `${lost} lost`)
      let from = 0
      for (const line of got) from = expected.indexOf(line, from) + 1 || Infinity
      assert.ok(from <= expected.length, 'what is left is in order')
      assert.ok(aside.length > 0 && aside.every(({ reason }) => reason === 'damaged'))
    }),
    { numRuns: 500 },
  )
})

test('a zeroed tail, as a power cut leaves it, costs nothing before it', () => {
  fc.assert(
    fc.property(someBatches, fc.integer({ min: 1, max: 100_000 }), (batches, zeros) => {
      const { bytes } = segmentOf(batches)
      const { found, aside } = read(Buffer.concat([bytes, Buffer.alloc(zeros)]))
      assert.equal(found.length, batches.flat().length)
      assert.deepEqual(
        aside.map(({ reason, bytes: { length } }) => [reason, length]),
        [['torn', zeros]],
      )
    }),
  )
})

test('read in portions of any size, everything comes once', () => {
  fc.assert(
    fc.property(someBatches, fc.integer({ min: 1, max: 5 }), (batches, limit) => {
      const { bytes } = segmentOf(batches)
      const got: unknown[] = []
      for (let at = 0; at < bytes.length;) {
        const { found, next } = readPortion(bytes, at, true, limit)
        got.push(...found.map(({ entry }) => entry))
        assert.ok(next > at)
        at = next
      }
      assert.deepEqual(got, batches.flat())
    }),
  )
})

test('a line of a kind from a newer version is kept apart, not misread', () => {
  const known = exchangePayload(fc.sample(anyExchange, 1)[0]!)
  const bytes = Buffer.concat([frame('["z",1]', false), frame(known, true)])
  const { found, aside } = read(bytes)
  assert.equal(found.length, 1)
  assert.deepEqual(
    aside.map(({ reason }) => reason),
    ['unknown'],
  )
  assert.equal(readPayload('["x"]'), null)
})

test('what is no line at all is none', () => {
  for (const line of ['', '\n', '00000000.\n', 'x'.repeat(40), `${'0'.repeat(8)}.[]\n`]) {
    assert.equal(parseLine(Buffer.from(line)), null)
  }
  assert.deepEqual(entriesOf(Buffer.alloc(0)), [])
})
