/** Answers: which rule a status and a media type get, which headers leave, what is released. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { OffContract, type AnswerRule, type StatusRule } from '#/contracts/compile/compile.ts'
import { compile, documentOf, onlyOperation } from '../../../tests/support/contracts.ts'

type Members = Record<string, unknown>

const described = (more: Members = {}): Members => ({ description: 'an answer', ...more })

function answerOf(responses: Members): (status: number) => StatusRule | undefined {
  const operation = onlyOperation(documentOf({ responses }))
  return (status) => operation.answer(status)
}

function ruleOf(mediaType: string, member: Members): AnswerRule {
  const rule = answerOf({ 200: described({ content: { [mediaType]: member } }) })(200)?.rule(mediaType)
  assert.ok(rule)
  return rule
}

describe('the rule of a status', () => {
  const headers = (name: string): Members => described({ headers: { [name]: { schema: {} } } })
  const answer = answerOf({
    200: headers('own'),
    '2XX': headers('class'),
    '4XX': headers('class'),
    default: headers('rest'),
  })
  const names = (status: number): readonly string[] => [...(answer(status)?.headers.keys() ?? [])]
  test('is its own, then that of its class, then the default', () => {
    assert.deepEqual(
      [names(200), names(201), names(404), names(500)],
      [['own'], ['class'], ['class'], ['rest']],
    )
  })
  test('is none where nothing is described', () => {
    assert.equal(answerOf({ 200: described() })(404), undefined)
  })
  test('describes no body where there is no content', () => {
    assert.equal(answerOf({ 204: described() })(204)?.empty, true)
    assert.equal(answerOf({ 200: described({ content: { 'text/plain': {} } }) })(200)?.empty, false)
  })
})

describe('the rule of a media type', () => {
  const kinds: readonly (readonly [mediaType: string, kind: string])[] = [
    ['application/json', 'json'],
    ['application/problem+json', 'json'],
    ['application/jsonl', 'json-lines'],
    ['application/x-ndjson', 'json-lines'],
    ['text/event-stream', 'event-stream'],
    ['text/csv', 'text'],
    ['application/pdf', 'binary'],
    ['application/xml', 'binary'],
  ]
  for (const [mediaType, kind] of kinds) {
    test(`${mediaType} is ${kind}`, () => assert.equal(ruleOf(mediaType, {}).kind, kind))
  }
  test('does not mind parameters', () => {
    const rule = answerOf({ 200: described({ content: { 'Application/JSON; charset=utf-8': {} } }) })(200)
    assert.equal(rule?.rule('application/json;charset=UTF-8')?.kind, 'json')
    assert.equal(rule?.rule('text/html'), undefined)
    assert.equal(rule?.rule(undefined), undefined)
  })
})

describe('content', () => {
  const schema = {
    type: 'object',
    properties: { a: { type: 'string', 'x-portico-class': 'public' }, b: { type: 'string' } },
  }
  test('of JSON is projected', () => {
    const { project, released } = ruleOf('application/json', { schema })
    assert.equal(project?.({ a: 'x', b: 'y', c: 'z' }), '{"a":"x"}')
    assert.ok(project({ a: 1 }) instanceof OffContract)
    assert.equal(released, false)
  })
  test('of lines is projected line by line, by the items where a list is described', () => {
    for (const given of [schema, { type: 'array', items: schema }]) {
      assert.equal(ruleOf('application/jsonl', { schema: given }).project?.({ a: 'x', b: 'y' }), '{"a":"x"}')
    }
    const { notices } = compile(
      documentOf({
        responses: {
          200: described({ content: { 'application/jsonl': { schema: { type: 'array', items: schema } } } }),
        },
      }),
    )
    assert.ok(notices.some(({ code }) => code === 'list_of_records'))
  })
  test('of text and bytes is released only where the contract says so', () => {
    for (const mediaType of ['text/csv', 'application/pdf']) {
      assert.equal(ruleOf(mediaType, { schema: { type: 'string' } }).released, false)
      assert.equal(
        ruleOf(mediaType, { schema: { type: 'string' }, 'x-portico-class': 'public' }).released,
        true,
      )
      assert.equal(
        ruleOf(mediaType, { schema: { type: 'string', 'x-portico-class': 'public' } }).released,
        true,
      )
      assert.equal(
        ruleOf(mediaType, { schema: { type: 'string', 'x-portico-class': 'cost' } }).released,
        false,
      )
      assert.equal(
        ruleOf(mediaType, { schema: { 'x-portico-class': 'cost' }, 'x-portico-class': 'public' }).released,
        false,
      )
    }
  })
  test('of text is not released by a default class', () => {
    const responses = { 200: described({ content: { 'text/csv': { schema: {} } } }) }
    const operation = onlyOperation(documentOf({ responses }), { defaultClass: 'public' })
    assert.equal(operation.answer(200)?.rule('text/csv')?.released, false)
  })
})

describe('a header', () => {
  const headersOf = (headers: Members): StatusRule['headers'] =>
    answerOf({ 204: described({ headers }) })(204)?.headers ?? new Map()
  test('leaves when it is described and its value fits', () => {
    const headers = headersOf({
      'X-Left': { schema: { type: 'integer' } },
      Link: { schema: { type: 'string' } },
      Tags: { schema: { type: 'array', items: { enum: ['a', 'b'] } } },
    })
    assert.deepEqual([...headers.keys()], ['x-left', 'link', 'tags'])
    assert.deepEqual([headers.get('x-left')?.('7'), headers.get('x-left')?.('many')], [true, false])
    assert.deepEqual([headers.get('tags')?.('a, b'), headers.get('tags')?.('a,c')], [true, false])
  })
  test('with any class but public stays', () => {
    const headers = headersOf({
      a: { schema: {}, 'x-portico-class': 'public' },
      b: { schema: {}, 'x-portico-class': 'cost' },
      c: { schema: { 'x-portico-class': 'internal' } },
      d: { schema: {}, 'x-portico-class': 'personal' },
      e: { schema: { allOf: [{ 'x-portico-class': 'margin' }] } },
    })
    assert.deepEqual([...headers.keys()], ['a'])
  })
  test('that holds a document of its own stays', () => {
    assert.equal(headersOf({ a: { content: { 'application/json': { schema: {} } } } }).size, 0)
  })
  test('that belongs to the message or the connection is not the contract’s to release', () => {
    const names = [
      'Content-Type',
      'Content-Length',
      'Content-Encoding',
      'Connection',
      'Transfer-Encoding',
      'Upgrade',
      'Trailer',
    ]
    assert.equal(headersOf(Object.fromEntries(names.map((name) => [name, { schema: {} }]))).size, 0)
  })
})
