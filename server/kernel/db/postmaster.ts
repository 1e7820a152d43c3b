/** The embedded server as a process: found, started, asked whether it answers, and stopped. */
import { spawn } from 'node:child_process'
import { chmodSync, closeSync, existsSync, openSync, readFileSync, statSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import { systemClock } from '#/kernel/clock/clock.ts'
import type { Installation } from '#/kernel/db/binaries.ts'

export type Postmaster = { readonly pid: number; readonly port: number }

export type LaunchOptions = {
  /** The server's own log is written here. */
  readonly logFile: string
  readonly password: string
  /** More `-c` settings. */
  readonly parameters: readonly string[]
  /** Undefined: any free one. */
  readonly port?: number
}

export function urlOf(port: number, password: string, database: string): string {
  return `postgres://postgres:${password}@127.0.0.1:${port}/${database}`
}

/** The server that runs on this folder, from its own pid file; null when there is none. */
export function running(place: Installation): Postmaster | null {
  const file = join(place.dataDirectory, 'postmaster.pid')
  if (!existsSync(file)) return null
  const lines = readFileSync(file, 'utf8').split('\n')
  const [pid, port] = [Number(lines[0]), Number(lines[3])]
  return Number.isInteger(pid) && pid > 0 && port > 0 && lives(place, pid) ? { pid, port } : null
}

/** Alive and, where /proc can tell, the server of this folder: the number may have gone to another program. */
export function lives(place: Installation, pid: number): boolean {
  try {
    process.kill(pid, 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false
  }
  if (!existsSync('/proc/self/cmdline')) return true
  try {
    // Of a process that has ended and was not yet waited for, the command line is empty.
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(place.dataDirectory)
  } catch {
    return false
  }
}

/** How long a server may say nothing at all, in milliseconds. One that recovers says so, and has all the time it needs. */
const mostSilence = { adopted: 10_000, launched: 60_000 } as const

/** The running server if it answers; one that does not is stopped. */
export async function adopt(place: Installation, password: string): Promise<Postmaster | null> {
  const server = running(place)
  if (!server) return null
  const gone = () => !lives(place, server.pid)
  if (await answers(server.port, password, mostSilence.adopted, gone)) return server
  await stopPostmaster(place, server.pid)
  return null
}

async function answers(
  port: number,
  password: string,
  patience: number,
  gone: () => boolean,
): Promise<boolean> {
  const clock = systemClock()
  let heard = clock.monotonicUs()
  for (let tries = 0; !gone() && clock.monotonicUs() - heard < patience * 1000; tries += 1) {
    const client = new pg.Client({
      connectionString: urlOf(port, password, 'postgres'),
      connectionTimeoutMillis: 2000,
    })
    client.on('error', () => {})
    try {
      await client.connect()
      await client.query('select 1')
      return true
    } catch (error) {
      const { code } = error as { code?: string }
      if (code === '28P01')
        throw new Error('its password is not the one in postgres.password', { cause: error })
      // cannot_connect_now: it starts, recovers or stops.
      if (code === '57P03') heard = clock.monotonicUs()
      await delay(tries < 100 ? 10 : 100)
    } finally {
      await client.end().catch(() => {})
    }
  }
  return false
}

/** Starts a server on the folder and waits until it answers. */
export async function launch(place: Installation, options: LaunchOptions): Promise<Postmaster> {
  let reason = ''
  // A server that was killed leaves children for a moment, and its successor refuses to start beside them.
  for (let attempt = 1; attempt <= 5; attempt += 1) {
    const port = options.port ?? (await freePort())
    const before = statSync(options.logFile, { throwIfNoEntry: false })?.size ?? 0
    const { pid, exited } = start(place, options, port)
    try {
      if ((await answers(port, options.password, mostSilence.launched, exited)) && pid) return { pid, port }
    } catch (error) {
      if (pid) await stopPostmaster(place, pid)
      throw notStarting(options, (error as Error).message, error)
    }
    reason = lastComplaint(readFileSync(options.logFile).subarray(before).toString())
    if (pid && lives(place, pid)) process.kill(pid, 'SIGQUIT')
    await delay(200 * attempt)
  }
  throw notStarting(options, reason)
}

function notStarting({ logFile }: LaunchOptions, reason: string, cause?: unknown): Error {
  return new Error(`The embedded PostgreSQL does not start: ${reason} (${logFile})`, { cause })
}

/** What the server said last before it gave up, without the time and the process. */
function lastComplaint(words: string): string {
  const lines = words.split('\n').filter((line) => /FATAL|PANIC|ERROR/.test(line))
  return (lines.at(-1) ?? 'it said nothing').replace(/^.*?(?=FATAL|PANIC|ERROR)/, '')
}

function start(place: Installation, options: LaunchOptions, port: number) {
  const log = openSync(options.logFile, 'a')
  chmodSync(options.logFile, 0o600)
  const settings = [
    'listen_addresses=127.0.0.1',
    `port=${port}`,
    'unix_socket_directories=',
    'max_connections=200',
    'shared_buffers=256MB',
    'wal_compression=on',
    'log_min_messages=warning',
    ...options.parameters,
  ]
  const child = spawn(
    place.postgres,
    ['-D', place.dataDirectory, ...settings.flatMap((setting) => ['-c', setting])],
    {
      ...place.user,
      detached: true,
      stdio: ['ignore', log, log],
      cwd: '/',
      env: { ...process.env, LC_ALL: 'C' },
    },
  )
  closeSync(log)
  let over = false
  child.once('exit', () => (over = true))
  child.once('error', () => (over = true))
  child.unref()
  return { pid: child.pid, exited: () => over }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() =>
        address && typeof address === 'object' ? resolve(address.port) : reject(new Error('no port')),
      )
    })
  })
}

/** SIGINT is PostgreSQL's fast shutdown: open transactions are rolled back, everything committed is on disk. */
export async function stopPostmaster(place: Installation, pid: number): Promise<void> {
  for (const [signal, tries] of [
    ['SIGINT', 400],
    ['SIGQUIT', 100],
    ['SIGKILL', 40],
  ] as const) {
    if (!lives(place, pid)) return
    process.kill(pid, signal)
    for (let i = 0; i < tries && lives(place, pid); i += 1) await delay(25)
  }
  if (lives(place, pid)) {
    throw new Error(`The embedded PostgreSQL (process ${pid}, ${place.dataDirectory}) does not stop`)
  }
}
