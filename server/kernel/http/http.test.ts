/** The edge of everything that is no operation: permissions stated, mistakes translated, bugs not shown. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Type } from 'typebox'
import { createHttp, partnerDocument, partnerOperation, route } from '#/kernel/http/http.ts'
import type { Guard, Route } from '#/kernel/http/http.ts'
import { silentLog } from '#/kernel/log/log.ts'
import { problem } from '#/kernel/problem/problem.ts'

const Short = problem('test.short', 402, 'It is short', { help: 'Add some.' })

const routes: readonly Route[] = [
  route({
    method: 'POST',
    path: '/things/:id',
    permission: 'public',
    action: 'things.take',
    summary: 'Takes a thing',
    params: Type.Object({ id: Type.String({ maxLength: 3 }) }),
    query: Type.Object({ n: Type.Integer() }),
    body: Type.Object({ name: Type.String(), size: Type.Integer() }, { additionalProperties: false }),
    handle: async (call) => ({
      status: 201,
      body: { id: call.params.id, next: call.query.n + 1, is: call.body },
    }),
  }),
  route({
    method: 'GET',
    path: '/bug',
    permission: 'public',
    summary: 'Breaks',
    handle: () => Promise.reject(new Error('password=hunter2')),
  }),
  route({
    method: 'GET',
    path: '/refused',
    permission: 'public',
    summary: 'Refuses',
    handle: () => Promise.reject(Short.with({ detail: 'Two are missing.', headers: { 'retry-after': '3' } })),
  }),
]

const http = await createHttp({ log: silentLog(), base: () => 'https://portico.test', routes })

describe('POST /things/:id', () => {
  const url = '/things/abc?n=1'
  test('201 with what was sent, numbers of the query read as numbers', async () => {
    const answer = await http.inject({ method: 'POST', url, payload: { name: 'a', size: 1 } })
    assert.equal(answer.statusCode, 201)
    assert.deepEqual(answer.json(), { id: 'abc', next: 2, is: { name: 'a', size: 1 } })
    assert.match(String(answer.headers['request-id']), /^req_[0-9a-f]{32}$/)
    assert.equal(answer.headers['x-content-type-options'], 'nosniff')
  })

  test('422 names every violation and coerces nothing in a body', async () => {
    const answer = await http.inject({ method: 'POST', url, payload: { size: '1', more: true } })
    assert.equal(answer.statusCode, 422)
    assert.equal(answer.headers['content-type'], 'application/problem+json')
    const body = answer.json<{ code: string; errors: { code: string; in: string }[] }>()
    assert.equal(body.code, 'http.invalid')
    assert.deepEqual(body.errors.map((error) => error.code).toSorted(), [
      'additionalProperties',
      'required',
      'type',
    ])
    assert.ok(body.errors.every((error) => error.in === 'body'))
  })

  test('422 for text that cannot be stored, wherever it stands, and 404 in a path', async () => {
    for (const name of ['a\u0000b', 'a\ud800', '\udc00b']) {
      const answer = await http.inject({ method: 'POST', url, payload: { name, size: 1 } })
      const { code, errors } = answer.json<{ code: string; errors: { in: string; pointer: string }[] }>()
      assert.deepEqual([answer.statusCode, code], [422, 'http.invalid'])
      assert.deepEqual([errors[0]!.in, errors[0]!.pointer], ['body', '#/name'])
    }
    const path = await http.inject({
      method: 'POST',
      url: '/things/%00?n=1',
      payload: { name: 'a', size: 1 },
    })
    assert.equal(path.statusCode, 404)
  })

  test('400 for JSON that is none, 413 for too much, 415 for another type', async () => {
    const send = (payload: string, type = 'application/json') =>
      http.inject({ method: 'POST', url, payload, headers: { 'content-type': type } })
    for (const [payload, detail] of [
      ['{"name":', /^The body is not JSON\./],
      ['', /^The body is empty/],
    ] as const) {
      const answer = await send(payload)
      assert.equal(answer.statusCode, 400)
      assert.match(answer.json<{ detail: string }>().detail, detail)
    }
    assert.equal((await send(JSON.stringify({ name: 'x'.repeat(2_000_000), size: 1 }))).statusCode, 413)
    for (const type of ['application/xml', 'text/plain', 'application/x-www-form-urlencoded']) {
      assert.equal((await send('{"name":"x","size":1}', type)).statusCode, 415, type)
    }
  })
})

test('a problem is shown as RFC 9457 says, with its page and its headers', async () => {
  const answer = await http.inject({ url: '/refused?secret=1' })
  assert.equal(answer.statusCode, 402)
  assert.equal(answer.headers['retry-after'], '3')
  assert.deepEqual(answer.json(), {
    type: 'https://portico.test/portal/problems/test.short',
    title: 'It is short',
    status: 402,
    detail: 'Two are missing.',
    instance: '/refused',
    code: 'test.short',
    requestId: answer.headers['request-id'],
    retryable: false,
  })
})

test('a bug is an empty 500 that says nothing of itself', async () => {
  const answer = await http.inject({ url: '/bug' })
  assert.equal(answer.statusCode, 500)
  assert.equal(answer.body, '')
})

test('the log knows an answer by the id that the answer has', async () => {
  const said: object[] = []
  const keep = (line: object) => void said.push(line)
  const log = Object.assign(silentLog(), { debug: keep, error: keep })
  const noted = await createHttp({ log, base: () => '', routes })
  const answers = [await noted.inject({ url: '/refused' }), await noted.inject({ url: '/bug' })]
  assert.deepEqual(
    said.map((line) => 'requestId' in line && line.requestId),
    answers.map(({ headers }) => headers['request-id']),
  )
})

test('404 for an unknown address, which says what to do where there is nothing particular to say', async () => {
  const answer = await http.inject({ url: '/nowhere' })
  assert.equal(answer.statusCode, 404)
  assert.match(answer.json<{ detail: string }>().detail, /Check it against the reference\.$/)
  assert.equal(answer.json<{ code: string }>().code, 'http.not_found')
})

describe('a route that is not public', () => {
  const guarded = route({
    method: 'POST',
    path: '/kept',
    permission: 'things:write',
    action: 'things.keep',
    summary: 'Keeps a thing',
    body: Type.Object({ name: Type.String() }),
    handle: async (call) => ({
      status: 200,
      body: { actor: call.caller.actor, address: call.caller.address },
    }),
  })
  const guard: Guard = async (knock, permission) => {
    if (knock.header('authorization') !== `Bearer ${permission}`) throw Short.with()
    return { actor: { kind: 'service', id: 'svc', role: 'admin' }, address: knock.address, session: null }
  }

  test('is refused before its body is looked at', async () => {
    const kept = await createHttp({ log: silentLog(), base: () => '', routes: [guarded], guard })
    const answer = await kept.inject({
      method: 'POST',
      url: '/kept',
      payload: '{',
      headers: { 'content-type': 'application/json' },
    })
    assert.equal(answer.statusCode, 402)
  })

  test('knows who calls', async () => {
    const kept = await createHttp({ log: silentLog(), base: () => '', routes: [guarded], guard })
    const headers = { authorization: 'Bearer things:write' }
    const answer = await kept.inject({ method: 'POST', url: '/kept', payload: { name: 'a' }, headers })
    assert.deepEqual(answer.json(), {
      actor: { kind: 'service', id: 'svc', role: 'admin' },
      address: '127.0.0.1',
    })
  })

  test('cannot be served without a guard', async () => {
    await assert.rejects(createHttp({ log: silentLog(), base: () => '', routes: [guarded] }), /needs a guard/)
  })
})

test('a change needs a name in the audit', () => {
  const { action: _, ...rest } = { ...routes[0], action: undefined }
  assert.throws(() => route(rest as never), /no name in the audit/)
})

test('a route without a permission cannot be built', () => {
  const { permission: _, ...rest } = { ...routes[0], permission: undefined }
  assert.throws(() => route(rest as never), /states no permission/)
})

test('the document of our own operations is plain data with their parameters', () => {
  const operation = partnerOperation({
    id: 'getThing',
    method: 'GET',
    path: '/partner/things/{id}',
    summary: 'A thing',
    capability: 'partner-api',
    scopes: ['things:read'],
    params: Type.Object({ id: Type.String() }),
    query: Type.Object({ at: Type.Optional(Type.String({ format: 'date-time' })) }),
    status: 200,
    response: Type.Object({ id: Type.String() }),
    handle: async () => ({ status: 200, body: { id: 'a' } }),
  })
  const document = partnerDocument('1.0.0', [operation]) as {
    paths: Record<string, Record<string, { parameters: { name: string; in: string; required: boolean }[] }>>
  }
  assert.deepEqual(
    document.paths['/partner/things/{id}']?.get?.parameters.map(({ name, in: where, required }) => [
      name,
      where,
      required,
    ]),
    [
      ['id', 'path', true],
      ['at', 'query', false],
    ],
  )
})
