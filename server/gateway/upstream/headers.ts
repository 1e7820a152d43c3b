/**
 * The headers of a forwarded request. Default-deny: what the contract names, a short list that HTTP itself
 * needs, and ours. So hop-by-hop fields (RFC 9110 §7.6.1), cookies, credentials and whatever else a client
 * invents never arrive, and what claims to come from Portico does.
 */
import type { Operation } from '#/contracts/compile/compile.ts'
import { headerOf } from '#/gateway/exchange.ts'
import type { Exchange, RawHeaders } from '#/gateway/exchange.ts'
import type { Application, Route } from '#/gateway/snapshot.ts'
import { publicId } from '#/kernel/id/id.ts'

/** Of no contract, but of HTTP. A validator only where its refusal can be answered: see `passing`. */
const alwaysPassing = ['accept', 'accept-language', 'user-agent', 'prefer', 'if-match', 'if-unmodified-since']
const passingWithNotModified = ['if-none-match', 'if-modified-since']

/** Never forwarded, whatever a contract says: framing, connection, credentials and what we say ourselves. */
const neverPassing: readonly string[] = [
  'accept-encoding',
  'authorization',
  'connection',
  'content-encoding',
  'content-length',
  'content-type',
  'cookie',
  'expect',
  'forwarded',
  'host',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'traceparent',
  'tracestate',
  'transfer-encoding',
  'upgrade',
  'via',
  'x-api-key',
]

export type HeaderWriter = (exchange: Exchange) => string[]

/** `traceParent`: the trace context of a request, by its id. */
export function createHeaderWriter(traceParent: (id: string) => string): HeaderWriter {
  const passing = new WeakMap<Operation, ReadonlySet<string>>()
  const identities = new WeakMap<Application, Identity>()

  return (exchange) => {
    const { route, credential, request, requestId } = exchange
    let names = passing.get(route!.operation)
    if (names === undefined) passing.set(route!.operation, (names = passingNames(route!)))
    const application = credential!.application
    let identity = identities.get(application)
    if (identity === undefined) identities.set(application, (identity = identityOf(application)))
    const { reading } = request
    const headers = [
      'Forwarded',
      reading === null ? forwarded(exchange) : (reading.forwarded ??= forwarded(exchange)),
      // A new root: what a client says about traces is not believed (W3C Trace Context §4.3).
      'traceparent',
      traceParent(exchange.id),
      'Accept-Encoding',
      'identity',
      'Portico-Request-Id',
      requestId,
      'Portico-Partner-Id',
      identity.partner,
      'Portico-Application-Id',
      identity.application,
      'Portico-Environment',
      application.environment,
    ]
    addPassing(headers, exchange, names)
    if (request.body !== null) addContentHeaders(headers, exchange)
    return headers
  }
}

type Identity = { readonly partner: string; readonly application: string }

function identityOf(application: Application): Identity {
  return {
    partner: publicId('ptn', application.partnerId),
    application: publicId('app', application.id),
  }
}

/** Names that pass for an operation: its header parameters and the short list. */
function passingNames(route: Route): ReadonlySet<string> {
  const { operation } = route
  const names = new Set(alwaysPassing)
  // A conditional read can be answered with 304, which only helps where the contract knows it.
  if (operation.answer(304) !== undefined) for (const name of passingWithNotModified) names.add(name)
  for (const name of headerParameters(operation)) names.add(name)
  for (const name of neverPassing) names.delete(name)
  for (const name of names)
    if (name.startsWith('portico-') || name.startsWith('x-forwarded-')) names.delete(name)
  return names
}

/** The headers that the compiled parameters look at: exactly those that the contract names. */
function headerParameters(operation: Operation): readonly string[] {
  const names: string[] = []
  const segments = operation.path.match(/\{[^}]*\}/g) ?? []
  operation.parameters?.({
    path: segments.map(() => '0'),
    query: '',
    header: (name) => {
      names.push(name)
      return undefined
    },
  })
  return names
}

function addPassing(headers: string[], exchange: Exchange, names: ReadonlySet<string>): void {
  const { reading, headers: sent } = exchange.request
  const known = reading?.passing?.names === names ? reading.passing : null
  const passing = known?.headers ?? passingOf(sent, names, exchange.secret)
  if (reading !== null && known === null) reading.passing = { names, headers: passing }
  for (const text of passing) headers.push(text)
}

function passingOf(sent: RawHeaders, names: ReadonlySet<string>, secret: string): readonly string[] {
  const headers: string[] = []
  const connection = headerOf(sent, 'connection')
  const listed = connection === undefined ? null : optionsOf(connection)
  for (let i = 0; i < sent.length; i += 2) {
    const name = sent[i]!.toLowerCase()
    if (!names.has(name) || (listed !== null && listed.has(name))) continue
    const value = sent[i + 1]!
    if (!value.includes(secret)) headers.push(sent[i]!, value)
  }
  return headers
}

/** RFC 9110 §7.6.1: what `Connection` lists is meant for the next hop only, and that is us. */
function optionsOf(connection: string): ReadonlySet<string> | null {
  if (connection === 'keep-alive' || connection === 'close') return null
  return new Set(connection.split(',').map((option) => option.trim().toLowerCase()))
}

/** Of JSON and forms the contract's own type is sent: it carries no parameter that another reader might honour. */
function addContentHeaders(headers: string[], exchange: Exchange): void {
  const { bodyRule, request } = exchange
  const isRead = bodyRule?.kind === 'json' || bodyRule?.kind === 'form'
  const own = isRead && !bodyRule.mediaType.includes('*') ? bodyRule.mediaType : undefined
  const contentType = own ?? headerOf(request.headers, 'content-type')
  if (contentType !== undefined && !contentType.includes(exchange.secret))
    headers.push('Content-Type', contentType)
  if (exchange.bytes === null && request.body!.length !== null) {
    headers.push('Content-Length', String(request.body!.length))
  }
}

/** RFC 7239 §4: a node that is an IPv6 address, and a host with a port, are quoted. */
function forwarded(exchange: Exchange): string {
  const { remote, secure, headers } = exchange.request
  const node = remote.includes(':') ? `"[${remote}]"` : remote
  const value = `for=${node};proto=${secure ? 'https' : 'http'}`
  const host = headerOf(headers, 'host')
  // A host that needs escaping is no host; the upstream does without it.
  if (host === undefined || !/^[A-Za-z0-9._:[\]-]+$/.test(host)) return value
  return `${value};host="${host}"`
}
