/** What compiling makes of a document that can be served. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compile, documentOf, onlyOperation, schemaAt, withSchema } from '../../../tests/support/contracts.ts'

test('an operation carries what its document says of it', () => {
  const operation = onlyOperation(
    documentOf({
      operationId: 'createThing',
      summary: 'Creates a thing',
      deprecated: true,
      'x-portico-capability': 'partner-objects',
      'x-portico-scopes': ['things:write', 'things:read', 'things:write'],
    }),
  )
  const { id, contract, version, method, path, capability, scopes, deprecated, summary, body, parameters } =
    operation
  assert.deepEqual(
    { id, contract, version, method, path, capability, scopes, deprecated, summary, body, parameters },
    {
      id: 'createThing',
      contract: 'things',
      version: '1.0.0',
      method: 'POST',
      path: '/things',
      capability: 'partner-objects',
      scopes: ['things:write', 'things:read'],
      deprecated: true,
      summary: 'Creates a thing',
      body: null,
      parameters: null,
    },
  )
})

test('an operation without a name is called by its method and path', () => {
  const { id, capability, scopes } = onlyOperation(documentOf({}))
  assert.deepEqual([id, capability, scopes], ['post /things', null, []])
})

test('a document is summed up', () => {
  const schema = {
    type: 'object',
    properties: {
      a: { type: 'string', 'x-portico-class': 'public' },
      b: { type: 'string' },
      c: { type: 'string', 'x-portico-class': 'cost' },
    },
  }
  const compiled = compile(withSchema(schema))
  assert.deepEqual([compiled.title, compiled.version, compiled.openapi], ['Things', '1.0.0', '3.1.0'])
  assert.deepEqual(compiled.unclassified, [`${schemaAt}/properties/b`])
  assert.deepEqual(compiled.fields, { released: 1, withheld: 2 })
  assert.deepEqual(compile({ ...withSchema(schema), 'x-portico-default-class': 'public' }).fields, {
    released: 2,
    withheld: 1,
  })
  assert.deepEqual(compile(withSchema(schema), { defaultClass: 'public' }).fields, {
    released: 2,
    withheld: 1,
  })
})

test('a schema may have any name', () => {
  for (const name of ['a b', 'a%b', 'a/b~c', '%41', '__proto__', '..', 'ä😀', '\ud800']) {
    const escaped = name.replaceAll('~', '~0').replaceAll('/', '~1').replaceAll('%', '%25')
    const $ref = `#/components/schemas/${escaped}`
    const document = documentOf(
      { requestBody: { content: { 'application/json': { schema: { $ref } } } } },
      { components: { schemas: Object.fromEntries([[name, { type: 'string' }]]) } },
    )
    const violations = onlyOperation(document).body?.rule('application/json')?.validate?.(1)
    assert.deepEqual(
      violations?.map(({ code }) => code),
      ['type'],
      name,
    )
  }
})
