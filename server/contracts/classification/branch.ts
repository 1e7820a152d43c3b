/**
 * Which branch of `oneOf` or `anyOf` an upstream's value takes: the one its discriminator names, else the first that
 * the value is valid against, with everything the branch says, released or not. First by the letter; then, because
 * real systems answer more fields than they describe, as if no branch said `additionalProperties: false`.
 */
import type { Check, Checks } from '#/contracts/classification/reading/checks.ts'
import { isInteger, isNumber, isObject, isRawNumber, maxDepth } from '#/contracts/classification/exact.ts'
import { types, type Choice, type Group, type Part } from '#/contracts/classification/reading/part.ts'
import { isWriteOnly, listings, wholeOf, type Whole } from '#/contracts/classification/reading/whole.ts'

export type Chooser = {
  /** Index of the branch, or -1. `depth` is how deep the value lies in the answer. */
  choose(group: Group, value: unknown, depth: number): number
  /** Is the value valid against the whole schema, by the letter? */
  readonly valid: (part: Part, value: unknown, depth: number) => boolean
  /** To be called after every answer: what was found out is kept per value until then. */
  forget(): void
}

export function createChooser(): Chooser {
  const strict: Look = { byLetter: null, tests: new Map(), verdicts: new Map() }
  const lenient: Look = { byLetter: strict, tests: new Map(), verdicts: new Map() }
  return {
    choose(group, value, depth) {
      const index = branchIn(strict, group, value, depth)
      return index >= 0 ? index : branchIn(lenient, group, value, depth)
    },
    valid: (part, value, depth) => testOf(strict, part)(value, depth),
    forget() {
      if (strict.verdicts.size > 0) strict.verdicts.clear()
      if (lenient.verdicts.size > 0) lenient.verdicts.clear()
    },
  }
}

type Test = (value: unknown, depth: number) => boolean
type Members = Readonly<Record<string, unknown>>

/** One way of looking at values: by the letter, or without `additionalProperties: false`. */
type Look = {
  /** Null: this is it. `not` and `if` are always read by the letter: leniency there would turn them round. */
  readonly byLetter: Look | null
  readonly tests: Map<Part, Test>
  /**
   * Verdicts by value and part. Without them, nested alternatives would be tried once per branch of every level
   * above: 2^64 times for a deep value, which is the upstream's to send.
   */
  readonly verdicts: Map<object, Map<number, boolean>>
}

function branchIn(look: Look, group: Group, value: unknown, depth: number): number {
  const { by, branches } = group
  const object = isObject(value) ? value : null
  if (by.how === 'test') return testOf(look.byLetter ?? look, by.test)(value, depth) ? 0 : 1
  if (by.how === 'presence') return object && Object.hasOwn(object, by.property) ? 0 : 1
  if (by.how === 'name' && object) return nameIn(object, by)
  return branches.findIndex((branch) => testOf(look, branch)(value, depth))
}

/** A name that is not known, or none, is no branch at all. */
function nameIn(value: Members, by: Extract<Choice, { how: 'name' }>): number {
  const name = Object.hasOwn(value, by.property) ? value[by.property] : undefined
  return typeof name === 'string' ? (by.branches.get(name) ?? -1) : -1
}

/** Closures made once per schema: walking the schema itself with every value took four times as long. */
function testOf(look: Look, part: Part): Test {
  const known = look.tests.get(part)
  if (known) return known
  const whole = wholeOf([part])
  const test = scalarTest(whole) ?? remembered(look, part, whole, wholeTest(look, whole))
  look.tests.set(part, test)
  return test
}

/** Recursion in a contract is a circle of tests, so each is made when it is first needed. */
function lazily(look: Look, part: Part): Test {
  let test: Test | null = null
  return (value, depth) => (test ??= testOf(look, part))(value, depth)
}

function scalarTest({ parts, types: set, nulls, groups }: Whole): Test | null {
  if (groups.length > 0 || parts.some(({ checks, not }) => not || hasChecks(checks))) return null
  const isNull = nulls === true
  if (set === types.string) return (value) => typeof value === 'string' || (value === null && isNull)
  if (set === types.boolean) return (value) => typeof value === 'boolean' || (value === null && isNull)
  return null
}

function hasChecks({ any, string, number, array, object }: Checks): boolean {
  return any.length + string.length + number.length + array.length + object.length > 0
}

function wholeTest(look: Look, { parts, types: set, nulls, groups }: Whole): Test {
  const members = parts.flatMap((part) => membersTest(look, part) ?? [])
  const elements = parts.flatMap((part) => elementsTest(look, part) ?? [])
  const checked = parts.filter(({ checks }) => hasChecks(checks))
  const unwanted = parts.flatMap(({ not }) => (not ? lazily(look.byLetter ?? look, not) : []))
  const required = requiredNames(parts)
  return (value, depth) => {
    if (value === null) {
      if (nulls !== undefined) return nulls
    } else if (!fits(set, value)) return false
    if (typeof value === 'object' && value !== null) {
      if (depth > maxDepth) return false
      if (Array.isArray(value)) {
        if (!elements.every((test) => test(value, depth + 1))) return false
      } else if (!isRawNumber(value)) {
        if (!required.every((name) => Object.hasOwn(value, name))) return false
        if (!members.every((test) => test(value as Members, depth + 1))) return false
      }
    }
    if (!checked.every(({ checks }) => plain(checks, value))) return false
    if (unwanted.some((test) => test(value, depth))) return false
    return groups.every((group) => {
      const branch = group.branches[branchIn(look, group, value, depth)]
      return branch !== undefined && (group.by.how === 'validity' || testOf(look, branch)(value, depth))
    })
  }
}

/** Keeps verdicts where one value may be asked about more than once; elsewhere that would only cost. */
function remembered(look: Look, part: Part, { parts, groups }: Whole, test: Test): Test {
  const looking = parts.filter(({ properties, additional, items, prefix }) => {
    return properties.size + prefix.length > 0 || typeof additional === 'object' || typeof items === 'object'
  })
  const twice = parts.some(({ not, contains, patterns }) => not || contains || patterns.length > 0)
  if (groups.length === 0 && looking.length <= 1 && !twice) return test
  return (value, depth) => {
    if (typeof value !== 'object' || value === null) return test(value, depth)
    let known = look.verdicts.get(value)
    if (!known) look.verdicts.set(value, (known = new Map()))
    let verdict = known.get(part.id)
    if (verdict === undefined) known.set(part.id, (verdict = test(value, depth)))
    return verdict
  }
}

function requiredNames(parts: readonly Part[]): string[] {
  const writeOnly = new Set(
    parts.flatMap((part) =>
      [...part.properties].filter(([, each]) => isWriteOnly(each)).map(([name]) => name),
    ),
  )
  return parts.flatMap((part) => part.required).filter((name) => !writeOnly.has(name))
}

function membersTest(look: Look, part: Part): ((value: Members, depth: number) => boolean) | null {
  const { properties, patterns, additional, names } = part
  const isClosed = additional === false && !look.byLetter
  const named = [...properties].map(([name, each]) => ({ name, test: lazily(look, each) }))
  const isNamed: (value: Members, depth: number) => boolean = (value, depth) =>
    named.every(({ name, test }) => !Object.hasOwn(value, name) || test(value[name], depth))
  if (patterns.length === 0 && typeof additional === 'boolean' && !isClosed && !names) {
    return named.length === 0 ? null : isNamed
  }
  const nameTest = names && lazily(look, names)
  return (value, depth) =>
    isNamed(value, depth) &&
    Object.keys(value).every((name) => {
      if (nameTest && !nameTest(name, depth)) return false
      if (patterns.length === 0 && properties.has(name)) return true
      const listed = listings(part, name)
      if (listed.length === 0) return !isClosed
      return listed.every((each) => testOf(look, each)(value[name], depth))
    })
}

function elementsTest(
  look: Look,
  part: Part,
): ((value: readonly unknown[], depth: number) => boolean) | null {
  const { prefix, items, contains } = part
  if (prefix.length === 0 && items === true && !contains) return null
  const first = prefix.map((each) => lazily(look, each))
  const rest = typeof items === 'object' ? lazily(look, items) : () => items || look.byLetter !== null
  const wanted = contains && lazily(look, contains.part)
  return (value, depth) => {
    if (!value.every((element, index) => (first[index] ?? rest)(element, depth))) return false
    if (!wanted || !contains) return true
    const count = value.filter((element) => wanted(element, depth)).length
    return count >= contains.min && count <= contains.max
  }
}

function fits(set: number, value: unknown): boolean {
  if (typeof value === 'string') return (set & types.string) !== 0
  if (typeof value === 'boolean') return (set & types.boolean) !== 0
  if (isNumber(value)) return (set & (isInteger(value) ? types.integer : types.fraction)) !== 0
  return (set & (Array.isArray(value) ? types.array : types.object)) !== 0
}

/** The keywords that need not look inside. */
function plain({ any, string, number, array, object }: Checks, value: unknown): boolean {
  if (!passes(any, value)) return false
  if (typeof value === 'string') return passes(string, value)
  if (isNumber(value)) return passes(number, value)
  if (Array.isArray(value)) return passes(array, value)
  return typeof value !== 'object' || value === null || passes(object, value)
}

function passes(checks: readonly Check[], value: unknown): boolean {
  return checks.every((check) => check(value) === null)
}
