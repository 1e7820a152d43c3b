/**
 * JSON (RFC 8259) as bytes, read where they lie: in `input`, one buffer with a zero behind the end, so that no loop asks
 * for a length with each byte (which doubles what a loop costs). Exactly what `JSON.parse` takes is JSON
 * here, so that no answer is read in two ways. Each function takes the place where something begins and gives the place
 * behind it, or 0: it is not that.
 */
import { maxDepth } from '#/contracts/classification/exact.ts'

/** Longer answers are rare, and not worth the memory that would be kept for them. */
export const mostBytes = 65_536
export const inputBuffer: Buffer = Buffer.alloc(mostBytes + 16)
/** Behind the end stands a zero, which is in no JSON. */
export const input: Uint8Array = new Uint8Array(inputBuffer.buffer, 0, inputBuffer.length)

export const quote = 0x22
export const comma = 0x2c
export const colon = 0x3a
export const openBrace = 0x7b
export const closeBrace = 0x7d
export const openBracket = 0x5b
export const closeBracket = 0x5d
export const backslash = 0x5c
const plus = 0x2b
const minus = 0x2d
const point = 0x2e
const zero = 0x30
const nine = 0x39

/** What stands in a string as itself: 0. */
export const special: Uint8Array = new Uint8Array(256).fill(1, 0, 0x20).fill(1, quote, quote + 1)
special[backslash] = 1

export function setInput(bytes: Buffer): void {
  bytes.copy(inputBuffer)
  input[bytes.length] = 0
}

/** Never 0. */
export function skipBlank(at: number): number {
  for (;;) {
    const byte = input[at]!
    if (byte > 0x20 || (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09)) return at
    at++
  }
}

/** Deeper than any answer may be is 0 too. */
export function skipValue(at: number, depth: number): number {
  if (depth > maxDepth) return 0
  const first = input[at]!
  if (first === quote) return skipString(at)
  if (first === openBrace) return skipObject(at, depth)
  if (first === openBracket) return skipArray(at, depth)
  return isDigit(first) || first === minus ? skipNumber(at) : skipWord(at)
}

export function skipString(at: number): number {
  for (let i = at + 1; ; i++) {
    while (special[input[i]!] === 0) i++
    const byte = input[i]!
    if (byte === quote) return i + 1
    if (byte !== backslash) return 0
    i = skipEscape(i) - 1
    if (i < 0) return 0
  }
}

function skipEscape(at: number): number {
  const byte = input[at + 1]!
  if (byte !== 0x75) return isShortEscape(byte) || byte === 0x2f ? at + 2 : 0
  for (let i = at + 2; i < at + 6; i++) if (!isHexDigit(input[i]!)) return 0
  return at + 6
}

/** `"`, `\`, b, f, n, r, t: what `JSON.stringify` has no other way to write. */
export function isShortEscape(byte: number): boolean {
  if (byte === quote || byte === backslash || byte === 0x6e || byte === 0x74) return true
  return byte === 0x72 || byte === 0x62 || byte === 0x66
}

export function skipNumber(at: number): number {
  const first = input[at] === minus ? at + 1 : at
  let i = skipDigits(first)
  if (i === first || (i > first + 1 && input[first] === zero)) return 0
  if (input[i] === point) {
    const from = i + 1
    i = skipDigits(from)
    if (i === from) return 0
  }
  if ((input[i]! | 0x20) === 0x65) {
    const from = input[i + 1] === plus || input[i + 1] === minus ? i + 2 : i + 1
    i = skipDigits(from)
    if (i === from) return 0
  }
  return i
}

/**
 * Whether the number between `from` and `to` is written as `JSON.stringify` would write it: fifteen digits at most,
 * which a double holds whatever they are, no exponent, and no zero that says nothing.
 */
export function isPlainNumber(from: number, to: number): boolean {
  if (to - from > 15) return false
  const first = input[from] === minus ? from + 1 : from
  const end = skipDigits(first)
  const isSmall = input[first] === zero
  if (end === to) return first === from || !isSmall
  // Below 0.000001 it would be written with an exponent.
  if (input[end] !== point || input[to - 1] === zero || (isSmall && to - end > 6)) return false
  return skipDigits(end + 1) === to
}

/** Of a number that is plain. */
export function isWhole(from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (input[i] === point) return false
  return true
}

function skipDigits(at: number): number {
  while (isDigit(input[at]!)) at++
  return at
}

const words = ['true', 'false', 'null'].map((word) => Uint8Array.from(Buffer.from(word))) as [
  Uint8Array,
  Uint8Array,
  Uint8Array,
]

export function skipWord(at: number): number {
  const first = input[at]
  const word = words[first === 0x74 ? 0 : first === 0x66 ? 1 : 2]
  for (let i = 0; i < word.length; i++) if (input[at + i] !== word[i]) return 0
  return at + word.length
}

function skipArray(at: number, depth: number): number {
  let i = skipBlank(at + 1)
  if (input[i] === closeBracket) return i + 1
  for (;;) {
    i = skipValue(i, depth + 1)
    if (i === 0) return 0
    i = skipBlank(i)
    if (input[i] === closeBracket) return i + 1
    if (input[i] !== comma) return 0
    i = skipBlank(i + 1)
  }
}

function skipObject(at: number, depth: number): number {
  let i = skipBlank(at + 1)
  if (input[i] === closeBrace) return i + 1
  for (;;) {
    i = input[i] === quote ? skipString(i) : 0
    if (i === 0) return 0
    i = skipBlank(i)
    if (input[i] !== colon) return 0
    i = skipValue(skipBlank(i + 1), depth + 1)
    if (i === 0) return 0
    i = skipBlank(i)
    if (input[i] === closeBrace) return i + 1
    if (input[i] !== comma) return 0
    i = skipBlank(i + 1)
  }
}

function isDigit(byte: number): boolean {
  return byte >= zero && byte <= nine
}

function isHexDigit(byte: number): boolean {
  return isDigit(byte) || ((byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x66)
}
