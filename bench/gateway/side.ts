/**
 * One side of the gateway benchmark, in a process of its own: `node side.ts <kind> <port of the upstream> <key>`.
 * Prints the port it listens on. On SIGTERM it leaves by itself, so that a CPU profile is written.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import httpProxy from '@fastify/http-proxy'
import fastify from 'fastify'
import { Pool } from 'undici'
import {
  afterReads,
  createFastLane,
  createGateway,
  createNodeLane,
  createWirePool,
} from '#/gateway/gateway.ts'
import type { Answer, Client, Gateway, Request } from '#/gateway/gateway.ts'
import { parseKey } from '#/identity/keys/keys.ts'
import { systemClock } from '#/kernel/clock/clock.ts'
import { newId } from '#/kernel/id/id.ts'
import { silentLog } from '#/kernel/log/log.ts'
import { openJournal } from '#/usage/journal/journal.ts'
import { snapshotFor } from './scene.ts'

const [kind = '', upstreamPort = '', key = ''] = process.argv.slice(2)

const sides: Readonly<Record<string, () => Promise<number>>> = {
  portico: () => listen(serverOf(porticoGateway('own'))),
  'portico on node:http + undici': () => listen(createServer(createNodeLane(porticoGateway('undici')))),
  'fast lane': fastPassThrough,
  'node:http + undici': () => nodePassThrough(false),
  'node:http + undici in stages': () => nodePassThrough(true),
  'http-proxy': proxy,
}

/** All steps, the real journal, and a snapshot that costs nothing to ask. */
function porticoGateway(plainClient: 'own' | 'undici'): Gateway {
  const folder = mkdtempSync(join(tmpdir(), 'portico-bench-'))
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
  const parsed = parseKey(key)
  if (!parsed.ok) throw new Error('the key of the benchmark is none')
  const snapshot = snapshotFor(Number(upstreamPort), parsed.digest)
  const clock = systemClock()
  const log = silentLog()
  return createGateway({
    snapshot: () => snapshot,
    recorder: openJournal({ folder, sync: 'grouped', clock, log }),
    clock,
    newId,
    parseKey,
    problems: { base: 'https://portal.example' },
    log,
    plainClient,
  })
}

type Handler = { handle(request: Request, respond: (answer: Answer) => void): void }

function serverOf(gateway: Handler): Server {
  const server = createServer(createNodeLane(gateway))
  createFastLane({ server, gateway, isElsewhere: () => false, clock: systemClock() })
  return server
}

/** The same lane and the same client, with nothing between them. */
async function fastPassThrough(): Promise<number> {
  const hostname = '127.0.0.1'
  const port = Number(upstreamPort)
  const pool = createWirePool({ hostname, port, host: `${hostname}:${port}`, connectTimeout: 5_000 }, 256)
  return listen(serverOf(passingThrough(pool)))
}

/**
 * What a gateway on node:http and undici costs before it does anything. `inStages`: answers leave together at the end of
 * a turn, as those of the steps do (docs/decisions/0027-turns.md).
 */
async function nodePassThrough(inStages: boolean): Promise<number> {
  const pool = new Pool(`http://127.0.0.1:${upstreamPort}`, {
    connections: 256,
    pipelining: 1,
    allowH2: false,
  })
  return listen(createServer(createNodeLane(passingThrough(pool, inStages))))
}

function passingThrough(client: Client, inStages = false): Handler {
  const fixed = { headers: [], body: null, headersTimeout: 5_000, bodyTimeout: 5_000 }
  return {
    handle: ({ target: path, method }, respond) => {
      client.dispatch({ path, method, ...fixed }, new PassThrough(inStages ? staged(respond) : respond))
    },
  }
}

function staged(respond: (answer: Answer) => void): (answer: Answer) => void {
  return (answer) => afterReads({ due: () => respond(answer) })
}

class PassThrough {
  readonly #respond: (answer: Answer) => void
  readonly #chunks: Buffer[] = []
  #status = 0
  #type = ''

  constructor(respond: (answer: Answer) => void) {
    this.#respond = respond
  }

  onRequestStart(): void {}

  onResponseStart(_controller: unknown, status: number, headers: { 'content-type'?: string }): void {
    this.#status = status
    this.#type = headers['content-type'] ?? ''
  }

  onResponseData(_controller: unknown, chunk: Buffer): void {
    this.#chunks.push(chunk)
  }

  onResponseEnd(): void {
    const body = Buffer.concat(this.#chunks).toString('utf8')
    const headers = ['Content-Type', this.#type, 'Content-Length', String(Buffer.byteLength(body))]
    this.#respond({ status: this.#status, headers, body, stream: null })
  }

  onResponseError(_controller: unknown, error: Error): void {
    throw error
  }
}

/** As its README shows it, with no policy at all. */
async function proxy(): Promise<number> {
  const app = fastify()
  await app.register(httpProxy, { upstream: `http://127.0.0.1:${upstreamPort}` })
  await app.listen({ port: 0, host: '127.0.0.1' })
  return (app.server.address() as AddressInfo).port
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', 1024, resolve))
  return (server.address() as AddressInfo).port
}

// As main.ts does it: V8 learns from requests in flight that such objects live long, makes them in the old
// generation, and there each keeps its request, answer and buffers alive until a full collection. The other
// proxy runs as its users run it.
if (kind !== 'http-proxy') setFlagsFromString('--no-allocation-site-pretenuring')
process.on('SIGTERM', () => process.exit(0))
const start = sides[kind]
if (start === undefined) throw new Error(`no side is called ${kind}`)
process.stdout.write(`${await start()}\n`)
