/** What is thrown becomes an answer: a problem for the caller, or an empty 500 and a loud line for us. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { BadRequest, Invalid, TooLarge, UnsupportedMedia } from '#/kernel/http/problems.ts'
import { publicId } from '#/kernel/id/id.ts'
import type { Log } from '#/kernel/log/log.ts'
import { Problem, problemBody } from '#/kernel/problem/problem.ts'
import type { Occurrence, ProblemDefinition, ProblemError } from '#/kernel/problem/problem.ts'

export type TranslateOptions = { readonly log: Log; readonly base: () => string }

type Violations = Error & { readonly violations: readonly ProblemError[] }

export function violations(
  part: string,
  found: readonly { instancePath: string; keyword: string; message?: string; params: object }[],
): Violations {
  const list = found.slice(0, 50).map((one) => ({
    in: part === 'querystring' ? 'query' : part === 'params' ? 'path' : part,
    pointer: `#${one.instancePath}`,
    code: one.keyword,
    detail: one.message ?? 'does not match',
  }))
  return Object.assign(new Error('invalid'), { violations: list })
}

/** What Fastify itself refuses, by the status it would give. */
const refusals: Readonly<Record<number, ProblemDefinition>> = { 413: TooLarge, 415: UnsupportedMedia }

const details: Readonly<Record<string, string>> = {
  FST_ERR_CTP_INVALID_JSON_BODY: 'The body is not JSON. Nothing was changed.',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'The body is empty, and its content type says JSON. Nothing was changed.',
}

/** In words, what is wrong with a body; null: it is not the body that is wrong. */
export function unreadBody(error: Error & { readonly code?: string }): string | null {
  if (error instanceof Problem) return error.definition === Invalid ? Invalid.title : null
  if ('violations' in error) {
    const [first] = (error as Violations).violations
    return first?.in === 'body' ? `The body ${first.detail}.` : null
  }
  return details[error.code ?? ''] ?? null
}

/** As the answer tells it, so that who asks about an answer can be found in the log. */
export function idOf(request: FastifyRequest): string {
  return publicId('req', request.id)
}

export function translate(
  options: TranslateOptions,
  error: Error & { statusCode?: number; code?: string },
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  if (error instanceof Problem) {
    options.log.debug({ event: 'http.problem', requestId: idOf(request), code: error.definition.code })
    return send(options, request, reply, error.definition, error.occurrence)
  }
  if ('violations' in error) {
    return send(options, request, reply, Invalid, { errors: (error as Violations).violations })
  }
  const status = error.statusCode ?? 500
  if (status < 500) {
    const detail = details[error.code ?? '']
    return send(
      options,
      request,
      reply,
      refusals[status] ?? BadRequest,
      detail === undefined ? {} : { detail },
    )
  }
  options.log.error({ event: 'http.failed', requestId: idOf(request), method: request.method, err: error })
  return reply.status(500).send()
}

export function send(
  options: TranslateOptions,
  request: FastifyRequest,
  reply: FastifyReply,
  definition: ProblemDefinition,
  occurrence: Occurrence,
): FastifyReply {
  const place = {
    base: options.base(),
    instance: request.url.split('?', 1)[0] ?? '',
    requestId: idOf(request),
  }
  return reply
    .status(definition.status)
    .headers({ ...occurrence.headers, 'content-type': 'application/problem+json' })
    .send(Buffer.from(JSON.stringify(problemBody(definition, occurrence, place))))
}
