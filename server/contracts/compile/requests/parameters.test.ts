/** Parameters of an operation: which are taken, which are refused, and all of it at once. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { compile, documentOf, onlyOperation, parts } from '../../../../tests/support/contracts.ts'
import {
  accepts,
  colors,
  numbers,
  query,
  refuses,
  said,
  violations,
} from '../../../../tests/support/parameters.ts'
import type { Members } from '../../../../tests/support/parameters.ts'

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
  describe('with a class that keeps it inside', () => {
    const inside = (schema: Members, more: Members = {}): Members =>
      query('v', schema, { 'x-portico-class': 'internal', ...more })
    test('is refused, whatever it looks like', () => {
      refuses([inside({ type: 'string' })], { query: 'v=1' }, ['query v internal'])
      refuses([query('v', { type: 'string', 'x-portico-class': 'cost' })], { query: 'v=1' }, [
        'query v internal',
      ])
      refuses([query('v', { allOf: [{ 'x-portico-class': 'cost' }] })], { query: 'v=1' }, [
        'query v internal',
      ])
      refuses([inside(numbers)], { query: 'R=1' }, ['query R internal'])
      refuses([inside(numbers, { style: 'deepObject' })], { query: 'v[R]=1' }, ['query v[R] internal'])
      accepts([query('v', { type: 'string', 'x-portico-class': 'personal' })], { query: 'v=1' })
    })
    test('is not required of anyone', () => {
      accepts([inside({ type: 'string' }, { required: true })], {})
      accepts([inside({ type: 'string' }, { required: true, in: 'header' })], {})
    })
    test('is dropped in a header and a cookie, as unknown ones are', () => {
      accepts([inside({ type: 'integer' }, { in: 'header' })], { headers: { v: 'x' } })
      accepts([inside({ type: 'integer' }, { in: 'cookie' })], { headers: { cookie: 'v=x; v=y' } })
    })
    test('reads like one that does not exist, in the same place of the list', () => {
      const others = [query('a', { type: 'integer' }), query('w', numbers, { style: 'deepObject' })]
      const pairs = ['a=x', 'v=1', 'v=2', 'zz=1', 'R=1', 'v[R]=x', 'w[R]=x', 'v', 'w[cost]=1']
      const hidden = [inside({ type: 'integer' }), inside(numbers), inside(numbers, { style: 'deepObject' })]
      for (const one of hidden) {
        fc.assert(
          fc.property(fc.array(fc.constantFrom(...pairs)), (sent) => {
            const known = violations([one, ...others], { query: sent.join('&') })
            const told = known.map((each) => (each.code === 'internal' ? { ...each, code: 'unknown' } : each))
            assert.deepEqual(told, violations(others, { query: sent.join('&') }))
          }),
        )
      }
    })
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
