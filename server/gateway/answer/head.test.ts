/** Of the headers that a contract releases, none tells where the upstream stands. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { compile } from '../../../tests/support/contracts.ts'
import { startScene } from '../../../tests/support/gateway.ts'
import { startUpstream } from '../../../tests/support/upstream.ts'

const names = ['Location', 'Content-Location', 'Link', 'X-Where']
const headers = Object.fromEntries(names.map((name) => [name, { schema: { type: 'string' } }]))
const paths = { '/things': { get: { responses: { 201: { description: '', headers } } } } }
const { operations } = compile({ openapi: '3.1.0', info: { title: 'Things', version: '1.0.0' }, paths })

const upstream = await startUpstream()
const bare = await startScene(operations, { upstreamUrl: upstream.url })
const prefixed = await startScene(operations, { upstreamUrl: `${upstream.url}/inside` })
after(() => Promise.all([bare.close(), prefixed.close(), upstream.close()]))

const cases: readonly (readonly [name: string, sent: string, bare: string, prefixed: string])[] = [
  ['location', '@/things/1', '/things/1', '/things/1'],
  ['location', '@/inside/things/1', '/inside/things/1', '/things/1'],
  ['location', '/inside/things/1?a=@/', '/inside/things/1?a=@/', '/things/1?a=@/'],
  ['location', '@', '/', '/'],
  ['location', 'things/1', 'things/1', 'things/1'],
  ['location', 'https://elsewhere.example/inside/', ...same('https://elsewhere.example/inside/')],
  ['content-location', '@/things/1', '/things/1', '/things/1'],
  [
    'link',
    '<@/inside/a>; rel="next", <@/b>; rel="prev"',
    '</inside/a>; rel="next", </b>; rel="prev"',
    '</a>; rel="next", </b>; rel="prev"',
  ],
  ['x-where', '/inside/things', ...same('/inside/things')],
]

function same(value: string): readonly [string, string] {
  return [value, value]
}

for (const [name, sent, ...left] of cases) {
  test(`${name}: ${sent}`, async () => {
    const write = (text: string) => text.replaceAll('@', upstream.url)
    upstream.answer((_request, response) => response.writeHead(201, { [name]: write(sent) }).end())
    for (const [index, scene] of [bare, prefixed].entries()) {
      const answer = await scene.fetch('/things')
      assert.equal(answer.headers.get(name), write(left[index]!))
    }
  })
}

test('an answer is nothing that a page could frame, guess at or run, whatever its content and headers say', async () => {
  const names = ['Content-Security-Policy', 'X-Content-Type-Options']
  const loose = Object.fromEntries(names.map((name) => [name, { schema: { type: 'string' } }]))
  const content = { 'text/html': { schema: { type: 'string', 'x-portico-class': 'public' } } }
  const answers = { 200: { description: '', headers: loose, content } }
  const page = { '/page': { get: { responses: answers } } }
  const compiled = compile({ openapi: '3.1.0', info: { title: 'Pages', version: '1.0.0' }, paths: page })
  const scene = await startScene(compiled.operations, { upstreamUrl: upstream.url })
  after(() => scene.close())
  upstream.answer((_request, response) =>
    response
      .writeHead(200, {
        'content-type': 'text/html',
        'content-security-policy': "script-src 'unsafe-inline'",
        'x-content-type-options': 'none',
      })
      .end('<script>fetch("/portal/api/session")</script>'),
  )
  for (const [path, status] of [
    ['/page', 200],
    ['/nothing', 404],
  ] as const) {
    const answer = await scene.fetch(path)
    assert.equal(answer.status, status)
    assert.equal(answer.headers.get('x-content-type-options'), 'nosniff')
    assert.equal(
      answer.headers.get('content-security-policy'),
      "default-src 'none'; frame-ancestors 'none'; sandbox",
    )
  }
})
