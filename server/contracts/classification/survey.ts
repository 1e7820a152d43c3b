/** Tells an author, before anything is served, which fields of an answer will leave and which wait for a class. */
import type { Part } from '#/contracts/classification/reading/part.ts'
import {
  allows,
  classOf,
  hasUnnamed,
  isFreeObject,
  type Field,
  type Shape,
  type Shapes,
} from '#/contracts/classification/shape.ts'

export type Survey = {
  /** JSON Pointers of schemas that are not released only because they have no class. */
  readonly unclassified: readonly string[]
  /** Schemas of properties that are released, and of those that are not. */
  readonly released: number
  readonly withheld: number
}

/** What one shape says by itself; the same for every operation that meets it. */
type Finding = {
  readonly unclassified: readonly string[]
  readonly released: readonly Part[]
  readonly withheld: readonly Part[]
  readonly next: readonly Shape[]
}

export function createSurvey(shapes: Shapes): (root: Shape) => Survey {
  const findings = new Map<Shape, Finding>()
  return (root) => {
    const seen = new Set([root])
    const unclassified = new Set<string>()
    const released = new Set<Part>()
    const withheld = new Set<Part>()
    // A set is walked in the order of insertion, additions included.
    for (const shape of seen) {
      let finding = findings.get(shape)
      if (!finding) findings.set(shape, (finding = inspect(shapes, shape)))
      for (const pointer of finding.unclassified) unclassified.add(pointer)
      for (const part of finding.released) released.add(part)
      for (const part of finding.withheld) withheld.add(part)
      for (const next of finding.next) seen.add(next)
    }
    return {
      unclassified: [...unclassified],
      released: released.size,
      withheld: [...withheld].filter((part) => !released.has(part)).length,
    }
  }
}

function inspect(shapes: Shapes, shape: Shape): Finding {
  const nothing = { unclassified: [], released: [], withheld: [], next: [] }
  if (shape.hidden) return nothing
  // Each branch with the other groups left aside: their product could be larger than any contract.
  const branches = shape.undecided.flatMap((group) =>
    group.branches.map((_, index) => shapes.take(shape, group, index, shape.undecided)),
  )
  if (branches.length > 0) return { ...nothing, next: branches }
  const here = shape.listed.filter((part) => classOf(part) === null).map((part) => part.pointer)
  if (!shape.whole.known) return { ...nothing, unclassified: shape.explicit ? [] : here }
  const fields = allows(shape, 'object') ? [...shapes.fields(shape), ...unnamed(shapes, shape)] : []
  const elements = allows(shape, 'array') ? shapes.elements(shape) : null
  const isFree =
    (allows(shape, 'object') && isFreeObject(shape)) || (allows(shape, 'array') && !shapes.elements(shape))
  const isBare =
    !shape.scalars && (['string', 'integer', 'boolean'] as const).some((type) => allows(shape, type))
  const released = fields.filter((field) => field.fate === 'released')
  const waiting = fields.filter((field) => field.fate === 'unclassified')
  return {
    unclassified: [
      ...((isFree && !shape.explicit) || isBare ? here : []),
      ...waiting.flatMap(({ listed }) =>
        listed.filter((part) => classOf(part) === null).map((part) => part.pointer),
      ),
    ],
    released: released.flatMap((field) => field.listed),
    withheld: fields.filter((field) => field.fate !== 'released').flatMap((field) => field.listed),
    next: [
      ...released.map((field) => field.shape),
      ...(elements ? [...elements.prefix, ...(elements.rest ? [elements.rest] : [])] : []),
    ],
  }
}

/** One field per pattern, and one for what fits none. */
function unnamed(shapes: Shapes, shape: Shape): Field[] {
  const { parts } = shape.whole
  if (!parts.some(hasUnnamed)) return []
  const patterns = parts.flatMap((part) => part.patterns.map((pattern) => pattern.part))
  return [
    ...patterns.map((part) => shapes.field('*', [part])),
    ...[shapes.entry(shape, null)].filter((field) => field !== null),
  ]
}
