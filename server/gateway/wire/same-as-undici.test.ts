/**
 * Our own client and undici get the same bytes for an answer. Ours may refuse what undici takes, never the other way
 * round, and where both have an answer it is the same; whatever came, the next request has its own answer.
 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import fc from 'fast-check'
import { Pool } from 'undici'
import { createWirePool } from '#/gateway/wire/pool.ts'
import { answerStreams } from '../../../tests/support/lane/answers.ts'
import { clean, startTalking } from '../../../tests/support/lane/clients.ts'
import type { Outcome, Talking } from '../../../tests/support/lane/clients.ts'

const rounds = Number(process.env.ROUNDS ?? 600)

let own: Talking
let undici: Talking

before(async () => {
  own = await startTalking((port) => {
    const client = createWirePool({ hostname: '127.0.0.1', port, host: 'u', connectTimeout: 5_000 }, 4)
    return { client, close: () => client.close() }
  })
  undici = await startTalking((port) => {
    const client = new Pool(`http://127.0.0.1:${port}`, { connections: 4, pipelining: 1, allowH2: false })
    return { client, close: () => client.destroy() }
  })
})
after(() => Promise.all([own.close(), undici.close()]))

/** undici leaves blanks at the end of a value, which are no part of it (RFC 9112 §5.1). */
function trimmed(outcome: Outcome): Outcome {
  if (!('status' in outcome)) return outcome
  const trim = (value: unknown): unknown =>
    Array.isArray(value) ? value.map(trim) : String(value).replace(/[\t ]+$/, '')
  const headers = Object.entries(outcome.headers).map(([name, value]) => [name, trim(value)])
  return { ...outcome, headers: Object.fromEntries(headers) as Record<string, unknown> }
}

type Answered = Extract<Outcome, { status: number }>
const answered = (outcome: Outcome): outcome is Answered => 'status' in outcome

test('an answer is the same for both, or there is none', async () => {
  let answers = 0
  let stricter = 0
  const property = fc.asyncProperty(answerStreams, async (stream) => {
    const [ours, theirs] = await Promise.all([own.tell(stream), undici.tell(stream)])
    if (answered(ours.outcome)) {
      answers++
      assert.deepEqual(ours.outcome, trimmed(theirs.outcome))
    } else if (answered(theirs.outcome)) {
      stricter++
      assert.ok(!stream.plain, 'a plain answer was refused')
    } else {
      // What a partner is told hangs on it: `upstream.unreachable` or `upstream.broke`.
      assert.equal(ours.outcome.hadConnection, theirs.outcome.hadConnection)
    }
    assert.ok(answered(ours.next))
    assert.equal(ours.next.content, clean)
  })
  await fc.assert(property, { numRuns: rounds })
  assert.ok(answers > rounds / 3, `${answers} of ${rounds} answers were taken`)
  assert.ok(stricter < rounds / 10, `${stricter} of ${rounds} answers were refused that undici takes`)
})
