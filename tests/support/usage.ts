/** Journals to test with: exchanges, folders, disks that fail and processes that are dead. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import type { ExchangeRecord, Recorder } from '#/gateway/gateway.ts'
import { systemClock } from '#/kernel/clock/clock.ts'
import { transact } from '#/kernel/db/db.ts'
import type { World } from '#/kernel/db/db.ts'
import { newId } from '#/kernel/id/id.ts'
import { silentLog } from '#/kernel/log/log.ts'
import { openJournal, realFiles } from '#/usage/journal/journal.ts'
import type { Files, Journal } from '#/usage/journal/journal.ts'

/** An exchange that was received now. */
export function anExchange(overrides: Partial<ExchangeRecord> = {}): ExchangeRecord {
  return {
    id: newId(),
    receivedAt: Date.now(),
    environment: 'live',
    partnerId: newId(),
    applicationId: newId(),
    credentialId: newId(),
    contract: 'solstice',
    apiVersion: '1.4.0',
    operation: 'listProjects',
    method: 'GET',
    status: 200,
    code: null,
    metered: true,
    durationUs: 2500,
    upstreamUs: 2000,
    requestBytes: 0,
    responseBytes: 1024,
    ...overrides,
  }
}

export function ofPartner(
  partnerId: string,
  n: number,
  overrides: Partial<ExchangeRecord> = {},
): ExchangeRecord[] {
  return Array.from({ length: n }, () => anExchange({ partnerId, ...overrides }))
}

/** A folder that is gone after the test file. */
export function journalFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'portico-journal-'))
  after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Resolves when the answer may leave. */
export function recorded(journal: Recorder, exchange: ExchangeRecord): Promise<void> {
  return new Promise((resolve, reject) =>
    journal.record(exchange, (error) => (error ? reject(error) : resolve())),
  )
}

/** A journal whose process was killed when it had written these. */
export async function deadJournal(
  folder: string,
  exchanges: readonly ExchangeRecord[],
  segmentBytes = 1 << 20,
): Promise<Journal> {
  const journal = openJournal({
    folder,
    sync: 'grouped',
    clock: systemClock(),
    log: silentLog(),
    segmentBytes,
  })
  for (const exchange of exchanges) await recorded(journal, exchange)
  await journal.close()
  bury(journal)
  return journal
}

/** Gives the journal an owner that does not live: this process, started at another time. */
export function bury(journal: Journal): void {
  const path = join(journal.folder, 'owner.json')
  const owner = JSON.parse(readFileSync(path, 'utf8')) as object
  writeFileSync(path, JSON.stringify({ ...owner, process: `${process.pid} 1` }))
}

/** A disk with this much room; `room` may be changed, and a write may go in by half. */
export function smallDisk(room: number): Files & { room: number } {
  const disk = {
    ...realFiles,
    room,
    write(fd: number, bytes: Buffer, from: number, length: number) {
      if (disk.room === 0) throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' })
      const written = realFiles.write(fd, bytes, from, Math.min(length, disk.room))
      disk.room -= written
      return written
    },
  }
  return disk
}

export async function query<Row>(world: World, text: string, values: unknown[] = []): Promise<Row[]> {
  return transact(world, { kind: 'system', name: 'test' }, (tx) => tx.rows<Row>(text, values))
}

/** How many exchanges of the partner are in the world, and what its hours say of them. */
export async function counted(world: World, partnerId: string) {
  const [rows] = await query<{ rows: number }>(
    world,
    'select count(*)::int as rows from usage_exchange where partner_id = $1',
    [partnerId],
  )
  const [hours] = await query<{ calls: number }>(
    world,
    'select coalesce(sum(calls), 0)::int as calls from usage_hour where partner_id = $1',
    [partnerId],
  )
  return [rows?.rows, hours?.calls]
}
