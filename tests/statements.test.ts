/** Every SQL statement of the server is prepared against the migrated database: names, types and grants fit. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testDatabase } from './support/database.ts'
import { statementsByFile } from './support/ownership/statements.ts'

const database = await testDatabase()

/** Areas whose tables stand in the worlds; the others' stand in control alone. */
const worldAreas = ['usage', 'money', 'webhooks', 'objects', 'operations', 'sandbox', 'kernel']

test('every statement prepares, in each world that runs it', async () => {
  const files = await statementsByFile()
  assert.ok(files.size >= 3, 'the stores were found')
  for (const [file, statements] of files) {
    const worlds = worldAreas.includes(file.split('/')[1] ?? '')
      ? [database.live, database.sandbox]
      : [database.control, database.live, database.sandbox]
    for (const world of worlds) {
      const client = await world.pool.connect()
      try {
        for (const [name, text] of Object.entries(statements)) {
          await client.query(`prepare probe as ${text}`).catch((error: Error) => {
            throw new Error(`${file} ${name} in ${world.name}: ${error.message}`, { cause: error })
          })
          await client.query('deallocate probe')
        }
      } finally {
        client.release()
      }
    }
  }
})
