/**
 * Header fields as RFC 9112 §5 writes them, read so strictly that no other reader can see other fields: a token, a
 * colon, a value on one line, CR LF. Requests of the fast lane and answers of upstreams are read by this one loop.
 */

const token = tableOf((code) => /[!#$%&'*+.^_`|~0-9A-Za-z-]/.test(String.fromCharCode(code)))
/** Visible ASCII, space and tab. */
const plainValue = tableOf((code) => code === 0x09 || (code >= 0x20 && code <= 0x7e))
/** With obs-text (RFC 9110 §5.5), which is opaque: upstreams send names in it that we release to nobody. */
const anyValue = tableOf((code) => code === 0x09 || (code >= 0x20 && code !== 0x7f))

function tableOf(holds: (code: number) => boolean): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, code) => (holds(code) ? 1 : 0))
}

const carriageReturn = 0x0d
const lineFeed = 0x0a
const colon = 0x3a
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
  const allowed = obsText ? anyValue : plainValue
  const fields: string[] = []
  let at = from
  while (at < to) {
    if (fields.length === most * 2) return null
    const name = at
    while (token[text.charCodeAt(at)] === 1) at++
    // No name, a blank before the colon (RFC 9112 §5.1), or a line that continues the one before (§5.2).
    if (at === name || text.charCodeAt(at) !== colon) return null
    const colonAt = at++
    while (isBlank(text.charCodeAt(at))) at++
    const value = at
    let end = at
    for (let code = text.charCodeAt(at); code !== carriageReturn; code = text.charCodeAt(++at)) {
      if (allowed[code] !== 1) return null
      if (!isBlank(code)) end = at + 1
    }
    // A bare CR (RFC 9112 §2.2).
    if (text.charCodeAt(at + 1) !== lineFeed) return null
    at += 2
    fields.push(text.slice(name, colonAt), text.slice(value, end))
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
export function writeFields(fields: readonly string[]): string {
  let text = ''
  for (let i = 0; i < fields.length; i += 2) {
    const value = fields[i + 1]!
    if (unsendable.test(value)) throw new TypeError(`the header ${fields[i]} has a value that is no text`)
    text += `${fields[i]}: ${value}\r\n`
  }
  return text
}
