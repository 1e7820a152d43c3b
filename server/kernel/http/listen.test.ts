/** A port from its opening to its end: what it says before it serves, what stands in its way, and how it drains. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { Agent, request } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { listen } from '#/kernel/http/http.ts'
import { exchangeBytes, headersOf, openSocket, requestText, statusOf } from '../../../tests/support/raw.ts'

const anyPort = { host: '127.0.0.1', port: 0, setting: 'PORT', hostSetting: 'HOST' } as const
const base = 'https://portico.test'

/** An answer that is under way until told to end. */
function slowHandler() {
  const answers: ServerResponse[] = []
  let told = () => {}
  const begun = new Promise<void>((resolve) => (told = resolve))
  const handler = (_request: IncomingMessage, response: ServerResponse) => {
    answers.push(response)
    response.writeHead(200)
    response.write('begun ')
    told()
  }
  return { handler, begun, end: () => answers.forEach((answer) => answer.end('ended')) }
}

test('503 with Retry-After until there is something to serve', async () => {
  const listener = await listen(anyPort)
  const early = await fetch(`http://127.0.0.1:${listener.port}/`)
  assert.equal(early.status, 503)
  assert.equal(early.headers.get('retry-after'), '1')
  assert.equal(((await early.json()) as { code: string }).code, 'http.not_ready')
  listener.serve((_request, response) => response.end('served'), base)
  assert.equal(await (await fetch(`http://127.0.0.1:${listener.port}/`)).text(), 'served')
  await listener.drain(1000)
})

describe('what cannot be opened says which setting is wrong', () => {
  test('a port in use', async () => {
    const first = await listen(anyPort)
    await assert.rejects(
      listen({ ...anyPort, port: first.port }),
      new RegExp(`^Error: PORT ${first.port} \\(127\\.0\\.0\\.1\\) is in use by another program`),
    )
    await first.drain(1000)
  })

  test('an address of another machine, and a name of none', async () => {
    // TEST-NET-1 (RFC 5737) and `.invalid` (RFC 6761) belong to nobody.
    await assert.rejects(listen({ ...anyPort, host: '192.0.2.1' }), /HOST=192\.0\.2\.1 is no address/)
    await assert.rejects(listen({ ...anyPort, host: 'a.invalid' }), /HOST=a\.invalid/)
  })

  test('a certificate that is none', async () => {
    const file = join(import.meta.dirname, 'listen.ts')
    const tls = { cert: file, key: file }
    await assert.rejects(listen({ ...anyPort, tls }), /^Error: TLS_CERT=.* and TLS_KEY=.* cannot be used/)
  })
})

describe('a drain', () => {
  test('lets the open answer end, takes no new connection and keeps none', async () => {
    const listener = await listen(anyPort)
    const slow = slowHandler()
    listener.serve(slow.handler, base)
    const agent = new Agent({ keepAlive: true })
    const sent = request({ port: listener.port, host: '127.0.0.1', agent }).end()
    const answered = once(sent, 'response')
    await slow.begun
    const drained = listener.drain(5000)
    await assert.rejects(fetch(`http://127.0.0.1:${listener.port}/`))
    slow.end()
    const [answer] = (await answered) as [IncomingMessage]
    let text = ''
    for await (const chunk of answer) text += String(chunk)
    assert.equal(text, 'begun ended')
    await drained
    agent.destroy()
  })

  test('closes what is idle at once, and the rest when the time is over', async () => {
    const listener = await listen(anyPort)
    const slow = slowHandler()
    listener.serve(slow.handler, base)
    const idle = await openSocket(listener.port)
    const busy = await openSocket(listener.port)
    busy.write(requestText('GET', '/', []))
    await slow.begun
    const ends = [once(idle.resume(), 'close'), once(busy.resume(), 'close')]
    const drained = listener.drain(100)
    await Promise.all([...ends, drained])
  })
})

describe('what is no request', () => {
  test('is answered with a problem and the page that explains it', async () => {
    const listener = await listen(anyPort)
    listener.serve((_request, response) => response.end(), base)
    for (const [bytes, status, code] of [
      ['\0\0\0\r\n\r\n', 400, 'http.bad_request'],
      [`GET /${'a'.repeat(40_000)} HTTP/1.1\r\n\r\n`, 431, 'http.head_too_large'],
      ['CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n', 400, 'http.bad_request'],
      ['GET / HTTP/1.1\r\n\r\n', 400, 'http.bad_request'],
      ['GET / HTTP/1.1\r\nHost: a\r\nhost: b\r\n\r\n', 400, 'http.bad_request'],
    ] as const) {
      const answer = await exchangeBytes(listener.port, bytes)
      assert.equal(statusOf(answer), status)
      assert.match(headersOf(answer).get('request-id') ?? '', /^req_/)
      assert.ok(answer.includes(`"type":"${base}/portal/problems/${code}"`), answer)
    }
    await listener.drain(1000)
  })

  test('a request of HTTP/1.0 may name no host', async () => {
    const listener = await listen(anyPort)
    listener.serve((_request, response) => response.end('served'), base)
    assert.match(
      await exchangeBytes(listener.port, 'GET / HTTP/1.0\r\n\r\n'),
      /^HTTP\/1\.1 200 [\s\S]*served$/,
    )
    await listener.drain(1000)
  })

  test('behind an open answer gets none, and does not spoil that one', async () => {
    const listener = await listen(anyPort)
    const slow = slowHandler()
    listener.serve(slow.handler, base)
    const answer = exchangeBytes(listener.port, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n\0\0\0\r\n\r\n')
    await slow.begun
    slow.end()
    const text = await answer
    assert.equal(text.match(/HTTP\/1\.1/g)?.length, 1)
    assert.match(text, /begun [\s\S]*ended/)
    await listener.drain(1000)
  })

  test('in the middle of a content that is being answered ends the connection', async () => {
    const listener = await listen(anyPort)
    const slow = slowHandler()
    listener.serve(slow.handler, base)
    const head = 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n'
    const socket = await openSocket(listener.port)
    const chunks: Buffer[] = []
    socket.on('data', (chunk: Buffer) => chunks.push(chunk)).on('error', () => {})
    const closed = once(socket, 'close')
    socket.write(head)
    await slow.begun
    socket.write('zz\r\n')
    await closed
    assert.equal(
      Buffer.concat(chunks)
        .toString()
        .match(/HTTP\/1\.1/g)?.length ?? 0,
      1,
    )
    await listener.drain(1000)
  })
})
