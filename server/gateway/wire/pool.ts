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
  const waiting = createQueue<WireRequest>()
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
    for (let next = waiting.first(); next !== undefined && carry(next); next = waiting.first()) waiting.drop()
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

  return {
    dispatch(outgoing, listening) {
      const request = requestOf(outgoing, listening, origin.host)
      if (request === null) return
      if (closed) giveUp(request)
      else if (waiting.first() !== undefined || !carry(request)) waiting.push(request)
    },
    close() {
      closed = true
      clearInterval(ticking)
      for (const request of waiting.empty()) giveUp(request)
      for (const connection of open) connection.giveUp()
    },
  }
}

function remove(list: WireConnection[], connection: WireConnection): void {
  const at = list.lastIndexOf(connection)
  if (at !== -1) list.splice(at, 1)
}

/** What cannot be sent is a bug of ours, told like every other failure. */
function requestOf(outgoing: Outgoing, listening: Listening, host: string): WireRequest | null {
  try {
    return new WireRequest(outgoing, listening, host)
  } catch (error) {
    queueMicrotask(() => listening.onResponseError(null, error as Error))
    return null
  }
}

function giveUp({ listening }: WireRequest): void {
  queueMicrotask(() => listening.onResponseError(null, new WireError('closed', 'given up')))
}

type Queue<T> = {
  push(item: T): void
  first(): T | undefined
  /** Takes the first out. */
  drop(): void
  /** Takes all out. */
  empty(): T[]
}

/** Taking the first out of a long list each time would be quadratic. */
function createQueue<T>(): Queue<T> {
  let items: T[] = []
  let at = 0
  return {
    push: (item) => void items.push(item),
    first: () => items[at],
    drop() {
      at++
      if (at * 2 < items.length) return
      items = items.slice(at)
      at = 0
    },
    empty() {
      const all = items.slice(at)
      items = []
      at = 0
      return all
    },
  }
}
