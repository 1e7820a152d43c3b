/**
 * Answers what never becomes a request: bytes that are no HTTP, a head that is too large or does not come, a
 * tunnel nobody offers. Node would answer without a body and a number; here it is a problem like every other.
 */
import type { Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { BadRequest, HeadTooLarge, TooSlow } from '#/kernel/http/problems.ts'
import { newId, publicId } from '#/kernel/id/id.ts'
import { problemBody } from '#/kernel/problem/problem.ts'
import type { Occurrence, ProblemDefinition } from '#/kernel/problem/problem.ts'

/** What every answer says to a browser that opens it as a page: not framed, not guessed at, and no script. */
export const safeHeaders = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'content-security-policy':
    "default-src 'none'; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'",
}

const byCode: Readonly<Record<string, ProblemDefinition>> = {
  HPE_HEADER_OVERFLOW: HeadTooLarge,
  ERR_HTTP_REQUEST_TIMEOUT: TooSlow,
}

const reasons: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  408: 'Request Timeout',
  431: 'Request Header Fields Too Large',
}

type Connection = Socket & {
  /** Node's own: the answer that is being written, or null. */
  readonly _httpMessage?: ServerResponse | null
}

/** `base`: address under which the problem pages stand, asked for at each answer. */
export function answerBroken(server: Server, base: () => string): void {
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Connection) => {
    if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy()
    // oxlint-disable-next-line no-underscore-dangle -- Node says it nowhere else, and asks the same before its own answer
    const current = socket._httpMessage
    if (current?.req.complete) return endBehind(current, socket)
    // The answer to a request whose content broke off midway may have begun; nothing can be put in its middle.
    if (current?.headersSent) return void socket.destroy()
    end(socket, brokenAnswer(byCode[error.code ?? ''] ?? BadRequest, base()))
  })
  server.on('connect', (_request, socket) => {
    socket.on('error', () => {})
    end(socket, brokenAnswer(BadRequest, base()))
  })
}

/** What is broken came behind a request that is still being answered: that one gets its answer, and nobody else. */
function endBehind(current: ServerResponse, socket: Connection): void {
  current.shouldKeepAlive = false
  current.once('close', () => socket.destroySoon())
}

/** How long, in milliseconds, a client may take to read the answer before its connection is cut. */
const lingerTime = 1000

function end(socket: Duplex, text: string): void {
  socket.end(text)
  const timer = setTimeout(() => socket.destroy(), lingerTime)
  socket.once('close', () => clearTimeout(timer))
}

type ProblemAnswer = {
  readonly status: number
  readonly headers: Record<string, string>
  readonly body: string
}

/** What is told of a request that no route sees. */
export function problemAnswer(
  definition: ProblemDefinition,
  occurrence: Occurrence,
  base: string,
): ProblemAnswer {
  const requestId = publicId('req', newId())
  const body = JSON.stringify(problemBody(definition, occurrence, { base, instance: '/', requestId }))
  const headers = {
    'Content-Type': 'application/problem+json',
    'Content-Length': String(Buffer.byteLength(body)),
    'Cache-Control': 'no-store',
    'Request-Id': requestId,
    ...safeHeaders,
  }
  return { status: definition.status, headers, body }
}

export function answerProblem(
  response: ServerResponse,
  { status, headers, body }: ProblemAnswer,
  more: Readonly<Record<string, string>>,
): void {
  response.writeHead(status, { ...headers, ...more }).end(body)
}

/** Head and body of an answer, after which the connection ends. */
export function brokenAnswer(definition: ProblemDefinition, base: string): string {
  const { status, headers, body } = problemAnswer(definition, {}, base)
  return [
    `HTTP/1.1 ${status} ${reasons[status] ?? 'Bad Request'}`,
    'Connection: close',
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    '',
    body,
  ].join('\r\n')
}
