/** Which types of value a schema object allows by itself, as it says or as its keywords imply. */
import type { Schema } from '#/contracts/classification/reading/checks.ts'
import { types, numberTypes, type Part, type Reading } from '#/contracts/classification/reading/part.ts'

const named: ReadonlyMap<unknown, number> = new Map([
  ['string', types.string],
  ['number', numberTypes],
  ['integer', types.integer],
  ['boolean', types.boolean],
  ['object', types.object],
  ['array', types.array],
  ['null', types.null],
])

/** The types of `type`, null where there is none. Both dialects may give a list: 3.0 documents do, too. */
export function statedTypes(to: Reading, pointer: string, schema: Schema): number | null {
  const stated = schema['type']
  if (stated === undefined) return null
  let set = 0
  for (const name of Array.isArray(stated) ? stated : [stated]) {
    const bits = named.get(name)
    if (bits === undefined) to.refuse(`${pointer}/type`, 'malformed', `${JSON.stringify(name)} is not a type`)
    set |= bits ?? 0
  }
  return set
}

const implying: readonly (readonly [number, readonly string[]])[] = [
  [
    types.object,
    [
      'properties',
      'required',
      'additionalProperties',
      'patternProperties',
      'propertyNames',
      'minProperties',
      'maxProperties',
      'dependentRequired',
    ],
  ],
  [types.array, ['items', 'prefixItems', 'contains', 'minItems', 'maxItems', 'uniqueItems']],
  [types.string, ['pattern', 'minLength', 'maxLength']],
  [numberTypes, ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf']],
]

/**
 * JSON Schema lets a string through `{ properties: … }`; an author who writes it means an object, and releasing a
 * string where an object was meant could not be taken back.
 */
export function impliedTypes(schema: Schema): number | null {
  let set = 0
  for (const [bits, keywords] of implying) {
    if (keywords.some((keyword) => keyword in schema)) set |= bits
  }
  return set === 0 ? null : set
}

/**
 * `nullable: true` also stands above `allOf` or an `enum` without null, where the letter of 3.0 lets them forbid null
 * again: authors mean the opposite, and null gives nothing away.
 */
export function ownNulls(part: Part, schema: Schema): boolean | undefined {
  if (schema['nullable'] === true) return true
  if (part.types !== null && (part.types & types.null) === 0) return false
  if (part.checks.any.some((check) => check(null) !== null)) return false
  return part.types === null && !part.listed ? undefined : true
}

const everyType = types.string | numberTypes | types.boolean | types.object | types.array

/** Types of a conjunction of schemas, without null: of those that state some, else of those that imply some. */
export function commonTypes(parts: readonly Part[]): { readonly set: number; readonly known: boolean } {
  const stated = parts.filter((part) => part.types !== null)
  const speaking = stated.length > 0 ? stated : parts.filter((part) => part.implied !== null)
  let set = everyType
  for (const part of speaking) set &= part.types ?? part.implied ?? 0
  return { set, known: speaking.length > 0 || parts.some((part) => part.listed) }
}

/** May null stand there, by `type`, `enum` and the rest? Undefined: the branches of `oneOf` or `anyOf` have to say. */
export function nullVerdict(
  roots: readonly Part[],
  all: readonly Part[],
  known: boolean,
): boolean | undefined {
  const verdict = together(roots)
  if (verdict !== undefined) return verdict
  if (known) return false
  return all.some((part) => part.groups.length > 0) ? undefined : true
}

/** Of conjuncts, one that forbids null wins, unless the schema that holds them allows it. */
function together(parts: readonly Part[]): boolean | undefined {
  const verdicts = parts.map((part) => part.nulls ?? together(part.all))
  if (verdicts.includes(false)) return false
  return verdicts.includes(true) ? true : undefined
}
