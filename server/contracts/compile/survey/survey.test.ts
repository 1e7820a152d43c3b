/** Every feature of a document that is not served is refused or named, with its place. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { documentOf, schemaAt, told, withSchema } from '../../../../tests/support/contracts.ts'

type Members = Record<string, unknown>

const at = '#/paths/~1things/post'

describe('a document is refused, with the place, for', () => {
  const cases: readonly (readonly [what: string, document: unknown, refused: readonly string[]])[] = [
    ['being no object', [], ['malformed #']],
    [
      'Swagger 2.0',
      { ...documentOf({}), openapi: undefined, swagger: '2.0' },
      ['unsupported_version #/openapi'],
    ],
    ['OpenAPI 3.2', { ...documentOf({}), openapi: '3.2.0' }, ['unsupported_version #/openapi']],
    ['no version of its own', { ...documentOf({}), info: { title: 'x' } }, ['malformed #/info']],
    ['no paths', { ...documentOf({}), paths: undefined }, ['malformed #']],
    [
      'another dialect',
      { ...documentOf({}), jsonSchemaDialect: 'https://json-schema.org/draft/2019-09/schema' },
      ['unsupported_dialect #/jsonSchemaDialect'],
    ],
    ['a $dynamicRef', withSchema({ $dynamicRef: '#a' }), [`unsupported_keyword ${schemaAt}/$dynamicRef`]],
    [
      'a $dynamicAnchor',
      withSchema({ $dynamicAnchor: 'a' }),
      [`unsupported_keyword ${schemaAt}/$dynamicAnchor`],
    ],
    [
      'unevaluatedProperties',
      withSchema({ unevaluatedProperties: false }),
      [`unsupported_keyword ${schemaAt}/unevaluatedProperties`],
    ],
    [
      'unevaluatedItems',
      withSchema({ items: { unevaluatedItems: false } }),
      [`unsupported_keyword ${schemaAt}/items/unevaluatedItems`],
    ],
    ['an $id', withSchema({ $id: 'https://example.com/a' }), [`unsupported_keyword ${schemaAt}/$id`]],
    [
      'a schema of another dialect',
      withSchema({ $schema: 'http://json-schema.org/draft-07/schema#' }),
      [`unsupported_dialect ${schemaAt}/$schema`],
    ],
    [
      'an unknown class',
      withSchema({ 'x-portico-class': 'secret' }),
      [`unknown_class ${schemaAt}/x-portico-class`],
    ],
    [
      'a class that is no word',
      withSchema({ 'x-portico-class': true }),
      [`unknown_class ${schemaAt}/x-portico-class`],
    ],
    [
      'an unknown extension of ours',
      withSchema({ 'x-portico-clas': 'cost' }),
      [`unknown_extension ${schemaAt}/x-portico-clas`],
    ],
    [
      'an extension of ours in the wrong place',
      withSchema({ 'x-portico-scopes': [] }),
      [`misplaced_extension ${schemaAt}/x-portico-scopes`],
    ],
    [
      'another default class',
      { ...documentOf({}), 'x-portico-default-class': 'cost' },
      ['unknown_class #/x-portico-default-class'],
    ],
    [
      'a capability that is no name',
      documentOf({ 'x-portico-capability': ['a'] }),
      [`malformed ${at}/x-portico-capability`],
    ],
    [
      'a capability of other letters',
      documentOf({ 'x-portico-capability': 'My Things' }),
      [`malformed ${at}/x-portico-capability`],
    ],
    [
      'scopes that are no list',
      documentOf({ 'x-portico-scopes': 'a b' }),
      [`malformed ${at}/x-portico-scopes`],
    ],
    ['scopes with spaces', documentOf({ 'x-portico-scopes': ['a b'] }), [`malformed ${at}/x-portico-scopes`]],
    [
      'a reference that leads nowhere',
      withSchema({ $ref: '#/components/schemas/No' }),
      [`unresolved_ref ${schemaAt}`],
    ],
    ['a reference that leads out', withSchema({ $ref: 'other.yaml' }), [`external_ref ${schemaAt}`]],
    ['a reference to an anchor', withSchema({ $ref: '#anchor' }), [`unresolved_ref ${schemaAt}`]],
    [
      'a reference that is no string',
      withSchema({ $ref: 1 }),
      [`malformed ${schemaAt}`, `malformed ${schemaAt}/$ref`],
    ],
    [
      'references in a circle',
      withSchema(
        { $ref: '#/components/schemas/A' },
        {
          components: {
            schemas: { A: { $ref: '#/components/schemas/B' }, B: { $ref: '#/components/schemas/A' } },
          },
        },
      ),
      [`ref_cycle ${schemaAt}`, 'ref_cycle #/components/schemas/A', 'ref_cycle #/components/schemas/B'],
    ],
    [
      'a schema that is part of itself',
      withSchema(
        { $ref: '#/components/schemas/A' },
        {
          components: {
            schemas: { A: { anyOf: [{ type: 'string' }, { not: { $ref: '#/components/schemas/A' } }] } },
          },
        },
      ),
      ['ref_cycle #/components/schemas/A'],
    ],
    [
      'a response in a circle',
      documentOf(
        { responses: { 200: { $ref: '#/components/responses/A' } } },
        { components: { responses: { A: { $ref: '#/components/responses/A' } } } },
      ),
      [`ref_cycle ${at}/responses/200`, 'ref_cycle #/components/responses/A'],
    ],
    ['a type that is none', withSchema({ type: 'strin' }), [`malformed ${schemaAt}/type`]],
    ['a bound that is no number', withSchema({ minimum: '1' }), [`malformed ${schemaAt}/minimum`]],
    ['a count below zero', withSchema({ maxLength: -1 }), [`malformed ${schemaAt}/maxLength`]],
    ['a multiple of nothing', withSchema({ multipleOf: 0 }), [`malformed ${schemaAt}/multipleOf`]],
    ['names that are none', withSchema({ required: 'a' }), [`malformed ${schemaAt}/required`]],
    ['a pattern that is none', withSchema({ pattern: '(' }), [`unsupported_pattern ${schemaAt}/pattern`]],
    [
      'a name by no pattern',
      withSchema({ patternProperties: { '(': {} } }),
      [`unsupported_pattern ${schemaAt}/patternProperties/(`],
    ],
    [
      'a pattern that could run for ever',
      withSchema({ pattern: '^(a*)*\\1$' }),
      [`unsupported_pattern ${schemaAt}/pattern`],
    ],
    ['a schema that is none', withSchema({ properties: { a: 1 } }), [`malformed ${schemaAt}/properties/a`]],
    [
      'a discriminator without a property',
      withSchema({ discriminator: {} }),
      [`malformed ${schemaAt}/discriminator`],
    ],
    [
      'null as a type in 3.0',
      { ...withSchema({ type: 'null' }), openapi: '3.0.3' },
      [`malformed ${schemaAt}/type`],
    ],
    [
      'a list of types in 3.0',
      { ...withSchema({ type: ['string'] }), openapi: '3.0.3' },
      [`malformed ${schemaAt}/type`],
    ],
    [
      'an answer under no status',
      documentOf({ responses: { ok: { description: 'ok' } } }),
      [`malformed ${at}/responses/ok`],
    ],
    [
      'an answer without a description',
      documentOf({ responses: { 200: {} } }),
      [`malformed ${at}/responses/200`],
    ],
    [
      'a parameter without a schema',
      documentOf({ parameters: [{ name: 'a', in: 'query' }] }),
      [`malformed ${at}/parameters/0`],
    ],
    [
      'a parameter with two descriptions',
      documentOf({ parameters: [{ name: 'a', in: 'query', schema: {}, content: { 'text/plain': {} } }] }),
      [`malformed ${at}/parameters/0`],
    ],
    [
      'a parameter in an unknown place',
      documentOf({ parameters: [{ name: 'a', in: 'body', schema: {} }] }),
      [`malformed ${at}/parameters/0`],
    ],
    [
      'content that is no media type',
      documentOf({ requestBody: { content: { json: {} } } }),
      [`malformed ${at}/requestBody/content/json`, `malformed ${at}/requestBody`],
    ],
    [
      'members beside the reference of a path',
      {
        ...documentOf({}),
        paths: { '/a': { $ref: '#/components/pathItems/A', get: {} } },
        components: { pathItems: { A: {} } },
      },
      ['ref_siblings #/paths/~1a'],
    ],
    [
      'two operations of one name',
      {
        ...documentOf({}),
        paths: {
          '/a': { get: { operationId: 'x', responses: { 204: { description: '' } } } },
          '/b': { get: { operationId: 'x', responses: { 204: { description: '' } } } },
        },
      },
      ['duplicate_operation #/paths/~1b/get'],
    ],
  ]
  for (const [what, document, refused] of cases) {
    test(what, () => assert.deepEqual(told(document).refused, refused))
  }
  test('being nested without end', () => {
    const schema: Members = {}
    schema['items'] = schema
    assert.deepEqual(told(withSchema(schema)).refused, ['too_large #'])
  })
  test('a chain of references as long as a stack', () => {
    const schemas: Members = { S0: { type: 'string' } }
    for (let i = 1; i < 50_000; i++)
      schemas[`S${i}`] = { properties: { a: { $ref: `#/components/schemas/S${i - 1}` } } }
    const { refused } = told(
      documentOf(
        {
          requestBody: {
            content: { 'application/json': { schema: { $ref: '#/components/schemas/S49999' } } },
          },
        },
        { components: { schemas } },
      ),
    )
    assert.ok(refused.length === 0 || refused[0] === 'too_deep #')
  })
})
