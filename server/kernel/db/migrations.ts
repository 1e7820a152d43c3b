/**
 * Forward-only migrations: files `server/<area>/<feature>/schema/NNNN-name.sql`, numbered through the whole
 * project. A header line `-- scope: control` or `-- scope: world` says where a file is applied; a world's
 * tables exist twice, in `live` and in `sandbox`.
 */
import { createHash } from 'node:crypto'
import { globSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import type pg from 'pg'

export type Schema = 'control' | 'live' | 'sandbox'

export type Migration = {
  readonly number: number
  readonly name: string
  readonly sql: string
  readonly sha256: string
  readonly schemas: readonly Schema[]
}

const scopes: Readonly<Record<string, readonly Schema[]>> = {
  control: ['control'],
  world: ['live', 'sandbox'],
}

/** Search path of each schema's transactions. */
export const searchPaths: Readonly<Record<Schema, string>> = {
  control: 'control',
  live: 'live, control',
  sandbox: 'sandbox, control',
}

const serverFolder = join(import.meta.dirname, '..', '..')

/** All migrations of the project in the order of their numbers. */
export function readMigrations(folder = serverFolder): Migration[] {
  const found = globSync('**/schema/[0-9][0-9][0-9][0-9]-*.sql', { cwd: folder }).map((file) =>
    readMigration(join(folder, file)),
  )
  found.sort((a, b) => a.number - b.number)
  for (const [i, migration] of found.entries()) {
    if (i > 0 && found[i - 1]?.number === migration.number) {
      throw new Error(`two migrations have the number ${migration.number}`)
    }
  }
  return found
}

function readMigration(file: string): Migration {
  const sql = readFileSync(file, 'utf8')
  const name = basename(file, '.sql')
  const scope = /^-- scope: (.+)$/m.exec(sql)?.[1] ?? ''
  const schemas = scope.split(/,\s*/).flatMap((word) => {
    const named = scopes[word]
    if (!named) throw new Error(`${name}: the header says no known scope (${scope})`)
    return named
  })
  return {
    number: Number(name.slice(0, 4)),
    name,
    sql,
    sha256: createHash('sha256').update(sql).digest('hex'),
    schemas,
  }
}

/** Names the set of migrations; a template database carries it in its name. */
export function migrationsDigest(migrations: readonly Migration[]): string {
  const hash = createHash('sha256')
  for (const migration of migrations) hash.update(migration.name).update(migration.sha256)
  return hash.digest('hex').slice(0, 12)
}

const versionTable = `
  create schema if not exists control;
  create schema if not exists live;
  create schema if not exists sandbox;
  create table if not exists control.kernel_migration (
    schema text not null,
    number integer not null,
    name text not null,
    sha256 text not null,
    applied_at timestamptz not null default clock_timestamp(),
    primary key (schema, number)
  )`

/** Applies what is missing, each file in a transaction of its own. The caller holds the lock. Returns how many were applied. */
export async function applyMigrations(
  client: pg.ClientBase,
  migrations: readonly Migration[],
): Promise<number> {
  await client.query(versionTable)
  const rows = await client.query<{ schema: Schema; number: number; sha256: string; name: string }>(
    'select schema, number, name, sha256 from control.kernel_migration',
  )
  const applied = new Map(rows.rows.map((row) => [`${row.schema} ${row.number}`, row]))
  refuseForeign(rows.rows, migrations)
  let count = 0
  for (const migration of migrations) {
    for (const schema of migration.schemas) {
      if (applied.has(`${schema} ${migration.number}`)) continue
      await applyOne(client, migration, schema)
      count += 1
    }
  }
  return count
}

function refuseForeign(
  rows: readonly { number: number; name: string; sha256: string }[],
  known: readonly Migration[],
) {
  for (const row of rows) {
    const mine = known.find((migration) => migration.number === row.number)
    if (!mine) {
      throw new Error(
        `The database has migration ${row.name}, which this version of Portico does not know; run the newer one`,
      )
    }
    if (mine.sha256 !== row.sha256) {
      throw new Error(
        `Migration ${row.name} was changed after it had been applied; migrations only go forward`,
      )
    }
  }
}

async function applyOne(client: pg.ClientBase, migration: Migration, schema: Schema): Promise<void> {
  await client.query('begin')
  try {
    // The version row first: a second migrator that slipped past the lock fails here and changes nothing.
    await client.query(
      'insert into control.kernel_migration (schema, number, name, sha256) values ($1, $2, $3, $4)',
      [schema, migration.number, migration.name, migration.sha256],
    )
    await client.query(`set local search_path to ${searchPaths[schema]}`)
    // Whoever waits for a table's lock holds up everyone behind it: rather fail, and be started again.
    await client.query(`set local lock_timeout to '10s'`)
    await client.query(migration.sql)
    await client.query('commit')
  } catch (cause) {
    await client.query('rollback')
    throw new Error(`Migration ${migration.name} failed in ${schema}: ${(cause as Error).message}`, { cause })
  }
}
