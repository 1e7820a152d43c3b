/** The objects of an OpenAPI document as data: which members each has, and what stands in them. */
import { keywords, type Dialect } from '#/contracts/validation/validation.ts'

export type Shape =
  | 'root'
  | 'components'
  | 'path item'
  | 'operation'
  | 'parameter'
  | 'request body'
  | 'response'
  | 'header'
  | 'media type'
  | 'encoding'
  | 'schema'

/** What a member must be that holds no shape of its own. */
export type Plain = 'string' | 'boolean' | 'object' | 'list' | 'anything'

export type Member = Plain | { readonly of: Shape; readonly many: 'one' | 'list' | 'map' }

const one = (of: Shape): Member => ({ of, many: 'one' })
const list = (of: Shape): Member => ({ of, many: 'list' })
const map = (of: Shape): Member => ({ of, many: 'map' })
const plain = (kind: Plain, ...names: string[]): Record<string, Member> =>
  Object.fromEntries(names.map((name) => [name, kind]))

export const methods = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace'] as const

const valueMembers: Record<string, Member> = {
  ...plain('string', 'description', 'style'),
  ...plain('boolean', 'required', 'deprecated', 'allowEmptyValue', 'explode', 'allowReserved'),
  ...plain('anything', 'example'),
  ...plain('object', 'examples'),
  schema: one('schema'),
  content: map('media type'),
}

function schemaMembers(): Record<string, Member> {
  const members: Record<string, Member> = {}
  for (const [name, { kind }] of keywords) {
    if (kind === 'schema') members[name] = one('schema')
    else if (kind === 'schemas') members[name] = list('schema')
    else members[name] = kind === 'schema map' ? map('schema') : 'anything'
  }
  return members
}

export const shapes: Readonly<Record<Shape, Readonly<Record<string, Member>>>> = {
  root: {
    ...plain('string', 'openapi', 'jsonSchemaDialect'),
    ...plain('object', 'info', 'externalDocs', 'webhooks'),
    ...plain('list', 'servers', 'security', 'tags'),
    paths: map('path item'),
    components: one('components'),
  },
  components: {
    ...plain('object', 'examples', 'securitySchemes', 'links', 'callbacks'),
    schemas: map('schema'),
    responses: map('response'),
    parameters: map('parameter'),
    requestBodies: map('request body'),
    headers: map('header'),
    pathItems: map('path item'),
  },
  'path item': {
    ...plain('string', 'summary', 'description'),
    ...plain('list', 'servers'),
    ...Object.fromEntries(methods.map((method) => [method, one('operation')])),
    parameters: list('parameter'),
  },
  operation: {
    ...plain('string', 'summary', 'description', 'operationId'),
    ...plain('boolean', 'deprecated'),
    ...plain('list', 'tags', 'security', 'servers'),
    ...plain('object', 'externalDocs', 'callbacks'),
    parameters: list('parameter'),
    requestBody: one('request body'),
    responses: map('response'),
  },
  parameter: { ...plain('string', 'name', 'in'), ...valueMembers },
  'request body': {
    ...plain('string', 'description'),
    ...plain('boolean', 'required'),
    content: map('media type'),
  },
  response: {
    ...plain('string', 'description'),
    ...plain('object', 'links'),
    headers: map('header'),
    content: map('media type'),
  },
  header: valueMembers,
  'media type': {
    ...plain('anything', 'example'),
    ...plain('object', 'examples'),
    schema: one('schema'),
    encoding: map('encoding'),
  },
  encoding: {
    ...plain('string', 'contentType', 'style'),
    ...plain('boolean', 'explode', 'allowReserved'),
    headers: map('header'),
  },
  schema: schemaMembers(),
}

/** Members that cannot be left out; where one list has several, one of them must be there and no other. */
export function requiredMembers(shape: Shape, dialect: Dialect): readonly (readonly string[])[] {
  switch (shape) {
    case 'parameter':
      return [['name'], ['in'], ['schema', 'content']]
    case 'header':
      return [['schema', 'content']]
    case 'response':
      return [['description']]
    case 'request body':
      return [['content']]
    case 'operation':
      return dialect === '3.0' ? [['responses']] : []
    default:
      return []
  }
}

/** Our own extensions and where each may stand. */
export const extensions: Readonly<Record<string, readonly Shape[]>> = {
  'x-portico-default-class': ['root'],
  'x-portico-capability': ['operation'],
  'x-portico-scopes': ['operation'],
  'x-portico-class': ['schema', 'parameter', 'header', 'media type'],
}

/** The shapes that a `$ref` may stand in for. */
export const referable: ReadonlySet<Shape> = new Set([
  'path item',
  'parameter',
  'request body',
  'response',
  'header',
  'schema',
])
