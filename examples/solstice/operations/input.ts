/**
 * Reads a body that Portico has already checked against the contract. A caller inside Solstice's own network may
 * send anything, so what is missing or of another type is still told instead of stored.
 */
import type { BodyError } from './answer.ts'

export type Input = {
  readonly errors: readonly BodyError[]
  text(name: string): string
  number(name: string): number
  optionalNumber(name: string): number | null
  optionalText(name: string): string | null
  object(name: string): Input
  list(name: string): readonly Input[]
  /** Name to text, of an object with names of any kind. */
  texts(name: string): Readonly<Record<string, string>>
  has(name: string): boolean
}

export function readInput(body: unknown): Input {
  return inputAt('#', body, [])
}

function inputAt(pointer: string, value: unknown, errors: BodyError[]): Input {
  const record = asRecord(value)
  if (!record) errors.push({ pointer, detail: `${pointer} must be an object.` })
  const at = (name: string): string => `${pointer}/${name}`
  const wrong = (name: string, kind: string): void => {
    errors.push({ pointer: at(name), detail: `${at(name)} must be ${kind}.` })
  }
  const optional = <T>(name: string, kind: string, is: (found: unknown) => found is T): T | null => {
    const found = record?.[name] ?? null
    if (found === null || is(found)) return found
    wrong(name, kind)
    return null
  }
  const required = <T>(name: string, kind: string, is: (found: unknown) => found is T, otherwise: T): T => {
    const found = record?.[name]
    if (is(found)) return found
    wrong(name, kind)
    return otherwise
  }
  return {
    errors,
    text: (name) => required(name, 'text', isText, ''),
    number: (name) => required(name, 'a number', isNumber, 0),
    optionalNumber: (name) => optional(name, 'a number', isNumber),
    optionalText: (name) => optional(name, 'text', isText),
    object: (name) => inputAt(at(name), record?.[name], errors),
    list: (name) =>
      required(name, 'a list', isList, []).map((item, index) =>
        inputAt(`${at(name)}/${index}`, item, errors),
      ),
    texts: (name) => {
      const entries = Object.entries(asRecord(record?.[name] ?? {}) ?? {})
      if (!asRecord(record?.[name] ?? {}) || !entries.every((entry) => isText(entry[1])))
        wrong(name, 'texts by name')
      return Object.fromEntries(entries.filter((entry): entry is [string, string] => isText(entry[1])))
    },
    has: (name) => record?.[name] !== undefined,
  }
}

function asRecord(value: unknown): Readonly<Record<string, unknown>> | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : null
}

function isText(value: unknown): value is string {
  return typeof value === 'string'
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value)
}

function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value)
}
