/** What a single schema of a contract may say, and the schemas that never end. */
import type { Report } from '#/contracts/compile/report.ts'
import {
  checkedFormats,
  compilePattern,
  isLost,
  isTree,
  jsonTypes,
  keywords,
  kindOf,
  member,
  own,
  plainFormats,
  reference,
  refusedKeywords,
  target,
  type Dialect,
  type Tree,
} from '#/contracts/validation/validation.ts'

export function surveySchema(schema: Tree, pointer: string, dialect: Dialect, report: Report): void {
  for (const name of Object.keys(schema)) {
    const at = member(pointer, name)
    const refused = refusedKeywords.get(name)
    const keyword = keywords.get(name)
    if (refused !== undefined) report.refuse(at, 'unsupported_keyword', `${name}: ${refused}`)
    else if (keyword === undefined) noteUnknown(name, at, report)
    else if (keyword.only !== undefined && keyword.only !== dialect) {
      report.note(at, 'foreign_keyword', `${name} means nothing in OpenAPI ${dialect} and is ignored`)
    } else {
      const wrong = wrongValue(kindOf(name, keyword, dialect), own(schema, name), dialect)
      if (wrong !== null) report.refuse(at, 'malformed', `${name} ${wrong}`)
      else if (name === 'pattern') surveyPattern(String(own(schema, name)), at, report)
      else if (name === 'patternProperties') surveyNames(own(schema, name), at, report)
    }
  }
  surveyFormat(schema, pointer, report)
  surveyDiscriminator(schema, pointer, report)
  surveyDialect(schema, pointer, report)
}

function surveyNames(byPattern: unknown, pointer: string, report: Report): void {
  for (const pattern of isTree(byPattern) ? Object.keys(byPattern) : []) {
    surveyPattern(pattern, member(pointer, pattern), report)
  }
}

function surveyPattern(source: string, pointer: string, report: Report): void {
  try {
    const { maxLength } = compilePattern(source)
    if (maxLength === null) return
    const message = `it could take long, so no text of more than ${maxLength} characters matches it`
    report.note(pointer, 'slow_pattern', message)
  } catch {
    report.refuse(
      pointer,
      'unsupported_pattern',
      'it is no regular expression, or one that could run for ever',
    )
  }
}

function noteUnknown(name: string, pointer: string, report: Report): void {
  if (name.startsWith('x-')) return
  report.note(pointer, 'unknown_keyword', `${name} is no keyword of a schema and is ignored`)
}

function surveyFormat(schema: Tree, pointer: string, report: Report): void {
  const format = own(schema, 'format')
  if (typeof format !== 'string' || checkedFormats.has(format) || plainFormats.has(format)) return
  report.note(member(pointer, 'format'), 'unknown_format', `values are not checked for the format ${format}`)
}

function surveyDiscriminator(schema: Tree, pointer: string, report: Report): void {
  const discriminator = own(schema, 'discriminator')
  if (discriminator === undefined) return
  const at = member(pointer, 'discriminator')
  const mapping = isTree(discriminator) ? own(discriminator, 'mapping') : undefined
  if (!isTree(discriminator) || typeof own(discriminator, 'propertyName') !== 'string') {
    report.refuse(at, 'malformed', 'discriminator must be an object with a propertyName')
  } else if (
    mapping !== undefined &&
    !(isTree(mapping) && Object.values(mapping).every((to) => typeof to === 'string'))
  ) {
    report.refuse(
      member(at, 'mapping'),
      'malformed',
      'mapping must map values to names or references of schemas',
    )
  }
}

/** `$schema` may name the dialects whose words we read, and no other. */
function surveyDialect(schema: Tree, pointer: string, report: Report): void {
  const dialect = own(schema, '$schema')
  if (typeof dialect === 'string' && !isServedDialect(dialect)) {
    report.refuse(
      member(pointer, '$schema'),
      'unsupported_dialect',
      'only JSON Schema 2020-12 and the OpenAPI base dialect are served',
    )
  }
}

export const isServedDialect = (address: string): boolean =>
  /^https:\/\/(json-schema\.org\/draft\/2020-12\/schema#?|spec\.openapis\.org\/oas\/3\.1\/dialect\/base)$/.test(
    address,
  )

/** What is wrong with the value of a keyword, as the rest of a sentence; null: nothing. Schemas inside are visited on their own. */
function wrongValue(kind: ReturnType<typeof kindOf>, value: unknown, dialect: Dialect): string | null {
  switch (kind) {
    case 'boolean':
      return typeof value === 'boolean' ? null : 'must be true or false'
    case 'string':
      return typeof value === 'string' ? null : 'must be a string'
    case 'number':
      return Number.isFinite(value) ? null : 'must be a number'
    case 'positive number':
      return Number.isFinite(value) && (value as number) > 0 ? null : 'must be a number above zero'
    case 'count':
      return Number.isSafeInteger(value) && (value as number) >= 0 ? null : 'must be a count'
    case 'list':
      return Array.isArray(value) ? null : 'must be a list'
    case 'strings':
      return isStrings(value) ? null : 'must be a list of names'
    case 'string lists':
      return isTree(value) && Object.values(value).every(isStrings) ? null : 'must hold lists of names'
    case 'types':
      return wrongType(value, dialect)
    case 'schema map':
      return isTree(value) && Object.hasOwn(value, '__proto__') ? 'must not name anything __proto__' : null
    default:
      return null
  }
}

const isStrings = (value: unknown): boolean =>
  Array.isArray(value) && value.every((one) => typeof one === 'string')

function wrongType(value: unknown, dialect: Dialect): string | null {
  const types: unknown[] = Array.isArray(value) && dialect === '3.1' ? value : [value]
  const known = types.length > 0 && types.every((type) => typeof type === 'string' && jsonTypes.has(type))
  if (!known) return `must be one of ${[...jsonTypes].join(', ')}`
  return dialect === '3.0' && value === 'null' ? 'cannot be null in OpenAPI 3.0; use nullable' : null
}

/** Schemas that contain themselves without a step into the value: to check one would never end. */
export function refuseEndless(document: Tree, schemas: ReadonlyMap<Tree, string>, report: Report): void {
  const done = new Set<Tree>()
  for (const start of schemas.keys()) {
    const path = new Set<Tree>()
    // Depth first with a stack of our own; `leave` marks the way back up.
    const stack: { node: Tree; leave: boolean }[] = [{ node: start, leave: false }]
    for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
      if (next.leave) {
        path.delete(next.node)
        done.add(next.node)
      } else if (path.has(next.node)) {
        report.refuse(schemas.get(next.node) ?? '#', 'ref_cycle', 'the schema contains itself without end')
      } else if (!done.has(next.node)) {
        path.add(next.node)
        stack.push({ node: next.node, leave: true })
        for (const node of inPlaceParts(document, next.node)) stack.push({ node, leave: false })
      }
    }
  }
}

function inPlaceParts(document: Tree, schema: Tree): Tree[] {
  const parts: unknown[] = []
  for (const name of Object.keys(schema)) {
    if (keywords.get(name)?.inPlace !== true) continue
    const value = own(schema, name)
    if (name === '$ref') {
      const to = reference(schema) === undefined ? undefined : target(document, String(value))
      if (to !== undefined && !isLost(to)) parts.push(to.node)
    } else if (Array.isArray(value)) parts.push(...(value as unknown[]))
    else if (keywords.get(name)?.kind === 'schema map')
      parts.push(...(isTree(value) ? Object.values(value) : []))
    else parts.push(value)
  }
  return parts.filter(isTree)
}
