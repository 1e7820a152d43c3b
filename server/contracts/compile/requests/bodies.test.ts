/** Request bodies: which rule a media type gets, what is checked, and what is streamed. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { RequestBody } from '#/contracts/compile/compile.ts'
import { compile, documentOf, onlyOperation } from '../../../../tests/support/contracts.ts'

type Members = Record<string, unknown>

function bodyOf(content: Members, more: Members = {}): RequestBody {
  const { body } = onlyOperation(documentOf({ requestBody: { content, ...more } }))
  assert.ok(body)
  return body
}

function said(body: RequestBody, contentType: string, value: unknown): readonly string[] {
  const validate = body.rule(contentType)?.validate
  assert.ok(validate)
  return validate(value).map(({ in: place, pointer = '', code }) => `${place} ${pointer} ${code}`)
}

const thing = {
  type: 'object',
  required: ['name'],
  properties: { name: { type: 'string' }, size: { type: 'integer' } },
}

describe('the rule of a content type', () => {
  const body = bodyOf({
    'application/json': { schema: thing },
    'application/vnd.thing+json': { schema: thing },
    'application/x-www-form-urlencoded': { schema: thing },
    'multipart/form-data': {},
    'text/*': {},
    'application/*': { schema: thing },
  })
  const kind = (contentType: string | undefined): string | undefined => body.rule(contentType)?.kind
  test('does not mind parameters, spaces and case', () => {
    for (const sent of [
      'application/json',
      'Application/JSON',
      'application/json; charset=utf-8',
      'application/json ;v=1',
    ]) {
      assert.equal(body.rule(sent)?.mediaType, 'application/json', sent)
    }
  })
  test('is that of the most specific range', () => {
    assert.equal(body.rule('application/vnd.thing+json')?.mediaType, 'application/vnd.thing+json')
    assert.equal(body.rule('application/pdf')?.mediaType, 'application/*')
    assert.equal(body.rule('text/csv')?.mediaType, 'text/*')
  })
  test('has the kind of what was sent', () => {
    assert.equal(kind('application/vnd.thing+json'), 'json')
    assert.equal(kind('application/x-www-form-urlencoded'), 'form')
    assert.equal(kind('multipart/form-data; boundary=x'), 'multipart')
    assert.equal(kind('text/plain'), 'text')
    assert.equal(kind('application/pdf'), 'binary')
    assert.equal(kind('application/other+json'), 'json')
  })
  test('is none where the contract has none', () => {
    for (const sent of ['image/png', 'nonsense', '', 'application/', undefined])
      assert.equal(body.rule(sent), undefined)
  })
  test('lists what is accepted', () => {
    assert.equal(body.mediaTypes.length, 6)
    assert.equal(bodyOf({ 'text/plain': {} }, { required: true }).required, true)
  })
})

describe('JSON content', () => {
  test('is told every violation with its place', () => {
    const body = bodyOf({ 'application/json': { schema: { type: 'array', items: thing } } })
    assert.deepEqual(said(body, 'application/json', [{ name: 'a' }, { size: 'x' }]), [
      'body #/1/name required',
      'body #/1/size type',
    ])
  })
  test('is streamed when nothing is asked of it', () => {
    for (const mediaType of [{}, { schema: {} }, { schema: true }]) {
      assert.equal(bodyOf({ 'application/json': mediaType }).rule('application/json')?.validate, null)
    }
  })
  test('is refused the fields that are kept inside', () => {
    const schema = { properties: { margin: { type: 'number', 'x-portico-class': 'margin' } } }
    assert.deepEqual(said(bodyOf({ 'application/json': { schema } }), 'application/json', { margin: 1 }), [
      'body #/margin internal',
    ])
  })
})

describe('a form', () => {
  const form = 'application/x-www-form-urlencoded'
  const formOf = (schema: unknown, encoding: Members = {}): RequestBody =>
    bodyOf({ [form]: { schema, encoding } })
  test('is read as its schema asks', () => {
    assert.deepEqual(said(formOf(thing), form, { name: 'a', size: '7' }), [])
    assert.deepEqual(said(formOf(thing), form, { size: 'x' }), ['body #/name required', 'body #/size type'])
  })
  test('has lists field by field, or in one field', () => {
    const schema = { properties: { ids: { type: 'array', items: { type: 'integer' }, const: [1, 2] } } }
    assert.deepEqual(said(formOf(schema), form, { ids: ['1', '2'] }), [])
    assert.deepEqual(said(formOf(schema, { ids: { explode: false } }), form, { ids: '1,2' }), [])
    assert.deepEqual(said(formOf(schema, { ids: { style: 'pipeDelimited' } }), form, { ids: '1|2' }), [])
    assert.deepEqual(
      said(formOf(schema, { ids: { contentType: 'application/json' } }), form, { ids: '[1,2]' }),
      [],
    )
  })
  test('has objects as JSON, or field by field', () => {
    const schema = {
      properties: { at: { type: 'object', properties: { x: { type: 'integer' } }, required: ['x'] } },
    }
    assert.deepEqual(said(formOf(schema), form, { at: '{"x":1}' }), [])
    assert.deepEqual(said(formOf(schema), form, { at: '{"x":"1"}' }), ['body #/at/x type'])
    assert.deepEqual(said(formOf(schema), form, { at: '{' }), ['body #/at malformed'])
    assert.deepEqual(said(formOf(schema, { at: { style: 'deepObject' } }), form, { 'at[x]': '1' }), [])
    assert.deepEqual(said(formOf(schema, { at: { style: 'deepObject' } }), form, { 'at[y]': '1' }), [
      'body #/at/x required',
    ])
    assert.deepEqual(said(formOf(schema, { at: { style: 'form', explode: true } }), form, { x: '1' }), [])
  })
  test('is refused a field that comes twice and is no list', () => {
    assert.deepEqual(said(formOf(thing), form, { name: ['a', 'b'] }), ['body #/name malformed'])
  })
  test('is refused what is kept inside and what is not known', () => {
    const schema = {
      properties: { a: { type: 'string' }, cost: { type: 'string', 'x-portico-class': 'cost' } },
      additionalProperties: false,
    }
    assert.deepEqual(said(formOf(schema), form, { a: 'x', cost: '1' }), ['body #/cost internal'])
    assert.deepEqual(said(formOf(schema), form, { b: 'x' }), ['body #/b unknown'])
    assert.deepEqual(said(formOf(schema), form, JSON.parse('{"__proto__": "x"}')), [
      'body #/__proto__ unknown',
    ])
  })
})

describe('other content', () => {
  test('is streamed', () => {
    const content = {
      'multipart/form-data': { schema: thing },
      'text/plain': { schema: { type: 'string' } },
      'image/png': {},
    }
    const { operations, notices } = compile(documentOf({ requestBody: { content } }))
    for (const type of Object.keys(content)) assert.equal(operations[0]?.body?.rule(type)?.validate, null)
    assert.deepEqual(
      notices.map(({ code, pointer }) => `${code} ${pointer}`),
      [
        'unchecked_content #/paths/~1things/post/requestBody/content/multipart~1form-data',
        'unchecked_content #/paths/~1things/post/requestBody/content/text~1plain',
      ],
    )
  })
  test('in which a field is kept inside refuses the document', () => {
    const schema = { properties: { cost: { type: 'string', 'x-portico-class': 'cost' } } }
    const { refusals } = compile(
      documentOf({ requestBody: { content: { 'multipart/form-data': { schema } } } }),
    )
    assert.deepEqual(
      refusals.map(({ code }) => code),
      ['unchecked_class'],
    )
  })
  test('of a GET is not taken', () => {
    const operation = {
      requestBody: { content: { 'application/json': {} } },
      responses: { 204: { description: 'done' } },
    }
    const { operations, notices } = compile({ ...documentOf({}), paths: { '/things': { get: operation } } })
    assert.equal(operations[0]?.body, null)
    assert.deepEqual(
      notices.map(({ code }) => code),
      ['content_ignored'],
    )
  })
})
