/** The content of a request of the fast lane: it was read with the head, and is held until somebody wants it. */
import { Readable } from 'node:stream'
import { BodyTooLarge } from '#/gateway/exchange.ts'
import type { RequestBody } from '#/gateway/exchange.ts'

type Held = { -readonly [Member in keyof RequestBody]: RequestBody[Member] }

export function createContent(bytes: Buffer): RequestBody {
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
