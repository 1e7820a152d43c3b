/** The program: reads the settings, starts the parts in order, says where it is, and stops cleanly. */
import { chmodSync, mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { createApp } from '#/app.ts'
import type { App } from '#/app.ts'
import { ConfigError, readConfig } from '#/kernel/config/config.ts'
import type { Config } from '#/kernel/config/config.ts'
import { startEmbedded } from '#/kernel/db/db.ts'
import { listen } from '#/kernel/http/http.ts'
import type { Listener } from '#/kernel/http/http.ts'
import { createLog } from '#/kernel/log/log.ts'
import type { Log } from '#/kernel/log/log.ts'
import { startChild, takeLock } from '#/kernel/process/process.ts'
import { demoPartners } from '#/publish/declaration/declaration.ts'
import type { Applied } from '#/publish/declaration/declaration.ts'

const examples = join(import.meta.dirname, '..', 'examples', 'solstice')

/** What was started, to be stopped in the opposite order. */
type Started = { readonly name: string; stop(): Promise<void> | void }

type Ports = { readonly public: Listener; readonly admin: Listener }

async function main(): Promise<void> {
  // V8 learns from requests in flight that such objects live long and makes them in the old generation, where each
  // keeps its request, answer and buffers alive until a full collection: 39 µs of CPU a call instead of 31
  // (bench/gateway.bench.ts).
  setFlagsFromString('--no-allocation-site-pretenuring')
  const config = readConfig(process.env)
  const log = createLog(config.logLevel)
  const started: Started[] = []
  const stop = stopper(started, log)
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void stop(0))
  process.on('uncaughtException', (error) => {
    log.fatal({ event: 'process.failed', err: error })
    void stop(1)
  })
  try {
    await start(config, log, started)
  } catch (error) {
    complain(error)
    await stop(1)
  }
}

async function start(config: Config, log: Log, started: Started[]): Promise<void> {
  prepareFolder(config.data)
  const lock = takeLock(join(config.data, 'portico.pid'), `The data folder ${config.data}`)
  started.push({ name: 'lock', stop: () => lock.release() })
  const ports = await openPorts(config, log)
  started.push({ name: 'ports', stop: () => drainPorts(ports, config.drainTime) })
  const [demo, ownerUrl] = await Promise.all([
    config.provider ? null : startDemo(config, log, started),
    config.databaseUrl ?? startDatabase(config, log, started),
  ])
  const scheme = config.tls ? 'https' : 'http'
  const publicUrl = config.publicUrl ?? `${scheme}://${nameOf(config.host)}:${ports.public.port}`
  const adminUrl = `http://${nameOf(config.adminHost)}:${ports.admin.port}`
  const app = await createApp({
    config,
    log,
    ownerUrl,
    publicUrl,
    adminUrl,
    provider: config.provider ?? join(examples, 'portico.yaml'),
    environment: { ...process.env, ...demo },
    demo: demo !== null,
  })
  started.push({ name: 'app', stop: () => app.close() })
  ports.public.serve(app.publicHandler)
  ports.admin.serve(app.adminHandler)
  welcome(config, { publicUrl, adminUrl, demo }, app)
}

/** Walkable by others, because the embedded database may run as another user; what is secret has its own mode. */
function prepareFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true })
    chmodSync(folder, 0o711)
  } catch (cause) {
    throw new Error(`The data folder ${folder} cannot be used: ${(cause as Error).message}`, { cause })
  }
}

async function openPorts(config: Config, log: Log): Promise<Ports> {
  const onTlsReload = (error: Error | null) =>
    error ? log.error({ event: 'tls.reload_failed', err: error }) : log.info({ event: 'tls.reloaded' })
  const admin = await listen({ host: config.adminHost, port: config.adminPort, setting: 'ADMIN_PORT' })
  const shared = { host: config.host, port: config.port, setting: 'PORT' }
  return { admin, public: await listen({ ...shared, tls: config.tls, onTlsReload }) }
}

async function drainPorts(ports: Ports, within: number): Promise<void> {
  await Promise.all([ports.public.drain(within), ports.admin.drain(within)])
}

/** The demo provider's two addresses, as the settings its portico.yaml asks for. */
async function startDemo(config: Config, log: Log, started: Started[]): Promise<Record<string, string>> {
  const child = await startChild({
    script: join(examples, 'server.ts'),
    pidFile: join(config.data, 'solstice.pid'),
    environment: (first) => ({
      PORT: portOf(first, 'live'),
      SANDBOX_PORT: portOf(first, 'sandbox'),
      SOLSTICE_EXIT_WITH_PARENT: '1',
    }),
    onExit: (code) => log.warn({ event: 'demo.exited', code }),
  })
  started.push({ name: 'demo provider', stop: () => child.stop() })
  const { listening } = child.greeting as { listening: { live: string; sandbox: string } }
  return { SOLSTICE_LIVE_URL: listening.live, SOLSTICE_SANDBOX_URL: listening.sandbox }
}

/** Any free port the first time, the same one ever after. */
function portOf(greeting: unknown, environment: 'live' | 'sandbox'): string {
  if (!greeting) return '0'
  return new URL((greeting as { listening: Record<string, string> }).listening[environment] ?? '').port
}

async function startDatabase(config: Config, log: Log, started: Started[]): Promise<string> {
  const embedded = await startEmbedded({ data: config.data, database: 'portico' })
  if (embedded.adopted)
    log.warn({ event: 'database.adopted' }, 'took over the database of a process that was killed')
  started.push({ name: 'database', stop: () => embedded.stop() })
  return embedded.url
}

function nameOf(host: string): string {
  return host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host.includes(':') ? `[${host}]` : host
}

/** Stops in order, once: ports first (open requests finish), the lock last. A second signal does not wait. */
function stopper(started: Started[], log: Log): (code: number) => Promise<void> {
  let stopping = false
  return async (code) => {
    if (stopping) {
      if (code === 0) process.exit(130)
      return
    }
    stopping = true
    // Open requests still need the application, and it needs the database to the last.
    const order = ['ports', 'app', 'demo provider', 'database', 'lock']
    for (const name of order) {
      const part = started.find((one) => one.name === name)
      try {
        await part?.stop()
      } catch (error) {
        log.error({ event: 'stop.failed', part: name, err: error })
        code = 1
      }
    }
    process.exit(code)
  }
}

/** One clear line for what the person who starts it can mend; the trace only where asked for. */
function complain(error: unknown): void {
  const lines = error instanceof ConfigError ? error.mistakes : [(error as Error).message]
  for (const line of lines) process.stderr.write(`portico: ${line}\n`)
  if (process.env.LOG_LEVEL === 'debug') process.stderr.write(`${(error as Error).stack ?? ''}\n`)
}

type Addresses = {
  readonly publicUrl: string
  readonly adminUrl: string
  /** Where the demo provider listens, in the demo. */
  readonly demo: Record<string, string> | null
}

function welcome(config: Config, addresses: Addresses, { applied, demoPeople }: App): void {
  const { publicUrl, adminUrl, demo } = addresses
  const file = join(config.data, 'demo.json')
  if (demo) {
    const provider = { live: demo.SOLSTICE_LIVE_URL, sandbox: demo.SOLSTICE_SANDBOX_URL }
    const partners = demoPartners(applied, demoPeople?.members ?? new Map())
    const facts = { publicUrl, adminUrl, operator: demoPeople?.operator, provider, partners }
    // Whole or not at all: whoever waits for the file may read it the moment it is there.
    writeFileSync(`${file}.new`, `${JSON.stringify(facts, null, 2)}\n`, { mode: 0o600 })
    renameSync(`${file}.new`, file)
  }
  const lines = [
    '',
    `Portico serves ${applied.provider.name}`,
    `  partners    ${publicUrl}`,
    `  operators   ${adminUrl}`,
    ...keyLines(applied),
    ...(demo ? ['', 'Try it:', ...demoCalls(publicUrl, applied), '', `These facts stand in ${file}.`] : []),
    'Stop with Ctrl-C; open calls finish first.',
    '',
  ]
  process.stdout.write(`${lines.join('\n')}\n`)
}

/** Keys that are known now: the demo's at every start, a provider's own when they are made. */
function keyLines(applied: Applied): string[] {
  const partners = applied.partners.filter((partner) => partner.keys.length > 0)
  if (partners.length === 0) return []
  return [
    '',
    'API keys',
    ...partners.flatMap((partner) =>
      partner.keys.map(
        (key) =>
          `  ${partner.name.padEnd(12)}${partner.package.padEnd(12)}${key.environment.padEnd(9)}${key.key}`,
      ),
    ),
  ]
}

/** Three calls that work when pasted: one that is allowed, one that is refused with its reason, and what was counted. */
function demoCalls(publicUrl: string, applied: Applied): string[] {
  const keyOf = (name: string) =>
    applied.partners
      .find((partner) => partner.package === name)
      ?.keys.find((key) => key.environment === 'live')?.key
  const curl = (key: string | undefined, path: string) =>
    `  curl -sS -H 'Authorization: Bearer ${key ?? ''}' '${publicUrl}${path}'`
  return [
    curl(keyOf('starter'), '/api/products?limit=2'),
    curl(keyOf('starter'), '/api/designs'),
    curl(keyOf('enterprise'), '/partner/usage'),
  ]
}

await main().catch((error: unknown) => {
  complain(error)
  process.exitCode = 1
})
