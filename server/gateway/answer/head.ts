/** The headers of an answer that came from an upstream: ours, and those the contract releases. */
import type { Exchange } from '#/gateway/exchange.ts'

/** Ours or the connection's, whatever a contract says. `Set-Cookie` would make a partner's client a browser. */
const neverReleased: ReadonlySet<string> = new Set([
  'api-version',
  'connection',
  'content-encoding',
  'content-length',
  'content-type',
  'date',
  'keep-alive',
  'proxy-authenticate',
  'proxy-connection',
  'request-id',
  'set-cookie',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/** Visible ASCII, space and tab: everything else in a value is read differently by somebody (RFC 9110 §5.5). */
const unusual = /[^\t\x20-\x7e]/

/** Pushes the released headers; the name of one whose value is off contract, or null when all is well. */
export function addReleased(headers: string[], exchange: Exchange): string | null {
  let cacheControl = 'no-store'
  const rules = exchange.statusRule!.headers
  if (rules.size > 0) {
    const sent = exchange.upstream!.headers
    for (const [name, check] of rules) {
      const value = sent[name]
      if (value === undefined || neverReleased.has(name)) continue
      const text = typeof value === 'string' ? value : value.join(', ')
      if (unusual.test(text) || !check(text)) return name
      if (name === 'cache-control') cacheControl = text
      else headers.push(name, text)
    }
  }
  headers.push(
    'Cache-Control',
    cacheControl,
    'Request-Id',
    exchange.requestId,
    'Api-Version',
    exchange.route!.apiVersion,
  )
  return null
}
