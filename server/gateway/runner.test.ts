/** Each exchange ends once, is recorded once, and takes nobody else down with it. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { after, before, beforeEach, test } from 'node:test'
import type { Decision } from '#/gateway/gateway.ts'
import { compileTestContract } from '../../tests/support/gateway-contract.ts'
import { keys, startScene } from '../../tests/support/gateway.ts'
import type { Scene } from '../../tests/support/gateway.ts'
import { exchangeBytes, headersOf, openSocket, requestText, statusOf } from '../../tests/support/raw.ts'

let scene: Scene

before(async () => {
  scene = await startScene(compileTestContract())
})
after(() => scene.close())
beforeEach(() => {
  scene.records.length = 0
  scene.refusals.length = 0
  scene.logged.length = 0
  scene.targets.clear()
  scene.decisions.clear()
  scene.failRecording(null)
  scene.upstream.answerJson('{"id":"a1","name":"One"}')
})

const get = (path: string) => requestText('GET', path, [`X-Api-Key: ${keys.live}`])

/** Resolves when so many exchanges have been recorded. */
async function recorded(count: number): Promise<void> {
  while (scene.records.length < count) await new Promise((resolve) => setImmediate(resolve))
}

test('503 when the exchange cannot be recorded, and nothing of the upstream leaves', async () => {
  scene.failRecording(new Error('disk full'))
  scene.upstream.answerJson('{"id":"hidden","name":"One"}', { 'content-type': 'application/json' })
  const answer = await exchangeBytes(scene.port, get('/things/a1'))
  assert.equal(statusOf(answer), 503)
  assert.match(answer, /"code":"gateway.not_recorded"/)
  assert.equal(headersOf(answer).get('retry-after'), '1')
  assert.ok(!answer.includes('hidden'))
  assert.ok(!answer.includes('disk'))
  assert.equal(scene.gateway.open(), 0)
})

test('503 also for a stream that cannot be recorded, and the upstream is let go', async () => {
  scene.failRecording(new Error('disk full'))
  const closed = Promise.withResolvers<void>()
  scene.upstream.answer((_request, response: ServerResponse) => {
    response.writeHead(200, { 'content-type': 'application/x-ndjson' })
    response.write('{"id":"hidden","name":"One"}\n')
    response.on('close', () => closed.resolve())
  })
  const answer = await exchangeBytes(scene.port, get('/export'))
  assert.equal(statusOf(answer), 503)
  assert.ok(!answer.includes('hidden'))
  await closed.promise
  assert.equal(scene.ends.length, 0)
  assert.equal(scene.gateway.open(), 0)
})

test('500 without a word when a step fails, recorded and logged, and the process lives', async () => {
  const failing = {
    get allow(): never {
      throw new TypeError('a bug of ours')
    },
  }
  scene.decisions.set('getThing', failing as unknown as Decision)
  const answer = await exchangeBytes(scene.port, get('/things/a1'))
  assert.equal(statusOf(answer), 500)
  assert.ok(answer.endsWith('\r\n\r\n'))
  const id = headersOf(answer).get('request-id')
  assert.match(id!, /^req_[0-9a-f]{32}$/)
  assert.equal(scene.records.length, 1)
  assert.equal(scene.records[0]!.code, 'gateway.failed')
  assert.equal(scene.records[0]!.metered, false)
  const [line] = scene.logged
  assert.equal(line!.level, 'error')
  assert.equal(line!.details['event'], 'exchange.failed')
  assert.equal(line!.details['requestId'], id)
  scene.decisions.clear()
  assert.equal(statusOf(await exchangeBytes(scene.port, get('/things/a1'))), 200)
})

test('500 when the recorder itself throws', async () => {
  const push = scene.records.push
  scene.records.push = () => {
    throw new Error('no such table')
  }
  const answer = await exchangeBytes(scene.port, get('/things/a1'))
  scene.records.push = push
  assert.equal(statusOf(answer), 500)
  assert.equal(scene.gateway.open(), 0)
})

test('a read whose client leaves is given up and recorded as 499', async () => {
  const arrived = Promise.withResolvers<ServerResponse>()
  scene.upstream.answer((_request, response) => arrived.resolve(response))
  const socket = await openSocket(scene.port)
  socket.write(get('/things/a1'))
  const response = await arrived.promise
  socket.destroy()
  await Promise.all([once(response, 'close'), recorded(1)])
  const [record] = scene.records
  assert.equal(record!.status, 499)
  assert.equal(record!.code, 'gateway.client_gone')
  assert.equal(record!.metered, false)
  assert.equal(scene.gateway.open(), 0)
})

test('a write whose client leaves is carried out, and recorded with its outcome', async () => {
  const arrived = Promise.withResolvers<ServerResponse>()
  scene.upstream.answer((request, response) => {
    request.resume()
    request.on('end', () => arrived.resolve(response))
  })
  const socket = await openSocket(scene.port)
  const headers = [`X-Api-Key: ${keys.live}`, 'Content-Type: application/json', 'Content-Length: 12']
  socket.write(requestText('POST', '/things', headers, '{"name":"a"}'))
  const response = await arrived.promise
  socket.destroy()
  while ((await scene.connections()) > 0) await new Promise((resolve) => setImmediate(resolve))
  response.writeHead(201, { 'content-type': 'application/json' }).end('{"id":"a1","name":"a"}')
  await recorded(1)
  assert.equal(scene.records[0]!.status, 201)
  assert.equal(scene.records[0]!.code, 'gateway.client_gone')
  assert.equal(scene.records[0]!.metered, true)
})

test('a client that leaves before its content is complete is recorded, and the upstream sees nothing', async () => {
  const before = scene.upstream.requests()
  const socket = await openSocket(scene.port)
  const headers = [`X-Api-Key: ${keys.live}`, 'Content-Type: application/json', 'Content-Length: 12']
  socket.write(requestText('POST', '/things', headers, '{"nam'))
  socket.end()
  await recorded(1)
  assert.equal(scene.records[0]!.code, 'request.interrupted')
  assert.equal(scene.upstream.requests(), before)
})

test('a thousand calls at once are each answered and recorded once', async () => {
  scene.upstream.answer((request, response) => {
    const id = request.url!.slice('/things/'.length)
    response
      .writeHead(200, { 'content-type': 'application/json' })
      .end(JSON.stringify({ id, name: `n${id}`, cost: '1' }))
  })
  const answers = await Promise.all(
    Array.from({ length: 1_000 }, async (_, i) => {
      const response = await scene.fetch(`/things/c${i}`)
      return [response.headers.get('request-id'), await response.json()] as const
    }),
  )
  for (const [i, [, body]] of answers.entries()) assert.deepEqual(body, { id: `c${i}`, name: `nc${i}` })
  assert.equal(new Set(answers.map(([id]) => id)).size, 1_000)
  assert.equal(scene.records.length, 1_000)
  const told = new Set(answers.map(([id]) => id))
  for (const record of scene.records) assert.ok(told.has(`req_${record.id.replaceAll('-', '')}`))
  assert.equal(scene.gateway.open(), 0)
})

test('close waits for what is open, and breaks off what takes too long', async () => {
  for (const [ends, status] of [
    [true, 200],
    [false, 502],
  ] as const) {
    const own = await startScene(compileTestContract(), { timeouts: { drain: 300 } })
    const arrived = Promise.withResolvers<ServerResponse>()
    own.upstream.answer((_request, response) => arrived.resolve(response))
    const answer = own.fetch('/things/a1')
    const response = await arrived.promise
    const closing = own.gateway.close()
    if (ends) response.writeHead(200, { 'content-type': 'application/json' }).end('{"id":"a1","name":"One"}')
    assert.equal((await answer).status, status)
    await closing
    assert.equal(own.gateway.open(), 0)
    assert.equal(own.records.length, 1)
    await own.close()
  }
})
