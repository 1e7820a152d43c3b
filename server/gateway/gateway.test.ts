/** One call through all steps, and every way in which the front ones say no. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { problem as defineProblem } from '#/kernel/problem/problem.ts'
import { compileTestContract } from '../../tests/support/gateway-contract.ts'
import { applicationId, keys, partnerId, startScene } from '../../tests/support/gateway.ts'
import type { Scene } from '../../tests/support/gateway.ts'
import { exchangeBytes, headersOf, requestText, statusOf } from '../../tests/support/raw.ts'

type Problem = Record<string, unknown> & {
  code: string
  errors: { in: string; code: string; name?: string; pointer?: string }[]
}

let scene: Scene

before(async () => {
  scene = await startScene(compileTestContract())
})
after(() => scene.close())
beforeEach(() => {
  scene.records.length = 0
  scene.refusals.length = 0
  scene.decisions.clear()
  scene.hidden.clear()
  scene.upstream.answerJson('{"id":"a1","name":"One","cost":"9.50","forgotten":"x"}')
})

async function problemOf(response: Response): Promise<Problem> {
  assert.equal(response.headers.get('content-type'), 'application/problem+json')
  assert.equal(response.headers.get('cache-control'), 'no-store')
  const body = (await response.json()) as Problem
  assert.equal(body.status, response.status)
  assert.equal(body.requestId, response.headers.get('request-id'))
  assert.equal(body.type, `https://portal.example/portal/problems/${body.code}`)
  return body
}

test('a call: 200 with what the contract releases, recorded once', async () => {
  const response = await scene.fetch('/things/a1')
  assert.equal(response.status, 200)
  assert.equal(await response.text(), '{"id":"a1","name":"One"}')
  assert.equal(response.headers.get('content-type'), 'application/json')
  assert.equal(response.headers.get('api-version'), '2026-11-01')
  assert.equal(response.headers.get('cache-control'), 'no-store')
  const [record, ...more] = scene.records
  assert.equal(more.length, 0)
  assert.ok(record)
  assert.match(record.id, /^[0-9a-f]{8}-[0-9a-f]{4}-7/)
  assert.equal(response.headers.get('request-id'), `req_${record.id.replaceAll('-', '')}`)
  const { durationUs, upstreamUs, id, receivedAt, ...rest } = record
  assert.ok(Math.abs(receivedAt - Date.now()) < 60_000)
  assert.ok(durationUs >= upstreamUs && upstreamUs > 0)
  assert.deepEqual(rest, {
    environment: 'live',
    partnerId,
    applicationId,
    credentialId: `key-${keys.live}`,
    contract: 'things',
    apiVersion: '2026-11-01',
    operation: 'getThing',
    method: 'GET',
    status: 200,
    code: null,
    metered: true,
    requestBytes: 0,
    responseBytes: 24,
  })
  assert.equal(scene.refusals.length, 0)
  assert.ok(id)
})

test('a call: 200 with the content that was validated, byte for byte', async () => {
  const sent = '{ "name": "N",\n "price": 12345678901234567890.10 }'
  scene.upstream.answer((request, response) => {
    request.resume()
    response.writeHead(201, { 'content-type': 'application/json', location: '/things/a1' })
    response.end('{"id":"a1","name":"One"}')
  })
  const before = scene.upstream.received().length
  const response = await scene.fetch('/things', {
    method: 'POST',
    body: sent,
    headers: { 'content-type': 'Application/JSON; charset=UTF-8' },
  })
  assert.equal(response.status, 201)
  assert.equal(response.headers.get('location'), '/things/a1')
  const received = scene.upstream.received().slice(before)
  assert.ok(received.endsWith(`\r\n\r\n${sent}`))
  assert.match(received, /\r\nContent-Type: application\/json\r\n/)
  assert.equal(scene.records[0]!.requestBytes, sent.length)
})

test('a call: HEAD, 204 and 304 have no content', async () => {
  const raw = (method: string, path: string, status: number, headers: Record<string, string>) => {
    scene.upstream.answer((_request, response) => response.writeHead(status, headers).end())
    return exchangeBytes(scene.port, requestText(method, path, [`X-Api-Key: ${keys.live}`]))
  }
  const head = await raw('HEAD', '/things/a1', 200, {
    'content-type': 'application/json',
    'content-length': '77',
  })
  assert.equal(statusOf(head), 200)
  assert.equal(headersOf(head).get('content-type'), 'application/json')
  assert.equal(headersOf(head).has('content-length'), false)
  const deleted = await raw('DELETE', '/things/a1', 204, {})
  assert.equal(statusOf(deleted), 204)
  assert.equal(headersOf(deleted).has('content-length'), false)
  const unchanged = await raw('GET', '/things', 304, { etag: '"v1"' })
  assert.equal(statusOf(unchanged), 304)
  for (const answer of [head, deleted, unchanged]) assert.ok(answer.endsWith('\r\n\r\n'))
})

test('route: 404 for a path that nobody serves, with or without a credential', async () => {
  for (const response of [await scene.fetch('/nothing'), await fetch(`${scene.url}/nothing`)]) {
    assert.equal(response.status, 404)
    assert.equal(response.headers.has('api-version'), false)
    assert.equal((await problemOf(response)).code, 'route.not_found')
  }
  const refusal = { status: 404, code: 'route.not_found', operation: null }
  assert.deepEqual(scene.refusals, [refusal, refusal])
  assert.equal(scene.records.length, 0)
})

test('route: 405 with the methods that can be seen', async () => {
  scene.hidden.add('hiddenPatch')
  const put = await scene.fetch('/things/a1', { method: 'PUT' })
  assert.equal(put.status, 405)
  assert.equal(put.headers.get('allow'), 'GET, DELETE, HEAD')
  for (const method of ['OPTIONS', 'HEAD']) {
    const response = await scene.fetch('/things', { method })
    assert.equal(response.status, 405)
    assert.equal(response.headers.get('allow'), 'GET, POST')
  }
  const trace = await exchangeBytes(scene.port, requestText('TRACE', '/things', [`X-Api-Key: ${keys.live}`]))
  assert.equal(statusOf(trace), 405)
})

test('route: what is dark is answered like what is not there, in every way', async () => {
  const answers = async (path: string) => {
    const seen: unknown[] = []
    for (const method of ['GET', 'POST', 'DELETE', 'OPTIONS']) {
      for (const credential of [`X-Api-Key: ${keys.live}`, 'X-Api-Key: wrong', 'X-Nothing: 1']) {
        const answer = await exchangeBytes(scene.port, requestText(method, path, [credential]))
        seen.push(
          answer
            .replaceAll(/req_[0-9a-f]+/g, 'ID')
            .replaceAll(path, 'PATH')
            .replaceAll(/Date: .*/g, ''),
        )
      }
    }
    return seen
  }
  scene.hidden.add('getDark')
  assert.deepEqual(await answers('/dark'), await answers('/dusk'))
  // A dark method beside visible ones is like a method that nobody has.
  scene.hidden.add('hiddenPatch')
  const bodies = await Promise.all(
    ['PATCH', 'PURGE'].map(async (method) => {
      const answer = await exchangeBytes(scene.port, requestText(method, '/things/a1', []))
      return answer.replaceAll(/req_[0-9a-f]+/g, 'ID').replaceAll(/Date: .*/g, '')
    }),
  )
  assert.equal(bodies[0], bodies[1])
  assert.equal(scene.records.length, 0)
})

test('route: 400 for a target that could be read in two ways, which is not echoed', async () => {
  for (const target of [
    '/things/%2e%2e/dark',
    '//things',
    '/things/a%2fb',
    'http://gateway.example/things',
    '/a\\b',
  ]) {
    const before = scene.upstream.requests()
    const answer = await exchangeBytes(scene.port, requestText('GET', target, [`X-Api-Key: ${keys.live}`]))
    assert.equal(statusOf(answer), 400, target)
    assert.ok(!answer.includes(target))
    assert.equal(scene.upstream.requests(), before)
  }
})

const call = (...headers: string[]) => exchangeBytes(scene.port, requestText('GET', '/things/a1', headers))
const code = (answer: string) => /"code":"([a-z._]+)"/.exec(answer)?.[1]

test('authenticate: 401 says what is wrong with the credential, and never repeats it', async () => {
  const cases: [string, string][] = [
    ['Authorization: Bearer nonsense-key', 'auth.malformed_key'],
    ['Authorization: Basic ok_live_1234567890', 'auth.malformed_key'],
    ['Authorization: Bearer', 'auth.malformed_key'],
    ['X-Api-Key: typo_live_key', 'auth.mistyped_key'],
    ['X-Api-Key: ok_unknown', 'auth.unknown_key'],
    [`X-Api-Key: ${keys.revoked}`, 'auth.revoked_key'],
    [`Authorization: bearer ${keys.expired}`, 'auth.expired_key'],
  ]
  for (const [header, expected] of cases) {
    const answer = await call(header)
    assert.equal(statusOf(answer), 401, header)
    assert.equal(code(answer), expected)
    assert.equal(headersOf(answer).get('www-authenticate'), 'Bearer realm="portico", error="invalid_token"')
    const secret = header.split(/[: ]+/).at(-1)!
    if (secret.length > 8) assert.ok(!answer.includes(secret))
    assert.ok(!JSON.stringify(scene.logged).includes(secret))
  }
  assert.equal(scene.records.length, 0)
  assert.equal(scene.refusals.length, cases.length)
  assert.equal(scene.refusals[0]!.operation, 'getThing')
})

test('authenticate: 401 without a credential asks for one and names no error', async () => {
  const answer = await call()
  assert.equal(statusOf(answer), 401)
  assert.equal(code(answer), 'auth.missing')
  assert.equal(headersOf(answer).get('www-authenticate'), 'Bearer realm="portico"')
})

test('authenticate: 200 with the key in both places, 400 with two credentials', async () => {
  const bearer = `Authorization: Bearer ${keys.live}`
  assert.equal(statusOf(await call(bearer, `X-Api-Key: ${keys.live}`)), 200)
  for (const headers of [
    [bearer, `X-Api-Key: ${keys.sandbox}`],
    [bearer, bearer],
    [`X-Api-Key: ${keys.live}`, `X-Api-Key: ${keys.live}`],
    [bearer, 'Authorization: Basic abc'],
  ]) {
    const answer = await call(...headers)
    assert.equal(statusOf(answer), 400)
    assert.equal(code(answer), 'auth.ambiguous')
  }
})

test('authenticate: 400 for a credential in the URL, which is not repeated', async () => {
  const answer = await exchangeBytes(
    scene.port,
    requestText('GET', `/things?limit=${keys.live}`, [`X-Api-Key: ${keys.live}`]),
  )
  assert.equal(code(answer), 'auth.credential_in_url')
  assert.ok(!answer.includes(keys.live))
})

test('entitle: 403 says which rule refused and what to do', async () => {
  const next = [{ action: 'request_access', detail: 'Ask for the capability.', href: '/portal/access' }]
  scene.decisions.set('getThing', {
    allow: false,
    problem: defineProblem('access.not_in_package', 403, 'Not in the package', { help: '' }),
    rule: 'package',
    detail: 'The package starter does not hold it.',
    next,
    validUntil: null,
  })
  const before = scene.upstream.requests()
  const response = await scene.fetch('/things/a1')
  assert.equal(response.status, 403)
  const problem = await problemOf(response)
  assert.equal(problem.code, 'access.not_in_package')
  assert.deepEqual(problem.decision, { rule: 'package', code: 'access.not_in_package' })
  assert.deepEqual(problem.next, [{ ...next[0], href: 'https://portal.example/portal/access' }])
  assert.equal(problem.detail, 'The package starter does not hold it.')
  assert.equal(scene.upstream.requests(), before)
  const [record] = scene.records
  assert.equal(record!.code, 'access.not_in_package')
  assert.equal(record!.metered, false)
  assert.equal(record!.upstreamUs, 0)
})

test('entitle: 404 of a decision says no more than that of an unknown path, and is recorded', async () => {
  const hide = {
    allow: false,
    problem: defineProblem('access.dark', 404, 'Dark', { help: '' }),
    rule: 'exposure',
    detail: 'secret',
    next: [],
    validUntil: null,
  } as const
  scene.decisions.set('getDark', hide)
  const response = await scene.fetch('/dark')
  assert.equal(response.status, 404)
  assert.equal(response.headers.has('api-version'), false)
  const problem = await problemOf(response)
  assert.equal(problem.code, 'route.not_found')
  assert.equal('decision' in problem, false)
  assert.equal(scene.records[0]!.operation, 'getDark')
  assert.equal(scene.records[0]!.status, 404)
})
