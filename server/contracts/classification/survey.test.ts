/** What an author is told of a contract before it is served. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { createClassifier, type ClassifierOptions } from './classification.ts'

const open = { 'x-portico-class': 'public' }

function survey(
  schema: unknown,
  schemas: Record<string, unknown> = {},
  options: Partial<ClassifierOptions> = {},
) {
  const document = { components: { schemas } }
  return createClassifier(document, { dialect: '3.1', defaultClass: null, ...options }).projector(
    schema,
    '#/s',
  )
}

test('fields without a class are named, once, where they would be reached', () => {
  const schemas = {
    Part: {
      properties: {
        a: { type: 'string' },
        b: { type: 'string', ...open },
        c: { type: 'string', 'x-portico-class': 'cost' },
      },
    },
    Inner: { properties: { never: { type: 'string' } } },
  }
  const part = () => ({ $ref: '#/components/schemas/Part', ...open })
  const found = survey(
    { properties: { x: part(), y: part(), z: { $ref: '#/components/schemas/Inner' } } },
    schemas,
  )
  assert.deepEqual(found.unclassified.toSorted(), [
    '#/components/schemas/Part/properties/a',
    '#/s/properties/z',
  ])
  assert.deepEqual([found.released, found.withheld], [3, 3])
})

test('free-form values without a class of their own are named whatever the default is', () => {
  const schema = {
    properties: {
      a: { type: 'object' },
      b: { type: 'array' },
      c: {},
      d: { type: 'object', ...open },
      'e/f': { type: 'object', additionalProperties: { type: 'object' } },
    },
  }
  assert.deepEqual(survey(schema, {}, { defaultClass: 'public' }).unclassified.toSorted(), [
    '#/s/properties/a',
    '#/s/properties/b',
    '#/s/properties/c',
    '#/s/properties/e~1f/additionalProperties',
  ])
})

test('entries of maps, elements, branches and bodies without a class are named', () => {
  // Written out anew for every place: an object that stands in two places is one schema.
  const text = { type: 'string' }
  const unclassified = (schema: unknown) => survey(JSON.parse(JSON.stringify(schema))).unclassified.toSorted()
  assert.deepEqual(unclassified({ type: 'object', additionalProperties: text }), ['#/s/additionalProperties'])
  assert.deepEqual(unclassified({ type: 'object', patternProperties: { '^a': text } }), [
    '#/s/patternProperties/^a',
  ])
  assert.deepEqual(unclassified({ type: 'array', items: text }), ['#/s/items'])
  assert.deepEqual(unclassified({ type: 'array', prefixItems: [{ properties: { a: text } }] }), [
    '#/s/prefixItems/0/properties/a',
  ])
  assert.deepEqual(unclassified({ oneOf: [{ properties: { a: text } }, { properties: { b: text } }] }), [
    '#/s/oneOf/0/properties/a',
    '#/s/oneOf/1/properties/b',
  ])
  assert.deepEqual(unclassified(text), ['#/s'])
  assert.deepEqual(unclassified({ ...text, ...open }), [])
})

test('what cannot be served is refused with its place', () => {
  const codes = (schema: unknown) => survey(schema).refusals.map(({ pointer, code }) => `${pointer} ${code}`)
  assert.deepEqual(codes({ 'x-portico-class': 'secret' }), ['#/s/x-portico-class unknown_class'])
  assert.deepEqual(codes({ properties: { a: { $ref: '#/nowhere' } } }), ['#/s/properties/a unresolved_ref'])
  assert.deepEqual(codes({ $ref: 'other.yaml#/a' }), ['#/s external_ref'])
  assert.deepEqual(codes({ items: { unevaluatedItems: false } }), [
    '#/s/items/unevaluatedItems unsupported_keyword',
  ])
  assert.deepEqual(codes({ type: 'file' }), ['#/s/type malformed'])
  assert.deepEqual(codes({ properties: [], allOf: {}, items: 5, patternProperties: { '(': {} } }), [
    '#/s/properties malformed',
    '#/s/patternProperties/( malformed',
    '#/s/items malformed',
    '#/s/allOf malformed',
  ])
})

test('each finding of a document is told once', () => {
  const { projector } = createClassifier({}, { dialect: '3.1', defaultClass: null })
  const schema = { type: 'file' }
  assert.deepEqual(
    [schema, schema, {}].map((each) => projector(each, '#').refusals.length),
    [1, 0, 0],
  )
})

test('what an author may not expect is noted', () => {
  const notes = (schema: unknown, schemas = {}) =>
    survey(schema, schemas).notices.map(({ pointer, code }) => `${pointer} ${code}`)
  assert.deepEqual(notes({ type: 'object', 'x-portico-class': 'cost' }), ['#/s content_withheld'])
  assert.deepEqual(notes({ discriminator: { propertyName: 'a' } }), ['#/s/discriminator discriminator_alone'])
  const discriminator = { propertyName: 'a', mapping: { x: '#/components/schemas/B' } }
  const ref = { $ref: '#/components/schemas/A' }
  assert.deepEqual(notes({ oneOf: [ref], discriminator }, { A: {}, B: {} }), [
    '#/s/discriminator/mapping discriminator_mapping',
  ])
  assert.deepEqual(notes({ oneOf: [{}], discriminator: { propertyName: 'a' } }), [
    '#/s/discriminator discriminator_unused',
  ])
})

test('a chain of schemas for one value that is too long is refused, however it is met', () => {
  const length = 30_000
  const chain = Object.fromEntries(
    Array.from({ length }, (_, index) => [
      `S${index}`,
      { allOf: [{ $ref: `#/components/schemas/S${index + 1}` }] },
    ]),
  )
  const schemas = { ...chain, [`S${length}`]: { type: 'object' } }
  for (const start of [0, length - 400]) {
    const { refusals, project } = survey({ $ref: `#/components/schemas/S${start}` }, schemas)
    assert.ok(refusals.length > 0 && refusals.every(({ code }) => code === 'schema_depth'))
    assert.notEqual(project({ a: 1 }), '{"a":1}')
  }
})

test('every answer of the GitHub API compiles within a second and a half, and releases nothing by itself', () => {
  const file = new URL('../../../tests/data/openapi/github-api.json.gz', import.meta.url)
  type Node = { [name: string]: Node }
  const document = JSON.parse(gunzipSync(readFileSync(file)).toString()) as Node
  const start = performance.now()
  const { projector } = createClassifier(document, { dialect: '3.0', defaultClass: null })
  let count = 0
  for (const [path, item] of Object.entries(document['paths'] ?? {})) {
    for (const [method, { responses = {} }] of Object.entries(item)) {
      for (const [status, response] of Object.entries(responses)) {
        for (const [type, { schema }] of Object.entries(response['content'] ?? {})) {
          const found = projector(
            schema,
            `#/paths/${path}/${method}/responses/${status}/content/${type}/schema`,
          )
          assert.deepEqual([found.released, found.refusals], [0, []])
          count++
        }
      }
    }
  }
  assert.ok(count > 1_000, `${count} answers`)
  assert.ok(performance.now() - start < 1_500)
})
