/** Parameters: the style tables of OpenAPI, what text means to a schema, and what is refused. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import type { Violation } from '#/contracts/compile/compile.ts'
import { compile, documentOf, onlyOperation, parts } from '../../../../tests/support/contracts.ts'

type Members = Record<string, unknown>
type Sent = Parameters<typeof parts>[0]

function violations(parameters: readonly Members[], sent: Sent, schemas: Members = {}): readonly Violation[] {
  const names = parameters.filter((one) => one['in'] === 'path').map((one) => `/{${String(one['name'])}}`)
  const path = `/things${names.join('')}`
  const operation = { parameters, responses: { 204: { description: 'done' } } }
  const document = { ...documentOf({}), paths: { [path]: { get: operation } }, components: { schemas } }
  return onlyOperation(document).parameters?.(parts(sent)) ?? []
}

const said = (all: readonly Violation[]): string[] =>
  all.map(({ in: place, name, code, pointer = '' }) => `${place} ${name ?? '?'}${pointer} ${code}`)

function accepts(parameters: readonly Members[], sent: Sent): void {
  assert.deepEqual(said(violations(parameters, sent)), [])
}

function refuses(parameters: readonly Members[], sent: Sent, expected: readonly string[]): void {
  assert.deepEqual(said(violations(parameters, sent)), expected)
}

const query = (name: string, schema: unknown, more: Members = {}): Members => ({
  name,
  in: 'query',
  schema,
  ...more,
})

const text = { const: 'blue' }
const colors = { type: 'array', items: { type: 'string' }, const: ['blue', 'black', 'brown'] }
const numbers = {
  type: 'object',
  properties: { R: { type: 'integer' }, G: { type: 'integer' }, B: { type: 'integer' } },
  const: { R: 100, G: 200, B: 150 },
}

/** OpenAPI 3.1.1, style examples; the rows for `label` and `matrix` are refused. */
const table: readonly (readonly [
  place: 'path' | 'query' | 'header' | 'cookie',
  style: string,
  explode: boolean,
  schema: unknown,
  sent: string,
])[] = [
  ['path', 'simple', false, text, 'blue'],
  ['path', 'simple', false, colors, 'blue,black,brown'],
  ['path', 'simple', false, numbers, 'R,100,G,200,B,150'],
  ['path', 'simple', true, colors, 'blue,black,brown'],
  ['path', 'simple', true, numbers, 'R=100,G=200,B=150'],
  ['header', 'simple', false, text, 'blue'],
  ['header', 'simple', false, colors, 'blue, black,brown'],
  ['header', 'simple', false, numbers, 'R,100,G,200,B,150'],
  ['header', 'simple', true, numbers, 'R=100,G=200, B=150'],
  ['query', 'form', false, text, 'color=blue'],
  ['query', 'form', false, colors, 'color=blue,black,brown'],
  ['query', 'form', false, numbers, 'color=R,100,G,200,B,150'],
  ['query', 'form', true, text, 'color=blue'],
  ['query', 'form', true, colors, 'color=blue&color=black&color=brown'],
  ['query', 'form', true, numbers, 'R=100&G=200&B=150'],
  ['query', 'spaceDelimited', false, colors, 'color=blue%20black%20brown'],
  ['query', 'spaceDelimited', false, colors, 'color=blue+black+brown'],
  ['query', 'spaceDelimited', false, numbers, 'color=R%20100%20G%20200%20B%20150'],
  ['query', 'pipeDelimited', false, colors, 'color=blue%7Cblack|brown'],
  ['query', 'pipeDelimited', false, numbers, 'color=R%7C100%7CG%7C200%7CB%7C150'],
  ['query', 'deepObject', true, numbers, 'color%5BR%5D=100&color[G]=200&color%5BB]=150'],
  ['cookie', 'form', false, text, 'color=blue'],
  ['cookie', 'form', false, colors, 'color=blue,black,brown'],
  ['cookie', 'form', false, numbers, 'a=1; color=R,100,G,200,B,150; b=2'],
]

function sentAs(place: string, given: string): Sent {
  if (place === 'query') return { query: given }
  if (place === 'path') return { path: [given] }
  return { headers: { [place === 'header' ? 'color' : 'cookie']: given } }
}

describe('a style is read as its table says', () => {
  for (const [place, style, explode, schema, given] of table) {
    test(`${place} ${style}${explode ? ' exploded' : ''}: ${given}`, () => {
      accepts([{ name: 'color', in: place, style, explode, schema, required: true }], sentAs(place, given))
    })
  }
  test('with the default style of its place', () => {
    accepts([query('color', colors)], { query: 'color=blue&color=black&color=brown' })
    accepts([{ name: 'color', in: 'header', schema: colors }], { headers: { color: 'blue,black,brown' } })
  })
})

describe('text becomes what the schema asks for', () => {
  const typed = (type: unknown, value: unknown): Members => query('v', { type, const: value })
  test('numbers, as JSON writes them', () => {
    accepts([typed('integer', 42)], { query: 'v=42' })
    accepts([typed('integer', -1)], { query: 'v=-1' })
    accepts([typed('number', 1.5e3)], { query: 'v=1.5e3' })
    for (const wrong of ['', '+1', '01', '0x10', '1.0', '1e2', '%201', '1_000', 'NaN', 'Infinity']) {
      refuses([query('v', { type: 'integer' })], { query: `v=${wrong}` }, ['query v type'])
    }
    for (const wrong of ['', '.5', '1.', '1e999'])
      refuses([query('v', { type: 'number' })], { query: `v=${wrong}` }, ['query v type'])
  })
  test('booleans', () => {
    accepts([typed('boolean', true)], { query: 'v=true' })
    for (const wrong of ['1', 'TRUE', 'yes', ''])
      refuses([query('v', { type: 'boolean' })], { query: `v=${wrong}` }, ['query v type'])
  })
  test('null', () => {
    accepts([query('v', { type: ['integer', 'null'] })], { query: 'v=null' })
    accepts([query('v', { type: ['integer', 'null'] })], { query: 'v=' })
  })
  test('strings, even those that look like numbers', () => {
    accepts([typed('string', '42')], { query: 'v=42' })
    accepts([query('v', { const: 42 })], { query: 'v=42' })
    accepts([query('v', { enum: ['a', 7] })], { query: 'v=7' })
  })
  test('whatever of several types fits', () => {
    const either = {
      oneOf: [
        { type: 'integer', minimum: 10 },
        { type: 'string', enum: ['1', 'all'] },
      ],
    }
    for (const given of ['10', '1', 'all']) accepts([query('v', either)], { query: `v=${given}` })
    refuses([query('v', either)], { query: 'v=2' }, ['query v oneOf'])
    const oneOrMany = {
      oneOf: [
        { type: 'string', maxLength: 3 },
        { type: 'array', items: { type: 'integer' } },
      ],
    }
    for (const given of ['v=abc', 'v=1&v=2']) accepts([query('v', oneOrMany)], { query: given })
    refuses([query('v', oneOrMany)], { query: 'v=abcd' }, ['query v oneOf'])
  })
  test('items and properties, through references', () => {
    const schema = { allOf: [{ $ref: '#/components/schemas/Filter' }] }
    const schemas = {
      Filter: { type: 'object', properties: { ids: { type: 'array', items: { type: 'integer' } } } },
    }
    const filter = [query('f', schema, { style: 'deepObject' })]
    assert.deepEqual(said(violations(filter, { query: 'f[ids]=1&f[ids]=2' }, schemas)), [])
    assert.deepEqual(said(violations(filter, { query: 'f[ids]=1&f[ids]=x' }, schemas)), [
      'query f#/ids/1 type',
    ])
  })
  test('JSON, where the parameter says so', () => {
    const json = { name: 'f', in: 'query', content: { 'application/json': { schema: { required: ['a'] } } } }
    accepts([json], { query: 'f=%7B%22a%22:1%7D' })
    refuses([json], { query: 'f=%7B%7D' }, ['query f#/a required'])
    refuses([json], { query: 'f=%7B' }, ['query f malformed'])
  })
})

describe('percent-encoding', () => {
  test('is undone', () => {
    accepts([query('v', { const: 'ä b' })], { query: '%76=%C3%A4%20b' })
    accepts([query('v', { const: 'a b+' })], { query: 'v=a+b%2B' })
    accepts([{ name: 'v', in: 'path', schema: { const: 'a+b' } }], { path: ['a+b'] })
    accepts([{ name: 'v', in: 'header', schema: { const: '%41' } }], { headers: { v: '%41' } })
  })
  test('keeps a delimiter in its value', () => {
    accepts([query('v', { type: 'array', const: ['a,b', 'c'] }, { explode: false })], { query: 'v=a%2Cb,c' })
  })
  test('that is broken is a violation', () => {
    for (const broken of ['%', '%z1', '%C3', '%ff']) {
      refuses([query('v', {})], { query: `v=${broken}` }, ['query v malformed'])
      refuses([{ name: 'v', in: 'path', schema: {} }], { path: [broken] }, ['path v malformed'])
      refuses([query('v', {})], { query: `${broken}=1` }, ['query ? malformed'])
    }
  })
})

describe('a parameter', () => {
  test('that is missing is refused when it is required', () => {
    const required = { required: true, schema: {} }
    refuses([query('v', {}, required)], {}, ['query v required'])
    refuses([{ name: 'V', in: 'header', ...required }], {}, ['header V required'])
    refuses([{ name: 'v', in: 'cookie', ...required }], { headers: { cookie: 'w=1' } }, ['cookie v required'])
    refuses([{ name: 'v', in: 'path', ...required }], { path: [''] }, ['path v required'])
    refuses([query('v', numbers, { style: 'deepObject', required: true })], { query: '' }, [
      'query v required',
    ])
    accepts([query('v', {})], {})
  })
  test('that the contract does not know is refused, in the query only', () => {
    refuses([query('v', {})], { query: 'v=1&debug=1', headers: { 'x-other': '1', cookie: 'a=1' } }, [
      'query debug unknown',
    ])
    refuses(
      [query('f', numbers, { style: 'deepObject' })],
      { query: 'f[R]=100&f[G]=200&f[B]=150&f=1&f[a][b]=1' },
      ['query f unknown', 'query f[a][b] unknown'],
    )
  })
  test('that is no list is refused when it comes twice', () => {
    refuses([query('v', {})], { query: 'v=1&v=1' }, ['query v duplicate'])
    refuses([query('v', colors, { explode: false })], { query: 'v=a&v=b' }, ['query v duplicate'])
    refuses([{ name: 'v', in: 'cookie', schema: {} }], { headers: { cookie: 'v=1; v=2' } }, [
      'cookie v duplicate',
    ])
    refuses([query('v', numbers)], { query: 'R=1&R=2' }, ['query v malformed'])
  })
  test('may be empty where the contract allows it', () => {
    accepts([query('v', { type: 'integer' }, { allowEmptyValue: true })], { query: 'v' })
    accepts([query('v', { type: 'array', items: { type: 'integer' } }, { allowEmptyValue: true })], {
      query: 'v=',
    })
  })
  test('of an empty list has no items', () => {
    accepts([query('v', { type: 'array', maxItems: 0 }, { explode: false })], { query: 'v=' })
  })
  test('whose reserved characters were not encoded is read all the same', () => {
    accepts([query('v', { const: 'a/b?c:d=e' }, { allowReserved: true })], { query: 'v=a/b?c:d=e' })
  })
  test('with a class that keeps it inside is answered like an unknown one', () => {
    const [unknown] = violations([], { query: '' }).concat(violations([query('w', {})], { query: 'v=1' }))
    const inside = (more: Members): Members =>
      query('v', { type: 'string' }, { 'x-portico-class': 'internal', ...more })
    const [kept] = violations([inside({ required: true })], { query: 'v=1' })
    assert.deepEqual([kept?.detail, kept?.code], [unknown?.detail, 'internal'])
    accepts([inside({ required: true })], { query: '' })
    refuses([{ ...inside({}), in: 'header' }], { headers: { v: '1' } }, ['header v internal'])
    refuses([{ ...inside({}), in: 'cookie' }], { headers: { cookie: 'v=1' } }, ['cookie v internal'])
    refuses([query('v', { type: 'string', 'x-portico-class': 'cost' })], { query: 'v=1' }, [
      'query v internal',
    ])
    refuses([query('v', { allOf: [{ 'x-portico-class': 'cost' }] }, { required: true })], { query: 'v=1' }, [
      'query v internal',
    ])
    accepts([query('v', { allOf: [{ 'x-portico-class': 'cost' }] }, { required: true })], {})
    refuses([query('v', { ...numbers, 'x-portico-class': 'cost' })], { query: 'R=1' }, ['query v internal'])
    accepts([query('v', { type: 'string', 'x-portico-class': 'personal' })], { query: 'v=1' })
  })
  test('of the headers that belong to HTTP is left to HTTP', () => {
    const names = ['Accept', 'Content-Type', 'Authorization']
    accepts(
      names.map((name) => ({ name, in: 'header', required: true, schema: { const: 'x' } })),
      {},
    )
  })
  test('of the operation takes the place of the one of the path', () => {
    const responses = { 204: { description: 'done' } }
    const shared = [query('v', { type: 'integer' }), query('w', { type: 'integer' })]
    const item = { parameters: shared, get: { parameters: [query('v', { type: 'boolean' })], responses } }
    const operation = onlyOperation({ ...documentOf({}), paths: { '/things': item } })
    assert.deepEqual(said(operation.parameters?.(parts({ query: 'v=true&w=true' })) ?? []), ['query w type'])
  })
})

test('all violations are told at once, and no more than fifty', () => {
  refuses(
    [
      query('a', { type: 'integer' }),
      query('b', {}, { required: true }),
      { name: 'c', in: 'header', schema: { type: 'integer' } },
    ],
    { query: 'a=x&d=1', headers: { c: 'x' } },
    ['query a type', 'query b required', 'query d unknown', 'header c type'],
  )
  const many = Array.from({ length: 200 }, (_, i) => `p${i}=1`).join('&')
  assert.equal(violations([query('a', {})], { query: many }).length, 50)
})

test('an operation without parameters has none', () => {
  assert.equal(onlyOperation(documentOf({})).parameters, null)
})

describe('a document is refused when', () => {
  const refused = (parameters: readonly Members[]): string[] =>
    compile(documentOf({ parameters })).refusals.map(({ code, pointer }) => `${code} ${pointer}`)
  test('a style is not served', () => {
    for (const [place, style] of [
      ['query', 'simple'],
      ['header', 'form'],
      ['cookie', 'pipeDelimited'],
    ]) {
      assert.deepEqual(refused([{ name: 'v', in: place, style, schema: {} }]), [
        'unsupported_style #/paths/~1things/post/parameters/0/style',
      ])
    }
    const paths = { '/{v}': { get: { parameters: [{ name: 'v', in: 'path', style: 'label', schema: {} }] } } }
    const { refusals } = compile({ ...documentOf({}), servers: [{ url: '/x' }], paths })
    assert.ok(refusals.some(({ code }) => code === 'unsupported_style'))
  })
  test('a parameter is described twice', () => {
    assert.deepEqual(refused([query('v', {}), query('v', {})]), [
      'duplicate_parameter #/paths/~1things/post/parameters/1',
    ])
  })
  test('a variable of the path is not described', () => {
    const { refusals } = compile({ ...documentOf({}), paths: { '/a/{v}': { get: {} } } })
    assert.deepEqual(
      refusals.map(({ code }) => code),
      ['undescribed_variable'],
    )
  })
})

test('whatever is sent, reading never throws and every violation says where', () => {
  const parameters = [
    query('a', { type: 'array', items: { type: ['integer', 'null'] } }),
    query('b', numbers, { style: 'deepObject' }),
    query('c', colors, { style: 'pipeDelimited', explode: false }),
    query('d', { oneOf: [{ type: 'boolean' }, { type: 'string', pattern: '^(a+)+$' }] }),
    query('e', { type: 'object', additionalProperties: { type: 'integer' } }),
    { name: 'f', in: 'query', content: { 'application/json': { schema: { type: 'object' } } } },
    { name: 'h', in: 'header', schema: numbers },
    { name: 'k', in: 'cookie', schema: colors },
    { name: 'p', in: 'path', required: true, schema: { type: 'integer' } },
  ]
  const document = {
    ...documentOf({}),
    paths: { '/things/{p}': { get: { parameters, responses: { 204: { description: '' } } } } },
  }
  const operation = onlyOperation(document)
  const piece = fc.oneof(
    fc.constantFrom(
      'a',
      'b[R]',
      'c',
      'd',
      'e',
      'f',
      '=',
      '&',
      ',',
      '%',
      '%2C',
      '[',
      ']',
      '{}',
      '1',
      'true',
      '__proto__',
    ),
    fc.string({ unit: 'binary', maxLength: 3 }),
  )
  const wild = fc.array(piece, { maxLength: 12 }).map((all) => all.join(''))
  fc.assert(
    fc.property(wild, wild, wild, wild, (path, sent, h, cookie) => {
      for (const { code, detail, in: place } of operation.parameters?.(
        parts({ path: [path], query: sent, headers: { h, cookie } }),
      ) ?? []) {
        assert.ok(code !== '' && detail !== '' && ['path', 'query', 'header', 'cookie'].includes(place))
      }
    }),
    { numRuns: 1_000 },
  )
})
