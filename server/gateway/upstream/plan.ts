/** What is to be done with an upstream's answer, decided by its head and the contract. */
import type { Exchange, Treatment } from '#/gateway/exchange.ts'

export type Plan = Treatment | OffPlan

/** Why the head alone is off contract; for our log. */
export type OffPlan = { readonly reason: string }

type Headers = Readonly<Record<string, string | string[] | undefined>>

/** Also keeps the rules it found on the exchange. */
export function planAnswer(exchange: Exchange, status: number, headers: Headers, limit: number): Plan {
  const operation = exchange.route!.operation
  const statusRule = operation.answer(status)
  if (statusRule === undefined) return { reason: 'status' }
  exchange.statusRule = statusRule
  const encoding = headers['content-encoding']
  // We asked for none (`Accept-Encoding: identity`); what cannot be read cannot be projected.
  if (encoding !== undefined && encoding !== 'identity') return { reason: 'content encoding' }
  const contentType = headers['content-type']
  if (Array.isArray(contentType)) return { reason: 'several content types' }
  if (statusRule.empty) return 'drop'
  const hasNoContent = operation.method === 'HEAD' || status === 204 || status === 304
  const rule = statusRule.rule(contentType)
  if (rule === undefined) return hasNoContent ? 'drop' : { reason: 'content type' }
  exchange.answerRule = rule
  if (hasNoContent) return 'drop'
  if (rule.project === null && !rule.released) return { reason: 'content that is not released' }
  if (rule.kind === 'json')
    return Number(headers['content-length'] ?? 0) > limit ? { reason: 'size' } : 'buffer'
  return 'stream'
}
