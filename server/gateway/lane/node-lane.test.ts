/** Framing that two servers could read differently ends at the lane, and answers cannot be split. */
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, beforeEach, test } from 'node:test'
import { createNodeLane } from '#/gateway/gateway.ts'
import { compileTestContract } from '../../../tests/support/gateway-contract.ts'
import { keys, startScene } from '../../../tests/support/gateway.ts'
import type { Scene } from '../../../tests/support/gateway.ts'
import { exchangeBytes, headersOf, openSocket, requestText, statusOf } from '../../../tests/support/raw.ts'

let scene: Scene

before(async () => {
  scene = await startScene(compileTestContract())
})
after(() => scene.close())
beforeEach(() => scene.upstream.answerJson('[]'))

const key = `X-Api-Key: ${keys.live}`
const smuggled = `GET /things/smuggled HTTP/1.1\r\nHost: g\r\n${key}\r\n\r\n`
const post = (headers: readonly string[], body: string) =>
  ['POST /things HTTP/1.1', 'Host: g', key, 'Content-Type: application/json', ...headers, '', body].join(
    '\r\n',
  )

const attempts: [string, string][] = [
  [
    'a length and a transfer coding',
    post(['Content-Length: 4', 'Transfer-Encoding: chunked'], `0\r\n\r\n${smuggled}`),
  ],
  [
    'a transfer coding and a length',
    post(['Transfer-Encoding: chunked', 'Content-Length: 4'], `0\r\n\r\n${smuggled}`),
  ],
  ['two lengths', post(['Content-Length: 0', 'Content-Length: 90'], smuggled)],
  ['a list of lengths', post(['Content-Length: 0, 90'], smuggled)],
  ['a length with a sign', post(['Content-Length: +0'], smuggled)],
  ['a length in hexadecimal', post(['Content-Length: 0x0'], smuggled)],
  ['a coding that is not chunked', post(['Transfer-Encoding: identity'], smuggled)],
  ['a coding after chunked', post(['Transfer-Encoding: chunked, identity'], `0\r\n\r\n${smuggled}`)],
  ['a coding hidden by a vertical tab', post(['Transfer-Encoding:\u000bchunked'], `0\r\n\r\n${smuggled}`)],
  [
    'two transfer codings',
    post(['Transfer-Encoding: chunked', 'Transfer-Encoding: cow'], `0\r\n\r\n${smuggled}`),
  ],
  ['a space before the colon', post(['Content-Length : 0'], smuggled)],
  ['a folded header', post(['Content-Length:', ' 0'], smuggled)],
  ['a bare carriage return', post(['X-A: b\rContent-Length: 0'], smuggled)],
  ['a bare line feed', post(['X-A: b\nTransfer-Encoding: chunked'], `0\r\n\r\n${smuggled}`)],
  ['a null byte', post(['X-A: b\u0000'], smuggled)],
  ['a chunk size that is none', post(['Transfer-Encoding: chunked'], `zz\r\n\r\n0\r\n\r\n${smuggled}`)],
  ['a chunk longer than its size', post(['Transfer-Encoding: chunked'], `1\r\nabc\r\n0\r\n\r\n${smuggled}`)],
  [
    'a chunk size that overflows',
    post(['Transfer-Encoding: chunked'], `ffffffffffffffff1\r\na\r\n0\r\n\r\n${smuggled}`),
  ],
  ['no host', `POST /things HTTP/1.1\r\n${key}\r\nContent-Length: 0\r\n\r\n`],
]

for (const [what, bytes] of attempts) {
  test(`400 for ${what}, and nothing arrives`, async () => {
    const before = scene.upstream.requests()
    const answer = await exchangeBytes(scene.port, bytes)
    assert.equal(statusOf(answer), 400, answer)
    assert.equal(answer.match(/HTTP\/1\.1 /g)?.length, 1)
    assert.equal(headersOf(answer).get('connection'), 'close')
    assert.equal(scene.upstream.requests(), before)
  })
}

test('content of one request is never read as another', async () => {
  const before = scene.upstream.requests()
  const get = requestText('GET', '/things', [key, `Content-Length: ${smuggled.length}`], smuggled)
  const answer = await exchangeBytes(scene.port, get)
  assert.equal(statusOf(answer), 422)
  assert.equal(answer.match(/HTTP\/1\.1 /g)?.length, 1)
  assert.equal(scene.upstream.requests(), before)
})

test('431 for headers without end', async () => {
  const answer = await exchangeBytes(
    scene.port,
    requestText('GET', '/things', [key, `X-A: ${'a'.repeat(40_000)}`]),
  )
  assert.equal(statusOf(answer), 431)
})

test('several hosts reach nobody', async () => {
  await exchangeBytes(scene.port, requestText('GET', '/things', [key, 'Host: evil.example']))
  assert.ok(!scene.upstream.received().includes('evil.example'))
})

test('pipelined requests are answered in their order', async () => {
  scene.upstream.answer((request, response) => {
    const id = request.url!.slice('/things/'.length)
    const send = () =>
      response.writeHead(200, { 'content-type': 'application/json' }).end(`{"id":"${id}","name":"n"}`)
    if (id === 'a') setImmediate(() => setImmediate(send))
    else send()
  })
  const one = (id: string) => `GET /things/${id} HTTP/1.1\r\nHost: g\r\n${key}\r\n`
  const answer = await exchangeBytes(
    scene.port,
    `${one('a')}\r\n${one('b')}\r\n${one('c')}Connection: close\r\n\r\n`,
  )
  assert.deepEqual(answer.match(/"id":"."/g), ['"id":"a"', '"id":"b"', '"id":"c"'])
})

test('of response headers only what the contract names leaves, once checked', async () => {
  scene.upstream.answerJson('[]', {
    'x-total': '3',
    etag: '"v1"',
    'cache-control': 'max-age=5',
    'x-powered-by': 'internal-framework 1.2',
    server: 'internal-host',
    'set-cookie': 'session=1',
    'request-id': 'theirs',
    'api-version': 'theirs',
    ratelimit: 'theirs',
    link: '</internal>; rel=next',
  })
  const answer = await exchangeBytes(scene.port, requestText('GET', '/things', [key]))
  assert.equal(statusOf(answer), 200)
  const headers = headersOf(answer)
  assert.deepEqual([...headers.keys()].toSorted(), [
    'api-version',
    'cache-control',
    'connection',
    'content-length',
    'content-security-policy',
    'content-type',
    'date',
    'etag',
    'request-id',
    'x-content-type-options',
    'x-total',
  ])
  assert.equal(headers.get('cache-control'), 'max-age=5')
  assert.equal(headers.get('api-version'), '2026-11-01')
  assert.ok(!answer.includes('theirs'))
  for (const wrong of ['many', '3\u00e9', '']) {
    scene.upstream.answerJson('[]', { 'x-total': wrong })
    assert.equal(statusOf(await exchangeBytes(scene.port, requestText('GET', '/things', [key]))), 502)
  }
})

test('a redirect passes only where the contract describes it, and is not followed', async () => {
  scene.upstream.answer((_request, response) =>
    response.writeHead(302, { location: 'https://elsewhere.example/' }).end(),
  )
  const before = scene.upstream.requests()
  const answer = await exchangeBytes(scene.port, requestText('GET', '/moved', [key]))
  assert.equal(statusOf(answer), 302)
  assert.equal(headersOf(answer).get('location'), 'https://elsewhere.example/')
  assert.equal(scene.upstream.requests(), before + 1)
})

test('an answer that the contract describes as a problem passes, projected', async () => {
  scene.upstream.answer((_request, response) => {
    response.writeHead(404, { 'content-type': 'application/problem+json' })
    response.end('{"title":"No such thing","trace":"internal"}')
  })
  const response = await scene.fetch('/things/a1')
  assert.equal(response.status, 404)
  assert.equal(response.headers.get('content-type'), 'application/problem+json')
  assert.deepEqual(await response.json(), { title: 'No such thing' })
})

test('numbers keep every digit they came with', async () => {
  scene.upstream.answerJson('{"id":"a1","name":"One","size":12345678901234567890}')
  assert.equal(
    await (await scene.fetch('/things/a1')).text(),
    '{"id":"a1","name":"One","size":12345678901234567890}',
  )
})

test(
  'a client that takes nothing of its answer is not waited for for ever',
  { timeout: 20_000 },
  async () => {
    const body = 'x'.repeat(16_000_000)
    const handle: Parameters<typeof createNodeLane>[0]['handle'] = (_request, respond) =>
      respond({ status: 200, headers: ['Content-Length', String(body.length)], body, stream: null })
    const server = createServer(createNodeLane({ handle }, 300))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const closed = Promise.withResolvers<void>()
    server.once('connection', (socket) => socket.once('close', () => closed.resolve()))
    const client = await openSocket((server.address() as AddressInfo).port)
    client.on('error', () => undefined).pause()
    client.write('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
    await closed.promise
    client.destroy()
    server.close()
  },
)
