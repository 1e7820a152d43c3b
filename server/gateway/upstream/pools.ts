/**
 * The ways to the upstreams: kept connections, one set per origin and connect timeout, made at first use. Over plain
 * HTTP our own client carries what is whole in memory, which is nearly everything; undici carries content that is
 * still arriving, and everything over TLS. docs/decisions/0021-upstream-client.md
 */
import { Pool } from 'undici'
import type { Upstream } from '#/gateway/snapshot.ts'
import { createShares } from '#/gateway/upstream/shares.ts'
import type { Shares } from '#/gateway/upstream/shares.ts'
import type { Client } from '#/gateway/wire/client.ts'
import { createWirePool } from '#/gateway/wire/pool.ts'

export type Way = {
  readonly client: Client
  /** Of its connections, half for each partner at most. */
  readonly shares: Shares
}

export type Known = {
  /** For requests that are whole in memory. */
  readonly plain: Way
  /** For requests whose content is still arriving. */
  readonly streaming: Way
  /** `http://host`, with the port only where it is not the usual one: as the upstream hears its own name. */
  readonly origin: string
  /** The path that stands in front of the operation's. */
  readonly prefix: string
}

export type Upstreams = {
  of(upstream: Upstream): Known
  close(): Promise<void>
}

export type UpstreamsOptions = {
  /** Most connections to one upstream; requests beyond wait, within their total time. */
  readonly connections: number
  /** Who carries what our own client could. */
  readonly plainClient: 'own' | 'undici'
}

type Kept = Pick<Known, 'plain' | 'streaming'> & { close(): Promise<void> }

export function createUpstreams(options: UpstreamsOptions): Upstreams {
  const all = new Map<string, Kept>()
  // A snapshot keeps its upstream objects for as long as they do not change, so this answers nearly always.
  const known = new WeakMap<Upstream, Known>()

  function of(upstream: Upstream): Known {
    const found = known.get(upstream)
    if (found !== undefined) return found
    const url = new URL(upstream.url)
    const key = `${url.origin} ${upstream.connectTimeout}`
    let kept = all.get(key)
    if (kept === undefined) all.set(key, (kept = keep(url, upstream.connectTimeout, options)))
    const { plain, streaming } = kept
    const prefix = url.pathname === '/' ? '' : url.pathname
    const entry = { plain, streaming, origin: url.origin, prefix }
    known.set(upstream, entry)
    return entry
  }

  async function close(): Promise<void> {
    await Promise.all([...all.values()].map((kept) => kept.close()))
  }

  return { of, close }
}

/** Uploads are few and hold a connection for long: so many of an upstream's connections are theirs. */
const streamingShare = 1 / 4

function keep(url: URL, connectTimeout: number, { connections, plainClient }: UpstreamsOptions): Kept {
  if (url.protocol !== 'http:' || plainClient === 'undici') {
    const pool = openPool(url, connectTimeout, connections)
    const way = wayOf(pool, connections)
    return { plain: way, streaming: way, close: () => pool.destroy() }
  }
  const forStreaming = Math.ceil(connections * streamingShare)
  const forPlain = Math.max(connections - forStreaming, 1)
  const pool = openPool(url, connectTimeout, forStreaming)
  const port = Number(url.port || 80)
  // `URL` writes an IPv6 address in brackets, which no socket wants.
  const hostname = url.hostname.replace(/^\[(.*)\]$/, '$1')
  const own = createWirePool({ hostname, port, host: url.host, connectTimeout }, forPlain)
  return {
    plain: wayOf(own, forPlain),
    streaming: wayOf(pool, forStreaming),
    close: async () => {
      own.close()
      await pool.destroy()
    },
  }
}

function wayOf(client: Client, connections: number): Way {
  return { client, shares: createShares(Math.ceil(connections / 2)) }
}

function openPool(url: URL, connectTimeout: number, connections: number): Pool {
  return new Pool(url.origin, {
    connections,
    // One request at a time on a connection: an answer can then never be taken for that of another.
    pipelining: 1,
    // RFC 9113's other rules for hop-by-hop fields and resets are not worth it inside a company.
    allowH2: false,
    connect: { timeout: connectTimeout },
  })
}
