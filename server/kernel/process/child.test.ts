/** A helper process lives as long as it is wanted: it comes back, where it was, and it goes. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { processMark, startChild } from '#/kernel/process/process.ts'
import type { Child } from '#/kernel/process/process.ts'

const folder = mkdtempSync(join(tmpdir(), 'portico-child-'))
after(() => rmSync(folder, { recursive: true }))

/** Says what it was given, and its number; tells a file whenever it comes up. */
const helper = join(folder, 'helper.mjs')
writeFileSync(
  helper,
  `console.log(JSON.stringify({ place: process.env.PLACE || 'fresh', pid: process.pid }))
   process.stdin.on('end', () => process.exit(0)).resume()`,
)

type Greeting = { readonly place: string; readonly pid: number }

type Told = { readonly exits: (number | null)[]; readonly starts: unknown[]; whenStarted: () => void }

function start(script: string, pidFile: string, told: Told): Promise<Child> {
  return startChild({
    script,
    pidFile,
    environment: (first) => {
      told.starts.push(first)
      told.whenStarted()
      return { PLACE: first ? `again at ${(first as Greeting).place}` : '' }
    },
    onExit: (code) => void told.exits.push(code),
  })
}

const nothingTold = (): Told => ({ exits: [], starts: [], whenStarted: () => {} })

test('one that dies is started again and told what it said at first; one that is stopped stays so', async () => {
  const pidFile = join(folder, 'again.pid')
  const told = nothingTold()
  const child = await start(helper, pidFile, told)
  const first = child.greeting as Greeting
  assert.equal(first.place, 'fresh')
  assert.equal(readFileSync(pidFile, 'utf8'), processMark(first.pid))
  const restarted = new Promise<void>((resolve) => (told.whenStarted = resolve))
  process.kill(first.pid, 'SIGKILL')
  await restarted
  assert.deepEqual(told.exits, [null])
  assert.deepEqual(told.starts, [undefined, first])
  await child.stop()
  assert.ok(!existsSync(pidFile))
})

test('one that was left by a killed predecessor is ended first, a stranger with its number is not', async () => {
  const pidFile = join(folder, 'orphan.pid')
  const orphan = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'])
  const stranger = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'])
  const gone = once(orphan, 'exit')
  writeFileSync(pidFile, processMark(orphan.pid ?? 0) ?? '')
  await (await start(helper, pidFile, nothingTold())).stop()
  assert.deepEqual(await gone, [null, 'SIGKILL'])
  writeFileSync(pidFile, `${stranger.pid} 1`)
  await (await start(helper, pidFile, nothingTold())).stop()
  assert.equal(stranger.exitCode, null)
  stranger.kill('SIGKILL')
})

test('one that ends or babbles at its start is an error that names it', async () => {
  const ends = join(folder, 'ends.mjs')
  writeFileSync(ends, 'process.exit(3)')
  await assert.rejects(start(ends, join(folder, 'e.pid'), nothingTold()), /ends\.mjs ended .*exit code 3/)
  const babbles = join(folder, 'babbles.mjs')
  writeFileSync(babbles, "console.log('hello'); setInterval(() => {}, 1000)")
  await assert.rejects(start(babbles, join(folder, 'b.pid'), nothingTold()), /babbles\.mjs greeted/)
})
