/** The headers of an answer that came from an upstream: ours, and those the contract releases. */
import type { Exchange } from '#/gateway/exchange.ts'
import { safeHeaders } from '#/gateway/answer/safe.ts'
import type { Inside } from '#/gateway/step.ts'

/** Ours or the connection's, whatever a contract says. `Set-Cookie` would make a partner's client a browser. */
const neverReleased: ReadonlySet<string> = new Set([
  'api-version',
  'connection',
  'content-encoding',
  'content-length',
  'content-security-policy',
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
  'x-content-type-options',
])

/** Headers whose value is an address, or holds some in angle brackets (RFC 9110 §8.7, §10.2.2, RFC 8288 §3). */
const saysWhere: ReadonlySet<string> = new Set(['content-location', 'link', 'location'])

/** Visible ASCII, space and tab: everything else in a value is read differently by somebody (RFC 9110 §5.5). */
const unusual = /[^\t\x20-\x7e]/

/** Pushes the released headers; the name of one whose value is off contract, or null when all is well. */
export function addReleased(headers: string[], exchange: Exchange, gateway: Inside): string | null {
  let cacheControl = 'no-store'
  const rules = exchange.statusRule!.headers
  if (rules.size > 0) {
    const sent = exchange.upstream!.headers
    for (const [name, check] of rules) {
      const value = sent[name]
      if (value === undefined || neverReleased.has(name)) continue
      const joined = typeof value === 'string' ? value : value.join(', ')
      const text = saysWhere.has(name) ? withoutUpstream(exchange, gateway, joined) : joined
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
  for (const text of safeHeaders) headers.push(text)
  return null
}

/**
 * An upstream writes its own address where it says where something is. To a caller that is the same path here, and the
 * name of a machine inside is nobody's business.
 */
function withoutUpstream(exchange: Exchange, gateway: Inside, value: string): string {
  const { target } = exchange.route!
  if (target.kind === 'local') return value
  const { origin, prefix } = gateway.upstreams.of(
    target.upstreams[exchange.credential!.application.environment],
  )
  if (value === origin) return '/'
  const path = value.replaceAll(`<${origin}/`, '</').replaceAll(`<${prefix}/`, '</')
  const from = path.startsWith(`${origin}/`) ? origin.length : 0
  return path.slice(path.startsWith(`${prefix}/`, from) ? from + prefix.length : from)
}
