/** The objects of an OpenAPI document as data: which members each has, and what stands in them. */
import { keywords } from '#/contracts/validation/validation.ts'

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

/** `null`: nothing in it concerns us. */
export type Member = { readonly of: Shape; readonly many: 'one' | 'list' | 'map' } | null

const one = (of: Shape): Member => ({ of, many: 'one' })
const list = (of: Shape): Member => ({ of, many: 'list' })
const map = (of: Shape): Member => ({ of, many: 'map' })
const nothing = (...names: string[]): Record<string, Member> =>
  Object.fromEntries(names.map((name) => [name, null]))

export const methods = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace'] as const

const valueMembers: Record<string, Member> = {
  ...nothing('description', 'required', 'deprecated', 'allowEmptyValue', 'style', 'explode', 'allowReserved'),
  ...nothing('example', 'examples'),
  schema: one('schema'),
  content: map('media type'),
}

function schemaMembers(): Record<string, Member> {
  const members: Record<string, Member> = {}
  for (const [name, { kind }] of keywords) {
    if (kind === 'schema') members[name] = one('schema')
    else if (kind === 'schemas') members[name] = list('schema')
    else members[name] = kind === 'schema map' ? map('schema') : null
  }
  return members
}

export const shapes: Readonly<Record<Shape, Readonly<Record<string, Member>>>> = {
  root: {
    ...nothing(
      'openapi',
      'info',
      'servers',
      'security',
      'tags',
      'externalDocs',
      'webhooks',
      'jsonSchemaDialect',
    ),
    paths: map('path item'),
    components: one('components'),
  },
  components: {
    ...nothing('examples', 'securitySchemes', 'links', 'callbacks'),
    schemas: map('schema'),
    responses: map('response'),
    parameters: map('parameter'),
    requestBodies: map('request body'),
    headers: map('header'),
    pathItems: map('path item'),
  },
  'path item': {
    ...nothing('summary', 'description', 'servers'),
    ...Object.fromEntries(methods.map((method) => [method, one('operation')])),
    parameters: list('parameter'),
  },
  operation: {
    ...nothing(
      'tags',
      'summary',
      'description',
      'externalDocs',
      'operationId',
      'deprecated',
      'security',
      'servers',
    ),
    ...nothing('callbacks'),
    parameters: list('parameter'),
    requestBody: one('request body'),
    responses: map('response'),
  },
  parameter: { ...nothing('name', 'in'), ...valueMembers },
  'request body': { ...nothing('description', 'required'), content: map('media type') },
  response: { ...nothing('description', 'links'), headers: map('header'), content: map('media type') },
  header: valueMembers,
  'media type': { ...nothing('example', 'examples'), schema: one('schema'), encoding: map('encoding') },
  encoding: { ...nothing('contentType', 'style', 'explode', 'allowReserved'), headers: map('header') },
  schema: schemaMembers(),
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
