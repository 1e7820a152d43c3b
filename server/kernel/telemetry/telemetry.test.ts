/** Counting is exact and bounded, and a span goes out for exactly those exchanges whose upstream was told so. */
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { newId } from '#/kernel/id/id.ts'
import { createTelemetry } from '#/kernel/telemetry/telemetry.ts'
import type { Measured } from '#/kernel/telemetry/telemetry.ts'

const quiet = { traces: null, traceRatio: 1, nodeId: 'n' } as const

function measured(change: Partial<Measured> = {}): Measured {
  return {
    id: newId(),
    startedAt: 1_700_000_000_000,
    durationUs: 2000,
    upstreamUs: 1500,
    environment: 'live',
    partnerId: 'p-1',
    applicationId: 'a-1',
    contract: 'orders',
    apiVersion: '1.0.0',
    operation: 'listOrders',
    method: 'GET',
    status: 200,
    code: null,
    ...change,
  }
}

test('exchanges are counted by what happened, and take the time they took', async () => {
  const telemetry = await createTelemetry(quiet)
  for (let i = 0; i < 3; i += 1) telemetry.exchange(measured())
  telemetry.exchange(measured({ status: 403, upstreamUs: 0 }))
  telemetry.refusal(401, 'auth.missing')
  telemetry.gauge('portico_test', 'A figure.', () => 42)
  const { text } = await telemetry.scrape()
  const labels = 'environment="live",contract="orders"'
  assert.ok(
    text.includes(`exchanges_total{${labels},operation="listOrders",status="200",partner="p-1"} 3`),
    text,
  )
  assert.ok(text.includes(`exchanges_total{${labels},operation="listOrders",status="403",partner="p-1"} 1`))
  assert.ok(text.includes(`portico_exchange_seconds_bucket{le="0.0025",${labels}} 4`))
  assert.ok(text.includes(`portico_exchange_seconds_bucket{le="0.001",${labels}} 0`))
  assert.ok(
    text.includes(`portico_upstream_seconds_count{${labels}} 3`),
    'what was not forwarded has no share',
  )
  assert.ok(text.includes('portico_refusals_total{status="401",code="auth.missing"} 1'))
  assert.ok(text.includes('portico_test 42'))
})

test('an application is no label, and beyond a thousand partners they share one', async () => {
  const telemetry = await createTelemetry(quiet)
  for (let i = 0; i < 1500; i += 1) {
    telemetry.exchange(measured({ partnerId: `p-${i}`, applicationId: `a-${i}` }))
  }
  telemetry.exchange(measured({ partnerId: 'p-7' }))
  const { text } = await telemetry.scrape()
  const partners = [...text.matchAll(/^portico_exchanges_total\{.*partner="([^"]+)"\} (\d+)$/gm)]
  assert.equal(partners.length, 1001)
  assert.equal(partners.find(([, name]) => name === 'other')?.[2], '500')
  assert.equal(partners.find(([, name]) => name === 'p-7')?.[2], '2')
  assert.ok(!text.includes('a-7'))
})

test('without a collector nobody is told that a trace is kept', async () => {
  const telemetry = await createTelemetry(quiet)
  assert.match(telemetry.traceParent(newId()), /-02$/)
})

test('spans leave for the sampled exchanges only, an error is one, and a stop sends the rest', async () => {
  const sent: string[] = []
  const collector = createServer((request, response) => {
    let text = ''
    request.on('data', (chunk: Buffer) => (text += chunk.toString()))
    request.on('end', () => {
      sent.push(text)
      response.setHeader('content-type', 'application/json').end('{}')
    })
  })
  await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve))
  const traces = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`
  const telemetry = await createTelemetry({ traces, traceRatio: 0.5, nodeId: 'n' })
  const chosen = '01a1fc6b-e01c-7fd9-8244-965100000001'
  const left = '01a1fc6b-e01c-7fd9-8244-9651ffffffff'
  assert.match(telemetry.traceParent(chosen), /-03$/)
  assert.match(telemetry.traceParent(left), /-02$/)
  telemetry.exchange(measured({ id: chosen, status: 502, code: 'upstream.broke' }))
  telemetry.exchange(measured({ id: left }))
  await telemetry.stop()
  collector.close()
  const text = sent.join('')
  assert.ok(text.includes(chosen.replaceAll('-', '')))
  assert.ok(!text.includes(left.replaceAll('-', '')))
  assert.ok(text.includes('upstream.broke'))
})
