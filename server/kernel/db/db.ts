/** The door of the database: opening it, migrating it, and the worlds that stand in it. */
import pg from 'pg'
import type { Clock } from '#/kernel/clock/clock.ts'
import { applyMigrations, readMigrations } from '#/kernel/db/migrations.ts'
import type { Schema } from '#/kernel/db/migrations.ts'
import type { AuditSink } from '#/kernel/db/actor.ts'
import { ensureRoles, readRoles, roleName, schemas } from '#/kernel/db/roles.ts'
import type { Roles } from '#/kernel/db/roles.ts'
import type { World } from '#/kernel/db/world.ts'

export { DatabaseAway, isAway } from '#/kernel/db/away.ts'
export { startEmbedded } from '#/kernel/db/embedded.ts'
export type { Embedded } from '#/kernel/db/embedded.ts'
export { migrationsDigest, readMigrations } from '#/kernel/db/migrations.ts'
export { createProbe } from '#/kernel/db/probe.ts'
export { transact } from '#/kernel/db/tx.ts'
export type { World } from '#/kernel/db/world.ts'
export type { Actor } from '#/kernel/db/actor.ts'
export type { AuditLine, AuditSink, Queryable } from '#/kernel/db/actor.ts'
export type { Tx } from '#/kernel/db/tx.ts'

export type Database = {
  /** Owner's connection string: for migrations, jobs and LISTEN. A secret. */
  readonly ownerUrl: string
  readonly control: World
  readonly live: World
  readonly sandbox: World
  /** From which the demo's keys are derived, so that they stay the same from start to start. A secret. */
  readonly demoSecret: string
  close(): Promise<void>
}

/** Any number; the same in every version, so that two versions do not migrate at once. */
const migrationLock = 7_301_942_511

/** PostgreSQL's version number form: 15.0. */
const oldestServer = 150_000

/** What a database holds; it is decided once, by the first start that says it. */
export type Holds = 'demo' | 'provider'

/**
 * Brings the database up to date and makes its roles. Safe from several nodes at once. With `holds` it refuses a
 * database that holds the other.
 */
export async function migrate(
  ownerUrl: string,
  extraSchemas: readonly string[] = [],
  holds?: Holds,
): Promise<Roles> {
  const client = new pg.Client({
    connectionString: ownerUrl,
    application_name: 'portico migrate',
    connectionTimeoutMillis: 10_000,
  })
  await connectOrExplain(client)
  try {
    await refuseUnfit(client)
    await client.query('select pg_advisory_lock($1)', [migrationLock])
    await applyMigrations(client, readMigrations())
    for (const schema of extraSchemas) await client.query(`create schema if not exists ${schema}`)
    const roles = await readRoles(client)
    if (holds) await claim(client, holds)
    await ensureRoles(client, roles, extraSchemas)
    return roles
  } finally {
    await client.end()
  }
}

/** Why a database that holds the one cannot take the other. */
const otherwise: Readonly<Record<Holds, string>> = {
  demo: 'holds the demo, whose keys are in many terminals; begin with an empty one: delete the data folder, or set PORTICO_DATA or DATABASE_URL',
  provider:
    'holds a provider of its own, whose contracts the demo would take down; set PORTICO_CONFIG, or another PORTICO_DATA to see the demo',
}

async function claim(client: pg.Client, holds: Holds): Promise<void> {
  const found = await client.query<{ holds: Holds }>(
    'update control.kernel_installation set holds = coalesce(holds, $1) returning holds',
    [holds],
  )
  const held = found.rows[0]?.holds ?? holds
  if (held !== holds) throw new Error(`This database ${otherwise[held]}`)
}

async function connectOrExplain(client: pg.Client): Promise<void> {
  // An idle connection that breaks would otherwise end the process with a trace.
  client.on('error', () => {})
  try {
    await client.connect()
  } catch (cause) {
    const place = `${client.host}:${client.port}/${client.database ?? ''}`
    throw new Error(`The database at ${place} cannot be opened: ${(cause as Error).message}`, { cause })
  }
}

/** Too old a server, or a user with too few rights, is told before anything is changed. */
async function refuseUnfit(client: pg.Client): Promise<void> {
  const shown = await client.query<{ server_version_num: string }>('show server_version_num')
  const version = Number(shown.rows[0]?.server_version_num)
  if (version < oldestServer) {
    throw new Error(
      `The database server is PostgreSQL ${Math.floor(version / 10_000)}; Portico needs 15 or later`,
    )
  }
  const found = await client.query<{ user: string; roles: boolean; schemas: boolean }>(
    `select current_user as user, rolsuper or rolcreaterole as roles,
       has_database_privilege(current_database(), 'create') as schemas
     from pg_roles where rolname = current_user`,
  )
  const { user, roles, schemas: mayCreate } = found.rows[0] ?? { user: '', roles: false, schemas: false }
  const name = client.escapeIdentifier(user)
  if (!roles) {
    throw new Error(
      `The database user ${user} may not create the roles of the worlds; as a superuser: alter role ${name} createrole`,
    )
  }
  if (!mayCreate) {
    const database = client.escapeIdentifier(client.database ?? '')
    throw new Error(
      `The database user ${user} may not create schemas; as its owner: alter database ${database} owner to ${name}`,
    )
  }
}

export type OpenOptions = {
  readonly ownerUrl: string
  readonly roles: Roles
  readonly clocks: Readonly<Record<Schema, Clock>>
  /** Connections per world. */
  readonly poolSize?: number
  readonly audit?: AuditSink
  /** Called when an idle connection breaks; the pool replaces it. */
  readonly onError?: (error: Error) => void
}

/** Opens the pools of a migrated database, each as its own role. */
export function openDatabase(options: OpenOptions): Database {
  const open = (schema: Schema): World => {
    const url = new URL(options.ownerUrl)
    url.username = roleName(options.roles, schema)
    url.password = options.roles.password
    const pool = new pg.Pool({
      connectionString: url.href,
      max: options.poolSize ?? 10,
      application_name: `portico ${schema}`,
      statement_timeout: 30_000,
      idle_in_transaction_session_timeout: 60_000,
      lock_timeout: 10_000,
      connectionTimeoutMillis: 10_000,
      // Of a server that was cut off without a word nobody else would notice for a quarter of an hour.
      query_timeout: 40_000,
      keepAlive: true,
    })
    pool.on('error', (error) => options.onError?.(error))
    // A connection that breaks while it is lent fails the statement that runs; it emits the error as well, which,
    // unheard, would end the process. The pool listens only to connections that lie idle.
    pool.on('connect', (client) => client.on('error', () => {}))
    return {
      name: schema,
      pool,
      clock: options.clocks[schema],
      ...(options.audit && { audit: options.audit }),
    }
  }
  const worlds = { control: open('control'), live: open('live'), sandbox: open('sandbox') }
  return {
    ownerUrl: options.ownerUrl,
    ...worlds,
    demoSecret: options.roles.demoSecret,
    close: async () => {
      await Promise.all(schemas.map((schema) => worlds[schema].pool.end()))
    },
  }
}
