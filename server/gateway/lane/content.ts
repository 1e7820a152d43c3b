/** The content of a request of the fast lane: it is all there before the request is, and is held until it is wanted. */
import { Readable } from 'node:stream'
import { BodyInterrupted, BodyTooLarge } from '#/gateway/exchange.ts'
import type { RequestBody } from '#/gateway/exchange.ts'

type Held = { -readonly [Member in keyof RequestBody]: RequestBody[Member] }

/** Null: there is none. */
export function createContent(bytes: Buffer): RequestBody | null {
  if (bytes.length === 0) return null
  const content: Held = {
    length: bytes.length,
    received: 0,
    complete: false,
    collect: (limit, done) => {
      take()
      if (bytes.length > limit) done('too_large', Buffer.alloc(0))
      else done(null, bytes)
    },
    stream: (limit) => {
      take()
      const stream = new Readable({
        read: () => {
          if (bytes.length > limit) return void stream.destroy(new BodyTooLarge())
          stream.push(bytes)
          stream.push(null)
        },
      })
      return stream
    },
  }
  function take(): void {
    content.received = bytes.length
    content.complete = true
  }
  return content
}

/** Content that will never be complete, of which so many bytes came. */
export function createLostContent(length: number, came: number): RequestBody {
  const content: Held = {
    length,
    received: 0,
    complete: false,
    collect: (_limit, done) => {
      content.received = came
      done('gone', Buffer.alloc(0))
    },
    stream: () => {
      content.received = came
      return new Readable({ read: () => undefined }).destroy(new BodyInterrupted())
    },
  }
  return content
}
