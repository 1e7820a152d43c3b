/**
 * Reads values out of the text of parameters, by the styles of OpenAPI (RFC 6570 underneath). A list is taken
 * apart before it is percent-decoded, so an encoded delimiter belongs to a value and does not end it.
 */
import type { JsonType } from '#/contracts/compile/requests/types-of.ts'
import type { Check } from '#/contracts/validation/validation.ts'

export type Style = 'simple' | 'form' | 'spaceDelimited' | 'pipeDelimited' | 'deepObject'

/** What a parameter looks like inside, for those who read it. */
export type Reading = {
  readonly style: Style
  readonly explode: boolean
  readonly shape: 'value' | 'list' | 'object'
  /** Types of the value, of an item, or of a property; null: the schema does not say. */
  readonly types: ReadonlySet<JsonType> | null
  readonly itemTypes: ReadonlySet<JsonType> | null
  readonly property: (name: string) => PropertyReading
}

export type PropertyReading = { readonly isList: boolean; readonly types: ReadonlySet<JsonType> | null }

export type Location = 'path' | 'query' | 'header' | 'cookie'

export type Parameter = {
  readonly in: Location
  readonly name: string
  readonly required: boolean
  readonly mayBeEmpty: boolean
  /** Its class keeps it inside: whoever sends it is told what one who sends an unknown parameter is told. */
  readonly inside: boolean
  readonly reading: Reading
  /** Other ways in which the text may be meant, where the schema lets it be more than one thing. */
  readonly otherReadings: readonly Reading[]
  /** The text is JSON (`content: application/json`). */
  readonly json: boolean
  /** Names of the properties of an exploded form object; they stand in the query beside the other parameters. */
  readonly properties: ReadonlySet<string>
  /** An exploded form object that says it takes any name. */
  readonly open: boolean
  readonly check: Check | null
}

/** Text → value; null when it is not what the style looks like, or cannot be decoded. */
export type Decode = (text: string) => string | null

/** A bad sequence is null and never an exception. */
export function decodePercent(text: string): string | null {
  if (!text.includes('%')) return text
  try {
    return decodeURIComponent(text)
  } catch {
    return null
  }
}

/** Of a query, where a plus sign is a space to nearly every server (URL standard, urlencoded parsing). */
export const decodeQuery: Decode = (text) =>
  decodePercent(text.includes('+') ? text.replaceAll('+', ' ') : text)

/** Header values are not percent-encoded (OpenAPI 3.1.1, appendix D). */
export const decodeNothing: Decode = (text) => text

// JSON's own number (RFC 8259 §6): no plus, no leading zero, no hexadecimal, no spaces.
const number = /^-?(0|[1-9]\d{0,307})(\.\d{1,100})?([eE][+-]?\d{1,3})?$/
const integer = /^-?(0|[1-9]\d{0,307})$/

/** What a text means to a schema of these types; a text that means nothing to them stays text and fails their check. */
export function coerce(text: string, types: ReadonlySet<JsonType> | null): unknown {
  if (types === null) return text
  if (types.has('integer') && integer.test(text)) return Number(text)
  if (types.has('number') && number.test(text)) return Number(text)
  if (types.has('boolean') && (text === 'true' || text === 'false')) return text === 'true'
  if (types.has('null') && (text === 'null' || (text === '' && !types.has('string')))) return null
  return text
}

const delimiters: Readonly<Record<string, RegExp>> = {
  simple: /,/,
  form: /,/,
  spaceDelimited: /%20|\+| /,
  pipeDelimited: /\||%7C/i,
}

/** A value that stands in one piece of text: everything but exploded form parameters and deep objects. */
export function readPiece(text: string, reading: Reading, decode: Decode): unknown {
  if (reading.shape === 'value') {
    const value = decode(text)
    return value === null ? undefined : coerce(value, reading.types)
  }
  const pieces = text === '' ? [] : text.split(delimiters[reading.style] ?? /,/)
  if (reading.shape === 'list') return readItems(pieces, reading, decode)
  return readPairs(reading.explode ? pieces.map(splitPair) : inTwos(pieces), reading, decode, decode)
}

export function readItems(pieces: readonly string[], reading: Reading, decode: Decode): unknown {
  const items: unknown[] = []
  for (const piece of pieces) {
    const text = decode(piece)
    if (text === null) return undefined
    items.push(coerce(text, reading.itemTypes))
  }
  return items
}

type Pair = readonly [name: string, value: string] | null

function splitPair(piece: string): Pair {
  const equals = piece.indexOf('=')
  return equals === -1 ? null : [piece.slice(0, equals), piece.slice(equals + 1)]
}

function inTwos(pieces: readonly string[]): Pair[] {
  if (pieces.length % 2 === 1) return [null]
  return pieces.flatMap((name, i) => (i % 2 === 0 ? [[name, pieces[i + 1] ?? ''] as const] : []))
}

/** An object of named pieces; undefined when a name comes twice and its property is no list. */
export function readPairs(
  pairs: readonly Pair[],
  reading: Reading,
  decodeName: Decode,
  decode: Decode,
): unknown {
  const members = new Map<string, unknown>()
  for (const pair of pairs) {
    const name = pair === null ? null : decodeName(pair[0])
    const text = pair === null ? null : decode(pair[1])
    if (name === null || text === null) return undefined
    const { isList, types } = reading.property(name)
    const value = coerce(text, types)
    const before = members.get(name)
    if (isList) members.set(name, [...(Array.isArray(before) ? (before as unknown[]) : []), value])
    else if (before === undefined) members.set(name, value)
    else return undefined
  }
  // Keeps a caller's `__proto__` a member like any other.
  return Object.fromEntries(members)
}
