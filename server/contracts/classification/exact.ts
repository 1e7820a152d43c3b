/**
 * Numbers that a double cannot hold. `JSON.parse` turns 12345678901234567890 into 12345678901234567000, so an
 * upstream's id or amount would leave altered. Reading every answer with a reviver costs seven times a plain parse
 * (12.1 µs against 1.65 µs for 864 bytes) and looking for long digit runs in the text first still 0.7 µs, so nothing
 * is done before it is needed: a projector says `precision` when it meets such an integer, and only then is the text
 * read again with its sources. Fractions stay doubles, as RFC 8259 §6 lets everyone expect.
 */
import { OffContract, type Projector } from '#/contracts/classification/off-contract.ts'

/** TypeScript's library does not know these two yet (ES2026, JSON.parse source text access). */
const json = JSON as unknown as {
  rawJSON(text: string): RawNumber
  isRawJSON(value: unknown): value is RawNumber
  parse(text: string, reviver: (key: string, value: unknown, context: { source: string }) => unknown): unknown
}

/** A number that is kept as it was sent: `JSON.stringify` writes its source. */
export type RawNumber = { readonly rawJSON: string }

export function isRawNumber(value: unknown): value is RawNumber {
  // Looking for the property first is cheap, asking the engine is not, and almost nothing has that property.
  return (
    typeof value === 'object' &&
    value !== null &&
    (value as Partial<RawNumber>).rawJSON !== undefined &&
    json.isRawJSON(value)
  )
}

/** Fifteen digits survive a double, whatever they are; anything longer, or with an exponent, is kept as sent. */
function parseExact(text: string): unknown {
  return json.parse(text, (_key, value, context) =>
    typeof value === 'number' && (context.source.length > 15 || /e/i.test(context.source))
      ? json.rawJSON(context.source)
      : value,
  )
}

export const lostDigits = 'precision'

/**
 * Parses an answer and projects it. Text that is not JSON is `OffContract` too. This, not `JSON.parse`, is the way
 * to read an upstream's answer: it is what keeps integers beyond 2^53 as they were sent.
 */
export function projectText(text: string, project: Projector): string | OffContract {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return new OffContract('#', 'malformed')
  }
  const released = project(value)
  if (typeof released === 'string' || released.reason !== lostDigits) return released
  return project(parseExact(text))
}

export function isNumber(value: unknown): value is number | RawNumber {
  return typeof value === 'number' || isRawNumber(value)
}

/** As near as a double comes: good enough for bounds and for choosing a branch, never for what is released. */
export function nearest(value: number | RawNumber): number {
  return typeof value === 'number' ? value : Number(value.rawJSON)
}

/** JSON Schema 2020-12 §6.1.1: an integer is a number with no fractional part, however it is written (1.0, 1e2). */
export function isInteger(value: number | RawNumber): boolean {
  // Infinity is what JSON.parse makes of 1e400; it will be read again before anything is released of it.
  if (typeof value === 'number') return Number.isInteger(value) || !Number.isFinite(value)
  const [, digits = '', fraction = '', exponent = '0'] =
    /^-?(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(value.rawJSON) ?? []
  const decimals = fraction.replace(/0+$/, '')
  if (decimals !== '') return decimals.length <= Number(exponent)
  const zeros = digits.length - digits.replace(/0+$/, '').length
  return zeros + Number(exponent) >= 0 || /^0+$/.test(digits)
}

/** True for an object of JSON, which neither an array nor a number kept as sent is. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isRawNumber(value)
}

/** How deep an answer may nest. No contract we know passes 20; the bound keeps a hostile upstream off our stack. */
export const maxDepth = 64

/** Same value, same text, whatever the order of keys: for `enum`, `const` and `uniqueItems`. */
export function canonical(value: unknown, depth = 0): string {
  if (depth > maxDepth) return 'too deep'
  if (isNumber(value)) return String(nearest(value))
  if (Array.isArray(value)) return `[${value.map((element) => canonical(element, depth + 1)).join()}]`
  if (!isObject(value)) return JSON.stringify(value)
  const entries = Object.keys(value).toSorted()
  return `{${entries.map((key) => `${JSON.stringify(key)}:${canonical(value[key], depth + 1)}`).join()}}`
}
