/** The classes a contract gives to properties (`x-portico-class`), and how several statements become one. */

export const classes = [
  'public',
  'internal',
  'personal',
  'cost',
  'margin',
  'payout',
  'supplier',
  'rate-card',
  'evidence',
] as const

export type Class = (typeof classes)[number]

export function isClass(value: unknown): value is Class {
  return typeof value === 'string' && (classes as readonly string[]).includes(value)
}

/** Only `public` is released, so any other class is stricter; between two of those the first one stated stands. */
export function stricter(a: Class | null, b: Class | null): Class | null {
  if (a === null || b === null) return a ?? b
  return a === 'public' ? b : a
}
