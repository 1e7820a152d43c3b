/** One schema object of a document, read once: what the keywords say, with their schemas as parts of their own. */
import type { Effort } from '#/contracts/validation/validation.ts'
import type { Checks } from '#/contracts/classification/reading/checks.ts'
import type { Class } from '#/contracts/classification/classes.ts'

/** Sets of JSON types as bits. `number` has both number bits, so that number ∩ integer is integer. */
export const types = {
  string: 1,
  fraction: 2,
  integer: 4,
  boolean: 8,
  object: 16,
  array: 32,
  null: 64,
} as const
export const numberTypes: number = types.fraction | types.integer

export type Part = {
  readonly id: number
  /** JSON Pointer of the schema in the document, `#/components/schemas/Design`. */
  readonly pointer: string
  /** What `x-portico-class` says at this very place. */
  class: Class | null
  writeOnly: boolean
  /** Types by `type`, null where there is none. */
  types: number | null
  /** Without `type`: what the keywords speak of (`properties`: an object). Null where they speak of nothing. */
  implied: number | null
  /** The `null` this place allows by itself; undefined: it is for `$ref`, `allOf` or the branches to say. */
  nulls: boolean | undefined
  /** `enum` or `const` say which values there are, so an untyped schema is not free-form. */
  listed: boolean
  checks: Checks
  required: readonly string[]
  properties: ReadonlyMap<string, Part>
  patterns: readonly { readonly matches: (name: string) => boolean; readonly part: Part }[]
  /** True: anything may stand there (also `{}`), and nothing is said of it. */
  additional: Part | boolean
  prefix: readonly Part[]
  /** As `additional`; false after a `prefixItems` closes the list. */
  items: Part | boolean
  /** The target of `$ref`, then the members of `allOf`: conjuncts. */
  all: readonly Part[]
  /** Everything of which a value takes one branch: `oneOf`, `anyOf`, `if`, `dependentSchemas`. */
  groups: readonly Group[]
  /** Count only where a branch is chosen. */
  not: Part | null
  names: Part | null
  contains: { readonly part: Part; readonly min: number; readonly max: number } | null
}

/** Alternatives of which a value takes one. */
export type Group = {
  readonly id: number
  readonly branches: readonly Part[]
  by: Choice
}

/**
 * How the branch is found: the first valid one; the one that a property of the value names; the first if the value is
 * valid against `test`, else the second; the first if the value has the property, else the second.
 */
export type Choice =
  | { readonly how: 'validity' }
  | { readonly how: 'name'; readonly property: string; readonly branches: ReadonlyMap<string, number> }
  | { readonly how: 'test'; readonly test: Part }
  | { readonly how: 'presence'; readonly property: string }

/** Says nothing of what stands there: no type, no keyword, no class. `{}`, `true` and a lone description. */
export function isOpen(part: Part): boolean {
  return (
    part.types === null &&
    part.implied === null &&
    part.class === null &&
    !part.listed &&
    !part.writeOnly &&
    part.all.length + part.groups.length === 0
  )
}

/** A feature that is not served, or something to know, at a JSON Pointer of the document. */
export type Finding = { readonly pointer: string; readonly code: string; readonly message: string }

/** What the files of this folder need of each other while a schema is read. */
export type Reading = {
  /** What the patterns of a document may cost one answer. */
  readonly effort: Effort
  readonly part: (schema: unknown, pointer: string) => Part
  /** The part a `$ref` leads to; null (and a refusal) when it leads nowhere. */
  readonly target: (ref: string, pointer: string) => Part | null
  readonly refuse: (pointer: string, code: string, message: string) => void
  readonly notice: (pointer: string, code: string, message: string) => void
}
