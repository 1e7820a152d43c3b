/** A real part that is absent is an error with a remedy, never a test that quietly did less. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { run } from './commands.ts'
import { complaints, parts } from './parts.ts'

test('the embedded PostgreSQL is found, and runs', async () => {
  const program = parts.postgres.find()
  assert.ok(program !== null)
  assert.match((await run(program, ['--version'])).output, /^postgres \(PostgreSQL\) \d+/)
})

test('what is absent is named with its use and its remedy', () => {
  const absent = { name: 'thing', why: 'to measure', find: () => null }
  assert.deepEqual(complaints([{ ...absent, apt: 'thing-full' }, { ...absent, apt: null }, parts.postgres]), [
    'thing is missing (to measure); as root: apt-get install thing-full',
    'thing is missing (to measure); run `node scripts/bootstrap.mjs`',
  ])
})
