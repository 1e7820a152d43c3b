/**
 * A schema that leads back to itself without going one step into the value (`A: { allOf: [A] }`) describes nothing
 * and would never end (JSON Schema core §9.4.1). Recursion through properties or items is fine.
 */
import type { Part, Reading } from '#/contracts/classification/reading/part.ts'

/** Schemas of one value within each other. Whatever looks at a value goes as deep, so this keeps it off the stack. */
const maxHeight = 500

/** Looks at the parts that were just read; the ones before them are known to be sound. */
export function createCycleFinder(to: Reading): (fresh: readonly Part[]) => void {
  const heights = new Map<Part, number>()
  const open = new Set<Part>()
  const visit = (part: Part): number => {
    const known = heights.get(part)
    if (known !== undefined) return known
    if (open.has(part)) return cut(part, 'ref_cycle', 'the schema contains itself without end')
    open.add(part)
    const deep = open.size > maxHeight ? maxHeight : 0
    const height = 1 + Math.max(deep, ...(deep ? [] : inPlace(part).map(visit)))
    if (height > maxHeight)
      cut(part, 'schema_depth', `more than ${maxHeight} schemas say what this one value is`)
    open.delete(part)
    heights.set(part, height > maxHeight ? 1 : height)
    return heights.get(part)!
  }
  /** Refused, and made to match nothing, so that whoever goes on regardless comes to an end. */
  const cut = (part: Part, code: string, message: string): number => {
    to.refuse(part.pointer, code, message)
    part.all = []
    part.groups = []
    part.not = null
    part.types = 0
    part.nulls = false
    return 1
  }
  return (fresh) => fresh.forEach(visit)
}

function inPlace(part: Part): Part[] {
  const branches = part.groups.flatMap(({ branches, by }) =>
    by.how === 'test' ? [by.test, ...branches] : branches,
  )
  return [...part.all, ...branches, ...(part.not ? [part.not] : [])]
}
