/** The PostgreSQL of the tests: one embedded server for all test processes of a checkout. */
import { createHash } from 'node:crypto'
import { mkdirSync, rmdirSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { startEmbedded } from '#/kernel/db/db.ts'

/** Where the shared test server keeps its data; one per checkout. */
export function testServerFolder(): string {
  const checkout = createHash('sha256')
    .update(import.meta.dirname)
    .digest('hex')
    .slice(0, 8)
  return join(tmpdir(), `portico-test-${checkout}`)
}

/** Connection string of the server's maintenance database. */
export async function testServer(): Promise<string> {
  const external = process.env.TEST_DATABASE_URL
  if (external) return external
  const folder = testServerFolder()
  return locked(`${folder}.lock`, async () => {
    const parameters = ['fsync=off', 'full_page_writes=off', 'synchronous_commit=off']
    const server = await startEmbedded({ data: folder, database: 'tests', parameters })
    return server.url
  })
}

/** Stops the shared server, if it runs. */
export async function stopTestServer(): Promise<void> {
  if (process.env.TEST_DATABASE_URL) return
  const server = await startEmbedded({ data: testServerFolder(), database: 'tests' })
  await server.stop()
}

/** A folder as a lock between processes; one left by a killed process counts for 30 seconds. */
async function locked<T>(path: string, work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      mkdirSync(path)
      break
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
      const age = Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now())
      if (age > 30_000) rmdirSync(path)
      else await delay(25)
    }
  }
  try {
    return await work()
  } finally {
    rmdirSync(path)
  }
}
