/**
 * Reads the schemas of one document into parts, each schema object once, however many operations use it. Reading is
 * eager over everything that can be reached, so that what cannot be served is known when a contract is imported.
 */
import { checksOf, type Schema } from '#/contracts/classification/reading/checks.ts'
import { isClass } from '#/contracts/classification/classes.ts'
import { createCycleFinder } from '#/contracts/classification/reading/cycles.ts'
import { readDiscriminator } from '#/contracts/classification/reading/discriminator.ts'
import {
  isOpen,
  type Finding,
  type Group,
  type Part,
  type Reading,
} from '#/contracts/classification/reading/part.ts'
import { impliedTypes, ownNulls, statedTypes } from '#/contracts/classification/reading/typing.ts'
import * as validation from '#/contracts/validation/validation.ts'
import { isTree, member, type Dialect, type Effort } from '#/contracts/validation/validation.ts'

export type Reader = {
  /** The part of a schema, and of all that it leads to. */
  read(schema: unknown, pointer: string): Part
  /** Everything found so far, in the order of reading. */
  readonly refusals: readonly Finding[]
  readonly notices: readonly Finding[]
}

export function createReader(document: unknown, dialect: Dialect, effort: Effort): Reader {
  const parts = new Map<object, Part>()
  const refusals: Finding[] = []
  const notices: Finding[] = []
  const pending: { part: Part; schema: Schema }[] = []
  let count = 0

  const reading: Reading = {
    effort,
    refuse: (pointer, code, message) => void refusals.push({ pointer, code, message }),
    notice: (pointer, code, message) => void notices.push({ pointer, code, message }),
    part(schema, pointer) {
      const known = isTree(schema) ? parts.get(schema) : undefined
      if (known) return known
      const part = blank(count++, pointer)
      if (isTree(schema)) {
        parts.set(schema, part)
        pending.push({ part, schema: effective(schema, dialect) })
      } else if (schema !== true && schema !== undefined) {
        nothing(part)
        if (schema !== false) reading.refuse(pointer, 'malformed', 'a schema must be an object or a boolean')
      }
      return part
    },
    target(ref, pointer) {
      const found = validation.target(document, ref)
      if (!validation.isLost(found)) return reading.part(found.node, found.pointer)
      reading.refuse(pointer, found.code, `$ref ${ref} leads nowhere in this document`)
      return null
    },
  }

  const findCycles = createCycleFinder(reading)
  return {
    refusals,
    notices,
    read(schema, pointer) {
      const root = reading.part(schema, pointer)
      const fresh: Part[] = []
      // A queue rather than recursion: a chain of references may be as long as the document.
      for (let next = pending.pop(); next; next = pending.pop()) {
        readOwn(reading, next.part, next.schema)
        readObject(reading, next.part, next.schema)
        readArray(reading, next.part, next.schema)
        readCombined(reading, next.part, next.schema, () => count++)
        fresh.push(next.part)
      }
      for (const part of fresh) forgetOpen(part)
      findCycles(fresh)
      return root
    },
  }
}

/**
 * The keywords that mean something in this dialect. Beside a `$ref` 3.0 knows none (OpenAPI 3.0.4 §4.8.23); a class
 * there counts all the same, because ignoring one could only release more.
 */
function effective(schema: Schema, dialect: Dialect): Schema {
  const alone = dialect === '3.0' && validation.reference(schema) !== undefined
  return Object.fromEntries(
    Object.entries(schema).filter(([name]) => {
      if (name === '$ref' || name === 'x-portico-class') return true
      const keyword = validation.keywords.get(name)
      if (keyword === undefined) return validation.refusedKeywords.has(name)
      return !alone && (keyword.only === undefined || keyword.only === dialect)
    }),
  )
}

function blank(id: number, pointer: string): Part {
  return {
    id,
    pointer,
    class: null,
    writeOnly: false,
    types: null,
    implied: null,
    nulls: undefined,
    listed: false,
    checks: { any: [], string: [], number: [], array: [], object: [] },
    required: [],
    properties: new Map(),
    patterns: [],
    additional: true,
    prefix: [],
    items: true,
    all: [],
    groups: [],
    not: null,
    names: null,
    contains: null,
  }
}

/** The schema `false`; also what stands for a schema that cannot be found, so that nothing is released through it. */
function nothing(part: Part): void {
  part.types = 0
  part.nulls = false
}

/** An empty schema where anything may stand is the same as none; known only once that schema has been read. */
function forgetOpen(part: Part): void {
  if (typeof part.additional === 'object' && isOpen(part.additional)) part.additional = true
  if (typeof part.items === 'object' && isOpen(part.items)) part.items = true
}

function readOwn(to: Reading, part: Part, schema: Schema): void {
  for (const [name, reason] of validation.refusedKeywords) {
    if (name in schema) to.refuse(member(part.pointer, name), 'unsupported_keyword', `${name}: ${reason}`)
  }
  const stated = schema['x-portico-class']
  if (isClass(stated)) part.class = stated
  else if (stated !== undefined) {
    part.class = 'internal'
    to.refuse(
      member(part.pointer, 'x-portico-class'),
      'unknown_class',
      `${JSON.stringify(stated)} is not a class`,
    )
  }
  part.writeOnly = schema['writeOnly'] === true
  part.types = statedTypes(to, part.pointer, schema)
  part.implied = part.types === null ? impliedTypes(schema) : null
  part.checks = checksOf(schema, to.effort)
  part.listed = part.checks.any.length > 0
  part.nulls = ownNulls(part, schema)
}

/** The entries of a keyword that holds schemas by name. */
function named(to: Reading, part: Part, schema: Schema, keyword: string): [string, Part][] {
  const value = schema[keyword]
  if (value === undefined) return []
  const pointer = member(part.pointer, keyword)
  if (isTree(value))
    return Object.entries(value).map(([name, each]) => [name, to.part(each, member(pointer, name))])
  to.refuse(pointer, 'malformed', `${keyword} must hold schemas by name`)
  return []
}

function listed(to: Reading, part: Part, schema: Schema, keyword: string): Part[] {
  const value = schema[keyword]
  if (value === undefined) return []
  const pointer = member(part.pointer, keyword)
  if (Array.isArray(value)) return value.map((each, index) => to.part(each, member(pointer, index)))
  to.refuse(pointer, 'malformed', `${keyword} must be a list`)
  return []
}

function single(to: Reading, part: Part, schema: Schema, keyword: string): Part | null {
  return schema[keyword] === undefined ? null : to.part(schema[keyword], member(part.pointer, keyword))
}

/** `additionalProperties` and `items`: a schema, or whether there may be any. */
function rest(to: Reading, part: Part, schema: Schema, keyword: string): Part | boolean {
  const value = schema[keyword]
  return typeof value === 'boolean' ? value : (single(to, part, schema, keyword) ?? true)
}

function readObject(to: Reading, part: Part, schema: Schema): void {
  part.properties = new Map(named(to, part, schema, 'properties'))
  const required = schema['required']
  if (Array.isArray(required)) part.required = required.filter((name) => typeof name === 'string')
  part.patterns = named(to, part, schema, 'patternProperties').flatMap(([source, each]) => {
    try {
      const { test, maxLength } = validation.compilePattern(source, to.effort)
      if (maxLength === null) return [{ matches: test, part: each }]
      // A name too long to be looked at has the class of the pattern, or it has not: it stays.
      const isLong = (name: string) => name.length > maxLength
      const withheld = to.part({ 'x-portico-class': 'internal' }, each.pointer)
      return [
        { matches: (name: string) => !isLong(name) && test(name), part: each },
        { matches: isLong, part: withheld },
      ]
    } catch {
      to.refuse(each.pointer, 'malformed', 'the name is not a regular expression')
      return []
    }
  })
  part.additional = rest(to, part, schema, 'additionalProperties')
  part.names = single(to, part, schema, 'propertyNames')
}

function readArray(to: Reading, part: Part, schema: Schema): void {
  part.prefix = listed(to, part, schema, 'prefixItems')
  part.items = rest(to, part, schema, 'items')
  const contains = single(to, part, schema, 'contains')
  const { minContains, maxContains } = schema
  part.contains = contains && {
    part: contains,
    min: typeof minContains === 'number' ? minContains : 1,
    max: typeof maxContains === 'number' ? maxContains : Infinity,
  }
}

function readCombined(to: Reading, part: Part, schema: Schema, nextId: () => number): void {
  const ref = schema['$ref']
  if (typeof ref === 'string') {
    const target = to.target(ref, part.pointer)
    if (target) part.all = [target]
    else nothing(part)
  }
  part.all = [...part.all, ...listed(to, part, schema, 'allOf')]
  part.not = single(to, part, schema, 'not')
  const groups: Group[] = []
  for (const keyword of ['oneOf', 'anyOf'] as const) {
    const branches = listed(to, part, schema, keyword)
    if (branches.length === 0) continue
    const by = readDiscriminator(to, part.pointer, schema, keyword, branches) ?? { how: 'validity' }
    groups.push({ id: nextId(), branches, by })
  }
  if (groups.length === 0 && 'discriminator' in schema) {
    const message = 'there is no oneOf or anyOf for it to choose from; only this schema is released'
    to.notice(member(part.pointer, 'discriminator'), 'discriminator_alone', message)
  }
  const open = (pointer: string) => blank(nextId(), pointer)
  const test = single(to, part, schema, 'if')
  if (test) {
    const [first, second] = (['then', 'else'] as const).map(
      (keyword) => single(to, part, schema, keyword) ?? open(test.pointer),
    )
    groups.push({ id: nextId(), branches: [first!, second!], by: { how: 'test', test } })
  }
  for (const [property, each] of named(to, part, schema, 'dependentSchemas')) {
    groups.push({ id: nextId(), branches: [each, open(each.pointer)], by: { how: 'presence', property } })
  }
  part.groups = groups
}
