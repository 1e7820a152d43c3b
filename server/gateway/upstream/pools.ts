/** Kept connections to the upstreams: one pool per origin and connect timeout, made at first use. */
import { Pool } from 'undici'
import type { Upstream } from '#/gateway/snapshot.ts'
import { createShares } from '#/gateway/upstream/shares.ts'
import type { Shares } from '#/gateway/upstream/shares.ts'

export type Known = {
  readonly pool: Pool
  /** Of the pool, half for each partner at most. */
  readonly shares: Shares
  /** `http://host`, with the port only where it is not the usual one: as the upstream hears its own name. */
  readonly origin: string
  /** The path that stands in front of the operation's. */
  readonly prefix: string
}

export type Upstreams = {
  of(upstream: Upstream): Known
  close(): Promise<void>
}

/** `connections`: most connections to one upstream; requests beyond wait, within their total time. */
export function createUpstreams(options: { connections: number }): Upstreams {
  const pools = new Map<string, Pick<Known, 'pool' | 'shares'>>()
  // A snapshot keeps its upstream objects for as long as they do not change, so this answers nearly always.
  const known = new WeakMap<Upstream, Known>()

  function of(upstream: Upstream): Known {
    const found = known.get(upstream)
    if (found !== undefined) return found
    const url = new URL(upstream.url)
    const key = `${url.origin} ${upstream.connectTimeout}`
    let kept = pools.get(key)
    if (kept === undefined) {
      const shares = createShares(Math.ceil(options.connections / 2))
      kept = { pool: open(url.origin, upstream.connectTimeout, options.connections), shares }
      pools.set(key, kept)
    }
    const entry = { ...kept, origin: url.origin, prefix: url.pathname === '/' ? '' : url.pathname }
    known.set(upstream, entry)
    return entry
  }

  async function close(): Promise<void> {
    await Promise.all([...pools.values()].map(({ pool }) => pool.destroy()))
  }

  return { of, close }
}

function open(origin: string, connectTimeout: number, connections: number): Pool {
  return new Pool(origin, {
    connections,
    // One request at a time on a connection: an answer can then never be taken for that of another.
    pipelining: 1,
    // RFC 9113's other rules for hop-by-hop fields and resets are not worth it inside a company.
    allowH2: false,
    connect: { timeout: connectTimeout },
  })
}
