/** Whatever a document says, compiling it ends with operations that can be called or refusals that have a place. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { OffContract, type Operation } from '#/contracts/compile/compile.ts'
import { compile, parts } from '../../../tests/support/contracts.ts'

type Members = Record<string, unknown>

/** A little of everything. */
const seed: Members = {
  info: { title: 'Things', version: '1.0.0' },
  servers: [{ url: 'https://{host}/v1', variables: { host: { default: 'example.com' } } }],
  paths: {
    '/things/{id}': {
      parameters: [{ $ref: '#/components/parameters/Id' }],
      get: {
        operationId: 'getThing',
        'x-portico-capability': 'things',
        'x-portico-scopes': ['things:read'],
        parameters: [
          {
            name: 'filter',
            in: 'query',
            style: 'deepObject',
            schema: { type: 'object', properties: { a: { type: 'integer' } } },
          },
          {
            name: 'ids',
            in: 'query',
            explode: false,
            schema: { type: 'array', items: { type: 'string', pattern: '^[a-z]+$' } },
          },
          { name: 'X-Trace', in: 'header', schema: { oneOf: [{ type: 'integer' }, { type: 'string' }] } },
        ],
        responses: {
          200: {
            description: 'ok',
            headers: { 'X-Left': { schema: { type: 'integer' } } },
            content: { 'application/json': { schema: { $ref: '#/components/schemas/Thing' } } },
          },
          '4XX': { $ref: '#/components/responses/Problem' },
        },
      },
      post: {
        requestBody: {
          required: true,
          content: {
            'application/json': { schema: { $ref: '#/components/schemas/Thing' } },
            'application/x-www-form-urlencoded': {
              schema: { type: 'object', properties: { a: { type: 'array', items: { type: 'integer' } } } },
              encoding: { a: { explode: false } },
            },
          },
        },
        responses: {
          default: {
            description: 'any',
            content: { 'application/jsonl': { schema: { $ref: '#/components/schemas/Pet' } } },
          },
        },
      },
    },
  },
  components: {
    parameters: { Id: { name: 'id', in: 'path', required: true, schema: { type: 'integer', minimum: 1 } } },
    responses: {
      Problem: {
        description: 'no',
        content: {
          'application/problem+json': {
            schema: { type: 'object', additionalProperties: true, 'x-portico-class': 'public' },
          },
        },
      },
    },
    schemas: {
      Thing: {
        type: 'object',
        required: ['id', 'name'],
        properties: {
          id: { type: 'string', readOnly: true, 'x-portico-class': 'public' },
          name: { type: 'string', maxLength: 10, 'x-portico-class': 'public' },
          cost: { type: 'number', 'x-portico-class': 'cost' },
          parent: { $ref: '#/components/schemas/Thing' },
          pets: { type: 'array', uniqueItems: true, items: { $ref: '#/components/schemas/Pet' } },
        },
      },
      Pet: {
        oneOf: [{ $ref: '#/components/schemas/Cat' }, { $ref: '#/components/schemas/Dog' }],
        discriminator: { propertyName: 'kind', mapping: { cat: 'Cat' } },
      },
      Cat: {
        allOf: [
          { type: 'object', properties: { kind: { type: 'string' }, lives: { type: 'integer' } } },
          { required: ['kind'] },
        ],
      },
      Dog: {
        type: 'object',
        properties: { kind: { enum: ['Dog', null] }, friend: { $ref: '#/components/schemas/Pet' } },
        additionalProperties: { type: 'string' },
      },
    },
  },
}

const word = fc.constantFrom(
  ...`$ref type items properties allOf anyOf oneOf not if enum const required nullable pattern
discriminator additionalProperties patternProperties prefixItems contains format schema content
headers name in style explode parameters responses requestBody get x-portico-class
x-portico-capability description __proto__ /a/{b} 200`.split(/\s/),
  '\ud800',
)
const value = fc.oneof(
  fc.constant('#/components/schemas/\ud800'),
  fc.constantFrom<unknown>(
    '#/components/schemas/Thing',
    '#/components/schemas/Pet',
    '#/components/schemas/Cat',
    '#/paths/~1things~1{id}',
    '#',
    '#/',
    'x.yaml',
    '(a+)+$',
    '(',
  ),
  fc.constantFrom<unknown>(
    'string',
    'object',
    'array',
    'null',
    ['string', 'null'],
    'public',
    'cost',
    'date',
    'query',
    'path',
    'deepObject',
    null,
    true,
    false,
    0,
    -1,
    1.5,
    {},
    [],
  ),
  fc
    .tuple(word, fc.constantFrom('#/components/schemas/Pet', '#/components/schemas/Thing', 'string', true, 1))
    .map(([key, one]) => ({ [key]: one })),
  fc.jsonValue({ maxDepth: 2 }),
)
const mutation = fc.record({
  where: fc.array(fc.nat(50), { maxLength: 14 }),
  key: word,
  value,
  how: fc.constantFrom('put', 'replace', 'remove', 'rename'),
})
type Mutation = typeof mutation extends fc.Arbitrary<infer T> ? T : never

/** Walks down by numbers, so that shrinking them stays inside the document, and changes something there. */
function mutate(document: Members, { where, key, value: given, how }: Mutation): void {
  let node = document
  let last = ''
  let parent = node
  for (const turn of where) {
    const keys = Object.keys(node)
    const next = keys[turn % Math.max(1, keys.length)]
    if (next === undefined || typeof node[next] !== 'object' || node[next] === null) break
    parent = node
    last = next
    node = node[next] as Members
  }
  const put = (target: Members, name: string, one: unknown): void =>
    void Object.defineProperty(target, name, {
      value: one,
      enumerable: true,
      configurable: true,
      writable: true,
    })
  if (how === 'put' || last === '') put(node, key, given)
  else if (how === 'replace') put(parent, last, given)
  else if (how === 'remove') delete parent[last]
  else {
    put(parent, key, parent[last])
    if (key !== last) delete parent[last]
  }
}

/** What reading a form gives: a text for each name, or several. */
function asForm(sent: unknown): Record<string, string | string[]> {
  const textOf = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value))
  return Object.fromEntries(
    Object.entries(Object(sent) as object).map(([name, value]: [string, unknown]) => [
      name,
      Array.isArray(value) ? value.map(textOf) : textOf(value),
    ]),
  )
}

function call(operation: Operation, sent: unknown, text: string): void {
  operation.parameters?.(
    parts({
      path: [text, text, text],
      query: `filter[a]=${text}&ids=${text}&${text}`,
      headers: { 'x-trace': text },
    }),
  )
  for (const type of [...(operation.body?.mediaTypes ?? []), 'application/json', text]) {
    const rule = operation.body?.rule(type)
    rule?.validate?.(rule.kind === 'form' ? asForm(sent) : sent)
  }
  for (const status of [200, 204, 404, 500]) {
    const rule = operation.answer(status)
    for (const fits of rule?.headers.values() ?? []) assert.equal(typeof fits(text), 'boolean')
    for (const type of ['application/json', 'application/problem+json', 'application/jsonl', text]) {
      const projected = rule?.rule(type)?.project?.(sent)
      assert.ok(projected === undefined || typeof projected === 'string' || projected instanceof OffContract)
    }
  }
}

const sent = fc.oneof(
  fc.jsonValue(),
  fc.record({
    id: fc.jsonValue(),
    name: fc.string(),
    pets: fc.array(fc.record({ kind: fc.constantFrom('cat', 'Dog', 'x'), friend: fc.jsonValue() })),
  }),
)

test('compiling a document never throws, and what it makes can be called', () => {
  let served = 0
  fc.assert(
    fc.property(
      fc.constantFrom('3.0.3', '3.1.0'),
      fc.array(mutation, { minLength: 1, maxLength: 4 }),
      sent,
      fc.string(),
      (openapi, mutations, one, text) => {
        const mutated = structuredClone({ openapi, ...seed })
        for (const each of mutations) mutate(mutated, each)
        // Holes in lists become null, as they would in a file.
        const document: unknown = JSON.parse(JSON.stringify(mutated))
        const { operations, refusals, notices } = compile(document)
        for (const { file, pointer, code, message } of [...refusals, ...notices]) {
          assert.match(pointer, /^#(\/|$)/)
          assert.ok(file !== '' && code !== '' && message !== '')
        }
        assert.ok(refusals.length === 0 || operations.length === 0)
        if (operations.length > 0) served++
        for (const operation of operations) call(operation, one, text)
      },
    ),
    { numRuns: 1_500 },
  )
  assert.ok(
    served > 100,
    `only ${served} of the documents were served; the mutations are too wild to prove anything`,
  )
})

test('any JSON at all is compiled or refused', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (document) => {
      assert.ok(compile(document).refusals.length > 0)
    }),
  )
})
