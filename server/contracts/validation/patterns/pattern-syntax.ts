/** Takes a regular expression apart, as far as it takes to know how long it may run. What it cannot read is null. */

export type Part =
  /** One character of a set, as the source writes it: `a`, `[a-z]`, `\d`, `.`. */
  | { readonly kind: 'set'; readonly source: string }
  | { readonly kind: 'start' }
  | { readonly kind: 'end' }
  /** Looks at more than one character without taking it: word boundaries, look-around, back-references. */
  | { readonly kind: 'beyond'; readonly parts: readonly Part[] }
  | { readonly kind: 'sequence'; readonly parts: readonly Part[] }
  | { readonly kind: 'choice'; readonly parts: readonly Part[] }
  | { readonly kind: 'repeat'; readonly part: Part; readonly min: number; readonly max: number }

type Cursor = { readonly text: string; at: number }

/** Escapes of Unicode mode that stand for one character or a class of characters (ECMA-262 §22.2.1). */
const escapes =
  /\\(?:u[dD][89abAB][\da-fA-F]{2}\\u[dD][c-fC-F][\da-fA-F]{2}|u\{[\da-fA-F]+\}|u[\da-fA-F]{4}|x[\da-fA-F]{2}|c[a-zA-Z]|[pP]\{[^}]*\}|[dDsSwWtnvfr0^$\\.*+?()[\]{}|/-])/y
const set = /\[(?:[^\]\\]|\\.)*\]/y
const groupStart = /\((?:\?:|\?<[A-Za-z_$][\w$]*>|(?!\?))/y
const lookStart = /\(\?<?[=!]/y
const border = /\\[bB]/y
const reference = /\\(?:[1-9]\d*|k<[^>]*>)/y
const quantifier = /(?:[*+?]|\{(\d+)(,(\d*))?\})\??/y

/** Source must be valid in Unicode mode; this does not judge it. */
export function readPattern(source: string): Part | null {
  const cursor = { text: source, at: 0 }
  const part = readChoice(cursor)
  return part !== null && cursor.at === source.length ? part : null
}

function take(cursor: Cursor, expression: RegExp): RegExpExecArray | null {
  expression.lastIndex = cursor.at
  const found = expression.exec(cursor.text)
  if (found !== null) cursor.at = expression.lastIndex
  return found
}

function readChoice(cursor: Cursor): Part | null {
  const parts: Part[] = []
  do {
    if (parts.length > 0) cursor.at++
    const part = readSequence(cursor)
    if (part === null) return null
    parts.push(part)
  } while (cursor.text[cursor.at] === '|')
  const [only] = parts
  return parts.length === 1 && only !== undefined ? only : { kind: 'choice', parts }
}

function readSequence(cursor: Cursor): Part | null {
  const parts: Part[] = []
  while (cursor.at < cursor.text.length && cursor.text[cursor.at] !== '|' && cursor.text[cursor.at] !== ')') {
    const part = readPart(cursor)
    if (part === null) return null
    parts.push(readRepeat(cursor, part))
  }
  return { kind: 'sequence', parts }
}

function readRepeat(cursor: Cursor, part: Part): Part {
  const found = take(cursor, quantifier)
  if (found === null) return part
  const [text, least, comma, most] = found
  if (least === undefined) {
    return {
      kind: 'repeat',
      part,
      min: text.startsWith('+') ? 1 : 0,
      max: text.startsWith('?') ? 1 : Infinity,
    }
  }
  const min = Number(least)
  return { kind: 'repeat', part, min, max: comma === undefined ? min : most === '' ? Infinity : Number(most) }
}

/** What a back-reference reads over is as long as what it refers to, and that may be all there is. */
const anything: Part = { kind: 'repeat', part: { kind: 'set', source: '.' }, min: 0, max: Infinity }

function readPart(cursor: Cursor): Part | null {
  if (take(cursor, groupStart) !== null) return readGroup(cursor)
  if (take(cursor, lookStart) !== null) {
    const inside = readGroup(cursor)
    return inside === null ? null : { kind: 'beyond', parts: [inside] }
  }
  if (take(cursor, border) !== null) return { kind: 'beyond', parts: [] }
  if (take(cursor, reference) !== null) return { kind: 'beyond', parts: [anything] }
  const found = take(cursor, escapes) ?? take(cursor, set)
  if (found !== null) return { kind: 'set', source: found[0] }
  const character = String.fromCodePoint(cursor.text.codePointAt(cursor.at) ?? 0)
  cursor.at += character.length
  if (character === '^') return { kind: 'start' }
  if (character === '$') return { kind: 'end' }
  return '()[]{}*+?\\'.includes(character) ? null : { kind: 'set', source: character }
}

function readGroup(cursor: Cursor): Part | null {
  const inside = readChoice(cursor)
  if (inside === null || cursor.text[cursor.at] !== ')') return null
  cursor.at++
  return inside
}
