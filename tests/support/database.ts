/**
 * A migrated database of its own for each test file, cloned from a template in about 50 ms.
 *
 * The server is the embedded one, shared by all test processes of a checkout and left running for the next
 * run (`TEST_DATABASE_URL` names another). A database is dropped after its file passed; after a failure it
 * stays, and its address is printed.
 */
import { randomBytes } from 'node:crypto'
import { after, afterEach } from 'node:test'
import pg from 'pg'
import type { Clock } from '#/kernel/clock/clock.ts'
import { systemClock } from '#/kernel/clock/clock.ts'
import { migrate, migrationsDigest, openDatabase, readMigrations } from '#/kernel/db/db.ts'
import type { Database } from '#/kernel/db/db.ts'
import { jobsSchema } from '#/kernel/jobs/jobs.ts'
import { testServer } from './server.ts'

async function ensureTemplate(maintenance: string): Promise<string> {
  const name = `portico_template_${migrationsDigest(readMigrations())}`
  const client = new pg.Client({ connectionString: maintenance })
  await client.connect()
  try {
    // Any number of our own: one process makes the template, the others wait for it.
    await client.query('select pg_advisory_lock(7301942512)')
    const found = await client.query('select 1 from pg_database where datname = $1', [name])
    if (found.rowCount === 0) {
      const building = `${name}_building`
      await client.query(`drop database if exists ${building} with (force)`)
      await client.query(`create database ${building}`)
      await migrate(withDatabase(maintenance, building), [jobsSchema])
      await client.query(`alter database ${building} rename to ${name}`)
    }
    return name
  } finally {
    await client.end()
  }
}

function withDatabase(url: string, database: string): string {
  const changed = new URL(url)
  changed.pathname = `/${database}`
  return changed.href
}

/** A fresh, empty database (not migrated): its connection string, and the end of it. */
export async function emptyDatabase(): Promise<{ url: string; drop: () => Promise<void> }> {
  const maintenance = await testServer()
  const name = `test_${randomBytes(6).toString('hex')}`
  await statement(maintenance, `create database ${name}`)
  return {
    url: withDatabase(maintenance, name),
    drop: () => statement(maintenance, `drop database ${name} with (force)`),
  }
}

async function statement(url: string, text: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(text)
  } finally {
    await client.end()
  }
}

/** The owner's pool is for looking at what was written, whoever it belongs to: row-level security is not for owners. */
export type TestDatabase = Database & { readonly owner: pg.Pool }

/** The migrated database of this test file. Call it once at the top (`const database = await testDatabase()`). */
export async function testDatabase(clock: Clock = systemClock()): Promise<TestDatabase> {
  const maintenance = await testServer()
  const template = await ensureTemplate(maintenance)
  const name = `test_${randomBytes(6).toString('hex')}`
  await statement(maintenance, `create database ${name} template ${template}`)
  const ownerUrl = withDatabase(maintenance, name)
  const roles = await migrate(ownerUrl, [jobsSchema])
  const clocks = { control: clock, live: clock, sandbox: clock }
  const database = openDatabase({ ownerUrl, roles, clocks, poolSize: 4 })
  const owner = new pg.Pool({ connectionString: ownerUrl, max: 2, options: '-c search_path=control,live' })
  // A connection that is being closed may still hear that its database is dropped.
  owner.on('connect', (client) => client.on('error', () => {}))
  let failed = false
  afterEach((test) => {
    if ('passed' in test && !test.passed) failed = true
  })
  after(async () => {
    await Promise.all([database.close(), owner.end()])
    if (failed) console.log(`the database of this file was kept: psql '${ownerUrl}'`)
    else await statement(maintenance, `drop database ${name} with (force)`)
  })
  return { ...database, owner }
}
