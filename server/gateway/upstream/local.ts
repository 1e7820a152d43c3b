/** An operation that a handler in this process serves: same validation before it, same projection behind it. */
import type { Call, Exchange } from '#/gateway/exchange.ts'
import { upstreamOffContract, upstreamTimeout } from '#/gateway/problems.ts'
import type { LocalAnswer, LocalCall, Target } from '#/gateway/snapshot.ts'
import { refuse } from '#/gateway/step.ts'
import type { Inside } from '#/gateway/step.ts'
import { planAnswer } from '#/gateway/upstream/plan.ts'
import { Problem } from '#/kernel/problem/problem.ts'

export function callLocal(exchange: Exchange, gateway: Inside, target: Target & { kind: 'local' }): void {
  let over = false
  const settle = (go: () => void): void => {
    if (over) return
    over = true
    exchange.upstreamUs = gateway.clock.monotonicUs() - exchange.forwardedUs
    go()
  }
  exchange.call = localCall(exchange, gateway, settle)
  void invoke(target, callOf(exchange)).then(
    (answer) => settle(() => take(exchange, gateway, answer)),
    (error: unknown) =>
      settle(() => {
        if (!(error instanceof Problem)) return gateway.crash(exchange, error)
        gateway.resume(exchange, { definition: error.definition, occurrence: error.occurrence })
      }),
  )
}

/** Also turns what a handler throws at once into a rejection. */
async function invoke(target: Target & { kind: 'local' }, call: LocalCall): Promise<LocalAnswer> {
  return target.handle(call)
}

/** A handler cannot be cut off; what it does goes on, only nobody waits for it any longer. */
function localCall(exchange: Exchange, gateway: Inside, settle: (go: () => void) => void): Call {
  const limit = gateway.timeouts.total * 1000
  return {
    tick: (nowUs) => {
      if (nowUs - exchange.forwardedUs <= limit) return
      settle(() => gateway.resume(exchange, refuse(upstreamTimeout)))
    },
    clientGone: () => undefined,
    discard: () => undefined,
  }
}

function callOf(exchange: Exchange): LocalCall {
  const { application } = exchange.credential!
  const names = exchange.route!.operation.path.match(/\{[^}]*\}/g) ?? []
  const path: Record<string, string> = {}
  for (let i = 0; i < names.length; i++) {
    path[names[i]!.slice(1, -1)] = decodeURIComponent(exchange.captured[i]!)
  }
  return {
    partnerId: application.partnerId,
    applicationId: application.id,
    environment: application.environment,
    requestId: exchange.id,
    credentialId: exchange.credential!.id,
    address: exchange.request.remote,
    member: exchange.credential!.member,
    path,
    query: new URLSearchParams(exchange.query),
    body: exchange.value,
  }
}

/** Through JSON and back, so that it is projected exactly as an upstream's answer is. */
function take(exchange: Exchange, gateway: Inside, answer: LocalAnswer): void {
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(answer.headers ?? {})) headers[name.toLowerCase()] = value
  const text = answer.body === undefined ? undefined : JSON.stringify(answer.body)
  if (text !== undefined) headers['content-type'] ??= 'application/json'
  const plan = planAnswer(exchange, answer.status, headers, gateway.limits.answerBytes)
  if (plan !== 'buffer' && plan !== 'drop') {
    const reason = typeof plan === 'object' ? plan.reason : 'a stream'
    gateway.report(exchange, 'handler.off_contract', { reason, status: answer.status })
    return gateway.resume(exchange, refuse(upstreamOffContract))
  }
  const bytes = plan === 'buffer' ? Buffer.from(text ?? '') : null
  exchange.upstream = { treatment: plan, status: answer.status, headers, bytes }
  gateway.resume(exchange, null)
}
