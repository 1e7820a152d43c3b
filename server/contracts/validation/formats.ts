/** The formats a contract may name, each with a test whose time grows with the length of the text and no faster. */
import type { Format } from 'ajv'
import { fastFormats, fullFormats } from 'ajv-formats/dist/formats.js'

/** Longer texts have none of these formats; it bounds the two or three tests that look at a text more than once. */
const maxLength = 8_192

const exact = ['date', 'time', 'date-time', 'duration', 'ipv4', 'ipv6', 'uuid', 'uri-template'] as const
const pointers = ['json-pointer', 'relative-json-pointer'] as const
// The full expressions for these look ahead and back so often that their authors advise against strangers' input.
const loose = ['uri', 'uri-reference', 'email', 'hostname'] as const

export const formats: Record<string, Format> = {
  ...bounded(fullFormats, [...exact, ...pointers]),
  ...bounded(fastFormats, loose),
  // A file in base64 may be long; two linear looks instead of one expression with a stack as deep as the text.
  byte: (text: string) => text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text),
  int32: { type: 'number', validate: (n: number) => Number.isInteger(n) && n >= -(2 ** 31) && n < 2 ** 31 },
  int64: { type: 'number', validate: (n: number) => Number.isInteger(n) && n >= -(2 ** 63) && n <= 2 ** 63 },
  float: { type: 'number', validate: Number.isFinite },
  double: { type: 'number', validate: Number.isFinite },
}

function bounded(from: Readonly<Record<string, Format>>, names: readonly string[]): Record<string, Format> {
  return Object.fromEntries(
    names.map((name) => [name, (text: string) => text.length <= maxLength && test(from[name], text)]),
  )
}

function test(format: Format | undefined, text: string): boolean {
  if (format instanceof RegExp) return format.test(text)
  if (typeof format === 'function') return format(text)
  if (typeof format === 'object' && 'validate' in format) return test(format.validate as Format, text)
  return true
}
