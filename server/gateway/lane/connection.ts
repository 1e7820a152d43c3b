/**
 * One connection of the fast lane. It serves one request after the other, each of which came alone and, but for a
 * little content, whole; at the first that did not, the connection and all bytes that were not served go to
 * `node:http`, for good.
 */
import type { Socket } from 'node:net'
import type { Answer, Request, RequestBody } from '#/gateway/exchange.ts'
import { writeAnswerHead } from '#/gateway/lane/answer-text.ts'
import { createContent, createLostContent } from '#/gateway/lane/content.ts'
import { readRequestHead } from '#/gateway/lane/request-head.ts'
import type { Fields, RequestHead } from '#/gateway/lane/request-head.ts'
import { createSink, nowhere } from '#/gateway/lane/sink.ts'
import { addressOf } from '#/gateway/lane/node-lane.ts'
import { afterReads } from '#/gateway/turn.ts'
import type { Due } from '#/gateway/turn.ts'

/** Node's codes for a head that did not come in time, and for a request that ended in its middle. */
export type Broken = 'ERR_HTTP_REQUEST_TIMEOUT' | 'HPE_INVALID_EOF_STATE'

/** What connections of a lane have in common. */
export type Lane = {
  readonly handle: (request: Request, respond: (answer: Answer) => void) => void
  /** Targets that the lane does not serve. */
  readonly isElsewhere: (target: string) => boolean
  /** `node:http` serves the connection from now on, beginning with these bytes. */
  readonly handOver: (socket: Socket, bytes: Buffer) => void
  /** There will be no request; what the client is told, if it can be, is node:http's to say. */
  readonly broken: (socket: Socket, code: Broken) => void
  readonly left: (connection: LaneConnection) => void
  /** The `Date` line, and that the connection is kept, or closed. */
  readonly trailer: (keep: boolean) => string
  /** How long a client may take nothing of what is written for it, in milliseconds. */
  readonly longestStall: () => number
  /** No connection is kept behind its answer. */
  isDraining: boolean
}

/** `idle`: no whole request has come. `full`: the answer is written, and the client has yet to read it. */
type State = 'idle' | 'busy' | 'full' | 'closing' | 'left'

/** Bytes of a head, and of content behind it, that this lane serves. */
const mostHead = 16_384
const headEnd = '\r\n\r\n'
/** Nearly every head is shorter. Of a longer one nothing is kept: many idle connections would hold it all. */
const usualHead = 2_048
const mostContent = 65_536
/** Clients that write head and content apart have the second piece here by then; who is slower is node:http's. */
const mostPieces = 8
/** Content of which a part is waited for, in bytes. */
const mostAwaited = 16_384
/** Sweeps. */
const longestWait = 2
/** Bytes that a client may send ahead before it is no longer read from. */
const mostAhead = 65_536

export class LaneConnection implements Due {
  readonly socket: Socket
  readonly #lane: Lane
  readonly #remote: string
  readonly #secure: boolean
  #state: State = 'idle'
  /** Looked at and not yet busy, in a row. */
  #idleSweeps = 0
  #served = false
  #fields: Fields | null = null
  #request: Request | null = null
  #keep = true
  /** The request came in this turn; the gateway has it behind it. */
  #isDue = false
  /** A head whose content is not all here. */
  #part: Buffer | null = null
  #pieces = 0
  #answer: Answer | null = null
  /** What came while a request was being served. */
  #ahead: Buffer[] = []
  #aheadBytes = 0

  readonly #onData = (bytes: Buffer): void => {
    this.due()
    if (this.#state === 'idle') this.#read(bytes)
    else this.#readAhead(bytes)
  }
  readonly #onEnd = (): void => this.#ended()
  readonly #onDrain = (): void => this.#drained()
  readonly #onClose = (): void => this.#closed()
  readonly #onError = (): void => undefined
  readonly #onTimeout = (): void => void this.socket.destroy()

  constructor(socket: Socket, lane: Lane) {
    this.socket = socket
    this.#lane = lane
    this.#remote = addressOf(socket)
    this.#secure = (socket as { encrypted?: boolean }).encrypted === true
    socket.on('data', this.#onData).on('end', this.#onEnd).on('drain', this.#onDrain)
    socket.on('close', this.#onClose).on('error', this.#onError).on('timeout', this.#onTimeout)
  }

  /** It has served a request. */
  get served(): boolean {
    return this.#served
  }

  /** Looks whether it is idle, and says how often in a row it was. */
  idleSweeps(): number {
    if (this.#state !== 'idle') return 0
    this.#idleSweeps++
    if (this.#part === null) return this.#idleSweeps
    if (this.#idleSweeps > longestWait) this.#handOver(this.#part)
    return 0
  }

  tooSlow(): void {
    this.#closing()
    this.#lane.broken(this.socket, 'ERR_HTTP_REQUEST_TIMEOUT')
  }

  drain(): void {
    if (this.#state !== 'idle') return
    if (this.#part !== null) return this.#handOver(this.#part)
    this.#closing()
    this.socket.destroySoon()
  }

  #read(bytes: Buffer): void {
    const all = this.#part === null ? bytes : Buffer.concat([this.#part, bytes])
    const text = textOfHead(all)
    const end = text.indexOf(headEnd)
    const head = end === -1 ? null : readRequestHead(text, end, this.#fields)
    if (head === null || this.#lane.isElsewhere(head.target)) return this.#handOver(all)
    this.#fields = end < usualHead ? head.fields : null
    const length = head.fields.length ?? 0
    const content = all.subarray(end + 4)
    if (content.length === length && length <= mostContent) return this.#serve(head, createContent(content))
    // More than was announced is the next request already, and its order with this one is for node:http to keep.
    const isAwaited = content.length < length && length <= mostAwaited && ++this.#pieces < mostPieces
    if (!isAwaited) return this.#handOver(all)
    this.#idleSweeps = this.#part === null ? 0 : this.#idleSweeps
    this.#part = all
  }

  #serve({ method, target, fields }: RequestHead, body: RequestBody | null): void {
    this.#state = 'busy'
    this.#part = null
    this.#pieces = 0
    this.#keep = fields.keep
    this.#request = {
      method,
      target,
      headers: fields.headers,
      reading: fields.reading,
      remote: this.#remote,
      secure: this.#secure,
      body,
      gone: null,
    }
    this.#isDue = true
    afterReads(this)
  }

  /** Also called before more of the connection, or its end, is looked at: the request was there first. */
  due(): void {
    if (!this.#isDue) return
    this.#isDue = false
    this.#lane.handle(this.#request!, (answer) => this.#answered(answer))
  }

  #answered(answer: Answer): void {
    const { socket } = this
    if (socket.destroyed || socket.writableEnded) return answer.stream?.start(nowhere)
    try {
      this.#write(socket, answer)
    } catch (error) {
      // An answer that cannot be written down is a bug of ours; the client must not wait for it.
      socket.destroy()
      throw error
    }
  }

  #write(socket: Socket, answer: Answer): void {
    this.#keep &&= !this.#lane.isDraining
    const written = writeAnswerHead(this.#request!.method, answer, this.#lane.trailer(this.#keep))
    if (answer.stream !== null) {
      this.#answer = answer
      socket.write(written.head, 'latin1')
      const told = { done: () => this.#done(), broken: () => this.#closing() }
      return answer.stream.start(createSink(socket, written, told))
    }
    if (written.isBare) socket.write(written.head, 'latin1')
    // As many bytes as characters: they are the same in both encodings, and this one need not count first.
    else if (written.length === answer.body.length) socket.write(written.head + answer.body, 'latin1')
    else if (written.length === Buffer.byteLength(answer.body))
      socket.write(written.head + answer.body, 'utf8')
    // The rest of it, or what is missing, would be taken from the next answer.
    else throw new TypeError(`an answer of another length than ${written.length}`)
    this.#done()
  }

  #done(): void {
    this.#request = null
    this.#answer = null
    this.#served = true
    if (!this.#keep) {
      this.#closing()
      this.socket.destroySoon()
    } else if (this.socket.writableNeedDrain) {
      this.#state = 'full'
      this.#boundStall()
    } else {
      this.#next()
    }
  }

  #closing(): void {
    this.#request = null
    this.#answer = null
    this.#state = 'closing'
    this.#boundStall()
  }

  /** A client that reads nothing would keep its connection, and what is written for it, for ever. */
  #boundStall(): void {
    if (this.socket.writableLength > 0) this.socket.setTimeout(this.#lane.longestStall())
  }

  #next(): void {
    this.#state = 'idle'
    this.#idleSweeps = 0
    if (this.#lane.isDraining) return this.drain()
    if (this.#ahead.length > 0) this.#handOver(Buffer.concat(this.#ahead))
  }

  #readAhead(bytes: Buffer): void {
    if (this.#state !== 'closing') this.#ahead.push(bytes)
    this.#aheadBytes += bytes.length
    if (this.#aheadBytes > mostAhead) this.socket.pause()
  }

  #handOver(bytes: Buffer): void {
    const { socket } = this
    this.#state = 'left'
    socket.off('data', this.#onData).off('end', this.#onEnd).off('drain', this.#onDrain)
    socket.off('close', this.#onClose).off('error', this.#onError).off('timeout', this.#onTimeout)
    this.#lane.left(this)
    this.#lane.handOver(socket, bytes)
  }

  #drained(): void {
    if (this.#answer !== null) this.#answer.stream!.drained()
    else if (this.#state === 'full') {
      this.socket.setTimeout(0)
      this.#next()
    }
  }

  /** As node:http has it: who sends nothing more wants nothing more. */
  #ended(): void {
    this.due()
    if (this.#part !== null) return this.#interrupted()
    this.socket.end()
    this.#boundStall()
  }

  #closed(): void {
    this.due()
    if (this.#part !== null) this.#interrupted()
    this.#state = 'left'
    this.#lane.left(this)
    this.#request?.gone?.()
  }

  /** The request is gone through as far as it came, so that it is recorded. */
  #interrupted(): void {
    const part = this.#part!
    const text = part.toString('latin1')
    const end = text.indexOf(headEnd)
    const head = readRequestHead(text, end, this.#fields)!
    this.#lane.broken(this.socket, 'HPE_INVALID_EOF_STATE')
    this.#serve(head, createLostContent(head.fields.length!, text.length - end - 4))
    this.due()
  }
}

/** The head, with what is behind it as far as it was not worth looking for its end first. */
function textOfHead(bytes: Buffer): string {
  const text = bytes.toString('latin1', 0, usualHead)
  return bytes.length <= usualHead || text.includes(headEnd) ? text : bytes.toString('latin1', 0, mostHead)
}
