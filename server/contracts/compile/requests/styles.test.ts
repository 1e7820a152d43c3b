/** Parameters as text: the style tables of OpenAPI, what text means to a schema, percent-encoding. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  accepts,
  colors,
  numbers,
  query,
  refuses,
  said,
  violations,
} from '../../../../tests/support/parameters.ts'
import type { Members, Sent } from '../../../../tests/support/parameters.ts'

const text = { const: 'blue' }

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
