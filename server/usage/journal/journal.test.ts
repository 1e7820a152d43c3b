/** A batch stands wholly or not at all, is answered only when it stands, and a broken disk breaks nothing else. */
import assert from 'node:assert/strict'
import { openSync, readFileSync, readdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { mock, test } from 'node:test'
import type { ExchangeRecord } from '#/gateway/gateway.ts'
import { systemClock } from '#/kernel/clock/clock.ts'
import { newId } from '#/kernel/id/id.ts'
import { silentLog } from '#/kernel/log/log.ts'
import { openJournal, readPortion, realFiles } from '#/usage/journal/journal.ts'
import type { Entry, Files, Journal, JournalOptions } from '#/usage/journal/journal.ts'
import { kindsMost } from '#/usage/journal/refusals.ts'
import { anExchange, journalFolder, recorded, smallDisk } from '../../../tests/support/usage.ts'

const clock = systemClock()
const log = silentLog()

function open(options: Partial<JournalOptions> = {}): Journal {
  return openJournal({ folder: journalFolder(), sync: 'grouped', clock, log, ...options })
}

function segmentsOf(journal: Journal): string[] {
  return readdirSync(journal.folder).filter((name) => name.endsWith('.log'))
}

/** Everything that a reader would count, from all segments. */
function entriesOf(journal: Journal): Entry[] {
  return segmentsOf(journal).flatMap((name) =>
    readPortion(readFileSync(join(journal.folder, name)), 0, true, Infinity).found.map(({ entry }) => entry),
  )
}

function idsOf(journal: Journal): string[] {
  return entriesOf(journal).flatMap((entry) => (entry.kind === 'exchange' ? [entry.exchange.id] : []))
}

const several = (n: number): ExchangeRecord[] => Array.from({ length: n }, () => anExchange())

/** Files that count the calls made on them. */
function watched(files: Files = realFiles): Files & { calls: string[] } {
  const calls: string[] = []
  return {
    ...files,
    calls,
    write(...args) {
      calls.push('write')
      return files.write(...args)
    },
    datasync(fd, done) {
      calls.push('sync')
      files.datasync(fd, done)
    },
  }
}

test('the records of one turn of the event loop are one write, answered after it', async () => {
  const files = watched()
  const journal = open({ files })
  const list = several(50)
  const answered: string[] = []
  const all = list.map((one) => recorded(journal, one).then(() => answered.push(one.id)))
  assert.deepEqual(files.calls, [])
  assert.deepEqual(answered, [])
  await Promise.all(all)
  assert.deepEqual(files.calls, ['write'])
  assert.deepEqual(
    answered,
    list.map(({ id }) => id),
  )
  assert.deepEqual(idsOf(journal), answered)
  await journal.close()
  assert.equal(files.calls.at(-1), 'sync', 'a closed journal is forced out')
})

test('more than fits a batch comes in several, in order, and all are answered', async () => {
  for (const sync of ['grouped', 'always'] as const) {
    const journal = open({ sync })
    const list = several(2500)
    await Promise.all(list.map((one) => recorded(journal, one)))
    assert.deepEqual(
      idsOf(journal),
      list.map(({ id }) => id),
    )
    const last = several(1500)
    const answered = last.map((one) => recorded(journal, one))
    await journal.close()
    await Promise.all(answered)
    assert.equal(idsOf(journal).length, 4000)
  }
})

test('always: nobody is answered before the sync, and the next batch collects meanwhile', async () => {
  const syncs: (() => void)[] = []
  const files = watched({
    ...realFiles,
    datasync: (fd, done) => void syncs.push(() => realFiles.datasync(fd, done)),
  })
  const journal = open({ sync: 'always', files })
  let first = 0
  const one = several(10).map((record) => recorded(journal, record).then(() => (first += 1)))
  await new Promise(setImmediate)
  let second = 0
  const two = several(20).map((record) => recorded(journal, record).then(() => (second += 1)))
  await new Promise(setImmediate)
  await new Promise(setImmediate)
  assert.deepEqual(files.calls, ['write', 'sync'])
  assert.deepEqual([first, second, journal.confirmed().bytes], [0, 0, 0])
  syncs.shift()?.()
  await Promise.all(one)
  while (syncs.length === 0) await new Promise(setImmediate)
  assert.deepEqual([first, second], [10, 0])
  assert.deepEqual(files.calls, ['write', 'sync', 'write', 'sync'])
  syncs.shift()?.()
  await Promise.all(two)
  assert.equal(second, 20)
  await journal.close()
})

test('always: a sync that fails answers nobody, and what it was for does not count', async () => {
  let broken = true
  const files: Files = {
    ...realFiles,
    datasync: (fd, done) =>
      broken
        ? setImmediate(done, Object.assign(new Error('i/o error'), { code: 'EIO' }))
        : realFiles.datasync(fd, done),
  }
  const journal = open({ sync: 'always', files })
  await assert.rejects(recorded(journal, anExchange()), /i\/o error/)
  assert.deepEqual(idsOf(journal), [])
  broken = false
  const good = anExchange()
  await eventually(() => recorded(journal, good))
  assert.deepEqual(idsOf(journal), [good.id])
  assert.equal(segmentsOf(journal).length, 2, 'a file that failed to sync is not trusted again')
  await journal.close()
})

/** Until it works; the writer rests a moment after a failure. */
async function eventually(work: () => Promise<void>): Promise<void> {
  for (;;) {
    try {
      return await work()
    } catch {
      await new Promise(setImmediate)
    }
  }
}

test('a full disk refuses the batch whole, keeps what stood, and takes up again when there is room', async () => {
  const disk = smallDisk(1000)
  const journal = open({ files: disk })
  const before = several(2)
  for (const one of before) await recorded(journal, one)
  const outcomes = await Promise.allSettled(several(5).map((one) => recorded(journal, one)))
  assert.deepEqual(
    outcomes.map(({ status }) => status),
    Array.from({ length: 5 }, () => 'rejected'),
  )
  assert.equal(disk.room, 0, 'part of the batch was written')
  assert.deepEqual(
    idsOf(journal),
    before.map(({ id }) => id),
  )
  disk.room = 100_000
  const after = several(3)
  await Promise.all(after.map((one) => recorded(journal, one)))
  assert.deepEqual(
    idsOf(journal),
    [...before, ...after].map(({ id }) => id),
  )
  assert.equal(segmentsOf(journal).length, 1)
  await journal.close()
})

test('a batch that cannot be cut away again does not count either', async () => {
  const disk = smallDisk(1000)
  disk.truncate = () => {
    throw Object.assign(new Error('i/o error'), { code: 'EIO' })
  }
  const journal = open({ files: disk })
  const before = anExchange()
  await recorded(journal, before)
  await Promise.allSettled(several(5).map((one) => recorded(journal, one)))
  disk.room = 100_000
  const after = anExchange()
  await eventually(() => recorded(journal, after))
  assert.deepEqual(idsOf(journal), [before.id, after.id])
  assert.equal(segmentsOf(journal).length, 2)
  await journal.close()
})

test('the real device that is always full', async () => {
  let full = true
  const create = (path: string) => (full ? openSync('/dev/full', 'a') : realFiles.create(path))
  const journal = open({ files: { ...realFiles, create } })
  await assert.rejects(recorded(journal, anExchange()), { code: 'ENOSPC' })
  full = false
  const good = anExchange()
  await eventually(() => recorded(journal, good))
  assert.deepEqual(idsOf(journal), [good.id])
  await journal.close()
})

test('ends of streams and counted refusals outlive a full disk', async () => {
  const disk = smallDisk(0)
  const journal = open({ files: disk })
  const end = { id: newId(), environment: 'live', durationUs: 5, responseBytes: 9, code: null } as const
  journal.finish(end)
  await assert.rejects(recorded(journal, anExchange()), { code: 'ENOSPC' })
  disk.room = 100_000
  const good = anExchange()
  await recorded(journal, good)
  await journal.close()
  assert.deepEqual(entriesOf(journal), [
    { kind: 'end', end },
    { kind: 'exchange', exchange: good },
  ])
})

test('segments turn by size, and records keep their order across them', async () => {
  const journal = open({ segmentBytes: 2000 })
  const list = several(40)
  for (const one of list) await recorded(journal, one)
  assert.ok(segmentsOf(journal).length >= 5)
  assert.deepEqual(
    idsOf(journal),
    list.map(({ id }) => id),
  )
  await journal.close()
})

test('segments turn by age', async () => {
  let now = 0
  const journal = open({ clock: { ...clock, monotonicUs: () => now }, segmentAge: 1000 })
  await recorded(journal, anExchange())
  now = 900_000
  await recorded(journal, anExchange())
  assert.equal(segmentsOf(journal).length, 1)
  now = 1_100_000
  await recorded(journal, anExchange())
  assert.equal(segmentsOf(journal).length, 2)
  await journal.close()
})

test('a flood of refusals is a few lines, and none is lost from the sum', async () => {
  const journal = open()
  for (let i = 0; i < 10_000; i += 1) {
    journal.refuse({ status: 401, code: 'gateway.unknown_key', operation: i % 2 ? 'listProjects' : null })
  }
  for (let i = 0; i < kindsMost * 2; i += 1)
    journal.refuse({ status: 404, code: `code${i}`, operation: null })
  await journal.close()
  const lines = entriesOf(journal).flatMap((entry) => (entry.kind === 'refusals' ? [entry.refusals] : []))
  assert.ok(lines.length <= kindsMost + 4, `${lines.length} lines`)
  const sum = (status: number) =>
    lines.filter((line) => line.status === status).reduce((total, { count }) => total + count, 0)
  assert.deepEqual([sum(401), sum(404)], [10_000, kindsMost * 2])
  assert.equal(new Set(lines.map(({ id }) => id)).size, lines.length)
})

test('a closed journal refuses', async () => {
  const journal = open()
  await journal.close()
  await assert.rejects(recorded(journal, anExchange()), /closed/)
})

test('a journal whose folder was taken away refuses instead of writing into nothing', async () => {
  mock.timers.enable({ apis: ['setInterval'] })
  const journal = open()
  await recorded(journal, anExchange())
  renameSync(journal.folder, `${journal.folder}-gone`)
  mock.timers.tick(1000)
  mock.timers.reset()
  await assert.rejects(recorded(journal, anExchange()), { code: 'ENOENT' })
  await journal.close()
})
