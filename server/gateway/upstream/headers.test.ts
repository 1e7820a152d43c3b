/** What arrives at the upstream: who calls, what the contract lets pass, and nothing else that a client sent. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import fc from 'fast-check'
import { compileTestContract } from '../../../tests/support/gateway-contract.ts'
import { keys, startScene } from '../../../tests/support/gateway.ts'
import type { Scene } from '../../../tests/support/gateway.ts'
import { exchangeBytes, headersOf, requestText, statusOf } from '../../../tests/support/raw.ts'

let scene: Scene

before(async () => {
  scene = await startScene(compileTestContract())
})
after(() => scene.close())
beforeEach(() => {
  scene.records.length = 0
  scene.logged.length = 0
  scene.upstream.answerJson('{"id":"a1","name":"One"}')
})

/** Headers of the last request that the upstream received. */
function lastHeaders(): Map<string, string> {
  const requests = scene.upstream.received().split(/(?=(?:GET|POST|PUT|PATCH|DELETE|HEAD) \/)/)
  return headersOf(requests.at(-1)!)
}

const ours = [
  'host',
  'connection',
  'forwarded',
  'traceparent',
  'accept-encoding',
  'portico-request-id',
  'portico-partner-id',
  'portico-application-id',
  'portico-environment',
]

test('the upstream learns who calls, and nothing of the credential', async () => {
  await exchangeBytes(
    scene.port,
    requestText('GET', '/things/a1', [`Authorization: Bearer ${keys.live}`, 'Accept: application/json']),
  )
  const headers = lastHeaders()
  assert.deepEqual(new Set(headers.keys()), new Set([...ours, 'accept']))
  assert.equal(headers.get('forwarded'), 'for=127.0.0.1;proto=http;host="gateway.example"')
  assert.equal(headers.get('portico-partner-id'), 'ptn_018f4e2a00007000800000000000aaaa')
  assert.equal(headers.get('portico-application-id'), 'app_018f4e2a00007000800000000000bbbb')
  assert.equal(headers.get('portico-environment'), 'live')
  assert.match(headers.get('traceparent')!, /^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/)
  assert.equal(headers.get('portico-request-id'), `req_${scene.records[0]!.id.replaceAll('-', '')}`)
  assert.ok(!scene.upstream.received().includes(keys.live))
})

test('what a client says about connections, traces, cookies and us stays outside', async () => {
  await exchangeBytes(
    scene.port,
    requestText('GET', '/things/a1', [
      `X-Api-Key: ${keys.live}`,
      `X-Copy: ${keys.live}`,
      `User-Agent: curl ${keys.live}`,
      'Portico-Partner-Id: ptn_someone_else',
      'Portico-Admin: 1',
      'Forwarded: for=10.0.0.1',
      'X-Forwarded-For: 10.0.0.1',
      'X-Real-IP: 10.0.0.1',
      'X-HTTP-Method-Override: DELETE',
      'traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      'Cookie: session=1',
      'TE: trailers',
      'Upgrade: websocket',
      'Keep-Alive: timeout=5',
      'Proxy-Connection: keep-alive',
      'Accept: text/plain',
      'Accept-Encoding: gzip, br',
    ]),
  )
  const headers = lastHeaders()
  assert.deepEqual(new Set(headers.keys()), new Set([...ours, 'accept']))
  assert.equal(headers.get('accept-encoding'), 'identity')
  assert.equal(headers.get('portico-partner-id'), 'ptn_018f4e2a00007000800000000000aaaa')
  assert.ok(!headers.get('traceparent')!.includes('0af7651916cd43dd8448eb211c80319c'))
  assert.ok(!scene.upstream.received().includes(keys.live))
})

test('what Connection lists is for us only, and cannot take away what is ours', async () => {
  const send = (connection: string) =>
    exchangeBytes(
      scene.port,
      [
        'GET /things HTTP/1.1',
        'Host: g',
        `Connection: close, ${connection}`,
        `X-Api-Key: ${keys.live}`,
        'X-Label: abc',
        '',
        '',
      ].join('\r\n'),
    )
  scene.upstream.answerJson('[]')
  assert.equal(statusOf(await send('x-nothing')), 200)
  assert.equal(lastHeaders().get('x-label'), 'abc')
  assert.equal(statusOf(await send('X-Label, X-Api-Key, Portico-Partner-Id, Host')), 200)
  assert.equal(lastHeaders().has('x-label'), false)
  assert.ok(lastHeaders().has('portico-partner-id'))
})

test('of JSON and forms the type of the contract arrives, without parameters', async () => {
  const send = (path: string, type: string, body: string) =>
    exchangeBytes(
      scene.port,
      requestText(
        'POST',
        path,
        [`X-Api-Key: ${keys.live}`, `Content-Type: ${type}`, `Content-Length: ${body.length}`],
        body,
      ),
    )
  await send('/things', 'application/JSON; charset=utf-8; charset=utf-16', '{"name":"a"}')
  assert.equal(lastHeaders().get('content-type'), 'application/json')
  await send('/search', 'application/x-www-form-urlencoded; charset=utf-8; charset=utf-16', 'q=a')
  assert.equal(lastHeaders().get('content-type'), 'application/x-www-form-urlencoded')
})

test('a conditional read passes only where the contract knows 304, a conditional write always', async () => {
  const send = (method: string, path: string) =>
    exchangeBytes(
      scene.port,
      requestText(method, path, [`X-Api-Key: ${keys.live}`, 'If-None-Match: "a"', 'If-Match: "b"']),
    )
  await send('GET', '/things')
  assert.equal(lastHeaders().get('if-none-match'), '"a"')
  await send('DELETE', '/things/a1')
  assert.equal(lastHeaders().has('if-none-match'), false)
  assert.equal(lastHeaders().get('if-match'), '"b"')
})

test('whatever headers a client sends, only allowed ones arrive', async () => {
  const allowed = new Set([
    ...ours,
    'accept',
    'accept-language',
    'user-agent',
    'prefer',
    'if-match',
    'if-unmodified-since',
    'if-none-match',
    'if-modified-since',
    'x-label',
  ])
  const interesting = [
    'X-Label',
    'accept',
    'Via',
    'Trailer',
    'X-Forwarded-Host',
    'PORTICO-Environment',
    'x-api-key-2',
    'Range',
    'Content-Encoding',
    'Origin',
    'Idempotency-Key',
    'Max-Forwards',
  ]
  const name = fc.oneof(
    fc.constantFrom(...interesting),
    fc.stringMatching(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,16}$/),
  )
  const value = fc.stringMatching(/^[!-~]{1,9}$/)
  const free = (header: string) =>
    !/^(host|connection|content-length|transfer-encoding|expect|authorization|x-api-key|upgrade)$/i.test(
      header,
    )
  scene.upstream.answerJson('[]')
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(name, value), { maxLength: 12 }), async (headers) => {
      const lines = headers.filter(([header]) => free(header)).map(([header, text]) => `${header}: ${text}`)
      const answer = await exchangeBytes(
        scene.port,
        requestText('GET', '/things', [...lines, `X-Api-Key: ${keys.live}`]),
      )
      // Several lines of X-Label can break its contract; everything else passes.
      assert.ok([200, 400].includes(statusOf(answer)), answer)
      for (const header of lastHeaders().keys()) assert.ok(allowed.has(header), header)
    }),
    { numRuns: 150 },
  )
})
