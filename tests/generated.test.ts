/** What is generated and committed says what its generator says today. */

import assert from 'node:assert/strict'
import { globSync } from 'node:fs'
import { test } from 'node:test'
import { root } from '../scripts/commands.ts'
import { drifts } from '../scripts/drift.ts'
import { generators } from '../scripts/generators.ts'

test('no generated file has drifted (npm run generate)', async () => {
  const found = await drifts(generators, root)
  assert.deepEqual(
    found.map(({ file, reason }) => `${file} is ${reason}`),
    [],
  )
})

test('every page of the reference, and every contract of our own, has a generator', () => {
  const generated = new Set(generators.map(({ file }) => file))
  const there = globSync(['docs/reference/**/*.*', 'contracts/**/*.*'], { cwd: root })
  assert.deepEqual(
    there.map((path) => path.replaceAll('\\', '/')).filter((path) => !generated.has(path)),
    [],
  )
})
