/** The two ports: bound before anything else starts, so that a port in use is the first thing one hears of. */
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { IncomingMessage, RequestListener, Server, ServerOptions, ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { answerBroken, answerProblem, problemAnswer } from '#/kernel/http/broken.ts'
import { BadRequest, Starting } from '#/kernel/http/problems.ts'
import { answerPlainHttp, readPair, reloadOnChange } from '#/kernel/http/tls.ts'
import type { CertificateFiles } from '#/kernel/http/tls.ts'

export type Listener = {
  readonly port: number
  /** For what a handler must know of the server itself. */
  readonly server: Server
  /** Until the first call everything is answered 503. `base`: address under which the problem pages stand. */
  serve(handler: RequestListener, base: string): void
  /** Takes connections before the server does; a drain is told to it. */
  front(front: Front): void
  /** No new connection, and kept ones close behind their current answer; resolves when all are gone, or after `within` ms. */
  drain(within: number): Promise<void>
}

/** What serves connections of the server's that the server itself does not know of. */
export type Front = {
  /** Idle connections end now, the others behind their answer. */
  drain(): void
  /** All of them end now. */
  close(): void
}

export type ListenOptions = {
  readonly host: string
  readonly port: number
  /** Names of the settings, for the message when the port is taken or the address is none of ours. */
  readonly setting: string
  readonly hostSetting: string
  readonly tls?: CertificateFiles | null
  /** Told when a changed certificate was taken over, or could not be. */
  readonly onTlsReload?: (error: Error | null) => void
}

/** Bounds on a connection: slow senders are cut off, kept connections end after common load balancers' (60 s). */
const bounds: ServerOptions = {
  headersTimeout: 15_000,
  requestTimeout: 120_000,
  keepAliveTimeout: 65_000,
  maxHeaderSize: 32 * 1024,
  connectionsCheckingInterval: 5000,
  insecureHTTPParser: false,
  // Node's own refusal would have no content and no id; ours is below.
  requireHostHeader: false,
  joinDuplicateHeaders: false,
}

const handshakeTimeout = 15_000

export async function listen(options: ListenOptions): Promise<Listener> {
  let handler: RequestListener = notReady
  let base = ''
  let front: Front | null = null
  let draining = false
  const dispatch: RequestListener = (request, response) => {
    if (draining) response.shouldKeepAlive = false
    if (!hasOneHost(request)) return refuseHost(response, base)
    handler(request, response)
  }
  const server = options.tls
    ? secureServer(options, options.tls, dispatch, () => base)
    : createServer(bounds, dispatch)
  server.maxConnections = mostConnections()
  answerBroken(server, () => base)
  await bind(server, options)
  return {
    port: (server.address() as AddressInfo).port,
    server,
    serve(next, address) {
      handler = next
      base = address
    },
    front(next) {
      front = next
    },
    drain(within) {
      draining = true
      return drain(server, front, within)
    },
  }
}

function secureServer(
  options: ListenOptions,
  files: CertificateFiles,
  dispatch: RequestListener,
  base: () => string,
): Server {
  const pair = usablePair(files)
  const server = createTlsServer({ ...bounds, handshakeTimeout, ...pair }, dispatch)
  reloadOnChange(server, files, (error) => options.onTlsReload?.(error))
  answerPlainHttp(server, base)
  return server
}

/** A wrong file is a wrong setting, and is told like one. */
function usablePair(files: CertificateFiles): { cert: Buffer; key: Buffer } {
  try {
    const pair = readPair(files)
    createTlsServer(pair)
    return pair
  } catch (cause) {
    const reason = (cause as Error).message
    throw new Error(`TLS_CERT=${files.cert} and TLS_KEY=${files.key} cannot be used: ${reason}`, { cause })
  }
}

/** Files and connections to upstreams and the database need descriptors, too. */
const keptDescriptors = 512
const manyConnections = 50_000

/** A flood of connections must not take the descriptors that the journal needs. */
function mostConnections(): number {
  try {
    const found = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))
    const limit = found ? Number(found[1]) : manyConnections
    return Math.min(Math.max(Math.floor(limit / 2), limit - keptDescriptors), manyConnections)
  } catch {
    return manyConnections
  }
}

function bind(server: Server, options: ListenOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const where = `${options.setting} ${options.port} (${options.host})`
      const reasons: Readonly<Record<string, string>> = {
        EADDRINUSE: `${where} is in use by another program; stop it, or set ${options.setting}`,
        EACCES: `${where} may not be opened by this user; choose one above 1023`,
        EADDRNOTAVAIL: `${options.hostSetting}=${options.host} is no address of this machine`,
        ENOTFOUND: `${options.hostSetting}=${options.host} is no address, and a name that nobody knows`,
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

/** How often kept connections are looked at that became idle behind the answer they were busy with, in milliseconds. */
const sweepEvery = 50

function drain(server: Server, front: Front | null, within: number): Promise<void> {
  return new Promise((resolve) => {
    const sweep = setInterval(() => server.closeIdleConnections(), sweepEvery)
    const hard = setTimeout(() => {
      front?.close()
      server.closeAllConnections()
    }, within)
    server.close(() => {
      clearInterval(sweep)
      clearTimeout(hard)
      resolve()
    })
    front?.drain()
    server.closeIdleConnections()
  })
}

function notReady(_request: IncomingMessage, response: ServerResponse): void {
  answerProblem(response, problemAnswer(Starting, {}, ''), { 'retry-after': '1' })
}

/** RFC 9112 §3.2: none, or a second one that somebody behind us might take for the first, is refused. */
function hasOneHost({ httpVersionMinor, rawHeaders }: IncomingMessage): boolean {
  let hosts = 0
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!
    if (name.length === 4 && name.toLowerCase() === 'host') hosts++
  }
  return hosts === 1 || (hosts === 0 && httpVersionMinor === 0)
}

function refuseHost(response: ServerResponse, base: string): void {
  const detail = 'A request of HTTP/1.1 has one Host header. Nothing was changed.'
  answerProblem(response, problemAnswer(BadRequest, { detail }, base), { connection: 'close' })
}
