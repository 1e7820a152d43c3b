/** What a record costs the thread that answers, by records in a turn, and how fast the journal reaches PostgreSQL. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { ExchangeRecord } from '#/gateway/gateway.ts'
import { systemClock } from '#/kernel/clock/clock.ts'
import { migrate, openDatabase, startEmbedded } from '#/kernel/db/db.ts'
import { newId } from '#/kernel/id/id.ts'
import { jobsSchema } from '#/kernel/jobs/jobs.ts'
import { silentLog } from '#/kernel/log/log.ts'
import { createIngest } from '#/usage/ingest/ingest.ts'
import { openJournal } from '#/usage/journal/journal.ts'
import { table } from '../scripts/commands.ts'

const clock = systemClock()
const log = silentLog()
const records = 200_000

function exchange(partner: string, application: string): ExchangeRecord {
  return {
    id: newId(),
    receivedAt: clock.wall(),
    environment: 'live',
    partnerId: partner,
    applicationId: application,
    credentialId: application,
    contract: 'solstice',
    apiVersion: '1.4.0',
    operation: 'listProjects',
    method: 'GET',
    status: 200,
    code: null,
    metered: true,
    durationUs: 1234,
    upstreamUs: 1000,
    requestBytes: 0,
    responseBytes: 1024,
  }
}

/** 1,000 partners with an application each. */
function exchanges(n: number): ExchangeRecord[] {
  const partners = Array.from({ length: 1000 }, () => [newId(), newId()] as const)
  return Array.from({ length: n }, (_, i) => {
    const [partner, application] = partners[i % partners.length] ?? ['', '']
    return exchange(partner, application)
  })
}

/**
 * A microtask in place of `setImmediate` would write after each socket, which is the line of one record a turn.
 * Microseconds of CPU a record, with the turn itself (0.7 µs when empty) and of all threads, which counts the background sync as well. */
async function append(
  folder: string,
  sync: 'grouped' | 'always',
  turn: number,
  defer: (next: () => void) => void,
): Promise<number> {
  const n = turn < 4 ? records / 2 : records
  const list = exchanges(n)
  const journal = openJournal({ folder, sync, clock, log })
  globalThis.gc?.()
  const cpu = process.cpuUsage()
  await new Promise<void>((resolve, reject) => {
    let at = 0
    let done = 0
    const answered = (error: Error | null) => {
      if (error) reject(error)
      else if ((done += 1) === n) resolve()
    }
    const next = () => {
      for (const end = Math.min(at + turn, n); at < end; at += 1) journal.record(list[at]!, answered)
      if (at < n) defer(next)
    }
    next()
  })
  const { user, system } = process.cpuUsage(cpu)
  await journal.close()
  return (user + system) / n
}

async function appends(folder: string): Promise<string[][]> {
  const rows = [['records a turn', 'grouped, µs of CPU a record', 'always, µs of CPU a record']]
  await append(folder, 'grouped', 64, setImmediate)
  for (const turn of [1, 2, 4, 16, 64]) {
    const grouped = await append(folder, 'grouped', turn, setImmediate)
    const always = await append(folder, 'always', turn, setImmediate)
    rows.push([String(turn), grouped.toFixed(2), always.toFixed(2)])
  }
  return rows
}

async function drain(folder: string, data: string): Promise<string[][]> {
  const server = await startEmbedded({ data, database: 'bench' })
  try {
    const roles = await migrate(server.url, [jobsSchema])
    const clocks = { control: clock, live: clock, sandbox: clock }
    const database = openDatabase({ ownerUrl: server.url, roles, clocks })
    const journal = openJournal({ folder, sync: 'grouped', clock, log })
    const ingest = createIngest({ folder, journal, database, clock, log })
    await Promise.all(exchanges(records).map((one) => new Promise((resolve) => journal.record(one, resolve))))
    globalThis.gc?.()
    const delay = monitorEventLoopDelay({ resolution: 1 })
    delay.enable()
    const cpu = process.cpuUsage()
    const began = performance.now()
    await ingest.drainNow()
    const seconds = (performance.now() - began) / 1000
    const { user, system } = process.cpuUsage(cpu)
    delay.disable()
    await journal.close()
    await ingest.stop()
    await database.close()
    return [
      ['drain, rows', 'rows a second', 'µs of our CPU a row', 'longest stop of the event loop'],
      [
        String(records),
        (records / seconds).toFixed(0),
        ((user + system) / records).toFixed(1),
        `${(delay.max / 1e6).toFixed(1)} ms`,
      ],
    ]
  } finally {
    await server.stop()
  }
}

export default async function journalBench(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'portico-journal-bench-'))
  try {
    console.log(table(await appends(join(folder, 'appends'))))
    console.log(table(await drain(join(folder, 'drain'), join(folder, 'data'))))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
