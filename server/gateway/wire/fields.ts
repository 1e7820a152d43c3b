/**
 * Header fields as RFC 9112 §5 writes them, read so strictly that no other reader can see other fields: a token, a
 * colon, a value on one line, CR LF. Requests of the fast lane and answers of upstreams are read by this one loop.
 */

/**
 * Any number of lines; sticky, so that the first that is none ends it. No name, a blank before the colon (RFC 9112
 * §5.1), a line that continues the one before (§5.2), a bare CR or LF (§2.2), a control character: all are none.
 */
const plainLines = /(?:[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\t\x20-\x7e]*\r\n)*/y
/** With obs-text (RFC 9110 §5.5), which is opaque: upstreams send names in it that we release to nobody. */
const anyLines = /(?:[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\t\x20-\x7e\x80-\xff]*\r\n)*/y

const space = 0x20
const tab = 0x09

/**
 * The field lines of `text` between `from` and `to`, flat: name, value, name, value, … Null: not such lines, or more
 * than `most`. `text` is one character a byte; `to` is behind the CR LF of the last line.
 */
export function readFields(
  text: string,
  from: number,
  to: number,
  { most, obsText }: { readonly most: number; readonly obsText: boolean },
): string[] | null {
  const lines = obsText ? anyLines : plainLines
  lines.lastIndex = from
  lines.test(text)
  if (lines.lastIndex !== to) return null
  const fields: string[] = []
  for (let at = from; at < to;) {
    if (fields.length === most * 2) return null
    const colon = text.indexOf(':', at)
    const lineEnd = text.indexOf('\r', colon)
    let start = colon + 1
    let end = lineEnd
    while (start < end && isBlank(text.charCodeAt(start))) start++
    while (end > start && isBlank(text.charCodeAt(end - 1))) end--
    fields.push(text.slice(at, colon), text.slice(start, end))
    at = lineEnd + 2
  }
  return fields
}

function isBlank(code: number): boolean {
  return code === space || code === tab
}

/** `Content-Length` in digits and nothing else (RFC 9110 §8.6), without a second way to write it; -1: it is not. */
export function readLength(value: string): number {
  return /^(?:0|[1-9][0-9]{0,14})$/.test(value) ? Number(value) : -1
}

const unsendable = /[^\t\x20-\x7e\x80-\xff]/

/** Field lines to send. What would end a line early is a bug of ours, and never leaves (RFC 9110 §5.5). */
export type FieldWriter = (fields: readonly string[]) => string

type Line = { readonly name: string; readonly value: string; readonly text: string }

/**
 * Of the lines that differ from the kept ones, one in so many takes its place: to keep each would cost more than it
 * saves. A prime, so that it is not always the turn of the same place.
 */
const keptOneIn = 61

/**
 * For heads that are much alike: most fields say the same as the one kept for their place, and a line that was looked
 * at once needs no second look.
 */
export function createFieldWriter(): FieldWriter {
  const lines: Line[] = []
  let others = 0
  return (fields) => {
    let text = ''
    for (let i = 0, place = 0; i < fields.length; i += 2, place++) {
      const name = fields[i]!
      const value = fields[i + 1]!
      const line = lines[place]
      if (line !== undefined && line.value === value && line.name === name) {
        text += line.text
        continue
      }
      if (unsendable.test(value)) throw new TypeError(`the header ${name} has a value that is no text`)
      text += `${name}: ${value}\r\n`
      if (line === undefined || ++others % keptOneIn === 0) {
        lines[place] = { name, value, text: `${name}: ${value}\r\n` }
      }
    }
    return text
  }
}
