/** Step 3: may this partner call this operation? The decision was compiled when the snapshot was published. */
import type { Exchange } from '#/gateway/exchange.ts'
import { roleTooSmall, scopeMissing, sessionNotServed } from '#/gateway/problems.ts'
import type { Credential, Route } from '#/gateway/snapshot.ts'
import { refuse } from '#/gateway/step.ts'
import type { Inside, Verdict } from '#/gateway/step.ts'
import { notServed } from '#/gateway/steps/route.ts'

export function entitle(exchange: Exchange, gateway: Pick<Inside, 'snapshot'>): Verdict {
  const { route, credential } = exchange
  if (route === null || credential === null) throw new Error('entitle runs after route and authenticate')
  const snapshot = gateway.snapshot()
  const decision = snapshot.decide(credential.application, route)
  if (decision.allow) return withinBounds(route, credential)
  if (decision.problem.status === 404) {
    // From here on the exchange must not show that it ever had a route.
    exchange.hiddenRoute = route
    exchange.route = null
    return notServed(snapshot, exchange.path, exchange.request.method)
  }
  return refuse(decision.problem, {
    detail: decision.detail,
    decision: { rule: decision.rule, code: decision.problem.code },
    next: decision.next,
  })
}

/** What the partner may, this credential may still not: a key by its scopes, a person by a role. */
function withinBounds(route: Route, credential: Credential): Verdict {
  const { operation, target } = route
  if (credential.member !== null) {
    if (target.kind !== 'local') return refuse(sessionNotServed)
    return target.allows(credential.member.role) ? null : refuse(roleTooSmall)
  }
  const { scopes } = credential
  if (scopes === null) return null
  const missing = operation.scopes.filter((scope) => !scopes.has(scope))
  if (missing.length === 0) return null
  // RFC 6750 §3.1 names the scopes that are needed.
  const challenge = `Bearer realm="portico", error="insufficient_scope", scope="${operation.scopes.join(' ')}"`
  const detail = `The key lacks ${missing.join(', ')}.`
  return refuse(scopeMissing, { detail, headers: { 'WWW-Authenticate': challenge } })
}
