/**
 * Writes a schema of a contract as the JSON Schema 2020-12 that a *request* is held to: OpenAPI 3.0 words
 * become their 2020-12 equals, remarks go, what a caller cannot send is not required of it.
 */
import { checkedFormats, keywords, type Dialect } from '#/contracts/validation/keywords.ts'
import { isTree, own, reference, type Tree } from '#/contracts/validation/pointers.ts'
import { staysInside, withheldProperties } from '#/contracts/validation/withheld.ts'

export type JsonSchema = boolean | Record<string, unknown>

export type Translation = {
  readonly document: unknown
  readonly dialect: Dialect
  /** The name under which the schema at a pointer is (or will be) known to the validator. */
  readonly name: (pointer: string) => string
}

export function translate(schema: unknown, t: Translation): JsonSchema {
  if (typeof schema === 'boolean') return schema
  if (!isTree(schema)) return true
  const ref = reference(schema)
  // 3.0: what stands beside a $ref is ignored (OpenAPI 3.0.4 §4.8.23).
  if (ref !== undefined && t.dialect === '3.0') return { $ref: t.name(ref) }
  const values = own(schema, 'enum')
  // Nothing is one of no values (2020-12 §6.1.2); ajv would throw, at the first request.
  if (Array.isArray(values) && values.length === 0) return false
  const written: Record<string, unknown> = {}
  for (const name of Object.keys(schema)) {
    const keyword = keywords.get(name)
    if (keyword?.checks !== true || (keyword.only !== undefined && keyword.only !== t.dialect)) continue
    write(written, name, schema, t)
  }
  if (t.dialect === '3.0') moveBounds(written, schema)
  return nullable(alternatives(written, schema, t), schema, t)
}

function write(written: Record<string, unknown>, name: string, schema: Tree, t: Translation): void {
  const value = own(schema, name)
  switch (name) {
    case '$ref':
      written['$ref'] = t.name(String(value))
      return
    case 'nullable':
    case 'discriminator':
    case 'readOnly':
      return
    case 'format':
      if (typeof value === 'string' && checkedFormats.has(value)) written['format'] = value
      return
    case 'required':
      writeRequired(written, value, schema, t)
      return
    case 'dependentRequired':
      writeDependent(written, value, schema, t)
      return
    case 'properties':
    case 'patternProperties':
      if (isTree(value)) written[name] = mapped(sendable(value, t), (one) => translate(one, t))
      return
    case 'uniqueItems':
      if (value === true) written['distinctItems'] = true
      return
  }
  switch (keywords.get(name)?.kind) {
    case 'schema':
      written[name] = translate(value, t)
      return
    case 'schemas':
      if (Array.isArray(value) && value.length > 0) written[name] = value.map((one) => translate(one, t))
      return
    case 'schema map':
      if (isTree(value)) written[name] = mapped(value, (one) => translate(one, t))
      return
    default:
      written[name] = value
  }
}

/** Keeps a property named `__proto__` a property. */
function mapped(tree: Tree, each: (value: unknown) => unknown): Record<string, unknown> {
  return Object.fromEntries(Object.entries(tree).map(([key, value]) => [key, each(value)]))
}

/** A caller need not send what it may not send (OpenAPI 3.0.4, 3.1.1: `required` of a readOnly property is for answers). */
function writeRequired(written: Record<string, unknown>, value: unknown, schema: Tree, t: Translation): void {
  if (!Array.isArray(value)) return
  const withheld = withheldProperties(t.document, schema)
  const left = value.filter((name) => typeof name === 'string' && !withheld.has(name))
  if (left.length > 0) written['required'] = left
}

/** Of names that a caller may not send nothing depends, and none of them depends on another. */
function writeDependent(
  written: Record<string, unknown>,
  value: unknown,
  schema: Tree,
  t: Translation,
): void {
  if (!isTree(value)) return
  const withheld = withheldProperties(t.document, schema)
  const left = Object.entries(value).filter(([name]) => !withheld.has(name))
  const names = (all: unknown) => (Array.isArray(all) ? all.filter((one) => !withheld.has(String(one))) : [])
  written['dependentRequired'] = Object.fromEntries(left.map(([name, all]) => [name, names(all)]))
}

/**
 * Without those that stay inside. Whoever sends one is refused on another way (withheld.ts), and what is said of its
 * value must be what is said of a name that does not exist.
 */
function sendable(properties: Tree, { document }: Translation): Tree {
  return Object.fromEntries(Object.entries(properties).filter(([, one]) => !staysInside(document, one, one)))
}

/** 3.0: `exclusiveMinimum: true` says that `minimum` itself is out. */
function moveBounds(written: Record<string, unknown>, schema: Tree): void {
  for (const [flag, bound] of [
    ['exclusiveMinimum', 'minimum'],
    ['exclusiveMaximum', 'maximum'],
  ] as const) {
    if (!(flag in written)) continue
    delete written[flag]
    if (own(schema, flag) !== true || !(bound in written)) continue
    written[flag] = written[bound]
    delete written[bound]
  }
}

/**
 * 3.0: `nullable` beside `type` adds null to it. The specification lets an `enum` or an `allOf` beside it still
 * forbid null (3.0.3 proposal on nullable); nearly every author means the opposite, so null is let through.
 */
function nullable(written: Record<string, unknown>, schema: Tree, t: Translation): JsonSchema {
  if (t.dialect !== '3.0' || own(schema, 'nullable') !== true) return written
  const combined = ['enum', 'allOf', 'anyOf', 'oneOf', 'if'].some((name) => name in written)
  if (combined) return { anyOf: [{ type: 'null' }, written] }
  if (typeof written['type'] === 'string') written['type'] = [written['type'], 'null']
  return written
}

/**
 * `oneOf` and `anyOf` with a discriminator: the branch it names is the one that is checked. Real documents list
 * branches of which several match one value (Adyen's payment methods); exact `oneOf` would refuse what the
 * author's own examples show.
 */
function alternatives(
  written: Record<string, unknown>,
  schema: Tree,
  t: Translation,
): Record<string, unknown> {
  const property = discriminatorProperty(schema)
  const union = 'oneOf' in written ? 'oneOf' : 'anyOf'
  if (property === undefined || !(union in written)) return written
  const branches = branchesByName(schema, own(schema, union))
  if (branches === null) return written
  const { [union]: all, ...rest } = written
  const one = (condition: JsonSchema) => ({ properties: { [property]: condition } })
  const known = {
    ...one({ enum: [...branches.keys()] }),
    allOf: [...branches].map(([name, pointer]) => when(one({ const: name }), { $ref: t.name(pointer) })),
  }
  return { ...rest, ...when({ type: 'object', required: [property] }, known), else: { [union]: all } }
}

// oxlint-disable-next-line unicorn/no-thenable -- the word of JSON Schema
const when = (condition: JsonSchema, then: JsonSchema) => ({ if: condition, then })

function discriminatorProperty(schema: Tree): string | undefined {
  const discriminator = own(schema, 'discriminator')
  const property = isTree(discriminator) ? own(discriminator, 'propertyName') : undefined
  return typeof property === 'string' ? property : undefined
}

/** Pointers of the branches by the values that name them, or null when one of them has no name. */
function branchesByName(schema: Tree, union: unknown): ReadonlyMap<string, string> | null {
  const names = new Map<string, string>()
  const refs = new Set<string>()
  for (const branch of Array.isArray(union) ? (union as unknown[]) : []) {
    const ref = reference(branch)
    if (ref === undefined) return null
    refs.add(ref)
    names.set(ref.slice(ref.lastIndexOf('/') + 1), ref)
  }
  const discriminator = own(schema, 'discriminator')
  const mapping = isTree(discriminator) ? own(discriminator, 'mapping') : undefined
  for (const [name, to] of isTree(mapping) ? Object.entries(mapping) : []) {
    const pointer = String(to).startsWith('#') ? String(to) : `#/components/schemas/${String(to)}`
    // A name for what is no branch would let through what the union does not.
    if (refs.has(pointer)) names.set(name, pointer)
  }
  return names
}
