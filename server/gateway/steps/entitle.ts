/** Step 3: may this partner call this operation? The decision was compiled when the snapshot was published. */
import type { Exchange } from '#/gateway/exchange.ts'
import { refuse } from '#/gateway/step.ts'
import type { Inside, Verdict } from '#/gateway/step.ts'
import { notServed } from '#/gateway/steps/route.ts'

export function entitle(exchange: Exchange, gateway: Inside): Verdict {
  const { route, credential } = exchange
  if (route === null || credential === null) throw new Error('entitle runs after route and authenticate')
  const snapshot = gateway.snapshot()
  const decision = snapshot.decide(credential.application, route)
  if (decision.allow) return null
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
