/** The program: reads the settings, starts the parts in order, says where it is, and stops cleanly. */
import { chmodSync, existsSync, mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { App } from '#/app.ts'
import { systemClock } from '#/kernel/clock/clock.ts'
import { ConfigError, readConfig } from '#/kernel/config/config.ts'
import type { Config } from '#/kernel/config/config.ts'
import { startEmbedded } from '#/kernel/db/db.ts'
import { listen } from '#/kernel/http/http.ts'
import type { Listener } from '#/kernel/http/http.ts'
import { createLog } from '#/kernel/log/log.ts'
import type { Log } from '#/kernel/log/log.ts'
import { startChild, takeLock } from '#/kernel/process/process.ts'

const examples = join(import.meta.dirname, '..', 'examples', 'solstice')

type Environment = Readonly<Record<string, string | undefined>>

/** What was started, to be stopped in the opposite order. */
type Started = { readonly name: string; stop(): Promise<void> | void }

type Ports = { readonly public: Listener; readonly admin: Listener }

type Scene = {
  readonly config: Config
  readonly log: Log
  readonly environment: Environment
  readonly started: Started[]
}

/** Resolves when everything serves, or has stopped again. */
export async function run(environment: Environment): Promise<void> {
  let config: Config
  try {
    config = readConfig(environment)
  } catch (error) {
    complain(error, environment)
    process.exitCode = 1
    return
  }
  const log = createLog(config.logLevel)
  const started: Started[] = []
  // A moment later, so that a signal is heard before anything is taken that would be left behind.
  const starting = Promise.resolve().then(() => start({ config, log, environment, started }))
  const stop = stopper(starting, started, log)
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void stop(0, signal))
  process.on('uncaughtException', (error) => {
    log.fatal({ event: 'process.failed', err: error })
    void stop(1, 'uncaught exception')
  })
  try {
    await starting
  } catch (error) {
    complain(error, environment)
    await stop(1, null)
  }
}

async function start({ config, log, environment, started }: Scene): Promise<void> {
  prepareFolder(config.data)
  const lock = takeLock(join(config.data, 'portico.pid'), `The data folder ${config.data}`)
  started.push({ name: 'lock', stop: () => lock.release() })
  const ports = await openPorts(config, log)
  started.push({ name: 'ports', stop: () => drainPorts(ports, config.drainTime) })
  // Loading the program takes as long as the database and the demo take to come up beside it.
  const [{ createApp }, { welcome }, demo, ownerUrl] = await all([
    import('#/app.ts'),
    import('#/welcome.ts'),
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
    environment: { ...environment, ...demo },
    demo: demo !== null,
  })
  started.push({ name: 'app', stop: () => app.close() })
  app.serve(ports)
  logReady(log, app, { publicUrl, adminUrl })
  process.stdout.write(welcome(config, { publicUrl, adminUrl, demo }, app))
}

/** Like `Promise.all`, but settles when everything has: what fails must not leave the rest to start behind its back. */
async function all<T extends readonly unknown[]>(work: T): Promise<{ [K in keyof T]: Awaited<T[K]> }> {
  await Promise.allSettled(work)
  return Promise.all(work)
}

function prepareFolder(folder: string): void {
  try {
    makeFolder(folder)
  } catch (cause) {
    throw new Error(`The data folder ${folder} cannot be used: ${(cause as Error).message}`, { cause })
  }
}

/**
 * Walkable by others, because the embedded database may run as another user; what is secret has its own mode.
 * A folder that was there keeps the mode it has. (`recursive` turns in circles where a file system takes no folder.)
 */
function makeFolder(folder: string): void {
  if (existsSync(folder)) return
  makeFolder(dirname(folder))
  mkdirSync(folder)
  chmodSync(folder, 0o711)
}

async function openPorts(config: Config, log: Log): Promise<Ports> {
  const onTlsReload = (error: Error | null) =>
    error ? log.error({ event: 'tls.reload_failed', err: error }) : log.info({ event: 'tls.reloaded' })
  const inside = { setting: 'ADMIN_PORT', hostSetting: 'ADMIN_HOST' }
  const outside = { setting: 'PORT', hostSetting: 'HOST', tls: config.tls, onTlsReload }
  return {
    admin: await listen({ host: config.adminHost, port: config.adminPort, ...inside }),
    public: await listen({ host: config.host, port: config.port, ...outside }),
  }
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
  embedded.keep((event, err) => log.error({ event: `database.${event}`, ...(err && { err }) }))
  started.push({ name: 'database', stop: () => embedded.stop() })
  return embedded.url
}

function nameOf(host: string): string {
  return host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host.includes(':') ? `[${host}]` : host
}

function logReady(log: Log, app: App, addresses: { publicUrl: string; adminUrl: string }): void {
  const { provider, partners } = app.applied
  log.info({
    event: 'ready',
    ...addresses,
    provider: provider.name,
    partners: partners.length,
    snapshot: app.snapshotVersion(),
    node: process.version,
    // The clock that never jumps begins with the process.
    milliseconds: Math.round(systemClock().monotonicUs() / 1000),
  })
}

/** Open requests still need the application, and it needs the database to the last. */
const stopOrder = ['ports', 'app', 'demo provider', 'database', 'lock']

/** How long a stop waits for a start that is under way, so that nothing is left behind by either. Milliseconds. */
const startPatience = 15_000

/** npm hands Ctrl-C on to a program that the terminal told already: within this time it is the same one. Milliseconds. */
const sameSignal = 500

/** Stops in order, once. A second signal does not wait. `why`: null where the reason has been told. */
function stopper(starting: Promise<void>, started: Started[], log: Log) {
  const clock = systemClock()
  let since: number | null = null
  return async (code: number, why: string | null): Promise<void> => {
    if (since !== null) {
      if (code === 0 && clock.monotonicUs() - since > sameSignal * 1000) process.exit(130)
      return
    }
    since = clock.monotonicUs()
    if (why) log.info({ event: 'stopping', why })
    await Promise.race([starting.catch(() => {}), delay(startPatience, null, { ref: false })])
    for (const name of stopOrder) {
      const part = started.find((one) => one.name === name)
      try {
        await part?.stop()
      } catch (error) {
        log.error({ event: 'stop.failed', part: name, err: error })
        code = 1
      }
    }
    const milliseconds = Math.round((clock.monotonicUs() - since) / 1000)
    if (why) log.info({ event: 'stopped', milliseconds, code })
    process.exit(code)
  }
}

/** One clear line for what the person who starts it can mend; the trace only where asked for. */
function complain(error: unknown, environment: Environment): void {
  const lines = error instanceof ConfigError ? error.mistakes : [(error as Error).message]
  for (const line of lines) process.stderr.write(`portico: ${line}\n`)
  if (environment.LOG_LEVEL === 'debug') process.stderr.write(`${(error as Error).stack ?? ''}\n`)
}
