/**
 * Finds what a caller may not send: fields whose class keeps them inside the house, and fields that only the
 * service sets. Kept apart from the schema check, because there a second branch of a `oneOf` could let through
 * what the first one refuses.
 */
import { keywords } from '#/contracts/validation/keywords.ts'
import type { Effort } from '#/contracts/validation/patterns/effort.ts'
import { compilePattern, type Pattern } from '#/contracts/validation/patterns/pattern.ts'
import { isLost, isTree, member, own, reference, target, type Tree } from '#/contracts/validation/pointers.ts'
import type { Fault } from '#/contracts/validation/faults.ts'
import { inside, setByService } from '#/contracts/validation/faults.ts'

/** Classes a caller may send: what it may also see, and its own people's data. */
const sendable: ReadonlySet<unknown> = new Set(['public', 'personal'])

/** True for an explicit class that keeps a field inside; a field without a class may be sent. */
function isInside(node: unknown): boolean {
  if (!isTree(node)) return false
  const given = own(node, 'x-portico-class')
  return given !== undefined && !sendable.has(given)
}

/** One schema that holds for a value; `certain` unless it is one branch of several. */
type Holding = { readonly schema: Tree; readonly certain: boolean }

/** All schemas that hold for the value of `schema` itself: through $ref, allOf and, uncertainly, through unions. */
function holding(document: unknown, start: readonly Holding[]): readonly Holding[] {
  const found = new Map<Tree, boolean>()
  const visit = (node: unknown, certain: boolean): void => {
    if (!isTree(node) || (found.has(node) && (found.get(node) === true || !certain))) return
    found.set(node, certain)
    const ref = reference(node)
    const to = ref === undefined ? undefined : target(document, ref)
    if (to !== undefined && !isLost(to)) visit(to.node, certain)
    for (const name of Object.keys(node)) {
      if (keywords.get(name)?.inPlace !== true || name === '$ref' || name === 'not') continue
      const value = own(node, name)
      const parts = Array.isArray(value)
        ? value
        : name === 'dependentSchemas' && isTree(value)
          ? Object.values(value)
          : [value]
      for (const part of parts as unknown[]) visit(part, certain && name === 'allOf')
    }
  }
  for (const { schema, certain } of start) visit(schema, certain)
  return [...found].map(([schema, certain]) => ({ schema, certain }))
}

/** Classes that a schema states for the value itself, whether for sure or in one branch of several. */
export function statedClasses(document: unknown, schema: unknown): readonly unknown[] {
  const all = isTree(schema) ? holding(document, [{ schema, certain: true }]) : []
  return all.map((one) => own(one.schema, 'x-portico-class')).filter((given) => given !== undefined)
}

/** Whether a node or the schema it carries is kept inside. */
export function staysInside(document: unknown, node: unknown, schema: unknown): boolean {
  return isInside(node) || statedClasses(document, schema).some((given) => !sendable.has(given))
}

type Verdict = typeof inside | typeof setByService | null

function verdict(all: readonly Holding[]): Verdict {
  if (all.some(({ schema }) => isInside(schema))) return inside
  return all.some(({ schema, certain }) => certain && own(schema, 'readOnly') === true) ? setByService : null
}

/** Names of the direct properties of a schema that a caller may not send. */
export function withheldProperties(document: unknown, schema: Tree): ReadonlySet<string> {
  const names = new Set<string>()
  for (const { schema: one } of holding(document, [{ schema, certain: true }])) {
    const properties = own(one, 'properties')
    for (const [name, property] of isTree(properties) ? Object.entries(properties) : []) {
      if (isTree(property) && verdict(holding(document, [{ schema: property, certain: true }])) !== null)
        names.add(name)
    }
  }
  return names
}

/** Whether anything below a schema is withheld; most schemas hold nothing, and then no value is ever walked. */
function withholds(document: unknown, schema: unknown, seen = new Set<unknown>()): boolean {
  if (!isTree(schema) || seen.has(schema)) return false
  seen.add(schema)
  if (isInside(schema) || own(schema, 'readOnly') === true) return true
  const ref = reference(schema)
  const to = ref === undefined ? undefined : target(document, ref)
  if (to !== undefined && !isLost(to) && withholds(document, to.node, seen)) return true
  return Object.keys(schema).some((name) => {
    const value = own(schema, name)
    switch (keywords.get(name)?.kind) {
      case 'schema':
        return withholds(document, value, seen)
      case 'schemas':
        return Array.isArray(value) && value.some((one) => withholds(document, one, seen))
      case 'schema map':
        return isTree(value) && Object.values(value).some((one) => withholds(document, one, seen))
      default:
        return false
    }
  })
}

/** Faults of every withheld field in a value, or null when the schema withholds nothing. Stops at `max`. */
export function withheldCheck(
  document: unknown,
  schema: unknown,
  max: number,
  effort?: Effort,
): ((value: unknown) => readonly Fault[]) | null {
  if (!withholds(document, schema)) return null
  const closures = new WeakMap<Tree, readonly Holding[]>()
  const patterns = new Map<string, Pattern>()
  const matches = (source: string, key: string): boolean => {
    const pattern = patterns.get(source) ?? compilePattern(source, effort)
    patterns.set(source, pattern)
    // A name too long to be looked at may be one that stays inside.
    return (pattern.maxLength !== null && key.length > pattern.maxLength) || pattern.test(key)
  }
  const close = (all: readonly Holding[]): readonly Holding[] => {
    const only = all.length === 1 && all[0]?.certain === true ? all[0].schema : undefined
    if (only === undefined) return holding(document, all)
    const known = closures.get(only) ?? holding(document, all)
    closures.set(only, known)
    return known
  }
  return (value) => {
    const faults: Fault[] = []
    visit(value, [{ schema: schema as Tree, certain: true }], '#')
    return faults

    function visit(at: unknown, schemas: readonly Holding[], pointer: string): void {
      if (schemas.length === 0 || faults.length >= max) return
      const all = close(schemas)
      const refused = verdict(all)
      if (refused !== null) faults.push({ ...refused, pointer })
      else if (Array.isArray(at)) visitItems(at, all, pointer)
      else if (isTree(at))
        for (const key of Object.keys(at))
          visit(at[key], forProperty(all, key, matches), member(pointer, key))
    }

    function visitItems(items: readonly unknown[], all: readonly Holding[], pointer: string): void {
      const fixed = Math.max(0, ...all.map(({ schema: one }) => listOf(own(one, 'prefixItems')).length))
      const rest = forItem(all, Infinity)
      if (rest.length === 0 && fixed === 0 && !all.some(({ schema: one }) => own(one, 'contains'))) return
      for (let i = 0; i < items.length && faults.length < max; i++) {
        visit(items[i], i < fixed ? forItem(all, i) : rest, member(pointer, i))
      }
    }
  }
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? (value as unknown[]) : [])

function forItem(all: readonly Holding[], index: number): Holding[] {
  return all.flatMap(({ schema, certain }) => {
    const fixed = listOf(own(schema, 'prefixItems'))
    const one = index < fixed.length ? fixed[index] : own(schema, 'items')
    return [one, own(schema, 'contains')].filter(isTree).map((found) => ({ schema: found, certain }))
  })
}

function forProperty(
  all: readonly Holding[],
  key: string,
  matches: (source: string, key: string) => boolean,
): Holding[] {
  return all.flatMap(({ schema, certain }) => {
    const found: unknown[] = []
    const properties = own(schema, 'properties')
    if (isTree(properties) && Object.hasOwn(properties, key)) found.push(properties[key])
    const patterns = own(schema, 'patternProperties')
    for (const [pattern, one] of isTree(patterns) ? Object.entries(patterns) : []) {
      if (matches(pattern, key)) found.push(one)
    }
    if (found.length === 0) found.push(own(schema, 'additionalProperties'))
    return found.filter(isTree).map((one) => ({ schema: one, certain }))
  })
}
