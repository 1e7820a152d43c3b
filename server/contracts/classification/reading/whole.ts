/** A schema together with everything that applies to the same value: through `$ref` and `allOf`, each once. */
import type { Group, Part } from '#/contracts/classification/reading/part.ts'
import { commonTypes, nullVerdict } from '#/contracts/classification/reading/typing.ts'

export type Whole = {
  readonly parts: readonly Part[]
  /** Without null, which `nulls` speaks of; undefined there: the branches of `groups` have to say. */
  readonly types: number
  readonly nulls: boolean | undefined
  /** Some keyword says of what kind the value is; without any it is free-form. */
  readonly known: boolean
  readonly groups: readonly Group[]
}

export function wholeOf(roots: readonly Part[]): Whole {
  const parts = conjuncts(roots)
  const { set, known } = commonTypes(parts)
  const groups = parts.flatMap((part) => part.groups)
  return { parts, types: set, nulls: nullVerdict(roots, parts, known), known, groups }
}

export function conjuncts(roots: readonly Part[]): Part[] {
  const found = new Set<Part>()
  const visit = (part: Part): void => {
    if (found.has(part)) return
    found.add(part)
    part.all.forEach(visit)
  }
  roots.forEach(visit)
  return [...found]
}

/** Only a client sends it: it is never released, and `required` does not ask an answer for it (OpenAPI 3.0.4 §4.7.24.2). */
export function isWriteOnly(part: Part): boolean {
  return conjuncts([part]).some((each) => each.writeOnly)
}

/** The schemas that one schema object applies to a property (JSON Schema core §10.3.2). */
export function listings(part: Part, name: string): Part[] {
  const own = part.properties.get(name)
  const found = own ? [own] : []
  for (const pattern of part.patterns) if (pattern.matches(name)) found.push(pattern.part)
  if (found.length === 0 && typeof part.additional === 'object') found.push(part.additional)
  return found
}

/** The same for an element; true and false as `items` says them. */
export function listingAt(part: Part, index: number): Part | boolean {
  return part.prefix[index] ?? part.items
}
