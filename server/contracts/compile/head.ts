/** The first things a document says of itself: which OpenAPI it is, its title, its version. */
import type { Report } from '#/contracts/compile/report.ts'
import { isServedDialect } from '#/contracts/compile/survey/schemas.ts'
import {
  isBounded,
  isTree,
  own,
  tooLarge,
  type Dialect,
  type Tree,
} from '#/contracts/validation/validation.ts'

export type Head = {
  readonly tree: Tree
  readonly dialect: Dialect
  readonly openapi: string
  readonly title: string
  readonly version: string
}

export function readHead(document: unknown, report: Report): Head | null {
  if (!isTree(document)) {
    report.refuse('#', 'malformed', 'the document is not an object')
    return null
  }
  if (!isBounded(document)) {
    report.refuse('#', 'too_large', tooLarge)
    return null
  }
  const dialect = readDialect(document, report)
  const info = own(document, 'info')
  const title = isTree(info) ? own(info, 'title') : undefined
  const version = isTree(info) ? own(info, 'version') : undefined
  if (typeof title !== 'string' || typeof version !== 'string' || version === '') {
    report.refuse('#/info', 'malformed', 'info must have a title and a version')
    return null
  }
  if (!isTree(own(document, 'paths'))) report.refuse('#', 'malformed', 'the document has no paths')
  noteUnserved(document, report)
  return dialect === null
    ? null
    : { tree: document, dialect, openapi: String(own(document, 'openapi')), title, version }
}

function readDialect(document: Tree, report: Report): Dialect | null {
  const openapi = own(document, 'openapi')
  const served = typeof openapi === 'string' ? /^(3\.[01])\.\d+$/.exec(openapi)?.[1] : undefined
  if (served === undefined) {
    const given =
      own(document, 'swagger') === undefined
        ? `openapi: ${String(openapi)}`
        : `Swagger ${String(own(document, 'swagger'))}`
    report.refuse('#/openapi', 'unsupported_version', `OpenAPI 3.0 and 3.1 are served; this is ${given}`)
    return null
  }
  const dialect = own(document, 'jsonSchemaDialect')
  if (dialect !== undefined && !(typeof dialect === 'string' && isServedDialect(dialect))) {
    report.refuse(
      '#/jsonSchemaDialect',
      'unsupported_dialect',
      'only JSON Schema 2020-12 and the OpenAPI base dialect are served',
    )
  }
  return served as Dialect
}

function noteUnserved(document: Tree, report: Report): void {
  const webhooks = own(document, 'webhooks')
  for (const name of isTree(webhooks) ? Object.keys(webhooks) : []) {
    report.note(
      `#/webhooks/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`,
      'not_served',
      'webhooks of a contract are not served',
    )
  }
}
