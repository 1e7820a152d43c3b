/** One owner a folder, whatever killed the last one. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { processMark, takeLock } from '#/kernel/process/process.ts'

const folder = mkdtempSync(join(tmpdir(), 'portico-lock-'))
after(() => rmSync(folder, { recursive: true }))

/** A mark of a process that has ended. */
async function deadMark(): Promise<string> {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'])
  const mark = processMark(child.pid ?? 0)
  assert.ok(mark)
  child.kill('SIGKILL')
  await once(child, 'exit')
  return mark
}

test('a mark names this process until it ends', async () => {
  assert.equal(processMark(process.pid), processMark(process.pid))
  assert.match(processMark(process.pid) ?? '', new RegExp(`^${process.pid} `))
  assert.equal(processMark(Number((await deadMark()).split(' ')[0])), null)
})

test('whoever holds it is named, and a release makes room', async () => {
  const file = join(folder, 'held')
  const owner = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'])
  writeFileSync(file, processMark(owner.pid ?? 0) ?? '')
  assert.throws(
    () => takeLock(file, 'The data folder x'),
    new RegExp(`^Error: The data folder x is in use by another Portico \\(process ${owner.pid}\\)`),
  )
  owner.kill('SIGKILL')
  await once(owner, 'exit')
  takeLock(file, 'x').release()
  assert.ok(!existsSync(file))
})

test('what a dead or half-written owner left is no lock', async () => {
  for (const left of [await deadMark(), '', 'rubbish', `${process.pid} 1`]) {
    const file = join(folder, 'left')
    writeFileSync(file, left)
    const lock = takeLock(file, 'x')
    assert.equal(readFileSync(file, 'utf8'), processMark(process.pid), left)
    lock.release()
  }
})

test('a lock that was taken over is not released by its old owner', () => {
  const file = join(folder, 'lost')
  const lock = takeLock(file, 'x')
  writeFileSync(file, '1 1')
  lock.release()
  assert.equal(readFileSync(file, 'utf8'), '1 1')
})

test('a place that cannot be written says so in a sentence', () => {
  const file = join(folder, 'plain')
  writeFileSync(file, '')
  assert.throws(
    () => takeLock(join(file, 'lock'), 'The data folder x'),
    /^Error: The data folder x cannot be/,
  )
})

test('of many who find a dead lock at once, one gets it', async () => {
  const file = join(folder, 'race')
  writeFileSync(file, await deadMark())
  const door = import.meta.resolve('#/kernel/process/process.ts')
  const program = `
    const { takeLock } = await import(${JSON.stringify(door)})
    process.stdin.once('data', () => {
      try { takeLock(${JSON.stringify(file)}, 'x'); console.log('mine') } catch { console.log('taken') }
    })
    console.log('ready')`
  const racers = Array.from({ length: 6 }, () => {
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    return { child, lines: linesOf(child.stdout) }
  })
  for (const { lines } of racers) assert.equal((await lines.next()).value, 'ready')
  for (const { child } of racers) child.stdin.write('go')
  const told = await Promise.all(racers.map(async ({ lines }) => (await lines.next()).value))
  assert.equal(told.filter((word) => word === 'mine').length, 1, told.join(' '))
  for (const { child } of racers) child.kill('SIGKILL')
  assert.deepEqual(
    readdirSync(folder).filter((name) => name.startsWith('race.')),
    [],
  )
})

async function* linesOf(stream: NodeJS.ReadableStream): AsyncGenerator<string> {
  for await (const bytes of stream) yield* String(bytes).trim().split('\n')
}
