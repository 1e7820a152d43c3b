/** Takes the chunked coding off an upstream's content (RFC 9112 §7.1), in whatever pieces it arrives. */

export type ChunkReader = {
  /** Content in these bytes (not copied), or null: this is no chunked content. */
  push(bytes: Buffer): readonly Buffer[] | null
  /** The last chunk and what follows it was read. */
  readonly done: boolean
  /** Bytes behind the end, of the piece in which it was. */
  readonly extra: number
}

/** Of a line with a size and its extensions, which mean nothing to us; and of all trailers together. */
const mostLine = 1_024
const mostTrailers = 8_192

const sizeLine =
  /^([0-9a-f]{1,12})(?:;[!#$%&'*+.^_`|~0-9a-z-]+(?:=(?:[!#$%&'*+.^_`|~0-9a-z-]+|"[\t\x20\x21\x23-\x5b\x5d-\x7e]*"))?)*$/i
/** What frames content has no place behind it (RFC 9110 §6.5.1). */
const trailerLine =
  /^(?!(?:content-length|transfer-encoding|connection|upgrade|proxy-connection):)[!#$%&'*+.^_`|~0-9a-z-]+:[\t\x20-\x7e\x80-\xff]*$/i

const carriageReturn = 0x0d
const lineFeed = 0x0a

type State = 'size' | 'data' | 'data-cr' | 'data-lf' | 'trailers' | 'done'

export function createChunkReader(): ChunkReader {
  let state: State = 'size'
  let line = ''
  let left = 0
  let trailers = 0

  const reader = { push, done: false, extra: 0 }

  function push(bytes: Buffer): Buffer[] | null {
    const content: Buffer[] = []
    let at = 0
    while (at < bytes.length && state !== 'done') {
      if (state === 'data') {
        const end = Math.min(bytes.length, at + left)
        content.push(bytes.subarray(at, end))
        left -= end - at
        at = end
        if (left === 0) state = 'data-cr'
      } else if (state === 'data-cr' || state === 'data-lf') {
        // A chunk that is longer than it says.
        if (bytes[at++] !== (state === 'data-cr' ? carriageReturn : lineFeed)) return null
        state = state === 'data-cr' ? 'data-lf' : 'size'
      } else {
        at = takeLine(bytes, at)
        if (at === -1) return null
      }
    }
    reader.done = state === 'done'
    reader.extra = bytes.length - at
    return content
  }

  /** Where to go on; -1: a line that is none, or too long. */
  function takeLine(bytes: Buffer, from: number): number {
    const feed = bytes.indexOf(lineFeed, from)
    const to = feed === -1 ? bytes.length : feed + 1
    if (line.length + to - from > mostLine) return -1
    line += bytes.toString('latin1', from, to)
    if (feed === -1) return to
    if (!line.endsWith('\r\n')) return -1
    const text = line.slice(0, -2)
    line = ''
    return (state === 'size' ? startChunk(text) : takeTrailer(text)) ? to : -1
  }

  function startChunk(text: string): boolean {
    const size = sizeLine.exec(text)
    if (size === null) return false
    left = Number.parseInt(size[1]!, 16)
    state = left === 0 ? 'trailers' : 'data'
    return true
  }

  /** Trailers are read past: nobody releases them. */
  function takeTrailer(text: string): boolean {
    if (text === '') state = 'done'
    trailers += text.length
    return text === '' || (trailers <= mostTrailers && trailerLine.test(text))
  }

  return reader
}
