/**
 * The last step: one record of the exchange, written before the first byte of its answer leaves. What is not
 * known to be ours (no valid credential) is only counted.
 */
import type { Exchange } from '#/gateway/exchange.ts'
import { notRecorded } from '#/gateway/problems.ts'
import type { ExchangeRecord } from '#/gateway/recorder.ts'
import { refuse, wait } from '#/gateway/step.ts'
import type { Inside, Verdict } from '#/gateway/step.ts'

export function record(exchange: Exchange, gateway: Inside): Verdict {
  const answer = exchange.answer
  if (answer === null) throw new Error('record runs when there is an answer')
  const route = exchange.route ?? exchange.hiddenRoute
  if (exchange.credential === null || route === null) {
    const operation = route === null ? null : route.operation.id
    gateway.recorder.refuse({ status: answer.status, code: exchange.code ?? 'gateway.failed', operation })
    return null
  }
  // A person at the portal is no usage of an application; what it changes stands in the audit.
  if (exchange.credential.member !== null) return null
  gateway.recorder.record(recordOf(exchange, gateway), (error) => {
    if (error === null) return gateway.resume(exchange, null)
    gateway.report(exchange, 'exchange.not_recorded', { err: error })
    gateway.resume(exchange, refuse(notRecorded, { headers: { 'Retry-After': '1' } }))
  })
  return wait
}

function recordOf(exchange: Exchange, gateway: Inside): ExchangeRecord {
  const { answer, credential } = exchange
  const route = (exchange.route ?? exchange.hiddenRoute)!
  const { operation } = route
  const { application } = credential!
  return {
    id: exchange.id,
    receivedAt: exchange.receivedAt,
    environment: application.environment,
    partnerId: application.partnerId,
    applicationId: application.id,
    credentialId: credential!.id,
    contract: operation.contract,
    apiVersion: route.apiVersion,
    operation: operation.id,
    method: operation.method,
    status: answer!.status,
    code: exchange.code ?? (exchange.clientGone ? 'gateway.client_gone' : null),
    metered: exchange.metered,
    durationUs: Math.round(gateway.clock.monotonicUs() - exchange.startedUs),
    upstreamUs: Math.round(exchange.upstreamUs),
    requestBytes: exchange.request.body?.received ?? 0,
    responseBytes: exchange.responseBytes,
  }
}
