/** Drift is found and mended: a generated file that nobody regenerates is a lie in the repository. */

import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { drifts, write } from './drift.ts'

const generator = (file: string, text: string) => ({ file, make: async () => text })

test('missing and stale files are found, written, and then in order', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'portico-generate-'))
  t.after(() => rmSync(folder, { recursive: true }))
  writeFileSync(join(folder, 'stale.md'), 'old\n')
  writeFileSync(join(folder, 'fine.md'), 'fine\n')
  const table = [
    generator('stale.md', 'new\n'),
    generator('fine.md', 'fine\n'),
    generator('docs/reference/missing.md', 'here\n'),
  ]
  const found = await drifts(table, folder)
  assert.deepEqual(
    found.map(({ file, reason }) => [file, reason]),
    [
      ['stale.md', 'stale'],
      ['docs/reference/missing.md', 'missing'],
    ],
  )
  write(found, folder)
  assert.equal(readFileSync(join(folder, 'docs/reference/missing.md'), 'utf8'), 'here\n')
  assert.deepEqual(await drifts(table, folder), [])
})

test('two generators for one file are refused', async () => {
  await assert.rejects(
    drifts([generator('a.md', '1'), generator('a.md', '2')], tmpdir()),
    /two generators write a\.md/,
  )
})
