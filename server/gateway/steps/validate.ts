/**
 * Step 5: the request holds to the contract, or every way in which it does not is answered at once. Content is
 * read only when the contract asks something of it; otherwise it is streamed to the upstream.
 */
import type { BodyRule, Operation, Violation } from '#/contracts/compile/compile.ts'
import { headerCount, headerOf } from '#/gateway/exchange.ts'
import type { Exchange, Refused, RequestBody } from '#/gateway/exchange.ts'
import {
  bodyInterrupted,
  bodyTooLarge,
  encodingUnsupported,
  invalidBody,
  invalidParameters,
  malformedHeaders,
  mediaTypeUnsupported,
} from '#/gateway/problems.ts'
import { refuse, wait } from '#/gateway/step.ts'
import type { Inside, Verdict } from '#/gateway/step.ts'
import { authenticateAgain } from '#/gateway/steps/authenticate.ts'
import { readForm, readJson } from '#/gateway/steps/content.ts'
import { entitle } from '#/gateway/steps/entitle.ts'

const none: readonly Violation[] = []

export function validate(exchange: Exchange, gateway: Inside): Verdict {
  const operation = exchange.route!.operation
  const violations = parameterViolations(exchange, operation)
  const content = exchange.request.body
  if (content === null) {
    if (operation.body?.required !== true) return verdictOn(violations, none)
    return verdictOn(violations, [bodyViolation('required', 'The operation needs content.')])
  }
  if (operation.body === null) {
    return verdictOn(violations, [bodyViolation('not_accepted', 'The operation takes no content.')])
  }
  const rule = ruleOfContent(exchange, operation)
  if ('definition' in rule) return rule
  exchange.bodyRule = rule
  const limit = rule.validate === null ? gateway.limits.uploadBytes : gateway.limits.bodyBytes
  if (content.length !== null && content.length > limit) return tooLarge(limit)
  if (rule.validate === null) return verdictOn(violations, none)
  collect(exchange, gateway, content, violations)
  return wait
}

function parameterViolations(exchange: Exchange, operation: Operation): readonly Violation[] {
  if (operation.parameters === null) {
    if (exchange.query === '') return none
    return [{ in: 'query', code: 'unknown', detail: 'The operation takes no query parameters.' }]
  }
  const headers = exchange.request.headers
  return operation.parameters({
    path: exchange.captured,
    query: exchange.query,
    header: (name) => headerOf(headers, name),
  })
}

/** How the content is to be treated, going by its headers alone. */
function ruleOfContent(exchange: Exchange, operation: Operation): BodyRule | Refused {
  const { headers, method } = exchange.request
  const encoding = headerOf(headers, 'content-encoding')
  // `gzip, chunked` would go on without the word for what its bytes are (RFC 9112 §6.1).
  const coding = headerOf(headers, 'transfer-encoding')
  const isCoded = coding !== undefined && coding.toLowerCase() !== 'chunked'
  if (isCoded || (encoding !== undefined && encoding.toLowerCase() !== 'identity')) {
    return refuse(encodingUnsupported, { headers: { 'Accept-Encoding': 'identity' } })
  }
  if (headerCount(headers, 'content-type') > 1) return refuse(malformedHeaders)
  const contentType = headerOf(headers, 'content-type')
  const body = operation.body!
  const rule = body.rule(contentType)
  const isText = rule !== undefined && (rule.kind === 'json' || rule.kind === 'form')
  if (rule !== undefined && (!isText || hasUtf8(contentType!))) return rule
  const accepted = body.mediaTypes.join(', ')
  const detail = `The operation accepts ${accepted}.`
  return refuse(mediaTypeUnsupported, { detail, headers: { [acceptHeader(method)]: accepted } })
}

/** RFC 9110 §15.5.16 leaves the name open: RFC 5789 §3.1 has one for PATCH, W3C LDP one for POST. */
function acceptHeader(method: string): string {
  if (method === 'POST') return 'Accept-Post'
  return method === 'PATCH' ? 'Accept-Patch' : 'Accept'
}

/** Another charset would make the upstream read other text than was validated. */
function hasUtf8(contentType: string): boolean {
  const at = contentType.toLowerCase().indexOf('charset')
  return at === -1 || /^charset="?utf-8"?\s*(;|$)/i.test(contentType.slice(at))
}

function collect(
  exchange: Exchange,
  gateway: Inside,
  content: RequestBody,
  parameters: readonly Violation[],
): void {
  const limit = gateway.limits.bodyBytes
  content.collect(limit, (failure, bytes) => {
    if (failure === 'too_large') return gateway.resume(exchange, tooLarge(limit))
    if (failure === 'gone') return gateway.resume(exchange, refuse(bodyInterrupted))
    gateway.resume(exchange, allowAgain(exchange, gateway) ?? judge(exchange, gateway, bytes, parameters))
  })
}

/** Milliseconds. A revocation holds within a second, and content may take two minutes to arrive. */
const decisionAge = 500

function allowAgain(exchange: Exchange, gateway: Inside): Refused | null {
  if (gateway.clock.monotonicUs() - exchange.startedUs < decisionAge * 1000) return null
  const verdict = authenticateAgain(exchange, gateway) ?? entitle(exchange, gateway)
  if (verdict === wait) throw new Error('whether a call is allowed is known at once')
  return verdict
}

function judge(
  exchange: Exchange,
  gateway: Inside,
  bytes: Buffer,
  parameters: readonly Violation[],
): Refused | null {
  const rule = exchange.bodyRule!
  const read = rule.kind === 'form' ? readForm(bytes) : readJson(bytes, gateway.limits.jsonDepth)
  if (!read.ok) return read.refused
  exchange.bytes = bytes
  exchange.value = read.value
  return verdictOn(parameters, rule.validate!(read.value))
}

function verdictOn(parameters: readonly Violation[], body: readonly Violation[]): Refused | null {
  if (body.length > 0) return refuse(invalidBody, { errors: [...parameters, ...body].map(told) })
  if (parameters.length > 0) return refuse(invalidParameters, { errors: parameters.map(told) })
  return null
}

/** To a caller a field that is kept inside is one that does not exist. */
function told(violation: Violation): Violation {
  return violation.code === 'internal' ? { ...violation, code: 'unknown' } : violation
}

function bodyViolation(code: string, detail: string): Violation {
  return { in: 'body', code, detail, pointer: '#' }
}

function tooLarge(limit: number): Refused {
  return refuse(bodyTooLarge, { detail: `At most ${limit} bytes are accepted.` })
}
