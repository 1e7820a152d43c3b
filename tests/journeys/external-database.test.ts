/** The same journey on a PostgreSQL that somebody else runs, named by `DATABASE_URL`. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { emptyDatabase } from '../support/database.ts'
import { startPortico } from '../support/portico.ts'
import { firstCall } from './first-call.ts'

const { url, drop } = await emptyDatabase()
const portico = await startPortico({ DATABASE_URL: url })
after(async () => {
  await portico.stop()
  await drop()
})

test('no database of our own is started beside it', () => {
  assert.ok(!existsSync(join(portico.data, 'postgres.password')))
})

firstCall({ portico, environment: { PORTICO_DATA: portico.data, DATABASE_URL: url } })
