/**
 * The words of JSON Schema that Portico understands, as one table: what the value of each must be, where it
 * means something, and what is refused. Survey, translation and checks all read it, so they cannot disagree.
 */

export type Dialect = '3.0' | '3.1'

/** What stands under a keyword. The first three hold schemas of their own. */
export type KeywordKind =
  | 'schema'
  | 'schemas'
  | 'schema map'
  | 'boolean'
  | 'string'
  | 'number'
  | 'positive number'
  | 'count'
  | 'strings'
  | 'types'
  | 'list'
  | 'string lists'
  | 'anything'

export type Keyword = {
  readonly kind: KeywordKind
  /** Means something in this dialect only; absent: in both. */
  readonly only?: Dialect
  /** Takes part in the check of a value; the others are remarks. */
  readonly checks?: true
  /** Applies to the same value as the schema it stands in, so a cycle through it never ends. */
  readonly inPlace?: true
}

const remark = (kind: KeywordKind, only?: Dialect): Keyword =>
  only === undefined ? { kind } : { kind, only }
const check = (kind: KeywordKind, only?: Dialect): Keyword => ({ ...remark(kind, only), checks: true })
const inPlace = (kind: KeywordKind, only?: Dialect): Keyword => ({ ...check(kind, only), inPlace: true })

/** Keywords by name. `exclusiveMinimum`, `exclusiveMaximum` and `type` change their shape with the dialect: see `kindOf`. */
export const keywords: ReadonlyMap<string, Keyword> = new Map([
  ['type', check('types')],
  ['enum', check('list')],
  ['const', check('anything', '3.1')],
  ['multipleOf', check('positive number')],
  ['maximum', check('number')],
  ['minimum', check('number')],
  ['exclusiveMaximum', check('number')],
  ['exclusiveMinimum', check('number')],
  ['maxLength', check('count')],
  ['minLength', check('count')],
  ['pattern', check('string')],
  ['format', check('string')],
  ['maxItems', check('count')],
  ['minItems', check('count')],
  ['uniqueItems', check('boolean')],
  ['items', check('schema')],
  ['prefixItems', check('schemas', '3.1')],
  ['contains', check('schema', '3.1')],
  ['maxContains', check('count', '3.1')],
  ['minContains', check('count', '3.1')],
  ['maxProperties', check('count')],
  ['minProperties', check('count')],
  ['required', check('strings')],
  ['properties', check('schema map')],
  ['patternProperties', check('schema map', '3.1')],
  ['additionalProperties', check('schema')],
  ['propertyNames', check('schema', '3.1')],
  ['dependentRequired', check('string lists', '3.1')],
  ['dependentSchemas', inPlace('schema map', '3.1')],
  ['allOf', inPlace('schemas')],
  ['anyOf', inPlace('schemas')],
  ['oneOf', inPlace('schemas')],
  ['not', inPlace('schema')],
  ['if', inPlace('schema', '3.1')],
  ['then', inPlace('schema', '3.1')],
  ['else', inPlace('schema', '3.1')],
  ['$ref', inPlace('string')],
  ['nullable', check('boolean', '3.0')],
  ['discriminator', check('anything')],
  ['readOnly', check('boolean')],
  ['writeOnly', remark('boolean')],
  ['$defs', remark('schema map', '3.1')],
  ['$comment', remark('string', '3.1')],
  ['$schema', remark('string', '3.1')],
  ['title', remark('string')],
  ['description', remark('string')],
  ['default', remark('anything')],
  ['example', remark('anything')],
  ['examples', remark('anything', '3.1')],
  ['deprecated', remark('boolean')],
  ['externalDocs', remark('anything')],
  ['xml', remark('anything')],
  ['contentEncoding', remark('string', '3.1')],
  ['contentMediaType', remark('string', '3.1')],
  ['contentSchema', remark('schema', '3.1')],
])

/** Keywords that would change what a schema means in a way we cannot keep up; a document that has one is refused. */
export const refusedKeywords: ReadonlyMap<string, string> = new Map([
  ['$dynamicRef', 'dynamic references are not served; name the schema with $ref'],
  ['$dynamicAnchor', 'dynamic references are not served; name the schema with $ref'],
  ['$recursiveRef', 'recursive references of an older draft are not served; name the schema with $ref'],
  ['$recursiveAnchor', 'recursive references of an older draft are not served; name the schema with $ref'],
  ['unevaluatedProperties', 'what is left unevaluated cannot be decided safely; use additionalProperties'],
  ['unevaluatedItems', 'what is left unevaluated cannot be decided safely; use items'],
  ['$id', 'a base address of its own would change what every $ref below means'],
  ['$anchor', 'anchors are not served; point at the schema with a JSON Pointer'],
])

export const jsonTypes: ReadonlySet<string> = new Set([
  'null',
  'boolean',
  'object',
  'array',
  'number',
  'integer',
  'string',
])

export function kindOf(name: string, keyword: Keyword, dialect: Dialect): KeywordKind {
  if (dialect === '3.0' && (name === 'exclusiveMaximum' || name === 'exclusiveMinimum')) return 'boolean'
  return keyword.kind
}

/** Formats whose values are checked; any other is a remark. */
export const checkedFormats: ReadonlySet<string> = new Set([
  'date',
  'time',
  'date-time',
  'duration',
  'uri',
  'uri-reference',
  'uri-template',
  'email',
  'hostname',
  'ipv4',
  'ipv6',
  'uuid',
  'json-pointer',
  'relative-json-pointer',
  'byte',
  'int32',
  'int64',
  'float',
  'double',
])

/** Formats that say nothing a check could use. */
export const plainFormats: ReadonlySet<string> = new Set(['password', 'binary'])
