/**
 * A streamed answer on its way from the upstream to the client: at the pace of the slower of the two, record
 * by record where the contract describes records, and visibly broken when it cannot be completed.
 */
import type { AnswerStream, Exchange, Sink } from '#/gateway/exchange.ts'
import type { Projected, RecordReader } from '#/gateway/answer/records.ts'
import type { Inside } from '#/gateway/step.ts'
import type { Consumer, UpstreamCall } from '#/gateway/upstream/call.ts'

/** `records`: null for content that is released as it is. */
export function createStream(
  exchange: Exchange,
  gateway: Inside,
  call: UpstreamCall,
  records: RecordReader | null,
): AnswerStream {
  let sink: Sink | null = null
  let bytes = 0
  let over = false
  /** Monotonic microseconds since when the client has not read; 0: it reads. */
  let stalledSince = 0

  function write(chunk: string | Buffer): void {
    if (chunk.length === 0) return
    bytes += typeof chunk === 'string' ? Buffer.byteLength(chunk) : chunk.length
    if (sink!.write(chunk)) return
    stalledSince = gateway.clock.monotonicUs()
    call.pause()
  }

  /** True: the stream goes on. */
  function pass(projected: Projected): boolean {
    write(projected.text)
    if (projected.failure === null) return true
    const { pointer, reason } = projected.failure
    gateway.report(exchange, 'upstream.off_contract', { reason, pointer })
    breakOff('gateway.off_contract')
    return false
  }

  function breakOff(code: string): void {
    if (over) return
    over = true
    call.discard()
    sink?.abort()
    gateway.finished(exchange, bytes, code)
  }

  const consumer: Consumer = {
    data: (chunk) => {
      if (over) return
      if (records === null) write(chunk)
      else pass(records.push(chunk))
    },
    end: () => {
      if (over || (records !== null && !pass(records.end()))) return
      over = true
      sink!.end()
      gateway.finished(exchange, bytes, null)
    },
    fail: breakOff,
    tick: (nowUs) => {
      const stalled = stalledSince !== 0 && nowUs - stalledSince > gateway.timeouts.stalledClient * 1000
      if (stalled) breakOff('gateway.client_gone')
    },
  }

  return {
    start: (to) => {
      sink = to
      if (exchange.clientGone) breakOff('gateway.client_gone')
      else call.consume(consumer)
    },
    drained: () => {
      stalledSince = 0
      if (!over) call.resume()
    },
  }
}
