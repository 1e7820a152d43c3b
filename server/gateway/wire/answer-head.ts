/** The head of an upstream's answer, read strictly: what frames its content in more than one way is no answer. */
import { readFields, readLength } from '#/gateway/wire/fields.ts'

/** How one knows where the content ends (RFC 9112 §6.3). */
export type Framing = 'none' | 'length' | 'chunked' | 'close'

export type AnswerHead = {
  readonly status: number
  /** By lower-case name; several lines of a name are a list. Without a prototype: names are chosen by others. */
  readonly headers: Readonly<Record<string, string | string[]>>
  readonly framing: Framing
  /** Of content that is framed by its length. */
  readonly length: number
  /** The connection may serve another request. */
  readonly keep: boolean
  /** How long the upstream says it keeps an idle connection, in milliseconds; null: it says nothing. */
  readonly keptFor: number | null
}

const mostFields = 200
/** RFC 9112 §4; the reason means nothing, and some leave the space before it out with it. */
const statusLine = /^HTTP\/1\.([01]) ([1-9][0-9]{2})(?: [\t\x20-\x7e\x80-\xff]*)?$/

/** `text` is one character a byte, `end` the place of the empty line. Null: no answer that can be relied on. */
export function readAnswerHead(text: string, end: number, isHead: boolean): AnswerHead | null {
  const lineEnd = text.indexOf('\r\n')
  const line = statusLine.exec(text.slice(0, lineEnd))
  if (line === null) return null
  const fields = readFields(text, lineEnd + 2, end + 2, { most: mostFields, obsText: true })
  if (fields === null) return null
  const headers = byName(fields)
  const status = Number(line[2])
  const length = lengthOf(headers)
  const coding = headers['transfer-encoding']
  if (length === -1) return null
  // RFC 9112 §6.1: a coding and a length is an attempt at smuggling, and another coding than chunked one we cannot end.
  if (coding !== undefined && (length !== null || line[1] === '0' || !isChunked(coding))) return null
  const framing = framingOf(status, isHead, length, coding !== undefined)
  // Content that must not be there may come all the same, and would be read as the next answer (RFC 9110 §15.3.5).
  const announced = (length ?? 0) > 0 || coding !== undefined
  // What an upstream sends behind the head for HEAD, wrongly and perhaps late, looks just like that (as undici has it).
  const isClean = framing !== 'close' && !isHead && (framing !== 'none' || !announced)
  return {
    status,
    headers,
    framing,
    length: framing === 'length' ? length! : 0,
    keep: isClean && line[1] === '1' && !closes(headers['connection']),
    keptFor: keptFor(headers['keep-alive']),
  }
}

/** An object that has nothing but what is put on it; made by `new`, because V8 keeps `Object.create(null)` as a table. */
const Bare = function () {} as unknown as new () => Record<string, string | string[]>
Bare.prototype = Object.create(null) as object

function byName(fields: readonly string[]): Record<string, string | string[]> {
  const headers = new Bare()
  for (let i = 0; i < fields.length; i += 2) {
    const name = inLowerCase(fields[i]!, i)
    const before = headers[name]
    if (before === undefined) headers[name] = fields[i + 1]!
    else if (Array.isArray(before)) before.push(fields[i + 1]!)
    else headers[name] = [before, fields[i + 1]!]
  }
  return headers
}

/** A name for each place of a head, as it was sent and in lower case. */
const sentNames: string[] = []
const lowerNames: string[] = []
/** Of the names that are others, one in so many is kept; a prime, so that it is not always the turn of the same place. */
const keptOneIn = 61
let others = 0

/**
 * Upstreams send the same names in the same order, and a lower-case copy of each, which then has to be found among all
 * names that there are, is the most expensive part of it.
 */
function inLowerCase(sent: string, place: number): string {
  const kept = sentNames[place]
  if (kept === sent) return lowerNames[place]!
  const name = sent.toLowerCase()
  if (kept === undefined || ++others % keptOneIn === 0) {
    sentNames[place] = sent
    lowerNames[place] = name
  }
  return name
}

/** Null: none was sent; -1: none that can be relied on (RFC 9112 §6.3, rule 5). */
function lengthOf(headers: AnswerHead['headers']): number | null {
  const sent = headers['content-length']
  if (sent === undefined) return null
  return typeof sent === 'string' ? readLength(sent) : -1
}

function isChunked(coding: string | string[]): boolean {
  return typeof coding === 'string' && coding.toLowerCase() === 'chunked'
}

function framingOf(status: number, isHead: boolean, length: number | null, chunked: boolean): Framing {
  if (isHead || status < 200 || status === 204 || status === 304) return 'none'
  if (chunked) return 'chunked'
  return length === null ? 'close' : 'length'
}

/** RFC 9112 §9.6. */
function closes(connection: string | string[] | undefined): boolean {
  return connection !== undefined && connection !== 'keep-alive' && /\bclose\b/i.test(String(connection))
}

function keptFor(sent: string | string[] | undefined): number | null {
  if (sent === undefined) return null
  const seconds = /\btimeout=(\d{1,6})\b/i.exec(String(sent))?.[1]
  return seconds === undefined ? null : Number(seconds) * 1000
}
