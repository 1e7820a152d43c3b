/**
 * The keywords of JSON Schema that bound a value without looking into it (2020-12 §6), as functions made once.
 * `format` is an annotation here: what an upstream calls a date is released as text either way.
 */
import { canonical, isNumber, nearest, type RawNumber } from '#/contracts/classification/exact.ts'
import { compilePattern, type Effort } from '#/contracts/validation/validation.ts'

export type Schema = Readonly<Record<string, unknown>>

/** The keyword that says no, or null. */
export type Check = (value: unknown) => string | null

/** By the kind of value they speak of; a check is only ever called with its kind. `any` comes before the others. */
export type Checks = {
  readonly any: readonly Check[]
  readonly string: readonly Check[]
  readonly number: readonly Check[]
  readonly array: readonly Check[]
  readonly object: readonly Check[]
}

type Count = (value: never) => number

/** Counting stops mattering where there is no surrogate pair, and a string has at most as many characters as units. */
const characters: Count = (value: string) => {
  let count = value.length
  for (let i = 0; i < value.length; i++) {
    const unit = value.codePointAt(i) ?? 0
    if (unit > 0xffff) {
      count--
      i++
    }
  }
  return count
}
const elements: Count = (value: readonly unknown[]) => value.length
const members: Count = (value: object) => Object.keys(value).length

function limit(
  schema: Schema,
  code: string,
  measure: Count,
  holds: (size: number, bound: number) => boolean,
) {
  const bound = schema[code]
  if (typeof bound !== 'number') return []
  return [(value: unknown) => (holds(measure(value as never), bound) ? null : code)]
}

const atLeast = (size: number, bound: number) => size >= bound
const atMost = (size: number, bound: number) => size <= bound

function oneOfValues(schema: Schema, code: 'enum' | 'const', values: readonly unknown[]): Check {
  const scalars = new Set(values.filter((value) => typeof value !== 'object' || value === null))
  const others = new Set(values.filter((value) => !scalars.has(value)).map((value) => canonical(value)))
  // 3.0 asks for null in the list as well; authors forget it, and null tells nobody anything.
  if (schema['nullable'] === true) scalars.add(null)
  const has = (value: unknown) => {
    if (typeof value !== 'object' || value === null) return scalars.has(value)
    return isNumber(value) ? scalars.has(nearest(value)) : others.has(canonical(value))
  }
  return (value) => (has(value) ? null : code)
}

function multipleOf(step: number): Check {
  return (value) => {
    if (!isNumber(value)) return 'multipleOf'
    // Exact for integers of any size; for the rest within what doubles can say (0.07 is a multiple of 0.01).
    if (Number.isInteger(step) && typeof value !== 'number' && /^-?\d+$/.test(value.rawJSON)) {
      return BigInt(value.rawJSON) % BigInt(step) === 0n ? null : 'multipleOf'
    }
    const times = nearest(value) / step
    return Math.abs(times - Math.round(times)) <= 1e-9 * Math.max(1, Math.abs(times)) ? null : 'multipleOf'
  }
}

function numberChecks(schema: Schema): Check[] {
  const checks: Check[] = []
  const bound = (code: string, value: unknown, holds: (a: number, b: number) => boolean) => {
    if (typeof value !== 'number') return
    checks.push((given) => (holds(nearest(given as number | RawNumber), value) ? null : code))
  }
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum } = schema
  // OpenAPI 3.0 says `exclusiveMinimum: true` beside `minimum`, 3.1 gives the number itself.
  bound('minimum', minimum, exclusiveMinimum === true ? (a, b) => a > b : atLeast)
  bound('maximum', maximum, exclusiveMaximum === true ? (a, b) => a < b : atMost)
  bound('exclusiveMinimum', exclusiveMinimum, (a, b) => a > b)
  bound('exclusiveMaximum', exclusiveMaximum, (a, b) => a < b)
  const step = schema['multipleOf']
  if (typeof step === 'number' && step > 0) checks.push(multipleOf(step))
  return checks
}

/** Linear, because an upstream chooses the length of the list. */
const unique: Check = (value) => {
  const list = value as readonly unknown[]
  return new Set(list.map((element) => canonical(element))).size === list.length ? null : 'uniqueItems'
}

function dependentRequired(schema: Schema): Check[] {
  const rules = schema['dependentRequired']
  if (typeof rules !== 'object' || rules === null) return []
  const entries = Object.entries(rules as Record<string, readonly string[]>)
  return [
    (value) =>
      entries.every(
        ([name, needed]) =>
          !Object.hasOwn(value as object, name) ||
          needed.every((other) => Object.hasOwn(value as object, other)),
      )
        ? null
        : 'dependentRequired',
  ]
}

/** A pattern that cannot be read is refused when the document is surveyed; here it must not end the program. */
function patternCheck(pattern: unknown, effort: Effort): Check[] {
  if (typeof pattern !== 'string') return []
  try {
    const expression = compilePattern(pattern, effort)
    return [(value) => (expression.test(value as string) ? null : 'pattern')]
  } catch {
    return []
  }
}

/** `effort`: what the checks of one answer share. */
export function checksOf(schema: Schema, effort: Effort): Checks {
  const { enum: values } = schema
  return {
    any: [
      ...(Array.isArray(values) ? [oneOfValues(schema, 'enum', values)] : []),
      ...('const' in schema ? [oneOfValues(schema, 'const', [schema['const']])] : []),
    ],
    string: [
      ...limit(schema, 'minLength', characters, atLeast),
      ...limit(schema, 'maxLength', characters, atMost),
      ...patternCheck(schema['pattern'], effort),
    ],
    number: numberChecks(schema),
    array: [
      ...limit(schema, 'minItems', elements, atLeast),
      ...limit(schema, 'maxItems', elements, atMost),
      ...(schema['uniqueItems'] === true ? [unique] : []),
    ],
    object: [
      ...limit(schema, 'minProperties', members, atLeast),
      ...limit(schema, 'maxProperties', members, atMost),
      ...dependentRequired(schema),
    ],
  }
}
