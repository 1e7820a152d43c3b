/**
 * Everything that is not an operation of a contract: console and portal API, health, metrics, pages.
 * Routes are data, each says its permission, and one translator turns what is thrown into an answer.
 */
import { Readable } from 'node:stream'
import Fastify from 'fastify'
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { Ajv } from 'ajv'
import type { ValidateFunction } from 'ajv'
import type { Tx, World } from '#/kernel/db/db.ts'
import { newId } from '#/kernel/id/id.ts'
import type { Log } from '#/kernel/log/log.ts'
import { safeHeaders } from '#/kernel/http/broken.ts'
import { refuseUnstorable, transactAudited } from '#/kernel/http/edge.ts'
import { NotFound } from '#/kernel/http/problems.ts'
import type { Call, Caller, Guard, Permission, Reply, Route } from '#/kernel/http/routes.ts'
import { idOf, send, translate, unreadBody, violations } from '#/kernel/http/translate.ts'

export { serveOperation } from '#/kernel/http/edge.ts'
export { routesDocument } from '#/kernel/http/document.ts'
export { lineOfText, partnerApiVersion, partnerDocument, partnerOperation } from '#/kernel/http/operations.ts'
export type {
  CallingMember,
  OperationAnswer,
  OperationCall,
  PartnerOperation,
} from '#/kernel/http/operations.ts'

export { answerBroken } from '#/kernel/http/broken.ts'
export { defaultLimit, pageOf, pageQuery, pageQueryOf, pageSchema } from '#/kernel/http/lists.ts'
export type { Page, PageQuery, Signer } from '#/kernel/http/lists.ts'
export { listen } from '#/kernel/http/listen.ts'
export { pageOfProblem, problemPages } from '#/kernel/http/problem-pages.ts'
export { route, streamed } from '#/kernel/http/routes.ts'
export type { Call, Caller, Guard, Knock, Permission, Reply, Route, Session } from '#/kernel/http/routes.ts'
export type { Listener } from '#/kernel/http/listen.ts'

export type HttpOptions = {
  readonly log: Log
  /** Address under which the problem pages stand; asked for at each problem, since a free port is known late. */
  readonly base: () => string
  readonly routes: readonly Route[]
  /** Needed as soon as one route is not public. */
  readonly guard?: Guard
  /** Where the transactions of routes stand. */
  readonly world?: World
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
  // JSON or nothing: a form of another site can send plain text without being asked for leave.
  app.removeContentTypeParser('text/plain')
  const validatorFor = createValidators()
  app.setValidatorCompiler(({ schema, httpPart = 'body' }) => validatorFor(schema as object, httpPart))
  app.addHook('onRequest', async (request, reply) => greet(request, reply))
  app.setErrorHandler((error: FastifyError, request, reply) => translate(options, error, request, reply))
  app.setNotFoundHandler((request, reply) => send(options, request, reply, NotFound, {}))
  for (const definition of options.routes) addRoute(app, options, definition)
  await app.ready()
  return { routing: app.routing.bind(app), inject: app.inject.bind(app), close: async () => app.close() }
}

/**
 * A validator is compiled when the first request needs it: most routes are never called in the life of a process, and
 * compiling all of them took a tenth of a start. That every schema is one is for a test to say (tests/routes.test.ts).
 */
function createValidators() {
  const bodies = new Ajv({ allErrors: true, strict: false, validateSchema: false })
  // Everything in a query is text, so there and only there numbers are read from it.
  const texts = new Ajv({ allErrors: true, strict: false, validateSchema: false, coerceTypes: true })
  return (schema: object, part: string) => {
    let validate: ValidateFunction | null = null
    return (data: unknown) => {
      validate ??= (part === 'body' ? bodies : texts).compile(schema)
      return validate(data) ? { value: data } : { error: violations(part, validate.errors ?? []) }
    }
  }
}

/** The headers that every answer has. */
function greet(request: FastifyRequest, reply: FastifyReply): void {
  reply.headers({ 'request-id': idOf(request), 'cache-control': 'no-store' })
  reply.headers(safeHeaders)
}

const callers = new WeakMap<FastifyRequest, Caller>()

function addRoute(app: FastifyInstance, options: HttpOptions, definition: Route): void {
  const { permission, params, query, body, unread } = definition
  if (permission !== 'public' && !options.guard) throw new Error(`${definition.path} needs a guard`)
  app.route({
    method: definition.method,
    url: definition.path,
    schema: { ...(params && { params }), ...(query && { querystring: query }), ...(body && { body }) },
    // Before the body is read: who may not call has nothing to send.
    onRequest: async (request) => {
      callers.set(request, await admit(options, request, permission))
    },
    ...(unread && {
      errorHandler: (error: FastifyError, request: FastifyRequest, reply: FastifyReply) => {
        const detail = unreadBody(error)
        if (detail === null) return translate(options, error, request, reply)
        const answer = unread(request.params as Record<string, string>, detail)
        return reply.status(answer.status).send(answer.body)
      },
    }),
    handler: async (request, reply) => {
      const caller = callers.get(request)
      if (!caller) throw new Error('no caller was admitted')
      refuseUnstorable({
        path: params && request.params,
        query: query && request.query,
        body: body && request.body,
      })
      const answer = await definition.handle({
        params: request.params as Call['params'],
        query: request.query as Call['query'],
        body: request.body,
        requestId: idOf(request),
        caller,
        target: request.url,
        header: (name) => headerOf(request, name),
        transact: (work) => transactFor(options, definition, caller, work),
      })
      return reply
        .status(answer.status)
        .headers({ ...answer.headers } as Record<string, string | string[]>)
        .send(bodyOf(options, request, answer.body))
    },
  })
}

/** A stream that fails when its head has left can only break off; nobody but the log hears why. */
function bodyOf(options: HttpOptions, request: FastifyRequest, body: Reply['body']): Reply['body'] {
  if (!(body instanceof Readable)) return body
  if (request.method === 'HEAD') {
    body.destroy()
    return ''
  }
  body.on('error', (error) =>
    options.log.error({ event: 'http.stream_failed', requestId: idOf(request), err: error }),
  )
  return body
}

function headerOf(request: FastifyRequest, name: string): string | undefined {
  const value = request.headers[name]
  return Array.isArray(value) ? value.join(', ') : value
}

function admit(
  options: HttpOptions,
  request: FastifyRequest,
  permission: Permission,
): Promise<Caller> | Caller {
  const address = request.ip
  if (permission === 'public' || !options.guard) {
    return { actor: { kind: 'system', name: 'public' }, address, session: null }
  }
  const knock = {
    method: request.method,
    target: request.url,
    address,
    header: (name: string) => headerOf(request, name),
  }
  return options.guard(knock, permission)
}

/** The edge of a route: its transactions, in the caller's name, each change with its line in the audit. */
function transactFor<T>(
  options: HttpOptions,
  definition: Route,
  caller: Caller,
  work: (tx: Tx) => Promise<T>,
): Promise<T> {
  if (!options.world) throw new Error(`${definition.path} has no world for its transaction`)
  const { actor, address } = caller
  return transactAudited({ world: options.world, actor, address, action: definition.action }, work)
}
