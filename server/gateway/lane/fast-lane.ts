/**
 * The fast lane: connections of a `node:http` server are ours first, as long as their requests are plain enough.
 * What is not, `node:http` serves as if it had had the connection from its beginning: it stays the reference for
 * everything that is odd, broken, slow or none of the gateway's. docs/decisions/0020-fast-lane.md
 */
import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import { Server as TlsServer } from 'node:tls'
import type { Answer, Request } from '#/gateway/exchange.ts'
import { LaneConnection } from '#/gateway/lane/connection.ts'
import type { Broken, Lane } from '#/gateway/lane/connection.ts'

export type FastLaneOptions = {
  /** Already serves what is handed over. Its bounds on idle connections hold here, too. */
  readonly server: Server
  readonly gateway: { handle(request: Request, respond: (answer: Answer) => void): void }
  /** Targets that are not the gateway's. */
  readonly isElsewhere: (target: string) => boolean
  /** Milliseconds, for `Date`. */
  readonly clock: { wall(): number }
}

export type FastLane = {
  /** Idle connections end now, the others behind their answer. */
  drain(): void
  /** Ends every connection that is still ours. */
  close(): void
  /** How many are. */
  connections(): number
}

/** How often idle connections are looked at, in milliseconds. */
const sweepEvery = 1_000

type Accept = (this: Server, socket: Socket) => void

export function createFastLane({ server, gateway, isElsewhere, clock }: FastLaneOptions): FastLane {
  const event = server instanceof TlsServer ? 'secureConnection' : 'connection'
  const accept = server.listeners(event)[0] as Accept
  const open = new Set<LaneConnection>()
  let trailers = trailersAt(server, clock.wall())

  const lane: Lane = {
    handle: (request, respond) => gateway.handle(request, respond),
    isElsewhere,
    handOver: (socket, bytes) => handOver(server, accept, socket, bytes),
    broken: (socket, code) => tellBroken(server, socket, code),
    left: (connection) => void open.delete(connection),
    trailer: (keep) => (keep ? trailers.kept : trailers.closed),
    longestStall: () => server.keepAliveTimeout,
    isDraining: false,
  }

  const sweeping = setInterval(() => {
    trailers = trailersAt(server, clock.wall())
    for (const connection of open) sweep(server, connection)
  }, sweepEvery).unref()

  server.once('close', () => clearInterval(sweeping))
  server.off(event, accept)
  server.on(event, (socket: Socket) => void open.add(new LaneConnection(socket, lane)))

  const drainIdle = (): void => {
    for (const connection of open) connection.drain()
  }

  return {
    drain() {
      lane.isDraining = true
      // What has come by now is read in the next turn. Cut off, its clients could not know what became of it.
      setImmediate(() => setImmediate(drainIdle))
    },
    close() {
      for (const connection of open) connection.socket.destroy()
    },
    connections: () => open.size,
  }
}

/** What node:http adds to every answer, in its words. */
function trailersAt(server: Server, now: number): { readonly kept: string; readonly closed: string } {
  const date = `Date: ${new Date(now).toUTCString()}\r\n`
  const keptFor = Math.floor(server.keepAliveTimeout / 1000)
  return {
    kept: `${date}Connection: keep-alive\r\nKeep-Alive: timeout=${keptFor}\r\n`,
    closed: `${date}Connection: close\r\n`,
  }
}

/** The bytes go back to where they came from, and whoever reads next reads them first. */
function handOver(server: Server, accept: Accept, socket: Socket, bytes: Buffer): void {
  socket.pause()
  socket.unshift(bytes)
  accept.call(server, socket)
  socket.resume()
}

/** A connection that says nothing ends: the first time as one that is too slow, later as one that is not needed. */
function sweep(server: Server, connection: LaneConnection): void {
  const idle = connection.idleSweeps() * sweepEvery
  // A second more than it was told, as node:http has it: its last request may be on its way.
  if (connection.served && idle > server.keepAliveTimeout + sweepEvery)
    return void connection.socket.destroy()
  if (!connection.served && idle > server.headersTimeout) connection.tooSlow()
}

/** In node:http's words, to whoever answers for it. */
function tellBroken(server: Server, socket: Socket, code: Broken): void {
  const error = Object.assign(new Error(`broken in the fast lane: ${code}`), { code })
  if (!server.emit('clientError', error, socket)) socket.destroy()
}
