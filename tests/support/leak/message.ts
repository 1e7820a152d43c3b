/** An answer as its document describes it, with markers in every place there is, and more than is described. */
import { randomAnswer } from '../release/answers.ts'
import type { Dice } from '../release/dice.ts'
import type { Node } from '../release/node.ts'
import { resolved, type Subject } from './subjects.ts'
import type { Script } from './upstream.ts'

/** Eight digits, in names, in numbers and in text, that stand for nothing else. */
export const marker = /73\d{6}/g

export const markersFrom = 73_000_000
const markersApart = 20_000

/** Content longer than this is more than the gateway of the test reads. */
export const mostBytes = 200_000

/** An answer before it is bytes; a way of breaking it changes one thing. */
export type Message = {
  reason: string
  before: string
  headers: (readonly [string, string])[]
  framing: 'length' | 'chunks' | 'close'
  afterwards: Script['afterwards']
  /** Bytes left out at the end, and bytes put behind it. */
  cut: number
  behind: string
  status: number
  /** Parsed, in order; null: nobody can read this content, so nothing of it may leave. */
  values: readonly unknown[] | null
  content: Buffer
}

export type Making = { readonly subject: Subject; readonly dice: Dice; next: number }

/** A marker of its own for each place. */
export const mark = (making: Making): string => `m${making.next++}.`

export function plain(making: Making): Message {
  const { subject, dice } = making
  const headers: [string, string][] = subject.mediaType === null ? [] : [['Content-Type', typeOf(making)]]
  for (const [name, schema] of subject.headers) {
    if (name !== 'content-type' && dice.chance(0.8)) headers.push([name, headerValue(making, schema ?? {})])
  }
  for (const name of uncontracted) {
    if (!subject.headers.has(name.toLowerCase()) && dice.chance(0.3)) headers.push([name, mark(making)])
  }
  headers.push([`X-M${making.next++}`, mark(making)], ['Set-Cookie', `a=${mark(making)}`])
  const before = dice.chance(0.3)
    ? `HTTP/1.1 ${dice.pick(['102', '103'])} ${mark(making)}\r\nLink: <${mark(making)}>\r\n\r\n`
    : ''
  return {
    status: subject.status,
    reason: mark(making),
    before,
    headers,
    framing: dice.pick(['length', 'length', 'chunks']),
    afterwards: 'keep',
    cut: 0,
    behind: '',
    ...contentOf(making),
  }
}

/** Names that a server really says; none of them may leave unless the document describes it. */
const uncontracted = [
  'Server X-Powered-By Via Link Location Content-Location ETag Refresh Age Request-Id Api-Version Date',
  'Cache-Control Retry-After Allow Content-Disposition Vary WWW-Authenticate Keep-Alive X-Cost X-Margin',
  'Portico-Partner-Id Content-Language Access-Control-Allow-Origin Server-Timing Traceparent RateLimit Trailer',
].flatMap((line) => line.split(' '))

function headerValue(making: Making, schema: Node): string {
  const { pattern, type } = resolved(making.subject.document, schema)
  if (type === 'integer' || type === 'number') return String(making.next++)
  if (typeof pattern !== 'string' || making.dice.chance(0.3)) return mark(making)
  return samples.find((one) => new RegExp(pattern).test(one)) ?? mark(making)
}

const samples = ['/api/projects/prj_1001', '"0123456789abcdef"']

export function typeOf(making: Making): string {
  const { subject, dice } = making
  const type = subject.mediaType!.replace('/*', '/png')
  return dice.chance(0.7)
    ? type
    : `${type}; ${dice.pick(['charset', 'profile'])}=${mark(making).slice(0, -1)}`
}

function contentOf(making: Making): Pick<Message, 'values' | 'content'> {
  const { form, schema, document } = making.subject
  const value = (): unknown => {
    const made = randomAnswer(making.dice, document, schema, making.next)
    making.next += markersApart
    return made
  }
  if (form === 'json') {
    const values = [value()]
    return { values, content: Buffer.from(JSON.stringify(values[0])) }
  }
  if (form === 'as it is' || form === 'none') return { values: null, content: Buffer.from(mark(making)) }
  const values = Array.from({ length: making.dice.roll(6) }, value)
  const write = form === 'json-lines' ? lineOf : eventOf
  return { values, content: Buffer.from(values.map((one) => write(making, one)).join('')) }
}

export function lineOf({ dice }: Making, value: unknown): string {
  return `${JSON.stringify(value)}${dice.pick(['\n', '\r\n', '\n\n'])}`
}

/** What stands around the data of an event is in no schema. */
export function eventOf(making: Making, value: unknown): string {
  const { dice } = making
  const lines = dice.chance(0.2) ? JSON.stringify(value, null, 1).split('\n') : [JSON.stringify(value)]
  const around = [
    `: ${mark(making)}`,
    `id: ${mark(making)}`,
    `event: ${mark(making)}`,
    `m${making.next++}: 1`,
  ]
  const before = around.filter(() => dice.chance(0.3))
  return [...before, ...lines.map((line) => `data: ${line}`), '', ''].join(dice.pick(['\n', '\r\n']))
}

export function bytesOf(message: Message, making: Making): Buffer {
  const { status, reason, framing, content, cut } = message
  const lines = message.headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')
  const length = framing === 'length' ? `Content-Length: ${content.length}\r\n` : ''
  const coding = framing === 'chunks' ? 'Transfer-Encoding: chunked\r\n' : ''
  const head = `${message.before}HTTP/1.1 ${status} ${reason}\r\n${lines}${length}${coding}\r\n`
  const whole = Buffer.concat([
    Buffer.from(head, 'latin1'),
    framing === 'chunks' ? chunksOf(content, making) : content,
    Buffer.from(message.behind, 'latin1'),
  ])
  return whole.subarray(0, whole.length - Math.min(cut, whole.length))
}

/** With an extension on every chunk, and trailers. */
function chunksOf(content: Buffer, making: Making): Buffer {
  const { dice } = making
  const pieces: Buffer[] = []
  for (let at = 0; at < content.length;) {
    const size = Math.min(content.length - at, 1 + dice.roll(Math.max(200, content.length / 3)))
    pieces.push(Buffer.from(`${size.toString(16)};m=${mark(making)}\r\n`), content.subarray(at, at + size))
    pieces.push(Buffer.from('\r\n'))
    at += size
  }
  const trailers = `X-M${making.next++}: ${mark(making)}\r\nETag: ${mark(making)}\r\n`
  return Buffer.concat([...pieces, Buffer.from(`0\r\n${trailers}\r\n`)])
}
