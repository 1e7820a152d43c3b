/** Which JSON types a schema lets a value have; a parameter is text, and only its schema says what the text means. */
import {
  isTree,
  own,
  reference,
  resolved,
  staysInside,
  type Tree,
} from '#/contracts/validation/validation.ts'

export type JsonType = 'null' | 'boolean' | 'object' | 'array' | 'number' | 'integer' | 'string'

/** Null: the schema does not say. References may lead in circles, so they are followed a bounded number of times. */
export function typesOf(document: Tree, schema: unknown, depth = 0): ReadonlySet<JsonType> | null {
  const node = reference(schema) === undefined ? schema : resolved(document, schema)
  if (!isTree(node) || depth > 16) return null
  const statements = [statedTypes(node), valueTypes(node)]
  for (const one of listOf(node, 'allOf')) statements.push(typesOf(document, one, depth + 1))
  for (const union of ['anyOf', 'oneOf']) statements.push(unionTypes(document, listOf(node, union), depth))
  const types = statements.reduce(both, null)
  return types !== null && own(node, 'nullable') === true ? new Set([...types, 'null']) : types
}

const listOf = (node: Tree, name: string): readonly unknown[] => {
  const value = own(node, name)
  return Array.isArray(value) ? (value as unknown[]) : []
}

function statedTypes(node: Tree): ReadonlySet<JsonType> | null {
  const type = own(node, 'type')
  return type === undefined ? null : new Set([type].flat() as JsonType[])
}

function valueTypes(node: Tree): ReadonlySet<JsonType> | null {
  const values = Object.hasOwn(node, 'const') ? [own(node, 'const')] : own(node, 'enum')
  return Array.isArray(values) && own(node, 'type') === undefined ? new Set(values.map(typeOfValue)) : null
}

function typeOfValue(value: unknown): JsonType {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'array' : (typeof value as JsonType)
}

function unionTypes(
  document: Tree,
  branches: readonly unknown[],
  depth: number,
): ReadonlySet<JsonType> | null {
  if (branches.length === 0) return null
  const all = new Set<JsonType>()
  for (const branch of branches) {
    const types = typesOf(document, branch, depth + 1)
    if (types === null) return null
    for (const type of types) all.add(type)
  }
  return all
}

function both(
  a: ReadonlySet<JsonType> | null,
  b: ReadonlySet<JsonType> | null,
): ReadonlySet<JsonType> | null {
  if (a === null || b === null) return a ?? b
  const common = new Set<JsonType>()
  for (const type of a) {
    if (b.has(type)) common.add(type)
    else if (type === 'integer' && b.has('number')) common.add('integer')
    else if (type === 'number' && b.has('integer')) common.add('integer')
  }
  return common
}

/** Schemas of the properties that a caller may send, through references and allOf. */
export function propertiesOf(document: Tree, schema: unknown): Map<string, unknown> {
  const found = namedBy(document, schema, new Map(), 0)
  const inside = [...found].filter(([, all]) => all.some((one) => staysInside(document, one, one)))
  for (const [name] of inside) found.delete(name)
  return new Map([...found].map(([name, [first]]) => [name, first]))
}

/** Every schema that stands beside a name, the first one first. */
function namedBy(
  document: Tree,
  schema: unknown,
  found: Map<string, unknown[]>,
  depth: number,
): Map<string, unknown[]> {
  const node = reference(schema) === undefined ? schema : resolved(document, schema)
  if (!isTree(node) || depth > 16) return found
  const properties = own(node, 'properties')
  for (const [name, one] of isTree(properties) ? Object.entries(properties) : []) {
    const before = found.get(name)
    if (before === undefined) found.set(name, [one])
    else before.push(one)
  }
  for (const word of ['allOf', 'anyOf', 'oneOf']) {
    for (const part of listOf(node, word)) namedBy(document, part, found, depth + 1)
  }
  return found
}

/** The schema of the items of an array, or of properties that are not named; undefined when it says nothing of them. */
export function inner(
  document: Tree,
  schema: unknown,
  word: 'items' | 'additionalProperties',
  depth = 0,
): unknown {
  const node = reference(schema) === undefined ? schema : resolved(document, schema)
  if (!isTree(node) || depth > 16) return undefined
  const direct = own(node, word)
  if (direct !== undefined) return direct
  for (const union of ['allOf', 'anyOf', 'oneOf']) {
    for (const part of listOf(node, union)) {
      const found = inner(document, part, word, depth + 1)
      if (found !== undefined) return found
    }
  }
  return undefined
}
