/**
 * The embedded database: a real PostgreSQL as a child process, for those who have none.
 *
 * The server runs in a session of its own, so that Ctrl-C in a terminal does not stop it under a draining
 * gateway; the price is that it outlives a killed parent, so a start first looks for such an orphan and
 * adopts it (its `postmaster.pid` says process and port).
 */
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import { installation } from '#/kernel/db/binaries.ts'
import type { Installation } from '#/kernel/db/binaries.ts'
import { ensureCluster } from '#/kernel/db/cluster.ts'
import { adopt, launch, lives, running, stopPostmaster, urlOf } from '#/kernel/db/postmaster.ts'
import type { LaunchOptions, Postmaster } from '#/kernel/db/postmaster.ts'

export type Embedded = {
  /** Owner's connection string (a secret). */
  readonly url: string
  /** True when it was already running: an orphan of a process that was killed. */
  readonly adopted: boolean
  /** From now on a server that ends by itself is started again, on its port: whoever used it finds it there. */
  readonly keep: (told: Told) => void
  /** Fast shutdown; resolves when the server is gone. */
  readonly stop: () => Promise<void>
}

/** What befell a server that is kept. */
export type Told = (event: 'ended' | 'restarted' | 'not_restarted', error: Error | null) => void

type Options = {
  /** The data folder of this installation, absolute. */
  readonly data: string
  readonly database: string
  /** More `-c` settings, `fsync=off` in tests. */
  readonly parameters?: readonly string[]
}

export async function startEmbedded(options: Options): Promise<Embedded> {
  mkdirSync(options.data, { recursive: true, mode: 0o711 })
  const data = realpathSync(options.data)
  const place = installation(data)
  const password = ownerPassword(data)
  await ensureCluster(place, password)
  const logFile = join(data, 'postgres.log')
  const launching = { logFile, password, parameters: options.parameters ?? [] }
  const orphan = await adopt(place, password)
  if (!orphan) rmSync(logFile, { force: true })
  const server = orphan ?? (await launch(place, launching))
  await ensureDatabase(server.port, password, options.database)
  return {
    url: urlOf(server.port, password, options.database),
    adopted: orphan !== null,
    ...createKeeper(place, server, launching),
  }
}

function ownerPassword(data: string): string {
  const file = join(data, 'postgres.password')
  const found = existsSync(file) ? readFileSync(file, 'utf8').trim() : ''
  if (found !== '') return found
  const made = randomBytes(24).toString('hex')
  writeFileSync(file, made, { mode: 0o600 })
  return made
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

/** Milliseconds. An adopted server is nobody's child, so its end is looked for; our own is found the same way. */
const lookEvery = 200
const longestPause = 5000

function createKeeper(place: Installation, first: Postmaster, options: Omit<LaunchOptions, 'port'>) {
  const { port } = first
  let { pid } = first
  let looking: NodeJS.Timeout | undefined
  let restarting: Promise<void> | null = null
  const stopping = new AbortController()

  async function restart(told: Told): Promise<void> {
    told('ended', null)
    for (let pause = lookEvery; !stopping.signal.aborted; pause = Math.min(pause * 2, longestPause)) {
      try {
        ;({ pid } = await launch(place, { ...options, port }))
        return told('restarted', null)
      } catch (error) {
        told('not_restarted', error as Error)
        await delay(pause)
      }
    }
  }

  return {
    keep(told: Told): void {
      looking ??= setInterval(() => {
        if (restarting || lives(place, pid)) return
        restarting = restart(told).finally(() => (restarting = null))
      }, lookEvery).unref()
    },
    async stop(): Promise<void> {
      stopping.abort()
      clearInterval(looking)
      await restarting
      await stopPostmaster(place, running(place)?.pid ?? pid)
    },
  }
}
