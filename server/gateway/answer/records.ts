/**
 * Splits a stream into its records and projects each: JSON Lines, and the data of server-sent events. A record
 * leaves whole or not at all; the first that is off contract ends the stream.
 */
import { isUtf8 } from 'node:buffer'
import { projectText } from '#/contracts/classification/classification.ts'
import { OffContract } from '#/contracts/compile/compile.ts'
import type { Projector } from '#/contracts/compile/compile.ts'

/** `text` may leave; `failure` then ends the stream. */
export type Projected = { readonly text: string; readonly failure: OffContract | null }

export type RecordReader = {
  push(chunk: Buffer): Projected
  /** The upstream is done: what is left without a line end. */
  end(): Projected
}

const newline = 0x0a
const byteOrderMark = Buffer.from('\ufeff')

/** Calls `take` with each line; what it returns leaves, unless it is `OffContract`. */
function createLineReader(maxBytes: number, take: (line: Buffer) => string | OffContract): RecordReader {
  let rest: Buffer[] = []
  let restBytes = 0

  function push(chunk: Buffer): Projected {
    let text = ''
    let from = 0
    for (let to = chunk.indexOf(newline); to !== -1; to = chunk.indexOf(newline, from)) {
      if (restBytes + to - from > maxBytes) return { text, failure: new OffContract('', 'record too long') }
      const line = join(chunk.subarray(from, to))
      from = to + 1
      const projected = take(line)
      if (typeof projected !== 'string') return { text, failure: projected }
      text += projected
    }
    if (from < chunk.length) {
      rest.push(chunk.subarray(from))
      restBytes += chunk.length - from
    }
    return { text, failure: restBytes > maxBytes ? new OffContract('', 'record too long') : null }
  }

  function join(last: Buffer): Buffer {
    if (restBytes === 0) return last
    const whole = Buffer.concat([...rest, last])
    rest = []
    restBytes = 0
    return whole
  }

  function end(): Projected {
    if (restBytes === 0) return { text: '', failure: null }
    const projected = take(join(Buffer.alloc(0)))
    return typeof projected === 'string'
      ? { text: projected, failure: null }
      : { text: '', failure: projected }
  }

  return { push, end }
}

/** jsonlines.org: one JSON value a line; empty lines are left out. */
export function createJsonLines(project: Projector, maxBytes: number): RecordReader {
  return createLineReader(maxBytes, (line) => {
    if (line.length === 0 || isBlank(line)) return ''
    const projected = projectBytes(line, project)
    return typeof projected === 'string' ? `${projected}\n` : projected
  })
}

/**
 * HTML standard §9.2. Only data leaves: names and ids of events are in no schema, so nothing released them.
 * A comment becomes an empty one, since it keeps the connection alive.
 */
export function createEventStream(project: Projector, maxBytes: number): RecordReader {
  let data: string[] = []
  let dataBytes = 0
  let isFirst = true

  const lines = createLineReader(maxBytes, (sent) => {
    // A byte order mark may stand in front of the stream, and means nothing.
    const from = isFirst && sent.indexOf(byteOrderMark) === 0 ? byteOrderMark.length : 0
    isFirst = false
    const line = sent.subarray(from, sent.at(-1) === 0x0d ? -1 : undefined)
    if (line.length === 0) return event()
    if (line[0] === 0x3a) return ':\n'
    const text = line.toString('utf8')
    if (text !== 'data' && !text.startsWith('data:')) return ''
    if (!isUtf8(line)) return new OffContract('', 'not UTF-8')
    dataBytes += line.length
    if (dataBytes > maxBytes) return new OffContract('', 'record too long')
    data.push(text.slice(text.startsWith('data: ') ? 6 : 5))
    return ''
  })

  function event(): string | OffContract {
    if (data.length === 0) return ''
    const projected = projectText(data.join('\n'), project)
    data = []
    dataBytes = 0
    return typeof projected === 'string' ? `data: ${projected}\n\n` : projected
  }

  // An event without its empty line is not complete and is dropped, as every reader would.
  return lines
}

/** The JSON text that may leave of JSON bytes that came. */
export function projectBytes(bytes: Buffer, project: Projector): string | OffContract {
  if (!isUtf8(bytes)) return new OffContract('', 'not UTF-8')
  return project.copy?.(bytes) ?? projectText(bytes.toString('utf8'), project)
}

function isBlank(line: Buffer): boolean {
  for (const byte of line) if (byte !== 0x20 && byte !== 0x09 && byte !== 0x0d) return false
  return true
}
