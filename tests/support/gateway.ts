/** A gateway with everything around it made by a test: contract, keys and decisions in memory, and a real upstream. */
import { hash } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createFastLane, createGateway, createNodeLane, expectContinue } from '#/gateway/gateway.ts'
import type {
  Application,
  Credential,
  Decision,
  ExchangeRecord,
  Gateway,
  GatewayDeps,
  Match,
  ParsedKey,
  Refusal,
  Route,
  Snapshot,
  StreamEnd,
  Target,
} from '#/gateway/gateway.ts'
import type { Operation } from '#/contracts/compile/compile.ts'
import { answerBroken } from '#/kernel/http/http.ts'
import { newId } from '#/kernel/id/id.ts'
import { startUpstream } from './upstream.ts'
import type { Upstream } from './upstream.ts'

/** Keys of the scene: `ok_` keys parse, `typo_` keys have a wrong checksum, anything else is no key. */
export const keys = {
  live: 'ok_live_1234567890',
  sandbox: 'ok_sandbox_1234567890',
  revoked: 'ok_revoked',
  expired: 'ok_expired',
  /** Of another partner. */
  other: 'ok_other_1234567890',
} as const

function parseKey(text: string): ParsedKey {
  if (text.startsWith('ok_')) return { ok: true, digest: hash('sha256', text, 'base64') }
  return { ok: false, reason: text.startsWith('typo_') ? 'mistyped' : 'malformed' }
}

export const partnerId = '018f4e2a-0000-7000-8000-00000000aaaa'
export const applicationId = '018f4e2a-0000-7000-8000-00000000bbbb'

export type Recorded = {
  readonly records: ExchangeRecord[]
  readonly ends: StreamEnd[]
  readonly refusals: Refusal[]
}

export type Scene = Recorded & {
  readonly url: string
  readonly port: number
  readonly upstream: Upstream
  readonly gateway: Gateway
  readonly logged: { level: string; details: Record<string, unknown> }[]
  /** What `decide` answers per operation id; others are allowed. */
  readonly decisions: Map<string, Decision>
  /** Ids of operations that are dark. */
  readonly hidden: Set<string>
  /** Targets of operations that are not served by the upstream. */
  readonly targets: Map<string, Target>
  /** Lets so many milliseconds pass for the gateway. */
  pass(milliseconds: number): void
  /** From now on by the gateway's clock; until the returned function is called. */
  revoke(key: string): () => void
  /** What the gateway is told of its snapshot, as of its next tick. */
  beCurrent(is: boolean): void
  /** Makes the recorder fail. */
  failRecording(error: Error | null): void
  fetch(path: string, init?: Init): Promise<Response>
  /** Connections that clients hold open. */
  connections(): Promise<number>
  /** Connections that the fast lane serves. */
  inLane(): number
  close(): Promise<void>
}

export type Init = Omit<RequestInit, 'headers'> & { readonly headers?: Readonly<Record<string, string>> }

export type SceneOptions = Partial<Pick<GatewayDeps, 'limits' | 'timeouts' | 'connections'>> & {
  /** Overrides of the upstream's times, in milliseconds. */
  readonly times?: { connectTimeout?: number; headersTimeout?: number; idleTimeout?: number }
  /** `node`: node:http and undici alone, which the fast lane and our own client are held against. */
  readonly ground?: 'fast' | 'node'
  /** Instead of the address of the scene's upstream. */
  readonly upstreamUrl?: string
}

export async function startScene(
  operations: readonly Operation[],
  options: SceneOptions = {},
): Promise<Scene> {
  const upstream = await startUpstream()
  let isCurrent = true
  const scene = {
    records: [] as ExchangeRecord[],
    ends: [] as StreamEnd[],
    refusals: [] as Refusal[],
    logged: [] as Scene['logged'],
    decisions: new Map<string, Decision>(),
    hidden: new Set<string>(),
    targets: new Map<string, Target>(),
  }
  let failure: Error | null = null
  let passed = 0
  const credentials = credentialsByDigest()
  const wall = () => Date.now() + passed
  const log = (level: string) => (details: object) =>
    void scene.logged.push({ level, details: details as Record<string, unknown> })
  const gateway = createGateway({
    snapshot: snapshotOf(operations, { ...scene, credentials }, upstreamOf(upstream, options)),
    recorder: {
      record: (record, done) => {
        if (failure === null) scene.records.push(record)
        queueMicrotask(() => done(failure))
      },
      finish: (end) => void scene.ends.push(end),
      refuse: (refusal) => void scene.refusals.push(refusal),
    },
    clock: { wall, monotonicUs: () => (performance.now() + passed) * 1000 },
    newId,
    parseKey,
    problems: { base: 'https://portal.example' },
    isCurrent: () => isCurrent,
    log: { warn: log('warn'), error: log('error') },
    ...(options.limits && { limits: options.limits }),
    ...(options.timeouts && { timeouts: options.timeouts }),
    ...(options.connections && { connections: options.connections }),
    ...(options.ground === 'node' && { plainClient: 'undici' }),
  })
  const served = await serve(gateway, options, wall)
  return {
    ...scene,
    ...served,
    upstream,
    gateway,
    pass: (milliseconds) => (passed += milliseconds),
    beCurrent: (is) => (isCurrent = is),
    revoke: revoker(credentials, wall),
    failRecording: (error) => (failure = error),
    fetch: (path, init = {}) => {
      const headers = { authorization: `Bearer ${keys.live}`, ...init.headers }
      return fetch(served.url + path, { ...init, headers })
    },
    close: async () => {
      await served.close()
      await Promise.all([gateway.close(), upstream.close()])
    },
  }
}

type Served = Pick<Scene, 'url' | 'port' | 'connections' | 'inLane' | 'close'>

async function serve(gateway: Gateway, options: SceneOptions, wall: () => number): Promise<Served> {
  const server = createServer(createNodeLane(gateway))
  expectContinue(server)
  answerBroken(server, () => 'https://portal.example')
  const fast = { server, gateway, isElsewhere: () => false, clock: { wall } }
  const lane = options.ground === 'node' ? null : createFastLane(fast)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    connections: () =>
      new Promise((resolve, reject) => {
        server.getConnections((error, count) => (error === null ? resolve(count) : reject(error)))
      }),
    inLane: () => lane?.connections() ?? 0,
    close: async () => {
      lane?.close()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function revoker(credentials: Map<string, Credential>, wall: () => number): Scene['revoke'] {
  return (key) => {
    const digest = hash('sha256', key, 'base64')
    const before = credentials.get(digest)!
    credentials.set(digest, { ...before, revokedAt: wall() })
    return () => void credentials.set(digest, before)
  }
}

function upstreamOf(upstream: Upstream, options: SceneOptions) {
  const times = { connectTimeout: 2_000, headersTimeout: 5_000, idleTimeout: 5_000, ...options.times }
  return { name: 'test', url: options.upstreamUrl ?? upstream.url, ...times }
}

type Policy = Pick<Scene, 'decisions' | 'hidden' | 'targets'> & {
  readonly credentials: ReadonlyMap<string, Credential>
}

function snapshotOf(
  operations: readonly Operation[],
  policy: Policy,
  upstream: ReturnType<typeof upstreamOf>,
): () => Snapshot {
  const remote: Target = { kind: 'remote', upstreams: { live: upstream, sandbox: upstream } }
  const routes = operations.map((operation) => ({
    pattern: new RegExp(`^${operation.path.replaceAll(/\{[^}]*\}/g, '([^/]+)')}$`),
    route: {
      operation,
      apiVersion: '2026-11-01',
      get target() {
        return policy.targets.get(operation.id) ?? remote
      },
    } satisfies Route,
  }))
  const snapshot: Snapshot = {
    version: 1,
    match: (method, path): Match => {
      const matching = routes.filter((one) => one.pattern.test(path))
      const found = matching.find((one) => one.route.operation.method === method)
      if (found) return { kind: 'found', route: found.route, path: found.pattern.exec(path)!.slice(1) }
      if (matching.length === 0) return { kind: 'none' }
      const visible = matching.filter((one) => !policy.hidden.has(one.route.operation.id))
      return { kind: 'other-method', allow: visible.map((one) => one.route.operation.method) }
    },
    credential: (digest) => policy.credentials.get(digest),
    decide: (_application, route) =>
      policy.decisions.get(route.operation.id) ?? { allow: true, validUntil: null },
    hidden: (route) => policy.hidden.has(route.operation.id),
  }
  return () => snapshot
}

function credentialsByDigest(): Map<string, Credential> {
  const application = (environment: 'live' | 'sandbox'): Application => ({
    id: applicationId,
    partnerId,
    environment,
  })
  const unbound = { scopes: null, usableFrom: null, member: null }
  const other = { ...application('live'), partnerId: '018f4e2a-0000-7000-8000-00000000cccc' }
  const all: [string, Omit<Credential, 'id'>][] = [
    [keys.other, { application: other, expiresAt: null, revokedAt: null, ...unbound }],
    [keys.live, { application: application('live'), expiresAt: null, revokedAt: null, ...unbound }],
    [keys.sandbox, { application: application('sandbox'), expiresAt: null, revokedAt: null, ...unbound }],
    [keys.revoked, { application: application('live'), expiresAt: null, revokedAt: 1, ...unbound }],
    [keys.expired, { application: application('live'), expiresAt: 1, revokedAt: null, ...unbound }],
  ]
  return new Map(all.map(([key, rest]) => [hash('sha256', key, 'base64'), { id: `key-${key}`, ...rest }]))
}
