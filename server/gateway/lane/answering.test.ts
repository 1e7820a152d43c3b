/** How the fast lane writes its answers, and how its connections end. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { connect as connectTls } from 'node:tls'
import type { Reading } from '#/gateway/exchange.ts'
import type { Answer, AnswerStream, Sink } from '#/gateway/gateway.ts'
import { openClient, startPort, until } from '../../../tests/support/lane/port.ts'
import { exchangeBytes, openSocket, requestText, statusOf } from '../../../tests/support/raw.ts'

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
              if (target === '/long') sink.write('cd')
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
    assert.equal(await content('/long'), 'ab', 'what is too much would be the next answer')
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
    const [silent, kept, trickling] = await Promise.all([
      openClient(port),
      openClient(port),
      openClient(port),
    ])
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

describe('a client that takes nothing of its answer', () => {
  const big = 'x'.repeat(16_000_000)
  const last = 'GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n'
  const manners: [string, string, boolean][] = [
    ['and keeps its connection', plain(), false],
    ['and wanted it closed', last, false],
    ['and sends on', last, true],
  ]
  for (const [what, request, sendsOn] of manners) {
    test(`${what} is not waited for for ever`, { timeout: 20_000 }, async () => {
      const { listener, port, server, lane } = await startPort((_request, respond) => respond(said(big)))
      server.keepAliveTimeout = 500
      const socket = await openSocket(port)
      socket.on('error', () => undefined).pause()
      socket.write(request)
      const sending = setInterval(() => sendsOn && socket.write('x'.repeat(10_000)), 20)
      await until(() => lane.connections() === 1)
      await until(() => lane.connections() === 0)
      clearInterval(sending)
      socket.destroy()
      await listener.drain(1000)
    })
  }

  test('for a moment only has it whole, and its connection is kept', { timeout: 20_000 }, async () => {
    const { listener, port, server } = await startPort((_request, respond) => respond(said(big)))
    server.keepAliveTimeout = 1_500
    const socket = await openSocket(port)
    let received = 0
    socket.on('data', (chunk: Buffer) => (received += chunk.length)).pause()
    for (let i = 1; i <= 2; i++) {
      socket.write(plain())
      await new Promise((resolve) => setTimeout(resolve, 700))
      socket.resume()
      await until(() => received > i * big.length)
    }
    socket.destroy()
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

  test('serves a request that has come and was not read yet', async () => {
    const { listener, port } = await startPort((_request, respond) => respond(said('a')))
    const client = await openClient(port)
    client.send(plain())
    await client.answers(1)
    client.send(plain())
    const drained = listener.drain(10_000)
    assert.match((await client.answers(2))[1] ?? '', /\r\nConnection: close\r\n/)
    await Promise.all([drained, client.closed])
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

test('what was read from headers is kept with the same ones, and never so much that idle connections weigh', async () => {
  const readings: (Reading | null)[] = []
  const { listener, port } = await startPort(({ reading }, respond) => {
    readings.push(reading)
    respond(said('a'))
  })
  const client = await openClient(port)
  const long = plain().replace('Host: h', `Host: h\r\nX-A: ${'a'.repeat(4_000)}`)
  for (const [i, request] of [plain(), plain('/b'), long, long, plain(), plain()].entries()) {
    client.send(request)
    await client.answers(i + 1)
  }
  assert.deepEqual(
    readings.map((one) => readings.indexOf(one)),
    [0, 0, 2, 3, 4, 4],
  )
  client.socket.destroy()
  await listener.drain(1000)
})

test('requests that came in one turn with the end of their connection are all served before it', async () => {
  const { listener, port, server } = await startPort(({ target }, respond) => respond(said(target)))
  const accepted = once(server, 'connection')
  const client = await openClient(port)
  const [socket] = (await accepted) as [Socket]
  // As a TLS connection does it with records that came together.
  for (const bytes of [plain('/a'), plain('/b'), null]) socket.push(bytes && Buffer.from(bytes))
  const answers = await client.answers(2)
  assert.deepEqual(
    answers.map((answer) => answer.split('\r\n\r\n')[1]),
    ['/a', '/b'],
  )
  await client.closed
  await listener.drain(1000)
})

test('over TLS it is the same lane, and what is handed over goes on over TLS', async () => {
  const pair = join(import.meta.dirname, '..', '..', '..', 'tests', 'data', 'tls', 'first')
  const files = { cert: `${pair}.cert.pem`, key: `${pair}.key.pem` }
  const { listener, lane, port } = await startPort(({ method, secure }, respond) => {
    const body = `${method} ${secure}`
    respond({ ...said(body), headers: ['Content-Length', String(body.length)] })
  }, files)
  const socket = connectTls({ port, host: '127.0.0.1', ca: readFileSync(files.cert) })
  await once(socket, 'secureConnect')
  const ask = async (request: string): Promise<string> => {
    socket.write(request)
    const [answer] = (await once(socket, 'data')) as [Buffer]
    return answer.toString('latin1').split('\r\n\r\n')[1]!
  }
  assert.equal(await ask(plain()), 'GET true')
  assert.equal(await ask(plain()), 'GET true')
  assert.equal(lane.connections(), 1)
  assert.equal(await ask(plain().replace('GET', 'OPTIONS')), 'OPTIONS true')
  assert.equal(lane.connections(), 0)
  assert.equal(await ask(plain()), 'GET true')
  socket.destroy()
  await listener.drain(1000)
})
