/** Banned calls and words are found where they are banned and nowhere else, on samples. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { banFindings, manifestFindings, skipFindings, wordFindings } from './habits.ts'

const path = 'server/usage/journal/journal.ts'

const bans = (text: string, at = path): number => banFindings([{ path: at, text }]).length

test('the time is asked of the clock', () => {
  for (const text of ['new Date()', 'Date.now()', 'performance.now()', 'process.hrtime.bigint()']) {
    assert.equal(bans(text), 1, text)
    assert.equal(bans(text, 'server/kernel/clock/clock.ts'), 0, text)
    assert.equal(bans(text, 'server/usage/journal/journal.test.ts'), 0, text)
    assert.equal(bans(text, 'scripts/check.ts'), 0, text)
  }
  for (const text of ['new Date(1)', 'Date.parse(x)', '// Date.now()\n', '"Date.now()"']) {
    assert.equal(bans(text), 0, text)
  }
})

test('the environment is read by the configuration; others may only pass it on', () => {
  assert.equal(bans('process.env.PORT'), 1)
  assert.equal(bans(`process['env']`), 1)
  assert.equal(bans('f({ ...process.env, A: 1 })'), 0)
  assert.equal(bans('process.env.PORT', 'server/kernel/config/config.ts'), 0)
  assert.equal(bans('process.env.PORT', 'server/main.ts'), 0)
})

test('the server writes to the log, not to the console', () => {
  assert.equal(bans('console.log(1)'), 1)
  assert.equal(bans('console.error(1)', 'server/main.ts'), 1)
  assert.equal(bans('console.log(1)', 'examples/solstice/main.ts'), 0)
})

test('a test that is left out', () => {
  const skips = (text: string, at = 'tests/x.test.ts') => skipFindings([{ path: at, text }]).length
  const verbs = ['skip', 'only', 'todo']
  for (const verb of verbs) {
    assert.equal(skips(`test.${verb}('x', () => {})`), 1)
    assert.equal(skips(`describe.${verb}('x', () => {})`), 1)
    assert.equal(skips(`t.${verb}()`), 1)
    assert.equal(skips(`test('x', { ${verb}: true }, () => {})`), 1)
    assert.equal(skips(`test('x', { ${verb}: !process.env.CI }, () => {})`), 1)
  }
  assert.equal(skips(`test('x', () => {})\nlist.skip(2)`), 0)
})

test('unfinished work, paths of a machine, names of registries', () => {
  const words = (text: string, at = 'docs/guides/start.md') => wordFindings([{ path: at, text }])
  const unfinished = ['TO', 'DO'].join('')
  assert.deepEqual(words(`one\n// ${unfinished}: two\n`), [
    `docs/guides/start.md:2: ${unfinished}; finish it, or open an issue`,
  ])
  for (const folder of ['work', 'root', 'home']) {
    assert.equal(words(`see ${['', folder, 'x'].join('/')}`).length, 1, folder)
    assert.equal(words(`https://example.com/${folder}/x`).length, 0, folder)
  }
  assert.equal(words(['https://registry', 'example', 'org/pkg'].join('.')).length, 1)
  assert.equal(words('the registry of problems').length, 0)
  assert.equal(words(unfinished, 'tests/fixtures/theirs.yaml').length, 0)
})

test('npm scripts are few, and the lock file names no address', () => {
  const scripts = (count: number) =>
    JSON.stringify({ scripts: Object.fromEntries(Array.from({ length: count }, (_, at) => [`s${at}`, ''])) })
  assert.equal(manifestFindings([{ path: 'package.json', text: scripts(10) }]).length, 0)
  assert.equal(manifestFindings([{ path: 'package.json', text: scripts(11) }]).length, 1)
  const lock = (line: string) => manifestFindings([{ path: 'package-lock.json', text: `{ ${line} }` }]).length
  assert.equal(lock('"resolved": "https://example.com/a.tgz"'), 1)
  assert.equal(lock('"resolved": "web"'), 0)
})
