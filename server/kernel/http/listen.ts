/** The two ports: bound before anything else starts, so that a port in use is the first thing one hears of. */
import { readFileSync, watchFile, unwatchFile } from 'node:fs'
import { createServer } from 'node:http'
import type { IncomingMessage, RequestListener, Server, ServerOptions, ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { newId, publicId } from '#/kernel/id/id.ts'
import { problemBody } from '#/kernel/problem/problem.ts'
import { Starting } from '#/kernel/http/problems.ts'

export type Listener = {
  readonly port: number
  /** Until the first call everything is answered 503. */
  serve(handler: RequestListener): void
  /** No new connection, and kept ones close behind their current answer; resolves when all are gone, or after `within` ms. */
  drain(within: number): Promise<void>
}

export type ListenOptions = {
  readonly host: string
  readonly port: number
  /** Name of the setting, for the message when the port is taken. */
  readonly setting: string
  readonly tls?: { readonly cert: string; readonly key: string } | null
  /** Told when a changed certificate was taken over, or could not be. */
  readonly onTlsReload?: (error: Error | null) => void
}

/** Bounds on a connection: slow senders are cut off, kept connections end before common load balancers' (60 s). */
const bounds: ServerOptions = {
  headersTimeout: 15_000,
  requestTimeout: 120_000,
  keepAliveTimeout: 65_000,
  maxHeaderSize: 32 * 1024,
  connectionsCheckingInterval: 5000,
  insecureHTTPParser: false,
  requireHostHeader: true,
  joinDuplicateHeaders: false,
}

export async function listen(options: ListenOptions): Promise<Listener> {
  let handler: RequestListener = notReady
  let draining = false
  const dispatch: RequestListener = (request, response) => {
    if (draining) response.shouldKeepAlive = false
    handler(request, response)
  }
  const server = options.tls
    ? createTlsServer({ ...bounds, ...readPair(options.tls) }, dispatch)
    : createServer(bounds, dispatch)
  if (options.tls) reloadOnChange(server, options.tls, options.onTlsReload)
  await bind(server, options)
  return {
    port: (server.address() as AddressInfo).port,
    serve: (next) => (handler = next),
    drain(within) {
      draining = true
      return drain(server, within)
    },
  }
}

function bind(server: Server, options: ListenOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const where = `${options.setting} ${options.port} (${options.host})`
      const reasons: Readonly<Record<string, string>> = {
        EADDRINUSE: `${where} is in use by another program; stop it, or set ${options.setting}`,
        EACCES: `${where} may not be opened by this user; choose one above 1023`,
        EADDRNOTAVAIL: `${where}: this machine does not have that address`,
      }
      reject(
        new Error(reasons[error.code ?? ''] ?? `${where} cannot be opened: ${error.message}`, {
          cause: error,
        }),
      )
    })
    server.listen({ port: options.port, host: options.host, backlog: 2048 }, resolve)
  })
}

function readPair(tls: { cert: string; key: string }): { cert: Buffer; key: Buffer } {
  return { cert: readFileSync(tls.cert), key: readFileSync(tls.key) }
}

/** Polls both files (a mounted secret changes by a link, which a watch misses); open connections keep the old pair. */
function reloadOnChange(
  server: Server,
  tls: { cert: string; key: string },
  told: ListenOptions['onTlsReload'],
): void {
  const reload = () => {
    try {
      ;(server as ReturnType<typeof createTlsServer>).setSecureContext(readPair(tls))
      told?.(null)
    } catch (error) {
      // Half of a new pair, or a broken file: the old pair stays until both fit.
      told?.(error as Error)
    }
  }
  for (const file of [tls.cert, tls.key]) watchFile(file, { interval: 1000, persistent: false }, reload)
  server.once('close', () => {
    for (const file of [tls.cert, tls.key]) unwatchFile(file, reload)
  })
}

/** How often kept connections are looked at that became idle behind the answer they were busy with, in milliseconds. */
const sweepEvery = 50

function drain(server: Server, within: number): Promise<void> {
  return new Promise((resolve) => {
    const sweep = setInterval(() => server.closeIdleConnections(), sweepEvery)
    const hard = setTimeout(() => server.closeAllConnections(), within)
    server.close(() => {
      clearInterval(sweep)
      clearTimeout(hard)
      resolve()
    })
    server.closeIdleConnections()
  })
}

function notReady(_request: IncomingMessage, response: ServerResponse): void {
  const requestId = publicId('req', newId())
  const body = JSON.stringify(problemBody(Starting, {}, { base: '', instance: '/', requestId }))
  response.writeHead(503, {
    'content-type': 'application/problem+json',
    'content-length': Buffer.byteLength(body),
    'request-id': requestId,
    'retry-after': '1',
    'cache-control': 'no-store',
  })
  response.end(body)
}
