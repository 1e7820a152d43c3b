/**
 * The gateway's own shapes of a request, an answer and what happens between them. Lanes translate sockets
 * into these; steps know nothing else, so that a faster lane can serve the same steps.
 */
import type { Readable } from 'node:stream'
import type { AnswerRule, BodyRule, StatusRule } from '#/contracts/compile/compile.ts'
import { publicId } from '#/kernel/id/id.ts'
import type { Occurrence, ProblemDefinition } from '#/kernel/problem/problem.ts'
import type { Credential, Route } from '#/gateway/snapshot.ts'

/** Headers as they were sent: name, value, name, value, … Names keep their case; duplicates stay. */
export type RawHeaders = readonly string[]

/** Content of a request that has not been read yet. One of `collect` and `stream` may be called, once. */
export type RequestBody = {
  /** What `Content-Length` says; null when the content is chunked. */
  readonly length: number | null
  /** Bytes read so far. */
  readonly received: number
  /** All of it has been read. */
  readonly complete: boolean
  /** The whole content, unless it is longer than `limit` bytes or the client goes away. */
  collect(limit: number, done: (failure: 'too_large' | 'gone' | null, bytes: Buffer) => void): void
  /** The content with back-pressure; destroyed with `BodyTooLarge` after `limit` bytes, or `BodyInterrupted`. */
  stream(limit: number): Readable
}

export class BodyTooLarge extends Error {}
/** The client went away before its content was complete. */
export class BodyInterrupted extends Error {}

/**
 * What the steps read from headers, kept for as long as a connection sends the same ones: a key is checked and hashed
 * once, not with each of its calls. It lives no longer than the connection, and holds no decision.
 */
export type Reading = {
  /** A key that is well-formed, and the digest it is known by. */
  key: { readonly sent: string; readonly digest: string } | null
  /** Ours for the upstream (RFC 7239), without what is of this call alone. */
  forwarded: string | null
  /** Names that pass, and the headers that do. */
  passing: { readonly names: ReadonlySet<string>; readonly headers: readonly string[] } | null
}

export function newReading(): Reading {
  return { key: null, forwarded: null, passing: null }
}

export type Request = {
  readonly method: string
  /** Request target as it was sent, `/a/b?c=d`. */
  readonly target: string
  readonly headers: RawHeaders
  /** The same object with the same headers on the same connection; null: nothing is kept. */
  readonly reading: Reading | null
  /** Address of the peer, without a port. */
  readonly remote: string
  readonly secure: boolean
  /** Null: the request has no content. */
  readonly body: RequestBody | null
  /** Set by the gateway; the lane calls it when the client goes away before its answer is complete. */
  gone: (() => void) | null
}

/** Where a streamed answer goes. After `abort` the client must not be able to take the answer for complete. */
export type Sink = {
  /** False: call nothing more before `drained`. */
  write(chunk: string | Buffer): boolean
  end(): void
  abort(): void
}

/** A streamed answer: the lane starts it once its head is written. */
export type AnswerStream = {
  start(this: void, sink: Sink): void
  /** The lane has room again after a `write` that returned false. */
  drained(this: void): void
}

export type Answer = {
  readonly status: number
  /** Flat, names in their usual case; framing (`Content-Length`) included unless there is a stream of unknown length. */
  readonly headers: string[]
  readonly body: string
  readonly stream: AnswerStream | null
}

/** What becomes of an answer's content: read and projected, left out, or projected as it comes. */
export type Treatment = 'buffer' | 'drop' | 'stream'

/** What the upstream answered, as far as it has been read. */
export type UpstreamAnswer = {
  readonly treatment: Treatment
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  /** Content of an answer that is buffered. */
  readonly bytes: Buffer | null
}

/** Why an exchange ends early, told to the caller. */
export type Refused = { readonly definition: ProblemDefinition; readonly occurrence: Occurrence }

/** The call to the upstream, as the rest of the gateway may end it. */
export type Call = {
  /** Called now and then (monotonic microseconds); ends what takes too long. */
  tick(nowUs: number): void
  /** The client is gone: a call that must not be cut in half is left to finish, any other is given up. */
  clientGone(): void
  /** Nobody wants the rest of the answer. */
  discard(): void
}

/** One request on its way through the steps. Always made by `createExchange`, so that all have one shape. */
export type Exchange = {
  readonly id: string
  /** The id as everybody else knows it, `req_…`. */
  readonly requestId: string
  readonly request: Request
  /** Wall clock, milliseconds. */
  readonly receivedAt: number
  /** Monotonic, microseconds. */
  readonly startedUs: number
  readonly respond: (answer: Answer) => void
  /** Where it stands among the open ones. */
  slot: number
  /** Index of the step that comes next. */
  next: number
  /** Target without its query; empty until the route step found it well-formed. */
  path: string
  query: string
  route: Route | null
  /** The route of an operation that this partner must not see; only the record knows it. */
  hiddenRoute: Route | null
  captured: readonly string[]
  /** The text of the credential, so that it can be kept from the upstream. Never logged, never recorded. */
  secret: string
  credential: Credential | null
  bodyRule: BodyRule | null
  /** Request content that was read for validation; null: there is none, or it is streamed. */
  bytes: Buffer | null
  /** The parsed content of `bytes`. */
  value: unknown
  call: Call | null
  /** Monotonic, microseconds; 0 until the request is forwarded. */
  forwardedUs: number
  upstreamUs: number
  upstream: UpstreamAnswer | null
  statusRule: StatusRule | null
  answerRule: AnswerRule | null
  answer: Answer | null
  /** Code of the problem that is answered; null for an answer of the upstream. */
  code: string | null
  metered: boolean
  responseBytes: number | null
  clientGone: boolean
  delivered: boolean
}

export function createExchange(
  id: string,
  request: Request,
  receivedAt: number,
  startedUs: number,
  respond: (answer: Answer) => void,
): Exchange {
  return {
    id,
    requestId: publicId('req', id),
    request,
    receivedAt,
    startedUs,
    respond,
    slot: -1,
    next: 0,
    path: '',
    query: '',
    route: null,
    hiddenRoute: null,
    captured: [],
    secret: '',
    credential: null,
    bodyRule: null,
    bytes: null,
    value: undefined,
    call: null,
    forwardedUs: 0,
    upstreamUs: 0,
    upstream: null,
    statusRule: null,
    answerRule: null,
    answer: null,
    code: null,
    metered: false,
    responseBytes: null,
    clientGone: false,
    delivered: false,
  }
}

/** Value of a header by its lower-case name, several lines joined; undefined when it was not sent. */
export function headerOf(headers: RawHeaders, name: string): string | undefined {
  let found: string | undefined
  for (let i = 0; i < headers.length; i += 2) {
    const sent = headers[i]!
    // Length first: most names differ in it, and then no lower-case copy is made.
    if (sent.length !== name.length || (sent !== name && sent.toLowerCase() !== name)) continue
    const value = headers[i + 1]!
    if (found === undefined) found = value
    else found += (name === 'cookie' ? '; ' : ', ') + value
  }
  return found
}

/** How many lines of a header were sent. */
export function headerCount(headers: RawHeaders, name: string): number {
  let count = 0
  for (let i = 0; i < headers.length; i += 2) {
    const sent = headers[i]!
    if (sent.length === name.length && sent.toLowerCase() === name) count++
  }
  return count
}
