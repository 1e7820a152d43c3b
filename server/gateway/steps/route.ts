/**
 * Step 1: method and path become an operation. What is dark must look like what does not exist, so a hidden
 * operation is answered by asking the snapshot what it says of a method that nobody has.
 */
import { headerCount } from '#/gateway/exchange.ts'
import type { Exchange, Refused } from '#/gateway/exchange.ts'
import { malformedHeaders, malformedTarget, methodNotAllowed, notFound } from '#/gateway/problems.ts'
import type { Snapshot } from '#/gateway/snapshot.ts'
import { refuse } from '#/gateway/step.ts'
import type { Inside, Verdict } from '#/gateway/step.ts'
import { endOfPath } from '#/gateway/steps/target.ts'

/** Not a token (RFC 9110 §5.6.2), so no contract can have it. */
const nobodysMethod = '*/*'

export function route(exchange: Exchange, gateway: Pick<Inside, 'snapshot'>): Verdict {
  const { method, target, headers } = exchange.request
  const end = endOfPath(target)
  if (end === -1) return refuse(malformedTarget)
  // RFC 9112 §3.2; that there is one the server has seen to.
  if (headerCount(headers, 'host') > 1) return refuse(malformedHeaders)
  const path = end === target.length ? target : target.slice(0, end)
  exchange.path = path
  exchange.query = end === target.length ? '' : target.slice(end + 1)
  const snapshot = gateway.snapshot()
  const match = snapshot.match(method, path)
  if (match.kind !== 'found' || snapshot.hidden(match.route)) return notServed(snapshot, path, method)
  exchange.route = match.route
  exchange.captured = match.path
  return null
}

/** The same answer for what is unknown and for what this caller must not know of. */
export function notServed(snapshot: Snapshot, path: string, method: string): Refused {
  const match = snapshot.match(nobodysMethod, path)
  if (match.kind !== 'other-method') return refuse(notFound)
  const allow = match.allow.filter((other) => other !== method)
  if (allow.length === 0) return refuse(notFound)
  return refuse(methodNotAllowed, { headers: { Allow: allow.join(', ') } })
}
