/** What no honest client sends, on both ports: never a crash, a hang or a word about the inside; a clean refusal. */
import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { after, describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import fc from 'fast-check'
import { call, startPortico } from '../support/portico.ts'
import { headersOf, openSocket, requestText, statusOf } from '../support/raw.ts'

const portico = await startPortico()
const { publicUrl, adminUrl, partners } = portico.facts
const key = partners.starter.live.apiKey
const ports = { public: Number(new URL(publicUrl).port), admin: Number(new URL(adminUrl).port) } as const
type Side = keyof typeof ports

after(async () => {
  assert.equal(await portico.stop(), 0, portico.output())
  assert.deepEqual(
    portico.output().match(/"event":"(?:process|http)\.failed".*/g),
    null,
    'nothing surprised the program',
  )
})

/** Begun at once and asked for at the end, because the bound on them is 15 seconds. */
const trickling = Promise.all(
  Array.from({ length: 100 }, async (_, i) => {
    const socket = await openSocket(i % 2 ? ports.public : ports.admin)
    socket.write('GET /readyz HTTP/1.1\r\nHost: a\r\nX: ')
    const trickle = setInterval(() => socket.write('a'), 2000)
    return answerOf(socket).finally(() => clearInterval(trickle))
  }),
)

/** Nobody who is refused need learn where we stand or what we are made of. */
const inside = /node_modules|\.[cm]?[jt]s[:)]|\bat \S+ \(|\/server\/|root:x:|FST_|postgres/

/** So long after the last byte (milliseconds) a server that waits for more is told that nothing more comes. */
const quiet = 300

/** Sends all of it and reads to the end; whoever is kept waiting fails. */
async function send(side: Side, bytes: string | Buffer): Promise<string> {
  const socket = await openSocket(ports[side])
  const answer = answerOf(socket)
  socket.write(bytes)
  const enough = setTimeout(() => socket.end(), quiet)
  socket.on('data', () => enough.refresh())
  const late = new AbortController()
  const waiting = delay(10_000, null, { signal: late.signal }).then(
    () => assert.fail(`no end after ${JSON.stringify(bytes.toString('latin1').slice(0, 80))}`),
    () => '',
  )
  const text = await Promise.race([answer, waiting]).finally(() => {
    late.abort()
    clearTimeout(enough)
  })
  assert.doesNotMatch(text, inside)
  return text
}

async function answerOf(socket: Socket): Promise<string> {
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk)).on('error', () => undefined)
  await new Promise((resolve) => socket.once('close', resolve))
  return Buffer.concat(chunks).toString('latin1')
}

/** A problem with the headers that every refusal has, and a length that is the length. */
function assertProblem(answer: string, status: number, what: string): void {
  assert.equal(statusOf(answer), status, `${what}: ${answer.slice(0, 300)}`)
  const headers = headersOf(answer)
  assert.equal(headers.get('content-type'), 'application/problem+json', what)
  assert.match(headers.get('request-id') ?? '', /^req_[0-9a-f]{32}$/, what)
  const body = answer.slice(answer.indexOf('\r\n\r\n') + 4)
  assert.equal(body.length, Number(headers.get('content-length')), what)
  const problem = JSON.parse(body) as { status: number; requestId: string; type: string }
  assert.equal(problem.status, status, what)
  assert.equal(problem.requestId, headers.get('request-id'), what)
  assert.ok(problem.type.startsWith(publicUrl), what)
}

async function residentBytes(): Promise<number> {
  const { text } = await call(`${adminUrl}/metrics`)
  return Number(/^process_resident_memory_bytes (\S+)/m.exec(text)?.[1])
}

/** A request that the gateway would carry out, but for one thing. */
const authorised = (line: string, ...headers: string[]) =>
  [line, 'Host: a', `Authorization: Bearer ${key}`, ...headers, '', ''].join('\r\n')

const post = 'POST /api/projects HTTP/1.1'
const json = 'Content-Type: application/json'
const chunked = 'Transfer-Encoding: chunked'

const broken: Readonly<Record<string, readonly [number, string | Buffer]>> = {
  'bytes that are no text': [400, Buffer.from([0, 1, 2, 0xff, 0xfe, 13, 10, 13, 10])],
  'a TLS hello': [400, Buffer.concat([Buffer.from([22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3]), Buffer.alloc(600)])],
  'the preface of HTTP/2': [400, 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
  'a method of nobody': [400, 'FOO / HTTP/1.1\r\nHost: a\r\n\r\n'],
  'lines without a carriage return': [400, 'GET / HTTP/1.1\nHost: a\n\n'],
  'a folded header': [400, 'GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n'],
  'a blank before the colon': [400, 'GET / HTTP/1.1\r\nHost : a\r\n\r\n'],
  'a NUL in a header': [400, 'GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n'],
  'a NUL in the target': [400, 'GET /a\0b HTTP/1.1\r\nHost: a\r\n\r\n'],
  'a target that is no path': [400, 'GET readyz HTTP/1.1\r\nHost: a\r\n\r\n'],
  'a tunnel': [400, 'CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n'],
  'a header that is too large': [431, `GET / HTTP/1.1\r\nHost: a\r\nX: ${'a'.repeat(40_000)}\r\n\r\n`],
  'a target that is too long': [431, `GET /${'a'.repeat(40_000)} HTTP/1.1\r\nHost: a\r\n\r\n`],
  'headers without end': [431, `GET / HTTP/1.1\r\nHost: a\r\n${'x: 1\r\n'.repeat(12_000)}\r\n`],
  'two lengths': [400, authorised(post, 'Content-Length: 2', 'Content-Length: 3') + '{}a'],
  'the same length twice': [400, authorised(post, 'Content-Length: 2', 'Content-Length: 2') + '{}'],
  'a length that is none': [400, authorised(post, 'Content-Length: 0x2') + '{}'],
  'a length and chunks': [400, authorised(post, 'Content-Length: 2', chunked) + '0\r\n\r\n'],
  'chunks and a length': [400, authorised(post, chunked, 'Content-Length: 2') + '0\r\n\r\n'],
  'a chunk without a size': [400, authorised(post, json, chunked) + 'zz\r\n{}\r\n0\r\n\r\n'],
  'a chunk that is longer than it says': [400, authorised(post, json, chunked) + '1\r\n{}\r\n0\r\n\r\n'],
  'a chunk without end': [400, authorised(post, json, chunked) + `1;${'x'.repeat(20_000)}\r\n`],
  'half a head': [400, 'GET /readyz HTTP/1.1\r\nHost'],
}

for (const side of ['public', 'admin'] as const) {
  describe(`the ${side} port`, () => {
    for (const [what, [status, bytes]] of Object.entries(broken)) {
      test(`${status} for ${what}`, async () => assertProblem(await send(side, bytes), status, what))
    }

    test('paths that climb, and what no path holds, find nothing', async () => {
      const targets: Readonly<Record<string, number>> = {
        '/portal/problems/../../etc/passwd': 404,
        '/portal/problems/..%2f..%2fetc%2fpasswd': 404,
        '/portal/problems/%2e%2e/%2e%2e/README.md': 404,
        '/portal/problems/a%00b': 404,
        '/portal/problems/%zz': 400,
        '/portal/problems/%ff%fe': 400,
        [`/portal/problems/${'a'.repeat(9000)}`]: side === 'public' ? 400 : 404,
        '/portal/problems/__proto__': 404,
        '/.well-known/../package.json': 404,
      }
      for (const [target, status] of Object.entries(targets)) {
        assertProblem(await send(side, requestText('GET', target, [])), status, target.slice(0, 60))
      }
    })

    test('the other forms of a target are refused or served, and nothing else', async () => {
      const forms = [
        'GET http://a/readyz',
        'OPTIONS *',
        'GET *',
        'GET //readyz',
        'GET /x/../readyz',
        'TRACE /',
      ]
      for (const form of forms) {
        const [method = '', target = ''] = form.split(' ')
        const status = statusOf(await send(side, requestText(method, target, [])))
        assert.ok(
          status === 200 ? target.endsWith('readyz') : status >= 400 && status < 500,
          `${form} ${status}`,
        )
      }
    })

    test('an upgrade to another protocol is not offered', async () => {
      for (const protocol of ['h2c', 'websocket']) {
        const headers = [
          `Upgrade: ${protocol}`,
          'HTTP2-Settings: AAMAAABkAAQAAP__',
          'Sec-WebSocket-Version: 13',
        ]
        const request = requestText('GET', '/readyz', headers)
        const answer = await send(side, request.replace('Connection: close', 'Connection: Upgrade, close'))
        assert.equal(statusOf(answer), 200, 'RFC 9110 §7.8: it may be ignored')
      }
    })

    test('HTTP/1.0 is answered, and the connection ends', async () => {
      assert.equal(statusOf(await send(side, 'GET /readyz HTTP/1.0\r\n\r\n')), 200)
    })

    test('requests in a row are answered in a row, and rubbish behind them by nobody', async () => {
      const one = 'GET /readyz HTTP/1.1\r\nHost: a\r\n\r\n'
      const answers = await send(side, `${one.repeat(300)}${requestText('GET', '/healthz', [])}`)
      assert.equal(answers.split('HTTP/1.1 200 OK').length - 1, 301)
      assert.ok(answers.endsWith('{"status":"ok"}'))
      const spoilt = await send(side, `${one}\0\0\0\r\n\r\n`)
      assert.equal(spoilt.split('HTTP/1.1 ').length - 1, 1, spoilt)
      assert.equal(statusOf(spoilt), 200)
    })
  })
}

describe('memory and connections', () => {
  test('100 MB that nobody asked for are not kept', async () => {
    const before = await residentBytes()
    for (const side of ['public', 'admin'] as const) {
      const socket = await openSocket(ports[side])
      const answer = answerOf(socket)
      socket.write(`POST /readyz HTTP/1.1\r\nHost: a\r\nContent-Length: ${100 * 1_048_576}\r\n\r\n`)
      const blocks = Readable.from(Array.from({ length: 100 }, () => Buffer.alloc(1_048_576)))
      await pipeline(blocks, socket, { end: false })
      socket.end()
      assert.equal(statusOf(await answer), 404)
    }
    const grown = (await residentBytes()) - before
    assert.ok(grown < 150 * 1_048_576, `grew by ${Math.round(grown / 1_048_576)} MiB`)
  })

  test('who asks and asks and does not read is waited for, not remembered', async () => {
    const before = await residentBytes()
    const socket = await openSocket(ports.public)
    socket.on('error', () => undefined).pause()
    const block = Buffer.from(
      requestText('GET', '/portal/problems/http.not_found', [])
        .repeat(2000)
        .replaceAll('close', 'keep-alive'),
    )
    for (let sent = 0; sent < 150; sent += 1) socket.write(block)
    await delay(1500)
    const grown = (await residentBytes()) - before
    socket.destroy()
    assert.ok(grown < 100 * 1_048_576, `grew by ${Math.round(grown / 1_048_576)} MiB`)
  })

  test('a thousand idle connections on each port leave room for calls', async () => {
    const sockets = await Promise.all(
      [...Array(1000).keys()].flatMap(() => [openSocket(ports.public), openSocket(ports.admin)]),
    )
    assert.equal((await call(`${publicUrl}/api/products?limit=1`, { key })).status, 200)
    assert.equal((await call(`${adminUrl}/readyz`)).status, 200)
    for (const socket of sockets) socket.destroy()
  })

  test('what begins like a call and goes wrong anywhere is refused like the rest', async () => {
    const whole = Buffer.from(
      `${authorised(post, json, 'Content-Length: 15', 'Connection: close')}{"name": "abc"}`,
    )
    const change = fc.record({
      at: fc.nat(whole.length - 1),
      remove: fc.nat(20),
      insert: fc.uint8Array({ maxLength: 12 }),
    })
    const changed = fc
      .array(change, { minLength: 1, maxLength: 3 })
      .map((changes) =>
        changes.reduce(
          (bytes, { at, remove, insert }) =>
            Buffer.concat([bytes.subarray(0, at), insert, bytes.subarray(at + remove)]),
          whole,
        ),
      )
    const property = fc.asyncProperty(fc.array(changed, { minLength: 30, maxLength: 30 }), async (some) => {
      const answers = await Promise.all(some.map((bytes) => send('public', bytes)))
      for (const status of answers.map(statusOf)) assert.ok(status >= 400 && status < 500, String(status))
    })
    await fc.assert(property, { numRuns: 15 })
    assert.equal((await call(`${publicUrl}/api/products?limit=1`, { key })).status, 200)
  })
})

test('408 for a head that trickles in', async () => {
  for (const answer of await trickling) assertProblem(answer, 408, 'a head that trickles in')
})
