/** What the fast lane keeps, what it hands over, and how its connections end. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { after, before, beforeEach, describe, test } from 'node:test'
import { createFastLane, createNodeLane } from '#/gateway/gateway.ts'
import type { Answer, AnswerStream, Sink } from '#/gateway/gateway.ts'
import { listen } from '#/kernel/http/http.ts'
import type { Listener } from '#/kernel/http/http.ts'
import { compileTestContract } from '../../../tests/support/gateway-contract.ts'
import { keys, startScene } from '../../../tests/support/gateway.ts'
import type { Scene } from '../../../tests/support/gateway.ts'
import { exchangeBytes, openSocket, requestText, statusOf } from '../../../tests/support/raw.ts'

/** A client that keeps its connection and reads answer after answer. */
async function openClient(port: number) {
  const socket = await openSocket(port)
  let text = ''
  socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1'))).on('error', () => undefined)
  const closed = once(socket, 'close')
  return {
    socket,
    closed,
    send: (bytes: string) => socket.write(bytes, 'latin1'),
    /** So many answers with a `Content-Length`, or all there are when the connection has ended. */
    async answers(count: number): Promise<string[]> {
      for (;;) {
        const found = split(text)
        if (found.length >= count || socket.destroyed) return found
        await Promise.race([once(socket, 'data'), closed])
      }
    },
  }
}

function split(text: string): string[] {
  const answers: string[] = []
  let rest = text
  for (;;) {
    const head = rest.indexOf('\r\n\r\n')
    const length = /content-length: (\d+)/i.exec(rest.slice(0, head))?.[1]
    const end = head + 4 + Number(length ?? 0)
    if (head === -1 || rest.length < end) return answers
    answers.push(rest.slice(0, end))
    rest = rest.slice(end)
  }
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve))
}

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
    ['a transfer coding', `${get('/things/a1', keys.live, 'Transfer-Encoding: chunked')}0\r\n\r\n`, 422, false],
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
    assert.deepEqual(answers.map((answer) => /"id":"(.)"/.exec(answer)![1]), ['a', 'b', 'c'])
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

/** A port with the fast lane, whose handler is the test. */
async function startPort(handle: Parameters<typeof createNodeLane>[0]['handle']) {
  const listener: Listener = await listen({ host: '127.0.0.1', port: 0, setting: 'PORT', hostSetting: 'HOST' })
  const { server, port } = listener
  listener.serve(createNodeLane({ handle }), 'https://portico.test')
  const lane = createFastLane({
    server,
    gateway: { handle },
    isElsewhere: (target) => target === '/elsewhere',
    clock: { wall: () => 1_795_000_000_000 },
  })
  listener.front(lane)
  return { listener, lane, port, server }
}

const said = (body: string): Answer => ({ status: 200, headers: ['X-Y', 'z'], body, stream: null })
const streamed = (start: (sink: Sink) => void, headers: string[] = []): Answer => {
  const stream: AnswerStream = { start, drained: () => undefined }
  return { status: 200, headers, body: '', stream }
}
const plain = (target = '/') => `GET ${target} HTTP/1.1\r\nHost: h\r\n\r\n`

describe('an answer', () => {
  test('has a date, a length, and UTF-8', async () => {
    const { listener, port } = await startPort((_request, respond) => respond(said('\u00e4\u20ac')))
    const answer = await exchangeBytes(port, requestText('GET', '/', []))
    assert.match(answer, /^HTTP\/1\.1 200 OK\r\nX-Y: z\r\nDate: \w{3}, \d\d Nov 2026 \d\d:\d\d:\d\d GMT\r\n/)
    assert.match(answer, /\r\nConnection: close\r\nContent-Length: 5\r\n\r\n/)
    assert.ok(Buffer.from(answer, 'latin1').toString('utf8').endsWith('\r\n\r\n\u00e4\u20ac'))
    await listener.drain(1000)
  })

  test('never has a line that a value began, and its client does not wait', async () => {
    const errors: unknown[] = []
    const { listener, port } = await startPort((_request, respond) => {
      try {
        respond({ status: 200, headers: ['X-Y', 'a\r\nX-Evil: b'], body: '', stream: null })
      } catch (error) {
        errors.push(error)
      }
    })
    assert.equal(await exchangeBytes(port, plain()), '')
    assert.equal(errors.length, 1)
    await listener.drain(1000)
  })

  test('that is streamed goes in chunks; one that broke off, or is not as long as it said, is not whole', async () => {
    const { listener, port } = await startPort(({ target }, respond) => {
      if (target === '/whole') {
        respond(
          streamed((sink) => {
            sink.write('\u00e4')
            sink.write(Buffer.from('bc'))
            sink.end()
          }),
        )
      } else if (target === '/broken') {
        respond(
          streamed((sink) => {
            sink.write('ab')
            sink.abort()
          }),
        )
      } else {
        respond(
          streamed(
            (sink) => {
              sink.write('ab')
              sink.end()
            },
            ['Content-Length', '3'],
          ),
        )
      }
    })
    const content = async (target: string) => {
      const answer = await exchangeBytes(port, requestText('GET', target, []))
      return answer.slice(answer.indexOf('\r\n\r\n') + 4)
    }
    assert.equal(await content('/whole'), '2\r\n\u00c3\u00a4\r\n2\r\nbc\r\n0\r\n\r\n')
    assert.equal(await content('/broken'), '2\r\nab\r\n')
    assert.equal(await content('/short'), 'ab')
    await listener.drain(1000)
  })

  test('that its client does not read holds up the next request, not the memory', async () => {
    const big = 'x'.repeat(8_000_000)
    let served = 0
    const { listener, port } = await startPort((_request, respond) => {
      served++
      respond(said(big))
    })
    const socket: Socket = await openSocket(port)
    socket.pause()
    for (let i = 0; i < 20; i++) {
      socket.write(plain())
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    assert.ok(served <= 2, `${served} answers for a client that reads none`)
    socket.destroy()
    await listener.drain(1000)
  })
})

describe('time', () => {
  test('a connection that says nothing is told so, a kept one is closed, and a trickling head is node:http\u2019s', async () => {
    const { listener, port, server, lane } = await startPort((_request, respond) => respond(said('a')))
    server.headersTimeout = 1_000
    server.keepAliveTimeout = 1_000
    const [silent, kept, trickling] = await Promise.all([openClient(port), openClient(port), openClient(port)])
    kept.send(plain())
    trickling.send('GET / HTTP/1.1\r\nHost: h\r\nX: ')
    await kept.answers(1)
    await until(() => lane.connections() === 2)
    assert.equal(statusOf((await silent.answers(1))[0]!), 408)
    await Promise.all([silent.closed, kept.closed])
    assert.equal((await kept.answers(2)).length, 1)
    await until(() => lane.connections() === 0)
    trickling.socket.destroy()
    await listener.drain(1000)
  })
})

describe('a drain', () => {
  test('ends what is idle, lets answers end, and keeps no connection behind them', async () => {
    const waiting: (() => void)[] = []
    const sinks: Sink[] = []
    const { listener, port } = await startPort(({ target }, respond) => {
      if (target === '/stream') respond(streamed((to) => void sinks.push(to)))
      else waiting.push(() => respond(said('late')))
    })
    const [idle, busy, streaming, elsewhere] = await Promise.all([1, 2, 3, 4].map(() => openClient(port)))
    busy!.send(plain())
    streaming!.send(plain('/stream'))
    elsewhere!.send(plain('/elsewhere'))
    await until(() => waiting.length === 2 && sinks.length === 1)
    const drained = listener.drain(10_000)
    await idle!.closed
    for (const go of waiting) go()
    const [answer] = await busy!.answers(1)
    assert.match(answer!, /\r\nConnection: close\r\n/)
    await Promise.all([busy!.closed, elsewhere!.closed])
    sinks[0]!.write('end')
    sinks[0]!.end()
    await Promise.all([drained, streaming!.closed])
  })

  test('ends by force what takes too long', async () => {
    let isGone = false
    const { listener, port } = await startPort((request) => void (request.gone = () => (isGone = true)))
    const client = await openClient(port)
    client.send(plain())
    await new Promise((resolve) => setTimeout(resolve, 20))
    await listener.drain(50)
    await client.closed
    await until(() => isGone)
  })
})
