/** Where a streamed answer of the fast lane goes. */
import type { Socket } from 'node:net'
import type { Sink } from '#/gateway/exchange.ts'
import type { Written } from '#/gateway/lane/answer-text.ts'

/** For an answer that nobody hears. */
export const nowhere: Sink = { write: () => true, end: () => undefined, abort: () => undefined }

/** How long, in milliseconds, what was already written of a broken stream may take to leave. */
const flushTime = 5_000

/** `done` is called at its end, `broken` when there can be no whole answer any more. */
export function createSink(
  socket: Socket,
  { isBare, chunked, length }: Written,
  told: { done(): void; broken(): void },
): Sink {
  let left = length
  return {
    write: (chunk) => {
      if (isBare || socket.writableEnded || socket.destroyed) return true
      const bytes = typeof chunk === 'string' ? Buffer.from(chunk, 'utf8') : chunk
      if (!chunked) {
        left -= bytes.length
        // More than was announced would be read as the next answer, so none of it leaves.
        if (left >= 0) return socket.write(bytes)
        socket.destroy()
        return true
      }
      socket.cork()
      socket.write(`${bytes.length.toString(16)}\r\n`, 'latin1')
      socket.write(bytes)
      const hasRoom = socket.write('\r\n', 'latin1')
      socket.uncork()
      return hasRoom
    },
    end: () => {
      if (socket.writableEnded) return
      // A length that does not hold would make the next answer part of this one.
      if (!isBare && !chunked && left !== 0) return void socket.destroy()
      if (chunked) socket.write('0\r\n\r\n', 'latin1')
      told.done()
    },
    abort: () => {
      told.broken()
      // What was written before may still leave; without the last chunk the answer is incomplete (RFC 9112 §8).
      setImmediate(() => socket.destroySoon())
      setTimeout(() => socket.destroy(), flushTime).unref()
    },
  }
}
