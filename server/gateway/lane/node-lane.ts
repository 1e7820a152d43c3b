/**
 * The lane of `node:http`: turns its requests into ours and writes our answers. It decides nothing about a
 * request; what it knows is framing, connections and clients that go away.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { newReading } from '#/gateway/exchange.ts'
import type { Answer, RawHeaders, Reading, Request, Sink } from '#/gateway/exchange.ts'
import { createBody } from '#/gateway/lane/body.ts'
import type { NodeBody } from '#/gateway/lane/body.ts'

export type NodeLane = (request: IncomingMessage, response: ServerResponse) => void

type Handler = { handle(request: Request, respond: (answer: Answer) => void): void }

/** Content that nobody read is swallowed up to here to keep the connection; beyond, the connection goes. */
const swallowBytes = 65_536
/** How long, in milliseconds, a refused client may go on sending before its connection is cut. */
const lingerTime = 1_000
/** How long, in milliseconds, what was already written of a broken stream may take to leave. */
const flushTime = 5_000

/** How long, in milliseconds, a client may take nothing of an answer that is written. */
const stallTime = 65_000

/** Characters of headers that are kept: of longer ones many idle connections would hold it all. */
const mostKept = 2_048

const peer = Symbol('address of the peer')
const last = Symbol('headers that came last, and what was read from them')
const expecting = Symbol('waits for 100 Continue')

type Kept = { readonly headers: RawHeaders; readonly reading: Reading }
type KnownSocket = Socket & { [peer]?: string; [last]?: Kept | undefined; encrypted?: boolean }
type Expecting = IncomingMessage & { [expecting]?: boolean }

export function createNodeLane(gateway: Handler, longestStall = stallTime): NodeLane {
  return (incoming, response) => {
    const socket = incoming.socket as KnownSocket
    const body = createBody(incoming, () => sayContinue(incoming, response))
    const request: Request = {
      method: incoming.method ?? '',
      target: incoming.url ?? '',
      headers: incoming.rawHeaders,
      remote: (socket[peer] ??= addressOf(socket)),
      secure: socket.encrypted === true,
      body,
      reading: readingOf(socket, incoming.rawHeaders),
      gone: null,
    }
    response.on('close', () => {
      if (!response.writableFinished) request.gone?.()
    })
    gateway.handle(request, (answer) => {
      write(incoming, response, body, answer)
      if (response.writableEnded) boundStall(response, longestStall)
    })
  }
}

/** What was read from the same headers on this connection, to the letter and in their order; else nothing yet. */
function readingOf(socket: KnownSocket, headers: RawHeaders): Reading {
  const kept = socket[last]
  if (kept !== undefined && areSame(kept.headers, headers)) return kept.reading
  const reading = newReading()
  socket[last] = lengthOf(headers) > mostKept ? undefined : { headers, reading }
  return reading
}

function areSame(some: RawHeaders, others: RawHeaders): boolean {
  if (some.length !== others.length) return false
  for (let i = 0; i < some.length; i++) if (some[i] !== others[i]) return false
  return true
}

function lengthOf(headers: RawHeaders): number {
  let length = 0
  for (const text of headers) length += text.length
  return length
}

/** A client that reads nothing would keep its connection, and what is written for it, for ever. */
function boundStall(response: ServerResponse, longest: number): void {
  if (response.writableLength > 0) response.setTimeout(longest, () => void response.destroy())
}

/** Of the peer, as it is without a mapping into IPv6. */
export function addressOf(socket: Socket): string {
  const address = socket.remoteAddress ?? 'unknown'
  return address.startsWith('::ffff:') ? address.slice(7) : address
}

/** RFC 9110 §10.1.1: only when the content is really wanted. */
function sayContinue(incoming: Expecting, response: ServerResponse): void {
  if (incoming[expecting] !== true) return
  incoming[expecting] = false
  response.writeContinue()
}

function write(incoming: Expecting, response: ServerResponse, body: NodeBody | null, answer: Answer): void {
  if (response.destroyed || incoming.socket.destroyed) return answer.stream?.start(nowhere)
  const unread = body !== null && !body.complete
  if (unread && (incoming[expecting] === true || !isShort(body))) response.shouldKeepAlive = false
  response.writeHead(answer.status, answer.headers)
  if (answer.stream !== null) {
    response.on('drain', answer.stream.drained)
    response.flushHeaders()
    answer.stream.start(sinkOf(incoming, response))
  } else if (unread && !response.shouldKeepAlive && incoming[expecting] !== true) {
    linger(incoming, response, answer.body)
  } else {
    response.end(answer.body)
  }
}

const nowhere: Sink = { write: () => true, end: () => undefined, abort: () => undefined }

function isShort(body: NodeBody): boolean {
  return body.length !== null && body.length - body.received <= swallowBytes
}

/**
 * A connection that is closed while content still arrives is reset, and the reset can overtake the refusal.
 * So the answer goes out whole, and the connection ends when the client has stopped or the time is over.
 */
function linger(incoming: IncomingMessage, response: ServerResponse, body: string): void {
  if (body === '') response.flushHeaders()
  else response.write(body)
  const stop = (): void => {
    clearTimeout(timer)
    response.end()
  }
  const timer = setTimeout(stop, lingerTime)
  incoming.on('end', stop)
  incoming.resume()
}

function sinkOf(incoming: IncomingMessage, response: ServerResponse): Sink {
  return {
    write: (chunk) => response.write(chunk),
    end: () => response.end(),
    abort: () => {
      const { socket } = incoming
      // HTTP/1.0 knows the end of an answer only by the end of the connection: a reset says that it is none.
      if (incoming.httpVersionMinor === 0) return void socket.resetAndDestroy()
      // What was written before may still leave; without the last chunk the answer is incomplete (RFC 9112 §8).
      setImmediate(() => socket.destroySoon())
      setTimeout(() => socket.destroy(), flushTime).unref()
    },
  }
}

/** A server would say `100 Continue` by itself; ours says it when the content is wanted. */
export function expectContinue(server: Server): void {
  server.on('checkContinue', (incoming: Expecting, response: ServerResponse) => {
    incoming[expecting] = true
    server.emit('request', incoming, response)
  })
}
