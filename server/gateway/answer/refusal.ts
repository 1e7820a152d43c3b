/** A refusal becomes an answer: RFC 9457 and the headers that every answer of ours has. */
import type { Answer, Exchange, Refused } from '#/gateway/exchange.ts'
import { safeHeaders } from '#/gateway/answer/safe.ts'
import { problemBody } from '#/kernel/problem/problem.ts'

/** Bare on purpose: what went wrong is our bug and stands in the log under the same id. */
export function bareFailure(requestId: string): Answer {
  return {
    status: 500,
    headers: ['Content-Length', '0', 'Cache-Control', 'no-store', 'Request-Id', requestId],
    body: '',
    stream: null,
  }
}

/** `base` is the public address under which the problem pages stand. */
export function refusalAnswer(exchange: Exchange, refused: Refused, base: string): Answer {
  const { definition, occurrence } = refused
  const { requestId } = exchange
  // A path that was refused as malformed is not echoed: it may hold anything, a credential included.
  const instance = exchange.path === '' ? `urn:uuid:${exchange.id}` : exchange.path
  const body = JSON.stringify(problemBody(definition, occurrence, { base, instance, requestId }))
  const headers = [
    'Content-Type',
    'application/problem+json',
    'Content-Length',
    String(Buffer.byteLength(body)),
    'Cache-Control',
    'no-store',
    'Request-Id',
    requestId,
    ...safeHeaders,
  ]
  if (exchange.route !== null) headers.push('Api-Version', exchange.route.apiVersion)
  const own = occurrence.headers
  if (own !== undefined) for (const name of Object.keys(own)) headers.push(name, own[name]!)
  return { status: definition.status, headers, body, stream: null }
}
