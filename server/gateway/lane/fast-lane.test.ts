/** What the fast lane keeps for itself, and what it hands over to node:http. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { compileTestContract } from '../../../tests/support/gateway-contract.ts'
import { keys, startScene } from '../../../tests/support/gateway.ts'
import type { Scene } from '../../../tests/support/gateway.ts'
import { openClient, until } from '../../../tests/support/lane/port.ts'
import { statusOf } from '../../../tests/support/raw.ts'

describe('a connection', () => {
  let scene: Scene
  before(async () => {
    scene = await startScene(compileTestContract())
  })
  after(() => scene.close())
  beforeEach(() => scene.upstream.answerJson('{"id":"a1","name":"One"}'))

  const get = (path = '/things/a1', key: string = keys.live, ...more: string[]) =>
    [`GET ${path} HTTP/1.1`, 'Host: g', `X-Api-Key: ${key}`, ...more, '', ''].join('\r\n')
  const post = (content: string) =>
    `POST /things HTTP/1.1\r\nHost: g\r\nX-Api-Key: ${keys.live}\r\nContent-Type: application/json\r\n` +
    `Content-Length: ${content.length}\r\n\r\n${content}`

  test('stays while its requests are plain, refused ones and those with content among them', async () => {
    const client = await openClient(scene.port)
    const before = scene.inLane()
    const calls: [string, number][] = [
      [get(), 200],
      [get('/things/a1', 'wrong'), 401],
      [get('/nothing'), 404],
      [post('{"name":1}'), 422],
      [get(), 200],
    ]
    for (const [i, [bytes, status]] of calls.entries()) {
      client.send(bytes)
      const answers = await client.answers(i + 1)
      assert.equal(statusOf(answers[i]!), status)
      assert.match(answers[i]!, /\r\nConnection: keep-alive\r\nKeep-Alive: timeout=\d+\r\n/)
      assert.equal(scene.inLane(), before)
    }
    client.send(get('/things/a1', keys.live, 'Connection: close'))
    assert.match((await client.answers(6))[5]!, /\r\nConnection: close\r\n/)
    await client.closed
  })

  /** With the status, and whether node:http keeps the connection. */
  const odd: [string, string, number, boolean][] = [
    ['another method', get().replace('GET', 'OPTIONS'), 405, true],
    ['an older version', get().replace('HTTP/1.1', 'HTTP/1.0'), 200, false],
    ['an expectation', get('/things/a1', keys.live, 'Expect: 100-continue'), 200, false],
    [
      'a transfer coding',
      `${get('/things/a1', keys.live, 'Transfer-Encoding: chunked')}0\r\n\r\n`,
      422,
      false,
    ],
    ['a byte beyond ASCII', get('/things/a1', keys.live, 'X-A: \u00e9'), 200, true],
    ['an upgrade', get('/things/a1', keys.live, 'Upgrade: h2c', 'Connection: Upgrade'), 200, true],
    ['a hundred headers', get('/things/a1', keys.live, ...Array<string>(99).fill('X-A: a')), 200, true],
    ['a long head', get('/things/a1', keys.live, `X-A: ${'a'.repeat(17_000)}`), 431, false],
    ['much content', post(`{"name":"${'n'.repeat(70_000)}"}`), 422, true],
    ['rubbish', '\0\r\n\r\n', 400, false],
  ]
  for (const [what, bytes, status, keeps] of odd) {
    test(`goes to node:http with ${what}, and stays there`, async () => {
      const client = await openClient(scene.port)
      client.send(get())
      await client.answers(1)
      const before = scene.inLane()
      client.send(bytes)
      const answers = await client.answers(2)
      assert.equal(scene.inLane(), before - 1)
      assert.equal(statusOf(answers.at(-1)!), status)
      if (keeps) {
        client.send(get())
        assert.equal(statusOf((await client.answers(3))[2]!), 200)
        assert.equal(scene.inLane(), before - 1)
      }
      client.socket.destroy()
      await client.closed
    })
  }

  test('waits a moment for content that comes behind its head, and leaves one that is slow to node:http', async () => {
    scene.upstream.answer((request, response) => {
      request.resume()
      response.writeHead(201, { 'content-type': 'application/json' }).end('{"id":"a1","name":"One"}')
    })
    const client = await openClient(scene.port)
    const before = scene.inLane()
    const [head, content] = post('{"name":"abc"}').split('{') as [string, string]
    for (const [i, wait] of [20, 3_500].entries()) {
      client.send(head)
      await new Promise((resolve) => setTimeout(resolve, wait))
      assert.equal(scene.inLane(), i === 0 ? before : before - 1)
      client.send(`{${content}`)
      assert.equal(statusOf((await client.answers(i + 1))[i]!), 201)
    }
    client.socket.destroy()
  })

  test('asks each request for its own key, also one whose content comes behind its head', async () => {
    const client = await openClient(scene.port)
    const [good, bad] = [post('{"name":1}'), post('{"name":1}').replace(keys.live, 'ok_nobody_1234567890')]
    for (const [i, [bytes, status]] of (
      [
        [good, 422],
        [bad, 401],
        [good, 422],
      ] as const
    ).entries()) {
      const [head, content] = bytes.split('{') as [string, string]
      client.send(head)
      await new Promise((resolve) => setTimeout(resolve, 20))
      client.send(`{${content}`)
      assert.equal(statusOf((await client.answers(i + 1))[i]!), status)
    }
    client.socket.destroy()
  })

  test('goes to node:http with a request in pieces, cut anywhere', async () => {
    scene.upstream.answer((request, response) => {
      request.resume()
      response.writeHead(201, { 'content-type': 'application/json' }).end('{"id":"a1","name":"One"}')
    })
    const whole = post('{"name":"abc"}')
    for (let cut = 1; cut < whole.length; cut += 3) {
      const client = await openClient(scene.port)
      client.send(whole.slice(0, cut))
      await new Promise((resolve) => setTimeout(resolve, 1))
      client.send(whole.slice(cut))
      assert.equal(statusOf((await client.answers(1))[0]!), 201)
      client.socket.destroy()
    }
  })

  test('answers in order what was sent while it was busy, and what came behind goes to node:http', async () => {
    const held: (() => void)[] = []
    scene.upstream.answer((request, response) => {
      const body = JSON.stringify({ id: request.url!.slice('/things/'.length), name: 'n' })
      held.push(() => response.writeHead(200, { 'content-type': 'application/json' }).end(body))
    })
    const client = await openClient(scene.port)
    client.send(get('/things/a'))
    await until(() => held.length === 1)
    const before = scene.inLane()
    client.send(get('/things/b'))
    client.send(get('/things/c'))
    await new Promise((resolve) => setTimeout(resolve, 20))
    assert.equal(held.length, 1, 'one at a time')
    held[0]!()
    await until(() => held.length === 3)
    for (const go of held.slice(1).toReversed()) go()
    const answers = await client.answers(3)
    assert.deepEqual(
      answers.map((answer) => /"id":"(.)"/.exec(answer)![1]),
      ['a', 'b', 'c'],
    )
    assert.equal(scene.inLane(), before - 1)
    client.socket.destroy()
  })

  test('is read no further when a client sends and sends and does not wait', async () => {
    const arrived = Promise.withResolvers<void>()
    scene.upstream.answer(() => arrived.resolve())
    const client = await openClient(scene.port)
    client.send(get())
    await arrived.promise
    const before = process.memoryUsage.rss()
    for (let i = 0; i < 200; i++) client.send('x'.repeat(100_000))
    await new Promise((resolve) => setTimeout(resolve, 200))
    assert.ok(client.socket.writableLength > 5_000_000)
    assert.ok(process.memoryUsage.rss() - before < 60_000_000)
    client.socket.destroy()
    await until(() => scene.gateway.open() === 0 || scene.records.length > 0)
  })

  test('whose client says nothing more and still waits is given up, as node:http does', async () => {
    const arrived = Promise.withResolvers<void>()
    scene.upstream.answer(() => arrived.resolve())
    scene.records.length = 0
    const client = await openClient(scene.port)
    client.send(get())
    await arrived.promise
    client.socket.end()
    await client.closed
    await until(() => scene.records.length === 1)
    assert.equal(scene.records[0]!.status, 499)
    assert.deepEqual(await client.answers(1), [])
  })
})
