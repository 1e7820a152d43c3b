/**
 * One connection of the fast lane. It serves one request after the other, each of which came whole and alone; at the
 * first that did not, the connection and all bytes that were not served go to `node:http`, for good.
 */
import type { Socket } from 'node:net'
import type { Answer, Request } from '#/gateway/exchange.ts'
import { writeAnswerHead } from '#/gateway/lane/answer-text.ts'
import { createContent } from '#/gateway/lane/content.ts'
import { readRequestHead } from '#/gateway/lane/request-head.ts'
import type { Fields, RequestHead } from '#/gateway/lane/request-head.ts'
import { createSink, nowhere } from '#/gateway/lane/sink.ts'
import { addressOf } from '#/gateway/lane/node-lane.ts'

/** What connections of a lane have in common. */
export type Lane = {
  readonly handle: (request: Request, respond: (answer: Answer) => void) => void
  /** Targets that the lane does not serve. */
  readonly isElsewhere: (target: string) => boolean
  /** `node:http` serves the connection from now on, beginning with these bytes. */
  readonly handOver: (socket: Socket, bytes: Buffer) => void
  readonly left: (connection: LaneConnection) => void
  /** The `Date` line, and that the connection is kept, or closed. */
  readonly trailer: (keep: boolean) => string
  /** No connection is kept behind its answer. */
  isDraining: boolean
}

/** `idle`: no byte of a request has come. `full`: the answer is written, and the client has yet to read it. */
type State = 'idle' | 'busy' | 'full' | 'closing' | 'left'

/** Bytes of a head, and of content behind it, that this lane serves. */
const mostHead = 16_384
const mostContent = 65_536
/** Bytes that a client may send ahead before it is no longer read from. */
const mostAhead = 65_536

export class LaneConnection {
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
  #answer: Answer | null = null
  /** What came while a request was being served. */
  #ahead: Buffer[] = []
  #aheadBytes = 0

  readonly #onData = (bytes: Buffer): void =>
    this.#state === 'idle' ? this.#read(bytes) : this.#readAhead(bytes)
  readonly #onEnd = (): void => this.#ended()
  readonly #onDrain = (): void => this.#drained()
  readonly #onClose = (): void => this.#closed()
  readonly #onError = (): void => undefined

  constructor(socket: Socket, lane: Lane) {
    this.socket = socket
    this.#lane = lane
    this.#remote = addressOf(socket)
    this.#secure = (socket as { encrypted?: boolean }).encrypted === true
    socket.on('data', this.#onData).on('end', this.#onEnd).on('drain', this.#onDrain)
    socket.on('close', this.#onClose).on('error', this.#onError)
  }

  /** It has served a request. */
  get served(): boolean {
    return this.#served
  }

  /** Looks whether it is idle, and says how often in a row it was. */
  idleSweeps(): number {
    return this.#state === 'idle' ? ++this.#idleSweeps : 0
  }

  drain(): void {
    if (this.#state === 'idle') this.socket.destroySoon()
  }

  #read(bytes: Buffer): void {
    const head = this.#headOf(bytes)
    if (head === null) return this.#handOver(bytes)
    this.#serve(head.head, bytes.subarray(head.end))
  }

  /** Null: these bytes are not one whole request of the kind that this lane serves. */
  #headOf(bytes: Buffer): { readonly head: RequestHead; readonly end: number } | null {
    const text = bytes.toString('latin1', 0, Math.min(bytes.length, mostHead))
    const end = text.indexOf('\r\n\r\n')
    if (end === -1) return null
    const head = readRequestHead(text, end, this.#fields)
    if (head === null || this.#lane.isElsewhere(head.target)) return null
    const length = head.fields.length ?? 0
    if (length > mostContent || bytes.length !== end + 4 + length) return null
    return { head, end: end + 4 }
  }

  #serve({ method, target, fields }: RequestHead, content: Buffer): void {
    this.#state = 'busy'
    this.#fields = fields
    this.#keep = fields.keep
    this.#request = {
      method,
      target,
      headers: fields.headers,
      remote: this.#remote,
      secure: this.#secure,
      body: content.length === 0 ? null : createContent(content),
      gone: null,
    }
    this.#lane.handle(this.#request, (answer) => this.#answered(answer))
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
    else socket.write(written.head + answer.body, 'utf8')
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
    } else {
      this.#next()
    }
  }

  #closing(): void {
    this.#request = null
    this.#answer = null
    this.#state = 'closing'
  }

  #next(): void {
    this.#state = 'idle'
    this.#idleSweeps = 0
    if (this.#lane.isDraining) return this.socket.destroySoon()
    if (this.#ahead.length > 0) this.#handOver(Buffer.concat(this.#ahead))
  }

  #readAhead(bytes: Buffer): void {
    if (this.#state === 'closing') return
    this.#ahead.push(bytes)
    this.#aheadBytes += bytes.length
    if (this.#aheadBytes > mostAhead) this.socket.pause()
  }

  #handOver(bytes: Buffer): void {
    const { socket } = this
    this.#state = 'left'
    socket.off('data', this.#onData).off('end', this.#onEnd).off('drain', this.#onDrain)
    socket.off('close', this.#onClose).off('error', this.#onError)
    this.#lane.left(this)
    this.#lane.handOver(socket, bytes)
  }

  #drained(): void {
    if (this.#answer !== null) this.#answer.stream!.drained()
    else if (this.#state === 'full') this.#next()
  }

  /** As node:http has it: who sends nothing more wants nothing more. */
  #ended(): void {
    this.socket.end()
  }

  #closed(): void {
    this.#state = 'left'
    this.#lane.left(this)
    this.#request?.gone?.()
  }
}
