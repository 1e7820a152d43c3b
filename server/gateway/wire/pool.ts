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
  /**
   * Free since this turn of the event loop. An upstream that closes behind its answer without saying so has often
   * done it by the end of the turn; until then only what may be sent again is sent.
   */
  let fresh: WireConnection[] = []
  let waiting: WireRequest[] = []
  let first = 0
  let closed = false

  const ticking = setInterval(() => {
    for (const connection of open) connection.tick()
  }, tickTime).unref()

  const keeper: Keeper = {
    free: (connection) => {
      if (fresh.push(connection) === 1) setImmediate(rest)
      serve()
    },
    lost: (connection) => {
      open.delete(connection)
      remove(idle, connection)
      remove(fresh, connection)
      serve()
    },
  }

  /** The turn is over. */
  function rest(): void {
    idle.push(...fresh)
    fresh = []
    serve()
  }

  /** Takes those that wait as far as there are connections. */
  function serve(): void {
    while (first < waiting.length && carry(waiting[first]!)) first++
    // Taking the first out of a long list each time would be quadratic.
    if (first === 0 || first * 2 < waiting.length) return
    waiting = waiting.slice(first)
    first = 0
  }

  /** False: there is no connection for it now. */
  function carry(request: WireRequest): boolean {
    const connection = idle.pop() ?? (request.mayGoAgain ? fresh.pop() : undefined)
    if (connection !== undefined) {
      if (!connection.send(request)) idle.push(connection)
    } else if (open.size < most) {
      open.add(new WireConnection(origin, keeper, request))
    } else {
      return false
    }
    return true
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

  function giveUp({ listening }: WireRequest): void {
    queueMicrotask(() => listening.onResponseError(null, new WireError('closed', 'given up')))
  }

  return {
    dispatch(outgoing, listening) {
      const request = requestOf(outgoing, listening)
      if (request === null) return
      if (closed) giveUp(request)
      else if (first < waiting.length || !carry(request)) waiting.push(request)
    },
    close() {
      closed = true
      clearInterval(ticking)
      for (const request of waiting.slice(first)) giveUp(request)
      waiting = []
      first = 0
      for (const connection of open) connection.giveUp()
    },
  }
}

function remove(list: WireConnection[], connection: WireConnection): void {
  const at = list.lastIndexOf(connection)
  if (at !== -1) list.splice(at, 1)
}
