/**
 * Step 8: the request goes to whoever serves the operation, exactly once (a read may go twice, when a kept
 * connection turned out to be closed). Redirects are answers like any other: nobody follows them.
 */
import type { Exchange } from '#/gateway/exchange.ts'
import { wait } from '#/gateway/step.ts'
import type { Inside, Verdict } from '#/gateway/step.ts'
import { UpstreamCall } from '#/gateway/upstream/call.ts'
import { callLocal } from '#/gateway/upstream/local.ts'
import type { Outgoing } from '#/gateway/wire/client.ts'

export function forward(exchange: Exchange, gateway: Inside): Verdict {
  const { target } = exchange.route!
  exchange.forwardedUs = gateway.clock.monotonicUs()
  if (target.kind === 'local') {
    callLocal(exchange, gateway, target)
    return wait
  }
  const upstream = target.upstreams[exchange.credential!.application.environment]
  const known = gateway.upstreams.of(upstream)
  const { request } = exchange
  const body =
    request.body === null ? null : (exchange.bytes ?? request.body.stream(gateway.limits.uploadBytes))
  const outgoing: Outgoing = {
    path: known.prefix + request.target,
    method: exchange.route!.operation.method,
    headers: gateway.forwardedHeaders(exchange),
    body,
    headersTimeout: upstream.headersTimeout,
    bodyTimeout: upstream.idleTimeout,
  }
  const way = body === null || body === exchange.bytes ? known.plain : known.streaming
  const call = new UpstreamCall(exchange, gateway, way, outgoing)
  exchange.call = call
  call.start()
  return wait
}
