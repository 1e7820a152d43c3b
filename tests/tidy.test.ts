/** Holds the code against the layout of `architecture.ts`. Each rule has its own small test in `support/tidy`. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { banFindings, manifestFindings, skipFindings, wordFindings } from './support/tidy/habits.ts'
import { importFindings } from './support/tidy/imports.ts'
import { readRepository } from './support/tidy/repository.ts'
import { firstLineFindings, folderFindings, nameFindings, sizeFindings } from './support/tidy/shape.ts'
import type { Source } from './support/tidy/source.ts'
import { tableFindings } from './support/tidy/tables.ts'

const rules: Readonly<Record<string, (sources: readonly Source[]) => readonly string[]>> = {
  'imports go down a floor or to an earlier feature, and through a door': importFindings,
  'tables are named after their area, and only it writes them': tableFindings,
  'functions and files are short': sizeFindings,
  'folders are small': folderFindings,
  'names are in kebab-case, and no folder is a drawer': nameFindings,
  'the first line of a file says why it exists': firstLineFindings,
  'clock, environment and console are used where they belong': banFindings,
  'no test is left out': skipFindings,
  'nothing is unfinished, and no text knows this machine': wordFindings,
  'few npm scripts, and a lock file without addresses': manifestFindings,
}

const repository = readRepository()

for (const [name, rule] of Object.entries(rules)) {
  test(name, () => {
    const findings = rule(repository)
    assert.ok(findings.length === 0, `\n${findings.join('\n')}\n`)
  })
}

test('the rules saw the repository', () => {
  const paths = new Set(repository.map(({ path }) => path))
  for (const path of [
    'package.json',
    'package-lock.json',
    'tests/architecture.ts',
    'server/kernel/id/id.ts',
  ]) {
    assert.ok(paths.has(path), path)
  }
})
