/**
 * One call to an upstream, as its client reports it. It ends exactly once: with an answer that is read, with the
 * head of one that is streamed, or with a refusal that says nothing of what the upstream said.
 */
import { BodyInterrupted, BodyTooLarge } from '#/gateway/exchange.ts'
import type { Call, Exchange, Refused, Treatment } from '#/gateway/exchange.ts'
import {
  bodyInterrupted,
  bodyTooLarge,
  upstreamBroke,
  upstreamOffContract,
  upstreamTimeout,
  upstreamUnreachable,
} from '#/gateway/problems.ts'
import { refuse } from '#/gateway/step.ts'
import type { Inside } from '#/gateway/step.ts'
import { planAnswer } from '#/gateway/upstream/plan.ts'
import type { Way } from '#/gateway/upstream/pools.ts'
import { afterReads } from '#/gateway/turn.ts'
import type { Due } from '#/gateway/turn.ts'
import { WireError } from '#/gateway/wire/client.ts'
import type { Controller, Listening, Outgoing } from '#/gateway/wire/client.ts'

/** Who takes the content of an answer that is streamed. */
export type Consumer = {
  data(chunk: Buffer): void
  end(): void
  /** Ends early: `gateway.upstream_broke`, `gateway.client_gone`. */
  fail(code: string): void
  tick(nowUs: number): void
}

/** Content nobody wants is read up to here, so that the connection can be kept; beyond, the connection goes. */
const dropBytes = 65_536

/** The upstream closed a kept connection, as it may at any time (RFC 9112 §9.5). */
const closedCodes: ReadonlySet<string> = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE'])
const timeoutCodes: ReadonlySet<string> = new Set([
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
  'timeout',
  'ETIMEDOUT',
])

type State = 'waiting' | Treatment | 'over'

/** A class, because clients want an object with methods and one is made for every request. */
export class UpstreamCall implements Call, Listening, Due {
  readonly #exchange: Exchange
  readonly #gateway: Inside
  readonly #way: Way
  readonly #outgoing: Outgoing
  #controller: Controller | null = null
  #state: State = 'waiting'
  #attempts = 0
  #chunks: Buffer[] = []
  #bytes = 0
  #consumer: Consumer | null = null
  /** The streamed answer ended before anyone took it: with a code, or null when it was complete. */
  #ended: string | null | undefined = undefined
  #status = 0
  #headers: Readonly<Record<string, string | string[] | undefined>> = {}

  constructor(exchange: Exchange, gateway: Inside, way: Way, outgoing: Outgoing) {
    this.#exchange = exchange
    this.#gateway = gateway
    this.#way = way
    this.#outgoing = outgoing
  }

  start(): void {
    this.#way.shares.enter(this.#partnerId, () => {
      const isWanted = this.#state !== 'over'
      if (isWanted) this.#dispatch()
      return isWanted
    })
  }

  #dispatch(): void {
    this.#attempts++
    this.#way.client.dispatch(this.#outgoing, this)
  }

  /** The streamed answer's content goes here from now on. */
  consume(consumer: Consumer): void {
    this.#consumer = consumer
    // undici may hand on what it has in spite of a pause when the upstream closes the connection.
    for (const chunk of this.#chunks) consumer.data(chunk)
    this.#chunks = []
    if (this.#ended === null) consumer.end()
    else if (this.#ended !== undefined) consumer.fail(this.#ended)
    else this.#controller?.resume()
  }

  pause(): void {
    this.#controller?.pause()
  }

  resume(): void {
    this.#controller?.resume()
  }

  tick(nowUs: number): void {
    if (this.#state === 'stream') return this.#consumer?.tick(nowUs)
    if (this.#state === 'over') return
    if (nowUs - this.#exchange.forwardedUs > this.#gateway.timeouts.total * 1000)
      this.#end(refuse(upstreamTimeout))
  }

  clientGone(): void {
    if (this.#consumer !== null) return this.#consumer.fail('gateway.client_gone')
    if (this.#state === 'over' || this.#state === 'stream') return
    const { method, body } = this.#exchange.request
    // A write that the upstream has in full is carried out whether anyone waits for it or not: its outcome is
    // what must be recorded (and, later, charged). RFC 9110 §9.2.1 for what is safe.
    const complete = body === null || body.complete
    if (complete && method !== 'GET' && method !== 'HEAD') return
    this.#exchange.code = 'gateway.client_gone'
    this.#end(null)
  }

  discard(): void {
    this.#state = 'over'
    this.#abort()
  }

  onRequestStart(controller: Controller): void {
    this.#controller = controller
    if (this.#state === 'over') this.#abort()
  }

  onResponseStart(
    controller: Controller,
    status: number,
    headers: Readonly<Record<string, string | string[] | undefined>>,
  ): void {
    if (status < 200 || this.#state !== 'waiting') return
    try {
      this.#status = status
      this.#headers = headers
      const plan = planAnswer(this.#exchange, status, headers, this.#gateway.limits.answerBytes)
      if (typeof plan === 'object') return this.#offContract(plan.reason)
      this.#state = plan
      if (plan !== 'stream') return
      controller.pause()
      this.#finish('stream', null)
      this.#gateway.resume(this.#exchange, null)
    } catch (error) {
      this.#crash(error)
    }
  }

  onResponseData(_controller: Controller, chunk: Buffer): void {
    try {
      if (this.#consumer !== null) return this.#consumer.data(chunk)
      this.#bytes += chunk.length
      if (this.#state === 'drop' || this.#state === 'over') {
        if (this.#bytes > dropBytes) this.#stopDropping()
        return
      }
      if (this.#state === 'buffer' && this.#bytes > this.#gateway.limits.answerBytes) {
        this.#offContract('size')
        return this.#abort()
      }
      this.#chunks.push(chunk)
    } catch (error) {
      this.#crash(error)
    }
  }

  onResponseEnd(): void {
    this.#way.shares.leave(this.#partnerId)
    try {
      const treatment = this.#state
      if (treatment === 'over' || treatment === 'waiting') return
      this.#state = 'over'
      if (treatment === 'stream') return this.#endStream(null)
      this.#finish(treatment, treatment === 'buffer' ? this.#content() : null)
      afterReads(this)
    } catch (error) {
      this.#crash(error)
    }
  }

  /** The whole answer is here, and so are those of the others. */
  due(): void {
    this.#gateway.resume(this.#exchange, null)
  }

  onResponseError(_controller: Controller | null, error: Error): void {
    if (this.#mayRetry(error)) return this.#dispatch()
    this.#way.shares.leave(this.#partnerId)
    try {
      if (this.#state === 'over') return
      if (this.#state === 'stream') {
        this.#state = 'over'
        return this.#endStream('gateway.upstream_broke')
      }
      this.#gateway.report(this.#exchange, 'upstream.failed', {
        error: codeOf(error),
        message: error.message,
      })
      this.#end(this.#refusalFor(error))
    } catch (thrown) {
      this.#crash(thrown)
    }
  }

  /** A safe request without content, once, when a connection that had served before was closed before any answer. */
  #mayRetry(error: Error): boolean {
    const { method, body } = this.#exchange.request
    if (this.#attempts > 1 || this.#state !== 'waiting' || body !== null) return false
    if ((method !== 'GET' && method !== 'HEAD') || this.#controller === null) return false
    if (error instanceof WireError) return error.code === 'closed' && error.wasKept
    if (!closedCodes.has(codeOf(error))) return false
    const socket = (error as { socket?: { bytesRead?: number } }).socket
    return socket === undefined || (socket.bytesRead ?? 0) > 0
  }

  #refusalFor(error: Error): Refused {
    if (error instanceof BodyInterrupted) return refuse(bodyInterrupted)
    if (error instanceof BodyTooLarge) {
      const detail = `At most ${this.#gateway.limits.uploadBytes} bytes are accepted.`
      return refuse(bodyTooLarge, { detail })
    }
    if (timeoutCodes.has(codeOf(error))) return refuse(upstreamTimeout)
    // A request is announced when it has a connection: without one nothing can have been carried out.
    return refuse(this.#controller === null ? upstreamUnreachable : upstreamBroke)
  }

  #offContract(reason: string): void {
    this.#gateway.report(this.#exchange, 'upstream.off_contract', { reason, status: this.#status })
    this.#state = 'over'
    this.#bytes = 0
    this.#measure()
    this.#gateway.resume(this.#exchange, refuse(upstreamOffContract))
  }

  /** Ends the call from our side, whatever its state, and lets the exchange go on. */
  #end(refused: Refused | null): void {
    this.#state = 'over'
    this.#abort()
    this.#measure()
    this.#gateway.resume(this.#exchange, refused)
  }

  #endStream(code: string | null): void {
    if (this.#consumer === null) this.#ended = code
    else if (code === null) this.#consumer.end()
    else this.#consumer.fail(code)
  }

  #stopDropping(): void {
    const wasOver = this.#state === 'over'
    this.#state = 'over'
    this.#abort()
    if (wasOver) return
    this.#finish('drop', null)
    this.#gateway.resume(this.#exchange, null)
  }

  #finish(treatment: Treatment, bytes: Buffer | null): void {
    this.#measure()
    this.#exchange.upstream = { treatment, status: this.#status, headers: this.#headers, bytes }
  }

  #measure(): void {
    this.#exchange.upstreamUs = this.#gateway.clock.monotonicUs() - this.#exchange.forwardedUs
  }

  get #partnerId(): string {
    return this.#exchange.credential!.application.partnerId
  }

  #content(): Buffer {
    return this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks)
  }

  #abort(): void {
    const controller = this.#controller
    if (controller !== null && !controller.aborted) controller.abort(new Error('given up'))
  }

  #crash(error: unknown): void {
    this.#state = 'over'
    this.#abort()
    this.#consumer?.fail('gateway.failed')
    this.#gateway.crash(this.#exchange, error)
  }
}

function codeOf(error: Error): string {
  const { code } = error as { code?: unknown }
  return typeof code === 'string' ? code : error.name
}
