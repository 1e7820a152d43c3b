/** What an operator sees of a running program: its log, its metrics, its traces; and what none of them may show. */
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, describe, test } from 'node:test'
import { call, startPortico } from '../support/portico.ts'
import { received } from '../support/solstice.ts'

type Span = {
  readonly traceId: string
  readonly spanId: string
  readonly name: string
  readonly attributes: readonly { readonly key: string; readonly value: object }[]
}

const spans: Span[] = []
const collector = createServer((request, response) => {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => {
    if (request.url === '/v1/traces') spans.push(...spansIn(JSON.parse(Buffer.concat(chunks).toString())))
    response.setHeader('content-type', 'application/json').end('{}')
  })
})
await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve))
after(() => collector.close())

/** OTLP: resources hold scopes, scopes hold spans. */
function spansIn(sent: { resourceSpans: { scopeSpans: { spans: Span[] }[] }[] }): readonly Span[] {
  return sent.resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans))
}

const portico = await startPortico({
  LOG_LEVEL: 'debug',
  OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${(collector.address() as AddressInfo).port}`,
  PORTICO_TRACE_RATIO: '1',
})
after(() => portico.stop())
const { publicUrl, adminUrl, partners, provider } = portico.facts
const { apiKey } = partners.pro.live

const get = (path: string, key?: string) => call(`${publicUrl}${path}`, key ? { key } : {})
const first = await get('/api/products?limit=1', apiKey)
const requestId = first.headers.get('request-id')?.slice(4) ?? ''
await get('/api/products/prd_999999', apiKey)
await get('/api/products?wrong=1', apiKey)
await get('/api/products', `${apiKey.slice(0, -1)}_`)
await get('/api/products')
await get(`/nowhere?key=${apiKey}`)

type Line = { readonly event?: string; readonly level: string; readonly time: string } & Record<
  string,
  unknown
>

const logged = (): readonly Line[] =>
  portico
    .output()
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Line)

describe('metrics', () => {
  test('are an exposition that a scraper can read', async () => {
    const { text, headers } = await call(`${adminUrl}/metrics`)
    assert.match(headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/)
    const typed = new Set<string>()
    const seen = new Set<string>()
    for (const line of text.trimEnd().split('\n')) {
      if (line === '' || line.startsWith('# HELP ')) continue
      const type = /^# TYPE ([a-z_:][a-z0-9_:]*) (counter|gauge|histogram|summary)$/i.exec(line)
      if (type) {
        assert.ok(!typed.has(type[1] ?? ''), `${line} stands twice`)
        typed.add(type[1] ?? '')
        continue
      }
      const sample = /^([a-z_:][a-z0-9_:]*)((?:\{[^}]*\})?) (?:[-+]?[0-9.e+-]+|NaN|[+-]Inf)$/i.exec(line)
      assert.ok(sample, line)
      assert.ok(
        typed.has((sample[1] ?? '').replace(/_(?:bucket|sum|count)$/, '')) || typed.has(sample[1] ?? ''),
      )
      assert.ok(!seen.has(`${sample[1]}${sample[2]}`), `${line} stands twice`)
      seen.add(`${sample[1]}${sample[2]}`)
    }
  })

  test('count what was called, by partner and operation and never by key', async () => {
    const { text } = await call(`${adminUrl}/metrics`)
    const exchanges = (status: number, operation: string) =>
      Number(
        new RegExp(
          `^portico_exchanges_total\\{environment="live",contract="solstice",operation="${operation}",status="${status}",partner="[0-9a-f-]+"\\} (\\d+)`,
          'm',
        ).exec(text)?.[1],
      )
    assert.equal(exchanges(200, 'listProducts'), 1)
    assert.equal(exchanges(404, 'getProduct'), 1)
    assert.equal(exchanges(400, 'listProducts'), 1)
    assert.match(text, /^portico_refusals_total\{status="401",code="auth\.missing"\} 1$/m)
    assert.match(text, /^portico_snapshot_following 1$/m)
    assert.match(text, /^portico_exchange_seconds_count\{environment="live",contract="solstice"\} 3$/m)
    assert.ok(!text.includes('ptk_'))
  })
})

test('the upstream is handed the trace that the request id names', async () => {
  const got = (await received(provider.live)).find(({ operation }) => operation === 'listProducts')
  const at = got?.rawHeaders.findIndex((name) => name.toLowerCase() === 'traceparent') ?? -1
  assert.equal(got?.rawHeaders[at + 1], `00-${requestId}-${requestId.slice(16)}-03`)
})

describe('after the end', () => {
  test('every exchange has its span, under the id of its request', async () => {
    assert.equal(await portico.stop(), 0)
    const span = spans.find(({ traceId }) => traceId === requestId)
    assert.equal(span?.spanId, requestId.slice(16))
    assert.equal(span?.name, 'GET listProducts')
    const attributes = new Map(span?.attributes.map(({ key, value }) => [key, Object.values(value)[0]]))
    assert.equal(Number(attributes.get('http.response.status_code')), 200)
    assert.equal(attributes.get('api.product'), 'solstice')
    assert.equal(attributes.get('mode'), 'live')
    assert.equal(spans.length, 3)
  })

  test('the log is JSON, a line an event, and says when it served and when it stopped', () => {
    for (const { level, time } of logged()) {
      assert.ok(['trace', 'debug', 'info', 'warn', 'error', 'fatal'].includes(level))
      assert.equal(new Date(time).toISOString(), time)
    }
    const ready = logged().find(({ event }) => event === 'ready')
    assert.equal(ready?.publicUrl, publicUrl)
    assert.equal(ready?.adminUrl, adminUrl)
    assert.ok(Number(ready?.snapshot) > 0)
    assert.deepEqual(
      logged()
        .map(({ event }) => event)
        .filter((event) => event?.startsWith('stop')),
      ['stopping', 'stopped'],
    )
  })

  test('no key and no secret is in any of it', () => {
    const lines = logged().map((line) => JSON.stringify(line))
    for (const secret of ['ptk_', apiKey.slice(9, 30), 'postgres://']) {
      assert.deepEqual(
        lines.filter((line) => line.includes(secret)),
        [],
        secret,
      )
      assert.ok(!JSON.stringify(spans).includes(secret), secret)
    }
  })
})
