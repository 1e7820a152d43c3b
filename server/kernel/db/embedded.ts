/**
 * The embedded database: a real PostgreSQL as a child process, for those who have none.
 *
 * The server runs in a session of its own, so that Ctrl-C in a terminal does not stop it under a draining
 * gateway; the price is that it outlives a killed parent, so a start first looks for such an orphan and
 * adopts it (its `postmaster.pid` says process and port).
 */
import { spawn, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import { installation } from '#/kernel/db/binaries.ts'
import type { Installation } from '#/kernel/db/binaries.ts'

export type Embedded = {
  /** Owner's connection string (a secret). */
  readonly url: string
  /** True when it was already running: an orphan of a process that was killed. */
  readonly adopted: boolean
  /** Fast shutdown; resolves when the server is gone. */
  readonly stop: () => Promise<void>
}

type Options = {
  /** The data folder of this installation, absolute. */
  readonly data: string
  readonly database: string
  /** More `-c` settings, `fsync=off` in tests. */
  readonly parameters?: readonly string[]
}

export async function startEmbedded(options: Options): Promise<Embedded> {
  mkdirSync(options.data, { recursive: true, mode: 0o711 })
  const place = installation(options.data)
  const password = ownerPassword(options.data)
  if (!existsSync(join(place.dataDirectory, 'PG_VERSION'))) initialise(place, options.data)
  const running = await adopt(place, password)
  const server = running ?? (await launch(place, options, password))
  await ensureDatabase(server.port, password, options.database)
  return {
    url: urlOf(server.port, password, options.database),
    adopted: running !== null,
    stop: () => stop(place, server.pid),
  }
}

function urlOf(port: number, password: string, database: string): string {
  return `postgres://postgres:${password}@127.0.0.1:${port}/${database}`
}

function ownerPassword(data: string): string {
  const file = join(data, 'postgres.password')
  if (!existsSync(file)) writeFileSync(file, randomBytes(24).toString('hex'), { mode: 0o600 })
  return readFileSync(file, 'utf8').trim()
}

function identity(place: Installation) {
  return place.user ? { uid: place.user.uid, gid: place.user.gid } : {}
}

function initialise(place: Installation, data: string): void {
  rmSync(place.dataDirectory, { recursive: true, force: true })
  mkdirSync(place.dataDirectory, { recursive: true, mode: 0o700 })
  if (place.user) chownSync(place.dataDirectory, place.user.uid, place.user.gid)
  // A file rather than a pipe: the other user may not open a pipe of root's by its name.
  const passwordFile = join(mkdtempSync(join(tmpdir(), 'portico-')), 'password')
  writeFileSync(passwordFile, `${ownerPassword(data)}\n`, { mode: 0o600 })
  if (place.user) {
    chownSync(passwordFile, place.user.uid, place.user.gid)
    chownSync(dirname(passwordFile), place.user.uid, place.user.gid)
  }
  const done = spawnSync(
    place.initdb,
    [
      `--pgdata=${place.dataDirectory}`,
      '--username=postgres',
      '--auth=scram-sha-256',
      `--pwfile=${passwordFile}`,
      '--encoding=UTF8',
      '--locale-provider=builtin',
      '--locale=C.UTF-8',
      '--no-instructions',
    ],
    {
      ...identity(place),
      encoding: 'utf8',
      env: { ...process.env, LC_ALL: 'C' },
      cwd: '/',
    },
  )
  rmSync(dirname(passwordFile), { recursive: true })
  if (done.status !== 0) {
    rmSync(place.dataDirectory, { recursive: true, force: true })
    const reason = (done.stderr || String(done.error))
      .trim()
      .split('\n')
      .findLast((line) => /error|FATAL|could not/i.test(line))
    throw new Error(
      `The embedded PostgreSQL could not be set up in ${place.dataDirectory}: ${reason ?? done.stderr}`,
    )
  }
}

/** Process and port of the server that runs on this folder, from its own pid file; null when there is none. */
function runningServer(place: Installation): { pid: number; port: number } | null {
  const file = join(place.dataDirectory, 'postmaster.pid')
  if (!existsSync(file)) return null
  const lines = readFileSync(file, 'utf8').split('\n')
  const [pid, port] = [Number(lines[0]), Number(lines[3])]
  return Number.isInteger(pid) && pid > 0 && port > 0 && isPostgres(pid) ? { pid, port } : null
}

/** Alive and, where /proc can tell, really a PostgreSQL: the number may have gone to another program. */
function isPostgres(pid: number): boolean {
  if (!alive(pid)) return false
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('postgres')
  } catch {
    return true
  }
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

async function adopt(place: Installation, password: string): Promise<{ pid: number; port: number } | null> {
  const server = runningServer(place)
  if (!server) return null
  if (await answers(server.port, password, 10_000)) return server
  await stop(place, server.pid)
  return null
}

/** Tries until the server accepts a query, refuses the password, or the time (milliseconds) is up. */
async function answers(
  port: number,
  password: string,
  within: number,
  gone: () => boolean = () => false,
): Promise<boolean> {
  for (let waited = 0; waited < within && !gone(); waited += 50) {
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
      if ((error as { code?: string }).code === '28P01') return false
      await delay(50)
    } finally {
      await client.end().catch(() => {})
    }
  }
  return false
}

async function launch(place: Installation, options: Options, password: string) {
  // A server that was killed leaves children for a moment, and its successor refuses to start beside them.
  let last = ''
  for (let attempt = 1; attempt <= 5; attempt += 1) {
    const port = await freePort()
    const logFile = join(options.data, 'postgres.log')
    const log = openSync(logFile, 'w')
    const child = spawn(place.postgres, argumentsOf(place, port, options.parameters ?? []), {
      ...identity(place),
      detached: true,
      stdio: ['ignore', log, log],
      cwd: '/',
      env: { ...process.env, LC_ALL: 'C' },
    })
    closeSync(log)
    chmodSync(logFile, 0o600)
    let exited = false
    child.once('exit', () => (exited = true))
    child.once('error', () => (exited = true))
    if ((await answers(port, password, 60_000, () => exited)) && child.pid) {
      child.unref()
      return { pid: child.pid, port }
    }
    last =
      readFileSync(logFile, 'utf8')
        .trim()
        .split('\n')
        .findLast((line) => /FATAL|PANIC|ERROR/.test(line)) ?? ''
    if (child.pid && alive(child.pid)) process.kill(child.pid, 'SIGQUIT')
    await delay(400 * attempt)
  }
  throw new Error(`The embedded PostgreSQL does not start (${join(options.data, 'postgres.log')}): ${last}`)
}

function argumentsOf(place: Installation, port: number, parameters: readonly string[]): string[] {
  const settings = [
    'listen_addresses=127.0.0.1',
    `port=${port}`,
    'unix_socket_directories=',
    'max_connections=200',
    'shared_buffers=256MB',
    'wal_compression=on',
    'log_min_messages=warning',
    ...parameters,
  ]
  return ['-D', place.dataDirectory, ...settings.flatMap((setting) => ['-c', setting])]
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

async function ensureDatabase(port: number, password: string, database: string): Promise<void> {
  const client = new pg.Client({ connectionString: urlOf(port, password, 'postgres') })
  await client.connect()
  try {
    const found = await client.query('select 1 from pg_database where datname = $1', [database])
    if (found.rowCount === 0) await client.query(`create database ${client.escapeIdentifier(database)}`)
  } catch (error) {
    // 42P04, 23505: another process made it between the two statements.
    if (!['42P04', '23505'].includes((error as { code?: string }).code ?? '')) throw error
  } finally {
    await client.end()
  }
}

/** SIGINT is PostgreSQL's fast shutdown: open transactions are rolled back, everything committed is on disk. */
async function stop(place: Installation, pid: number): Promise<void> {
  for (const [signal, tries] of [
    ['SIGINT', 400],
    ['SIGQUIT', 100],
    ['SIGKILL', 40],
  ] as const) {
    if (!isPostgres(pid)) return
    process.kill(pid, signal)
    for (let i = 0; i < tries && alive(pid) && !zombie(pid); i += 1) await delay(25)
    if (!alive(pid) || zombie(pid)) return
  }
  throw new Error(`The embedded PostgreSQL (process ${pid}, ${place.dataDirectory}) does not stop`)
}

/** Our own child that has ended but is not yet reaped still answers to signal 0. */
function zombie(pid: number): boolean {
  try {
    return /^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}
