/** Step 9: of what the upstream answered, only what the contract releases becomes the answer. */
import type { AnswerRule } from '#/contracts/compile/compile.ts'
import { addReleased } from '#/gateway/answer/head.ts'
import { createEventStream, createJsonLines, projectBytes } from '#/gateway/answer/records.ts'
import type { RecordReader } from '#/gateway/answer/records.ts'
import { createStream } from '#/gateway/answer/stream.ts'
import type { AnswerStream, Exchange, Refused, UpstreamAnswer } from '#/gateway/exchange.ts'
import { upstreamOffContract } from '#/gateway/problems.ts'
import { refuse } from '#/gateway/step.ts'
import type { Inside, Verdict } from '#/gateway/step.ts'
import { UpstreamCall } from '#/gateway/upstream/call.ts'

export function sanitise(exchange: Exchange, gateway: Inside): Verdict {
  const { upstream } = exchange
  if (upstream === null) {
    // The client left and the call was given up: this is only for the record (499, as nginx has it).
    exchange.answer = { status: 499, headers: [], body: '', stream: null }
    return null
  }
  if (upstream.treatment === 'drop') return answerEmpty(exchange, gateway, upstream)
  if (upstream.treatment === 'stream') return answerStream(exchange, gateway, upstream)
  const { project } = exchange.answerRule!
  const body = projectBytes(upstream.bytes!, project!)
  if (typeof body !== 'string') return offContract(exchange, gateway, body.reason, body.pointer)
  const length = Buffer.byteLength(body)
  exchange.responseBytes = length
  const headers = [
    'Content-Type',
    contentTypeOf(exchange.answerRule!, upstream),
    'Content-Length',
    String(length),
  ]
  return release(exchange, gateway, headers, body, null)
}

function answerEmpty(exchange: Exchange, gateway: Inside, upstream: UpstreamAnswer): Verdict {
  const headers: string[] = []
  exchange.responseBytes = 0
  if (exchange.answerRule !== null) headers.push('Content-Type', contentTypeOf(exchange.answerRule, upstream))
  // 204 has no length (RFC 9110 §8.6); that of HEAD and 304 would be of content we have not seen.
  else if (upstream.status !== 204 && upstream.status !== 304 && exchange.request.method !== 'HEAD') {
    headers.push('Content-Length', '0')
  }
  return release(exchange, gateway, headers, '', null)
}

function answerStream(exchange: Exchange, gateway: Inside, upstream: UpstreamAnswer): Verdict {
  const rule = exchange.answerRule!
  const call = exchange.call
  if (!(call instanceof UpstreamCall)) throw new Error('only an upstream streams')
  const { lineBytes } = gateway.limits
  let records: RecordReader | null = null
  if (rule.kind === 'json-lines') records = createJsonLines(rule.project!, lineBytes)
  else if (rule.kind === 'event-stream') records = createEventStream(rule.project!, lineBytes)
  const headers = ['Content-Type', contentTypeOf(rule, upstream)]
  const length = upstream.headers['content-length']
  // Content that passes as it is keeps its length: the upstream connection breaks when it does not hold.
  if (records === null && typeof length === 'string') headers.push('Content-Length', length)
  const verdict = release(exchange, gateway, headers, '', createStream(exchange, gateway, call, records))
  if (verdict !== null) call.discard()
  return verdict
}

/**
 * What the contract calls it; where that is a range, what the upstream calls it. Of the parameters only the charset
 * of a text matters to a reader, and only one that is known: any other word is text that nobody released.
 */
function contentTypeOf(rule: AnswerRule, upstream: UpstreamAnswer): string {
  const isRange = rule.mediaType.includes('*')
  if (rule.kind !== 'text' && !isRange) return rule.mediaType
  const sent = upstream.headers['content-type'] as string
  const essence = isRange ? sent.split(';', 1)[0]!.trim().toLowerCase() : rule.mediaType
  const charset = /;\s*charset="?([A-Za-z0-9_-]{1,40})"?/i.exec(sent)?.[1]
  return charset !== undefined && essence.startsWith('text/') && isCharset(charset)
    ? `${essence}; charset=${charset.toLowerCase()}`
    : essence
}

/** The labels of the Encoding standard (§4.2), which every browser knows. */
function isCharset(label: string): boolean {
  try {
    return new TextDecoder(label).encoding !== ''
  } catch {
    return false
  }
}

/** Adds the released headers and makes the answer, or refuses it. */
function release(
  exchange: Exchange,
  gateway: Inside,
  headers: string[],
  body: string,
  stream: AnswerStream | null,
): Refused | null {
  const wrong = addReleased(headers, exchange, gateway)
  if (wrong !== null) return offContract(exchange, gateway, `header ${wrong}`, '')
  const { status } = exchange.upstream!
  exchange.metered = status < 500
  exchange.answer = { status, headers, body, stream }
  return null
}

function offContract(exchange: Exchange, gateway: Inside, reason: string, pointer: string): Refused {
  gateway.report(exchange, 'upstream.off_contract', { reason, pointer })
  return refuse(upstreamOffContract)
}
