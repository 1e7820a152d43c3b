/** The content of a `node:http` request, read once: as a whole, or as a stream with back-pressure. */
import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import { BodyInterrupted, BodyTooLarge, headerOf } from '#/gateway/exchange.ts'
import type { RequestBody } from '#/gateway/exchange.ts'

/** As the lane keeps it: counts move. */
export type NodeBody = {
  -readonly [Member in keyof RequestBody]: RequestBody[Member]
}

/** Null when the request announces no content. `onWanted` is called before the first byte is read. */
export function createBody(request: IncomingMessage, onWanted: () => void): NodeBody | null {
  const headers = request.rawHeaders
  const announced = headerOf(headers, 'content-length')
  let length: number | null = null
  if (announced !== undefined) {
    // Node has already refused what is no number, or two of them, or one beside a transfer coding.
    length = Number(announced)
    if (length === 0) return null
  } else if (headerOf(headers, 'transfer-encoding') === undefined) {
    return null
  }
  const body: NodeBody = {
    length,
    received: 0,
    complete: false,
    collect: (limit, done) => {
      onWanted()
      collect(request, body, limit, done)
    },
    stream: (limit) => {
      onWanted()
      return stream(request, body, limit)
    },
  }
  return body
}

function collect(
  request: IncomingMessage,
  body: NodeBody,
  limit: number,
  done: (failure: 'too_large' | 'gone' | null, bytes: Buffer) => void,
): void {
  const chunks: Buffer[] = []
  const finish = (failure: 'too_large' | 'gone' | null): void => {
    request.off('data', onData).off('end', onEnd).off('close', onClose)
    const whole =
      failure !== null ? Buffer.alloc(0) : chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)
    done(failure, whole)
  }
  const onData = (chunk: Buffer): void => {
    body.received += chunk.length
    chunks.push(chunk)
    if (body.received <= limit) return
    request.pause()
    finish('too_large')
  }
  const onEnd = (): void => {
    body.complete = true
    finish(null)
  }
  const onClose = (): void => finish('gone')
  request.on('data', onData).on('end', onEnd).on('close', onClose)
}

function stream(request: IncomingMessage, body: NodeBody, limit: number): Readable {
  const readable = new Readable({
    read: () => {
      request.resume()
    },
    destroy: (error, done) => {
      request.off('data', onData).off('end', onEnd).off('close', onClose)
      request.pause()
      done(error)
    },
  })
  const onData = (chunk: Buffer): void => {
    body.received += chunk.length
    if (body.received > limit) readable.destroy(new BodyTooLarge())
    else if (!readable.push(chunk)) request.pause()
  }
  const onEnd = (): void => {
    body.complete = true
    readable.push(null)
  }
  const onClose = (): void => {
    if (!body.complete) readable.destroy(new BodyInterrupted())
  }
  request.on('data', onData).on('end', onEnd).on('close', onClose)
  return readable
}
