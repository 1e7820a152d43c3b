/** Holds answers against the contract, with all their fields: also the ones that no partner will see. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { bundle, createConfig } from '@redocly/openapi-core'
import type { ValidateFunction } from 'ajv'
import Ajv2020 from 'ajv/dist/2020.js'
import { fullFormats } from 'ajv-formats/dist/formats.js'

export type Json = { readonly [name: string]: unknown }

export type Contract = {
  readonly document: Json
  /** Method and path of each operation by its id. */
  readonly operations: ReadonlyMap<
    string,
    { readonly method: string; readonly path: string; readonly operation: Json }
  >
  /** What is wrong with a value by the schema at a JSON Pointer of the document; empty when nothing is. */
  faults(pointer: string, value: unknown): readonly string[]
  /** Fails unless the answer is one that the contract describes for this operation; gives its parsed body. */
  conforms(operation: string, response: Response): Promise<Json>
}

const methods = ['get', 'post', 'put', 'patch', 'delete']

export async function loadContract(): Promise<Contract> {
  const ref = join(import.meta.dirname, '../openapi.yaml')
  const { bundle: bundled, problems } = await bundle({ ref, config: await createConfig({}) })
  assert.deepEqual(
    problems.map((problem) => problem.message),
    [],
  )
  const document = bundled.parsed as Json
  const ajv = new Ajv2020.default({ allErrors: true, strict: false, formats: fullFormats })
  ajv.addSchema(document, 'solstice')
  const operations = readOperations(document)

  const validators = new Map<string, ValidateFunction>()
  function faults(pointer: string, value: unknown): readonly string[] {
    const validate = validators.get(pointer) ?? ajv.compile({ $ref: `solstice#${pointer}` })
    validators.set(pointer, validate)
    validate(value)
    return (validate.errors ?? []).map((error) => `${error.instancePath} ${error.message ?? ''}`)
  }

  async function conforms(id: string, response: Response): Promise<Json> {
    const { method, path } = operations.get(id) ?? assert.fail(`no operation ${id}`)
    const text = await response.text()
    const pointer = resolve(document, `/paths/${escape(path)}/${method}/responses/${response.status}`)
    const declared = at(document, pointer)
    assert.ok(declared, `${id} does not declare ${response.status}: ${text}`)
    for (const [name, header] of Object.entries((declared['headers'] ?? {}) as Json)) {
      const value = response.headers.get(name)
      assert.notEqual(value, null, `${id} ${response.status} lacks ${name}`)
      const reference = (header as { $ref: string }).$ref.slice(1)
      assert.deepEqual(faults(`${reference}/schema`, value), [])
    }
    if (!declared['content']) {
      assert.equal(text, '')
      return {}
    }
    const mediaType = response.headers.get('content-type') ?? ''
    const schema = `${pointer}/content/${escape(mediaType)}/schema`
    assert.ok(at(document, schema), `${id} ${response.status} does not declare ${mediaType}`)
    if (mediaType !== 'application/x-ndjson') {
      const body = JSON.parse(text) as Json
      assert.deepEqual(faults(schema, body), [])
      return body
    }
    const lines = text.split('\n')
    assert.equal(lines.pop(), '', 'the last line must be whole')
    const data = lines.map((line) => JSON.parse(line) as Json)
    for (const line of data) assert.deepEqual(faults(schema, line), [])
    return { data }
  }

  return { document, operations, faults, conforms }
}

function readOperations(document: Json): Contract['operations'] {
  const paths = document['paths'] as Readonly<Record<string, Readonly<Record<string, Json>>>>
  return new Map(
    Object.entries(paths).flatMap(([path, item]) =>
      methods.flatMap((method) => {
        const operation = item[method]
        return operation ? [[String(operation['operationId']), { method, path, operation }] as const] : []
      }),
    ),
  )
}

/** The pointer that a reference at this pointer names, or the pointer itself. */
function resolve(document: Json, pointer: string): string {
  const reference = at(document, pointer)?.['$ref']
  return typeof reference === 'string' ? reference.slice(1) : pointer
}

function at(document: Json, pointer: string): Json | undefined {
  let found: unknown = document
  for (const part of pointer.split('/').slice(1)) {
    found = (found as Json | undefined)?.[part.replaceAll('~1', '/').replaceAll('~0', '~')]
  }
  return found as Json | undefined
}

export function escape(part: string): string {
  return part.replaceAll('~', '~0').replaceAll('/', '~1')
}
