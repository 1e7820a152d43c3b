/** One environment's API: knows the caller by what the gateway says of it, finds the operation, answers. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Data } from './data/data.ts'
import { type Answer, ok, problem } from './operations/answer.ts'
import { type Control, createControl } from './faults/control.ts'
import { type Route, routes } from './operations/operations.ts'
import { sabotage } from './faults/sabotage.ts'
import { send } from './send.ts'

export type Api = (request: IncomingMessage, response: ServerResponse) => void

type Options = {
  readonly data: Data
  /** Opens `/_faults` and `/_received`. */
  readonly breakable: boolean
  readonly now: () => Date
}

const maxBodyBytes = 1_048_576

export function createApi(options: Options): Api {
  const control = options.breakable ? createControl(routes.map((route) => route.operation)) : null
  return (request, response) => {
    serve(options, control, request, response).catch((error: unknown) => {
      // A reader that goes away in the middle of a stream is no failure of ours.
      if (response.destroyed || request.destroyed) return
      console.error(error)
      if (response.headersSent) response.destroy()
      else void send(response, problem(500, 'broken', 'Broken', String(error)))
    })
  }
}

async function serve(
  options: Options,
  control: Control | null,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://solstice')
  const method = request.method ?? 'GET'
  const body = await readBody(request)
  if (body === null) return send(response, problem(413, 'too_large', 'Too large', 'At most one megabyte.'))
  if (url.pathname === '/healthz') return send(response, ok({ status: 'ok' }))
  const controlled = control?.answer(method, url.pathname, body)
  if (controlled) return send(response, controlled)

  const here = routes.filter((route) => route.pattern.test(url.pathname))
  const route = here.find((one) => one.method === method)
  const watch = control?.note({
    at: options.now().toISOString(),
    operation: route?.operation ?? null,
    method,
    url: request.url ?? '/',
    headers: request.headers,
    rawHeaders: request.rawHeaders,
    body,
    lines: 0,
  })
  if (!route) return send(response, unrouted(here))
  const make = (): Answer => {
    const made = answer(options, route, url, request, body)
    return watch?.(made) ?? made
  }
  const fault = control?.take(route.operation)
  return fault ? sabotage(response, fault, make) : send(response, make())
}

function unrouted(here: readonly Route[]): Answer {
  if (here.length === 0) return problem(404, 'not_found', 'Not found', 'There is nothing at this path.')
  const refusal = problem(405, 'method_not_allowed', 'Method not allowed', 'Not with this method.')
  return { ...refusal, headers: { ...refusal.headers, allow: here.map((route) => route.method).join(', ') } }
}

/** The gateway has authenticated the caller and names it in headers; whoever comes without them came around it. */
function answer(options: Options, route: Route, url: URL, request: IncomingMessage, text: string): Answer {
  const { data } = options
  const header = (name: string): string | undefined => {
    const value = request.headers[name]
    return Array.isArray(value) ? value.join(', ') : value
  }
  const partner = header('portico-partner-id')
  if (!partner) return problem(401, 'caller_unknown', 'Caller unknown', 'Portico-Partner-Id is missing.')
  const environment = header('portico-environment') ?? data.environment
  if (environment !== data.environment) {
    const detail = `This is ${data.environment}, the call is for ${environment}.`
    return problem(421, 'misdirected', 'Wrong environment', detail)
  }
  const body = route.hasBody ? parse(text) : { value: undefined }
  if (!body) return problem(400, 'malformed', 'Malformed', 'The body is not JSON.')
  return route.handle({
    data,
    partner,
    id: decode(route.pattern.exec(url.pathname)?.[1] ?? ''),
    query: url.searchParams,
    header,
    body: body.value,
    now: options.now().toISOString(),
  })
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    return segment
  }
}

function parse(text: string): { readonly value: unknown } | null {
  try {
    return { value: JSON.parse(text) }
  } catch {
    return null
  }
}

async function readBody(request: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > maxBodyBytes) return null
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}
