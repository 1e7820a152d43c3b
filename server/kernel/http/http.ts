/**
 * Everything that is not an operation of a contract: console and portal API, health, metrics, pages.
 * Routes are data, each says its permission, and one translator turns what is thrown into an answer.
 */
import Fastify from 'fastify'
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { Ajv } from 'ajv'
import { newId, publicId } from '#/kernel/id/id.ts'
import type { Log } from '#/kernel/log/log.ts'
import { BadRequest, Invalid, NotFound, TooLarge, UnsupportedMedia } from '#/kernel/http/problems.ts'
import type { Call, Route } from '#/kernel/http/routes.ts'
import { Problem, problemBody } from '#/kernel/problem/problem.ts'
import type { Occurrence, ProblemDefinition, ProblemError } from '#/kernel/problem/problem.ts'

export { partnerDocument, partnerOperation } from '#/kernel/http/operations.ts'
export type { OperationAnswer, OperationCall, PartnerOperation } from '#/kernel/http/operations.ts'

export { answerBroken } from '#/kernel/http/broken.ts'
export { listen } from '#/kernel/http/listen.ts'
export { problemPages } from '#/kernel/http/problem-pages.ts'
export { route } from '#/kernel/http/routes.ts'
export type { Call, Permission, Reply, Route } from '#/kernel/http/routes.ts'
export type { Listener } from '#/kernel/http/listen.ts'

export type HttpOptions = {
  readonly log: Log
  /** Address under which the problem pages stand; asked for at each problem, since a free port is known late. */
  readonly base: () => string
  readonly routes: readonly Route[]
}

/** Not listening: hand requests to `routing`. */
export type Http = {
  readonly routing: FastifyInstance['routing']
  inject: FastifyInstance['inject']
  close(): Promise<void>
}

export async function createHttp(options: HttpOptions): Promise<Http> {
  const app = Fastify({
    logger: false,
    genReqId: () => newId(),
    bodyLimit: 1024 * 1024,
    routerOptions: { maxParamLength: 200 },
    exposeHeadRoutes: true,
    // What the router cannot even read: a percent sign of nothing, a segment without end.
    frameworkErrors: (error, request, reply) => {
      greet(request, reply)
      return translate(options, error, request, reply)
    },
  })
  const bodies = new Ajv({ allErrors: true, strict: false })
  // Everything in a query is text, so there and only there numbers are read from it.
  const texts = new Ajv({ allErrors: true, strict: false, coerceTypes: true })
  app.setValidatorCompiler(({ schema, httpPart }) => {
    const validate = (httpPart === 'body' ? bodies : texts).compile(schema as object)
    return (data) =>
      validate(data) ? { value: data } : { error: violations(httpPart ?? 'body', validate.errors ?? []) }
  })
  app.addHook('onRequest', async (request, reply) => greet(request, reply))
  app.setErrorHandler((error: FastifyError, request, reply) => translate(options, error, request, reply))
  app.setNotFoundHandler((request, reply) => send(options, request, reply, NotFound, {}))
  for (const definition of options.routes) addRoute(app, definition)
  await app.ready()
  return { routing: app.routing.bind(app), inject: app.inject.bind(app), close: async () => app.close() }
}

const safeHeaders = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'content-security-policy':
    "default-src 'none'; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'",
}

/** The headers that every answer has. */
function greet(request: FastifyRequest, reply: FastifyReply): void {
  reply.headers({ 'request-id': publicId('req', request.id), 'cache-control': 'no-store' })
  reply.headers(safeHeaders)
}

function addRoute(app: FastifyInstance, definition: Route): void {
  app.route({
    method: definition.method,
    url: definition.path,
    schema: {
      ...(definition.params && { params: definition.params }),
      ...(definition.query && { querystring: definition.query }),
      ...(definition.body && { body: definition.body }),
    },
    handler: async (request, reply) => {
      const answer = await definition.handle({
        params: request.params as Call['params'],
        query: request.query as Call['query'],
        body: request.body,
        requestId: publicId('req', request.id),
        header: (name) => {
          const value = request.headers[name]
          return Array.isArray(value) ? value.join(', ') : value
        },
      })
      return reply
        .status(answer.status)
        .headers({ ...answer.headers })
        .send(answer.body)
    },
  })
}

type Violations = Error & { readonly violations: readonly ProblemError[] }

function violations(
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

function translate(
  options: HttpOptions,
  error: Error & { statusCode?: number },
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  if (error instanceof Problem) {
    options.log.debug({ event: 'http.problem', requestId: request.id, code: error.definition.code })
    return send(options, request, reply, error.definition, error.occurrence)
  }
  if ('violations' in error) {
    return send(options, request, reply, Invalid, { errors: (error as Violations).violations })
  }
  const status = error.statusCode ?? 500
  if (status < 500) return send(options, request, reply, refusals[status] ?? BadRequest, {})
  options.log.error({ event: 'http.failed', requestId: request.id, method: request.method, err: error })
  return reply.status(500).send()
}

function send(
  options: HttpOptions,
  request: FastifyRequest,
  reply: FastifyReply,
  definition: ProblemDefinition,
  occurrence: Occurrence,
): FastifyReply {
  const place = {
    base: options.base(),
    instance: request.url.split('?', 1)[0] ?? '',
    requestId: publicId('req', request.id),
  }
  return reply
    .status(definition.status)
    .headers({ ...occurrence.headers, 'content-type': 'application/problem+json' })
    .send(Buffer.from(JSON.stringify(problemBody(definition, occurrence, place))))
}
