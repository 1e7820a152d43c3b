/** Kept connections to one origin. Requests beyond the most connections wait in their order. */
import { WireError } from '#/gateway/wire/client.ts'
import type { Client, Listening, Outgoing } from '#/gateway/wire/client.ts'
import { tickTime, WireConnection } from '#/gateway/wire/connection.ts'
import type { Keeper, Origin } from '#/gateway/wire/connection.ts'
import { WireRequest } from '#/gateway/wire/request.ts'

export type WirePool = Client & { close(): void }

export function createWirePool(origin: Origin, most: number): WirePool {
  const open = new Set<WireConnection>()
  /** The one that was used last comes first: it is the least likely to be closed by now. */
  const idle: WireConnection[] = []
  let waiting: WireRequest[] = []
  let first = 0
  let closed = false

  const ticking = setInterval(() => {
    for (const connection of open) connection.tick()
  }, tickTime).unref()

  const keeper: Keeper = {
    free: (connection) => {
      for (let next = take(); next !== null; next = take()) if (connection.send(next)) return
      idle.push(connection)
    },
    lost: (connection) => {
      open.delete(connection)
      const at = idle.lastIndexOf(connection)
      if (at !== -1) idle.splice(at, 1)
      const next = closed ? null : take()
      if (next !== null) connect(next)
    },
  }

  function take(): WireRequest | null {
    if (first === waiting.length) return null
    const next = waiting[first++]!
    // Taking the first out of a long list each time would be quadratic.
    if (first === waiting.length || first > 1024) {
      waiting = waiting.slice(first)
      first = 0
    }
    return next
  }

  /** What cannot be sent is a bug of ours, told like every other failure. */
  function requestOf(outgoing: Outgoing, listening: Listening): WireRequest | null {
    try {
      return new WireRequest(outgoing, listening, origin.host)
    } catch (error) {
      queueMicrotask(() => listening.onResponseError(null, error as Error))
      return null
    }
  }

  function giveUp(request: WireRequest): void {
    queueMicrotask(() => request.listening.onResponseError(null, new WireError('closed', 'given up')))
  }

  function connect(request: WireRequest): void {
    open.add(new WireConnection(origin, keeper, request))
  }

  return {
    dispatch(outgoing, listening) {
      const request = requestOf(outgoing, listening)
      if (request === null) return
      if (closed) return giveUp(request)
      const connection = idle.pop()
      if (connection === undefined) {
        if (open.size < most) connect(request)
        else waiting.push(request)
      } else if (!connection.send(request)) {
        keeper.free(connection)
      }
    },
    close() {
      closed = true
      clearInterval(ticking)
      for (const connection of open) connection.giveUp()
      for (let next = take(); next !== null; next = take()) giveUp(next)
    },
  }
}
