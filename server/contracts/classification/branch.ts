/**
 * Which branch of `oneOf` or `anyOf` an upstream's value takes: the one its discriminator names, else the first that
 * the value is valid against, with everything the branch says, released or not. First by the letter; then, because
 * real systems answer more fields than they describe, as if no branch said `additionalProperties: false`.
 */
import type { Check } from '#/contracts/classification/reading/checks.ts'
import { isInteger, isNumber, isObject, maxDepth } from '#/contracts/classification/exact.ts'
import { types, type Choice, type Group, type Part } from '#/contracts/classification/reading/part.ts'
import {
  isWriteOnly,
  listingAt,
  listings,
  wholeOf,
  type Whole,
} from '#/contracts/classification/reading/whole.ts'

export type Chooser = {
  /** Index of the branch, or -1. `depth` is how deep the value lies in the answer. */
  choose(group: Group, value: unknown, depth: number): number
  /** Is the value valid against the whole schema, by the letter? */
  readonly valid: (part: Part, value: unknown, depth: number) => boolean
  /** To be called after every answer: what was found out is kept per value until then. */
  forget(): void
}

export function createChooser(): Chooser {
  const wholes = new Map<Part, Whole & { writeOnly: ReadonlySet<string> }>()
  const known = (part: Part) => {
    let whole = wholes.get(part)
    if (!whole) wholes.set(part, (whole = withWriteOnly(wholeOf([part]))))
    return whole
  }
  const strict: Look = { byLetter: null, wholeOf: known, verdicts: new Map() }
  const lenient: Look = { byLetter: strict, wholeOf: known, verdicts: new Map() }
  return {
    choose(group, value, depth) {
      const index = branchIn(strict, group, value, depth)
      return index >= 0 ? index : branchIn(lenient, group, value, depth)
    },
    valid: (part, value, depth) => valid(strict, part, value, depth),
    forget() {
      if (strict.verdicts.size > 0) strict.verdicts.clear()
      if (lenient.verdicts.size > 0) lenient.verdicts.clear()
    },
  }
}

function withWriteOnly(whole: Whole): Whole & { writeOnly: ReadonlySet<string> } {
  const properties = whole.parts.flatMap((part) => [...part.properties])
  return {
    ...whole,
    writeOnly: new Set(properties.filter(([, part]) => isWriteOnly(part)).map(([name]) => name)),
  }
}

/** One way of looking at values: by the letter, or without `additionalProperties: false`. */
type Look = {
  /** Null: this is it. `not` and `if` are always read by the letter: leniency there would turn them round. */
  readonly byLetter: Look | null
  readonly wholeOf: (part: Part) => Whole & { writeOnly: ReadonlySet<string> }
  /**
   * Verdicts by value and part. Without them, nested alternatives would be tried once per branch of every level
   * above: 2^64 times for a deep value, which is the upstream's to send.
   */
  readonly verdicts: Map<object, Map<number, boolean>>
}

function branchIn(look: Look, group: Group, value: unknown, depth: number): number {
  const { by, branches } = group
  const object = isObject(value) ? value : null
  if (by.how === 'test') return valid(look.byLetter ?? look, by.test, value, depth) ? 0 : 1
  if (by.how === 'presence') return object && Object.hasOwn(object, by.property) ? 0 : 1
  if (by.how === 'name' && object) return nameIn(object, by)
  return branches.findIndex((branch) => valid(look, branch, value, depth))
}

/** A name that is not known, or none, is no branch at all. */
function nameIn(value: Record<string, unknown>, by: Extract<Choice, { how: 'name' }>): number {
  const name = Object.hasOwn(value, by.property) ? value[by.property] : undefined
  return typeof name === 'string' ? (by.branches.get(name) ?? -1) : -1
}

function valid(look: Look, part: Part, value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return holds(look, part, value, depth)
  if (depth > maxDepth) return false
  let known = look.verdicts.get(value)
  if (!known) look.verdicts.set(value, (known = new Map()))
  let verdict = known.get(part.id)
  if (verdict === undefined) known.set(part.id, (verdict = holds(look, part, value, depth)))
  return verdict
}

function holds(look: Look, part: Part, value: unknown, depth: number): boolean {
  const whole = look.wholeOf(part)
  if (value === null && whole.nulls !== undefined) return whole.nulls
  if (value !== null && !fits(whole.types, value)) return false
  for (const each of whole.parts) {
    if (!plain(each, value) || (each.not && valid(look.byLetter ?? look, each.not, value, depth)))
      return false
    if (Array.isArray(value)) {
      if (!elementsHold(look, each, value, depth + 1)) return false
    } else if (isObject(value)) {
      if (each.required.some((name) => !Object.hasOwn(value, name) && !whole.writeOnly.has(name)))
        return false
      if (!membersHold(look, each, value, depth + 1)) return false
    }
  }
  return whole.groups.every((group) => {
    const branch = group.branches[branchIn(look, group, value, depth)]
    return branch !== undefined && (group.by.how === 'validity' || valid(look, branch, value, depth))
  })
}

function membersHold(look: Look, part: Part, value: Record<string, unknown>, depth: number): boolean {
  const { properties, patterns, additional, names } = part
  if (properties.size === 0 && patterns.length === 0 && additional === true && !names) return true
  return Object.keys(value).every((name) => {
    const listed = listings(part, name)
    if (listed.length === 0 && additional === false && !look.byLetter) return false
    if (names && !valid(look, names, name, depth)) return false
    return listed.every((each) => valid(look, each, value[name], depth))
  })
}

function elementsHold(look: Look, part: Part, value: readonly unknown[], depth: number): boolean {
  const all = value.every((element, index) => {
    const listed = listingAt(part, index)
    if (typeof listed === 'boolean') return listed || look.byLetter !== null
    return valid(look, listed, element, depth)
  })
  const { contains } = part
  if (!all || !contains) return all
  const count = value.filter((element) => valid(look, contains.part, element, depth)).length
  return count >= contains.min && count <= contains.max
}

function fits(set: number, value: unknown): boolean {
  if (isNumber(value)) return (set & (isInteger(value) ? types.integer : types.fraction)) !== 0
  if (Array.isArray(value)) return (set & types.array) !== 0
  return (set & (types[typeof value as 'string' | 'boolean' | 'object'] ?? 0)) !== 0
}

/** The keywords that need not look inside. */
function plain(part: Part, value: unknown): boolean {
  const { any, string, number, array, object } = part.checks
  if (!passes(any, value)) return false
  if (typeof value === 'string') return passes(string, value)
  if (isNumber(value)) return passes(number, value)
  if (Array.isArray(value)) return passes(array, value)
  return typeof value !== 'object' || value === null || passes(object, value)
}

function passes(checks: readonly Check[], value: unknown): boolean {
  return checks.every((check) => check(value) === null)
}
