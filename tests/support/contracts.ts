/** Documents for tests of contracts: small ones with one operation, and the real ones of `tests/data/openapi`. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { compileDocument } from '../../server/contracts/compile/compile.ts'
import type {
  Compiled,
  CompileOptions,
  Operation,
  RequestParts,
} from '../../server/contracts/compile/compile.ts'

export type RealDocument = 'adyen-checkout-v70' | 'adyen-checkout-v71' | 'github-api'

/** The real documents are kept compressed; the product itself reads plain files only. */
export function realText(name: RealDocument): string {
  const file = join(import.meta.dirname, '../data/openapi', `${name}.json.gz`)
  return gunzipSync(readFileSync(file)).toString('utf8')
}

type Members = Readonly<Record<string, unknown>>

/** A document whose only operation is `POST /things` with these members. */
export function documentOf(operation: Members, more: Members = {}): Members {
  return {
    openapi: '3.1.0',
    info: { title: 'Things', version: '1.0.0' },
    paths: { '/things': { post: { responses: { 204: { description: 'done' } }, ...operation } } },
    ...more,
  }
}

export function compile(document: unknown, options: Partial<CompileOptions> = {}): Compiled {
  return compileDocument(document, { contract: 'things', ...options })
}

/** The only operation of a document that must compile. */
export function onlyOperation(document: unknown, options: Partial<CompileOptions> = {}): Operation {
  const { operations, refusals } = compile(document, options)
  assert.deepEqual(refusals, [])
  const [operation] = operations
  assert.ok(operation)
  return operation
}

/** Parts of a request; headers by lower-case name. */
export function parts(given: {
  path?: readonly string[]
  query?: string
  headers?: Readonly<Record<string, string>>
}): RequestParts {
  const { path = [], query = '', headers = {} } = given
  return { path, query, header: (name) => headers[name] }
}

/** Where `withSchema` puts its schema. */
export const schemaAt = '#/paths/~1things/post/responses/200/content/application~1json/schema'

/** A document with one schema, in an answer and so in what is released. */
export function withSchema(schema: unknown, more: Members = {}): Members {
  const content = { 'application/json': { schema } }
  return documentOf({ responses: { 200: { description: 'ok', content } } }, more)
}

/** Codes and places of everything that compiling says of a document. */
export function told(document: unknown): { refused: string[]; noted: string[] } {
  const { refusals, notices, operations } = compile(document)
  if (refusals.length > 0) assert.equal(operations.length, 0, 'a refused document serves nothing')
  const place = ({ code, pointer }: { code: string; pointer: string }): string => `${code} ${pointer}`
  return { refused: refusals.map(place), noted: notices.map(place) }
}
