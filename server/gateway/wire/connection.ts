/**
 * A kept connection to an upstream. It carries one request at a time, so that an answer can never be taken for that
 * of another, and it serves again only when the last answer ended where it said and nothing came behind it.
 */
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { readAnswerHead } from '#/gateway/wire/answer-head.ts'
import type { AnswerHead } from '#/gateway/wire/answer-head.ts'
import { createChunkReader } from '#/gateway/wire/chunks.ts'
import type { ChunkReader } from '#/gateway/wire/chunks.ts'
import { WireError } from '#/gateway/wire/client.ts'
import { afterWork } from '#/gateway/turn.ts'
import type { Due } from '#/gateway/turn.ts'
import type { WireRequest } from '#/gateway/wire/request.ts'

export type Origin = {
  readonly hostname: string
  readonly port: number
  /** As `Host` names it. */
  readonly host: string
  readonly connectTimeout: number
}

/** Told by a connection. */
export type Keeper = {
  /** Serves again. */
  free(connection: WireConnection): void
  /** Is no more; told once. */
  lost(connection: WireConnection): void
}

/** Time is counted in these, since a timer for each request would cost more than the request's parsing. */
export const tickTime = 250

/** As undici has it: an upstream that says nothing is taken to close idle connections after 5 s, as Node does. */
const keptUnlessSaid = 4_000
const keptAtMost = 600_000
/** Between what it says and what we rely on. */
const keptMargin = 2_000

const mostHead = 16_384

/** Every read goes through this; what is kept of it is copied. Reads are not interleaved, so one is enough. */
const buffer = Buffer.allocUnsafeSlow(65_536)

/** `starting`: it has a request that is not written yet. */
type Phase = 'connecting' | 'idle' | 'starting' | 'head' | 'content' | 'closed'

export class WireConnection implements Due {
  readonly #keeper: Keeper
  readonly #socket: Socket
  #phase: Phase = 'connecting'
  #request: WireRequest | null
  #served = false
  /** Something of the current answer has arrived. */
  #touched = false
  /** Ticks since anything happened, and how many may pass. */
  #quiet = 0
  #patience: number
  /** Of a head that came in pieces, one character a byte. */
  #text = ''
  #head: AnswerHead | null = null
  #left = 0
  #chunks: ChunkReader | null = null

  /** Connects, and then sends the request. */
  constructor(origin: Origin, keeper: Keeper, request: WireRequest) {
    this.#keeper = keeper
    this.#request = request
    this.#patience = ticks(origin.connectTimeout)
    this.#socket = connect({
      host: origin.hostname,
      port: origin.port,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: 60_000,
      onread: { buffer, callback: (size) => this.#read(size) },
    })
      .on('connect', () => this.#connected())
      .on('end', () => this.#ended())
      .on('error', (error: NodeJS.ErrnoException) => this.#failed(error.code ?? error.message))
      .on('close', () => this.#failed('closed'))
  }

  #connected(): void {
    this.#phase = 'idle'
    if (!this.send(this.#request!)) this.#keeper.free(this)
  }

  /** False: nobody wants it any more, and the connection is as it was. */
  send(request: WireRequest): boolean {
    this.#request = request
    request.carrier = this
    request.listening.onRequestStart(request)
    if (request.over) return false
    this.#phase = 'starting'
    this.#touched = false
    this.#quiet = 0
    this.#patience = ticks(request.outgoing.headersTimeout)
    afterWork(this)
    return true
  }

  /** Writes the request. */
  due(): void {
    if (this.#phase !== 'starting') return
    this.#phase = 'head'
    const { head, outgoing } = this.#request!
    if (outgoing.body === null) return void this.#socket.write(head, 'latin1')
    this.#socket.cork()
    this.#socket.write(head, 'latin1')
    this.#socket.write(outgoing.body as Buffer)
    this.#socket.uncork()
  }

  /** Called every `tickTime`. */
  tick(): void {
    if (this.#request?.paused) return
    if (this.#quiet++ < this.#patience) return
    if (this.#phase === 'idle') this.close()
    else this.#fail(new WireError('timeout', `nothing for too long (${this.#phase})`))
  }

  /** With whatever it carries. */
  giveUp(): void {
    this.#fail(new WireError('closed', 'given up'))
  }

  close(): void {
    if (this.#phase === 'closed') return
    this.#phase = 'closed'
    this.#request = null
    this.#socket.destroy()
    this.#keeper.lost(this)
  }

  abandon(): void {
    // Nothing was sent yet: the connection is as good as before.
    if (this.#phase === 'idle') this.#request = null
    else this.close()
  }

  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#quiet = 0
    this.#socket.resume()
  }

  /** False: read no more for now. */
  #read(size: number): boolean {
    this.#quiet = 0
    const request = this.#request
    // Nobody asked: what it is an answer to we cannot know (RFC 9112 §9.2).
    if (this.#phase === 'idle' || request === null) this.close()
    else if (this.#phase === 'starting') this.#failed('spoke before it was asked')
    else if (this.#phase === 'head') this.#readHead(request, size)
    else if (this.#phase === 'content') this.#readContent(request, 0, size)
    return this.#request === null || !this.#request.paused
  }

  #readHead(request: WireRequest, size: number): void {
    this.#touched = true
    const before = this.#text.length
    this.#text += buffer.toString('latin1', 0, size)
    let from = 0
    while (this.#phase === 'head') {
      const text = from === 0 ? this.#text : this.#text.slice(from)
      const end = text.indexOf('\r\n\r\n')
      if (end > mostHead || (end === -1 && text.length > mostHead)) return this.#broke('a head without end')
      if (end === -1) {
        this.#text = text
        return
      }
      const head = readAnswerHead(text, end, request.outgoing.method === 'HEAD')
      // Of interim answers (RFC 9110 §15.2) these two would answer what we never asked.
      if (head === null || head.status < 102) return this.#broke('a head that is none')
      from += end + 4
      if (head.status >= 200) this.#start(request, head)
      else request.listening.onResponseStart(request, head.status, head.headers)
    }
    this.#text = ''
    // A head that came before does not end before these bytes do.
    if (this.#phase === 'content') this.#readContent(request, from - before, size)
  }

  #start(request: WireRequest, head: AnswerHead): void {
    this.#phase = 'content'
    this.#patience = ticks(request.outgoing.bodyTimeout)
    this.#head = head
    this.#left = head.length
    this.#chunks = head.framing === 'chunked' ? createChunkReader() : null
    request.listening.onResponseStart(request, head.status, head.headers)
  }

  #readContent(request: WireRequest, from: number, size: number): void {
    const { framing } = this.#head!
    if (framing === 'chunked') return this.#readChunks(request, buffer.subarray(from, size))
    const take = framing === 'close' ? size - from : Math.min(size - from, this.#left)
    this.#left -= take
    if (take > 0) request.listening.onResponseData(request, Buffer.from(buffer.subarray(from, from + take)))
    if (request.over) return
    if (framing !== 'close' && this.#left === 0) this.#finish(request, size - from - take)
  }

  #readChunks(request: WireRequest, bytes: Buffer): void {
    const chunks = this.#chunks!
    const content = chunks.push(bytes)
    if (content === null) return this.#broke('chunks that are none')
    if (content.length > 0) request.listening.onResponseData(request, Buffer.concat(content))
    if (chunks.done && !request.over) this.#finish(request, chunks.extra)
  }

  /** `extra`: bytes behind the end. The answer stands, as it is whole; the connection is not to be trusted. */
  #finish(request: WireRequest, extra: number): void {
    const head = this.#head!
    request.over = true
    this.#request = null
    this.#head = null
    if (request.paused) this.#socket.resume()
    const idle = Math.min((head.keptFor ?? keptUnlessSaid + keptMargin) - keptMargin, keptAtMost)
    // An answer that overtook the request's content leaves the rest of it in the way.
    if (head.keep && idle > 0 && extra === 0 && this.#socket.writableLength === 0) {
      this.#phase = 'idle'
      this.#served = true
      this.#patience = Math.floor(idle / tickTime)
      this.#keeper.free(this)
    } else {
      this.close()
    }
    request.listening.onResponseEnd()
  }

  #ended(): void {
    if (this.#phase === 'content' && this.#head!.framing === 'close') this.#finish(this.#request!, 0)
    else this.#failed('the other side closed')
  }

  #broke(message: string): void {
    this.#fail(new WireError('protocol', message))
  }

  #failed(message: string): void {
    if (this.#phase === 'connecting') return this.#fail(new WireError('unreachable', message))
    this.#fail(new WireError('closed', message, this.#served && !this.#touched))
  }

  #fail(error: WireError): void {
    const request = this.#request
    const hadConnection = this.#phase !== 'connecting'
    this.close()
    if (request === null || request.over) return
    request.over = true
    request.listening.onResponseError(hadConnection ? request : null, error)
  }
}

function ticks(time: number): number {
  return Math.ceil(time / tickTime)
}
