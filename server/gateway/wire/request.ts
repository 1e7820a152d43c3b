/** One request on its way over a kept connection, as its caller may steer it. */
import type { Controller, Listening, Outgoing } from '#/gateway/wire/client.ts'
import { createFieldWriter } from '#/gateway/wire/fields.ts'

/** What carries a request. */
type Carrier = {
  abandon(): void
  pause(): void
  resume(): void
}

/** One for each request, so that a caller who speaks late cannot reach the next one on the connection. */
export class WireRequest implements Controller {
  readonly outgoing: Outgoing
  readonly listening: Listening
  /** As it goes out, one character a byte. */
  readonly head: string
  carrier: Carrier | null = null
  aborted = false
  paused = false
  /** Nothing comes of it that could come twice (RFC 9110 §9.2.1), so a call may send it once more. */
  readonly mayGoAgain: boolean
  /** Its last word was said, or will be without the connection. */
  over = false

  constructor(outgoing: Outgoing, listening: Listening, host: string) {
    this.head = writeHead(outgoing, host)
    this.outgoing = outgoing
    this.mayGoAgain = outgoing.body === null && (outgoing.method === 'GET' || outgoing.method === 'HEAD')
    this.listening = listening
  }

  abort(reason: Error): void {
    if (this.over) return
    this.aborted = true
    this.over = true
    this.carrier?.abandon()
    // Not at once: whoever gives up is in the middle of something.
    queueMicrotask(() => this.listening.onResponseError(this, reason))
  }

  pause(): void {
    if (this.paused || this.over) return
    this.paused = true
    this.carrier?.pause()
  }

  resume(): void {
    if (!this.paused || this.over) return
    this.paused = false
    this.carrier?.resume()
  }
}

/** RFC 9110 §8.6: these say so when they have no content. */
const expectContent: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH'])
const method = /^[A-Z]{1,20}$/
/** RFC 9112 §3.2.1; a blank or a line end would end the target early. */
const target = /^\/[\x21-\x7e]*$/

const writeFields = createFieldWriter()

/** The head as it goes out, written anew from its parts; nothing that came in is passed through. */
function writeHead({ method: verb, path, headers, body }: Outgoing, host: string): string {
  if (!method.test(verb) || !target.test(path)) throw new TypeError('a request line that is none')
  let text = `${verb} ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: keep-alive\r\n${writeFields(headers)}`
  if (body !== null) text += `Content-Length: ${(body as Buffer).length}\r\n`
  else if (expectContent.has(verb)) text += 'Content-Length: 0\r\n'
  return `${text}\r\n`
}
