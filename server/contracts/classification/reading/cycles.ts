/**
 * A schema that leads back to itself without going one step into the value (`A: { allOf: [A] }`) describes nothing
 * and would never end (JSON Schema core §9.4.1). Recursion through properties or items is fine.
 */
import type { Part, Reading } from '#/contracts/classification/reading/part.ts'

export function findCycles(fresh: readonly Part[], to: Reading): void {
  const done = new Set<Part>()
  const open = new Set<Part>()
  const visit = (part: Part): void => {
    if (done.has(part)) return
    open.add(part)
    for (const next of inPlace(part)) {
      if (open.has(next)) cut(part, to)
      else visit(next)
    }
    open.delete(part)
    done.add(part)
  }
  for (const part of fresh) visit(part)
}

function inPlace(part: Part): Part[] {
  const branches = part.groups.flatMap(({ branches, by }) =>
    by.how === 'test' ? [by.test, ...branches] : branches,
  )
  return [...part.all, ...branches, ...(part.not ? [part.not] : [])]
}

/** Refused, and made to match nothing, so that whoever goes on regardless comes to an end. */
function cut(part: Part, to: Reading): void {
  to.refuse(part.pointer, 'ref_cycle', 'the schema contains itself without end')
  part.all = []
  part.groups = []
  part.not = null
  part.types = 0
  part.nulls = false
}
