/**
 * One line of the journal: eight hex digits of CRC-32, a mark, a JSON array, a newline.
 *
 * The mark is `+` when more lines of the same write follow and `.` on the last of them, so a write that broke
 * off in its middle (a full disk, a killed process) shows: its lines stand without an end, and nobody was
 * answered on them. The sum covers mark and array. JSON escapes control characters, so a newline only ever
 * ends a line and reading finds its feet again behind a damaged one.
 */
import { crc32 } from 'node:zlib'
import type { ExchangeRecord, StreamEnd } from '#/gateway/gateway.ts'

/** Refusals without a credential, counted. The id makes the count idempotent. */
export type RefusalCount = {
  /** UUIDv7. */
  readonly id: string
  /** Wall clock in milliseconds, the beginning of the minute. */
  readonly minute: number
  readonly status: number
  readonly code: string
  readonly operation: string | null
  readonly count: number
}

export type Entry =
  | { readonly kind: 'exchange'; readonly exchange: ExchangeRecord }
  | { readonly kind: 'end'; readonly end: StreamEnd }
  | { readonly kind: 'refusals'; readonly refusals: RefusalCount }

/** What an application's calls of one operation have in common. */
type Subject = Pick<
  ExchangeRecord,
  | 'environment'
  | 'partnerId'
  | 'applicationId'
  | 'credentialId'
  | 'contract'
  | 'apiVersion'
  | 'operation'
  | 'method'
>

/** Written once and kept, since eight texts to escape are most of the work of a payload. */
const subjects = new Map<string, Map<string, { readonly of: Subject; readonly text: string }>>()
/** Texts kept, of about 200 bytes; when there are more, all are let go. */
const subjectsMost = 10_000
let subjectsKept = 0

/** Text by text what `JSON.stringify` writes of the array. Ids are UUIDs and numbers finite: neither needs escaping. */
export function exchangePayload(r: ExchangeRecord): string {
  const code = r.code === null ? 'null' : JSON.stringify(r.code)
  return `["x","${r.id}",${r.receivedAt},${subjectText(r)},${r.status},${code},${r.metered},${r.durationUs},${r.upstreamUs},${r.requestBytes},${r.responseBytes}]`
}

function subjectText(record: ExchangeRecord): string {
  const known = subjects.get(record.credentialId)?.get(record.operation)
  return known !== undefined && isSame(known.of, record) ? known.text : keepSubject(record)
}

/** The kept text is found by two of the eight, and an application may move, or a contract get a new version. */
function isSame(one: Subject, other: Subject): boolean {
  return (
    one.credentialId === other.credentialId &&
    one.operation === other.operation &&
    one.apiVersion === other.apiVersion &&
    one.contract === other.contract &&
    one.method === other.method &&
    one.applicationId === other.applicationId &&
    one.partnerId === other.partnerId &&
    one.environment === other.environment
  )
}

function keepSubject(record: ExchangeRecord): string {
  const { environment, partnerId, applicationId, credentialId, contract, apiVersion, operation, method } =
    record
  const ids = [environment, partnerId, applicationId, credentialId]
  const text = JSON.stringify([...ids, contract, apiVersion, operation, method]).slice(1, -1)
  if (subjectsKept >= subjectsMost) {
    subjects.clear()
    subjectsKept = 0
  }
  let ofCredential = subjects.get(credentialId)
  if (ofCredential === undefined) subjects.set(credentialId, (ofCredential = new Map()))
  if (!ofCredential.has(operation)) subjectsKept++
  ofCredential.set(operation, { of: record, text })
  return text
}

export function endPayload(e: StreamEnd): string {
  return JSON.stringify(['e', e.id, e.environment, e.durationUs, e.responseBytes, e.code])
}

export function refusalsPayload(r: RefusalCount): string {
  return JSON.stringify(['r', r.id, r.minute, r.status, r.code, r.operation, r.count])
}

const hexDigits = Buffer.from('0123456789abcdef')

/** Bytes that the line of a payload may take: three hold any UTF-16 unit. */
export function roomFor(payload: string): number {
  return payload.length * 3 + 10
}

/** Writes the line of a payload, newline included, to where there is room for it; returns where it ends. */
export function writeLine(into: Buffer, at: number, payload: string, last: boolean): number {
  into[at + 8] = last ? 0x2e : 0x2b
  const end = at + 10 + into.write(payload, at + 9, 'utf8')
  into[end - 1] = 0x0a
  // Of the bytes as they stand: of a text the sum would have to make them once more.
  const sum = crc32(into.subarray(at + 8, end))
  for (let i = 0; i < 8; i++) into[at + i] = hexDigits[(sum >>> (28 - 4 * i)) & 0xf]!
  return end
}

export type Line = { readonly last: boolean; readonly payload: string }

/** Reads a line (with its newline); null when it is not one that was written here. */
export function parseLine(line: Buffer): Line | null {
  const mark = line[8]
  if (line.length < 12 || (mark !== 0x2b && mark !== 0x2e) || line[line.length - 1] !== 0x0a) return null
  const sum = line.toString('latin1', 0, 8)
  if (!/^[0-9a-f]{8}$/.test(sum) || Number.parseInt(sum, 16) !== crc32(line.subarray(8))) return null
  return { last: mark === 0x2e, payload: line.toString('utf8', 9, line.length - 1) }
}

/** What a payload says; null when this version does not know its kind. */
export function readPayload(payload: string): Entry | null {
  // The sum was right, so this is what an `…Payload` function of some version wrote.
  const v = JSON.parse(payload) as readonly never[]
  if (v[0] === 'x' && v.length === 18) return { kind: 'exchange', exchange: readExchange(v) }
  if (v[0] === 'e' && v.length === 6) {
    const end = { id: v[1], environment: v[2], durationUs: v[3], responseBytes: v[4], code: v[5] }
    return { kind: 'end', end: end as unknown as StreamEnd }
  }
  if (v[0] === 'r' && v.length === 7) {
    const refusals = { id: v[1], minute: v[2], status: v[3], code: v[4], operation: v[5], count: v[6] }
    return { kind: 'refusals', refusals: refusals as unknown as RefusalCount }
  }
  return null
}

function readExchange(v: readonly never[]): ExchangeRecord {
  const exchange = {
    id: v[1],
    receivedAt: v[2],
    environment: v[3],
    partnerId: v[4],
    applicationId: v[5],
    credentialId: v[6],
    contract: v[7],
    apiVersion: v[8],
    operation: v[9],
    method: v[10],
    status: v[11],
    code: v[12],
    metered: v[13],
    durationUs: v[14],
    upstreamUs: v[15],
    requestBytes: v[16],
    responseBytes: v[17],
  }
  return exchange as unknown as ExchangeRecord
}
