/** Streamed answers: projected record by record, at the client's pace, and visibly broken when they cannot be completed. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { after, before, beforeEach, test } from 'node:test'
import { compileTestContract } from '../../../tests/support/gateway-contract.ts'
import { keys, startScene } from '../../../tests/support/gateway.ts'
import type { Scene } from '../../../tests/support/gateway.ts'
import { exchangeBytes, headersOf, openSocket, requestText, statusOf } from '../../../tests/support/raw.ts'

let scene: Scene

before(async () => {
  scene = await startScene(compileTestContract(), {
    timeouts: { stalledClient: 1_000 },
    limits: { lineBytes: 10_000, uploadBytes: 2_000_000 },
    times: { idleTimeout: 20_000 },
  })
})
after(() => scene.close())
beforeEach(() => {
  scene.records.length = 0
  scene.ends.length = 0
})

const get = (path: string, close = 'close') =>
  `GET ${path} HTTP/1.1\r\nHost: g\r\nConnection: ${close}\r\nX-Api-Key: ${keys.live}\r\n\r\n`

function answerWith(type: string, act: (response: ServerResponse) => void): void {
  scene.upstream.answer((_request, response) => {
    response.writeHead(200, { 'content-type': type })
    act(response)
  })
}

const content = (answer: string) => answer.slice(answer.indexOf('\r\n\r\n') + 4)
const isComplete = (answer: string) => answer.endsWith('\r\n0\r\n\r\n')
/** The content of a chunked answer without its chunk lines. */
const unchunked = (answer: string) =>
  content(answer)
    .replaceAll(/(^|\r\n)[0-9a-f]+\r\n/g, '')
    .replaceAll('\r\n', '')

/** Resolves when the recorder was told how a stream ended. */
async function ended(): Promise<Scene['ends'][number]> {
  while (scene.ends.length === 0) await new Promise((resolve) => setImmediate(resolve))
  return scene.ends[0]!
}

test('lines leave projected, whatever pieces they came in', async () => {
  const lines =
    '{"id":"1","name":"Ä","cost":"3"}\r\n\n{"id":"2","name":"b","forgotten":"x"}\n{"name":"c","id":"3"}'
  answerWith('application/x-ndjson', (response) => {
    for (const byte of Buffer.from(lines)) response.write(Buffer.from([byte]))
    response.end()
  })
  const answer = await exchangeBytes(scene.port, get('/export'))
  assert.equal(headersOf(answer).get('content-type'), 'application/x-ndjson')
  assert.ok(isComplete(answer))
  const text = Buffer.from(unchunked(answer), 'latin1').toString()
  assert.equal(text, '{"id":"1","name":"Ä"}\n{"id":"2","name":"b"}\n{"id":"3","name":"c"}\n')
  assert.equal(scene.records.length, 1)
  assert.equal(scene.records[0]!.responseBytes, null)
  assert.equal(scene.records[0]!.metered, true)
  const { durationUs, ...end } = await ended()
  assert.ok(durationUs > 0)
  assert.deepEqual(end, {
    id: scene.records[0]!.id,
    environment: 'live',
    responseBytes: Buffer.byteLength(text),
    code: null,
  })
})

const bad: [string, string][] = [
  ['a line of the wrong shape', '{"id":7,"name":"leak"}\n'],
  ['a line that is no JSON', '<leak>\n'],
  ['a line that never ends', `{"id":"leak","name":"${'x'.repeat(20_000)}`],
  ['a last line without an end that is no JSON', '{"id":"leak"'],
  ['bytes that are no UTF-8', Buffer.from('{"id":"leak\xff","name":"x"}\n', 'latin1').toString('latin1')],
]

for (const [what, line] of bad) {
  test(`the stream breaks off at ${what}, and none of it leaves`, async () => {
    answerWith('application/x-ndjson', (response) => {
      response.write('{"id":"1","name":"good"}\n')
      response.write(Buffer.from(line, 'latin1'))
      response.end('\n{"id":"2","name":"after"}\n')
    })
    const answer = await exchangeBytes(scene.port, get('/export'))
    assert.equal(statusOf(answer), 200)
    assert.ok(!isComplete(answer))
    assert.ok(!answer.includes('leak'))
    assert.ok(!answer.includes('after'))
    assert.equal((await ended()).code, 'gateway.off_contract')
    assert.equal(scene.gateway.open(), 0)
  })
}

test('the stream breaks off when the upstream does', async () => {
  answerWith('application/x-ndjson', (response) => {
    response.write('{"id":"1","name":"good"}\n{"id":"2","na', () => response.destroy())
  })
  const answer = await exchangeBytes(scene.port, get('/export'))
  assert.ok(!isComplete(answer))
  assert.ok(!answer.includes('"2"'))
  assert.equal((await ended()).code, 'gateway.upstream_broke')
})

test('an HTTP/1.0 client, which knows the end only by the close, gets a reset', async () => {
  answerWith('application/x-ndjson', (response) => response.end('{"id":"1","name":"good"}\nbroken\n'))
  const socket = await openSocket(scene.port)
  const failed = once(socket, 'error')
  socket.resume()
  socket.write(`GET /export HTTP/1.0\r\nHost: g\r\nX-Api-Key: ${keys.live}\r\n\r\n`)
  const [error] = (await failed) as [NodeJS.ErrnoException]
  assert.equal(error.code, 'ECONNRESET')
})

test('of server-sent events only projected data leaves', async () => {
  const events = [
    ': build 1.2 of internal-host\n\n',
    'event: internal-name\nid: cursor-42\ndata: {"id":"1",\ndata: "name":"a","cost":"9"}\n\n',
    'retry: 10\r\ndata:{"id":"2","name":"b"}\r\n\r\n',
    'data: {"id":"3","name":"unfinished"}\n',
  ]
  answerWith('text/event-stream', (response) => {
    for (const event of events) response.write(event)
    response.end()
  })
  const answer = await exchangeBytes(scene.port, get('/events'))
  assert.ok(isComplete(answer))
  assert.equal(
    content(answer)
      .replaceAll(/(^|\r\n)[0-9a-f]+\r\n/g, '')
      .replaceAll('\r', ''),
    ':\ndata: {"id":"1","name":"a"}\n\ndata: {"id":"2","name":"b"}\n\n\n',
  )
})

test('an event behind a byte order mark is not lost', async () => {
  answerWith('text/event-stream', (response) => response.end('\ufeffdata: {"id":"1","name":"a"}\n\n'))
  const answer = await exchangeBytes(scene.port, get('/events'))
  assert.ok(content(answer).includes('data: {"id":"1","name":"a"}'))
})

test('released content passes as it is, with its length', async () => {
  const pdf = Buffer.from(Array.from({ length: 300_000 }, (_, i) => i % 256))
  scene.upstream.answer((_request, response) => {
    response.writeHead(200, {
      'content-type': 'application/pdf',
      'content-length': pdf.length,
      'x-internal': '1',
    })
    response.end(pdf)
  })
  const response = await scene.fetch('/things/a1/file')
  assert.equal(response.headers.get('content-length'), String(pdf.length))
  assert.equal(response.headers.has('x-internal'), false)
  assert.deepEqual(Buffer.from(await response.arrayBuffer()), pdf)
  assert.equal((await ended()).responseBytes, pdf.length)
})

test('content that nobody released is withheld', async () => {
  answerWith('application/pdf', (response) => response.end('hidden-words'))
  const response = await scene.fetch('/secret-file')
  assert.equal(response.status, 502)
  assert.ok(!(await response.text()).includes('hidden-words'))
})

test('the upstream waits for a client that does not read, and the call ends when it never does', async () => {
  const line = `{"id":"1","name":"${'x'.repeat(8_000)}"}\n`
  let written = 0
  answerWith('application/x-ndjson', (response) => {
    const more = (): void => {
      while (!response.destroyed) {
        written += line.length
        if (!response.write(line)) break
      }
    }
    response.on('drain', more)
    more()
  })
  const before = process.memoryUsage.rss()
  const socket = await openSocket(scene.port)
  socket.pause()
  socket.write(get('/export'))
  const end = await ended()
  assert.equal(end.code, 'gateway.client_gone')
  // What fits into the buffers of three connections, and no more: an unbounded stream would write gigabytes.
  assert.ok(written < 40_000_000, String(written))
  assert.ok(process.memoryUsage.rss() - before < 120_000_000)
  assert.equal(scene.gateway.open(), 0)
  socket.destroy()
})

test('the call ends when the client leaves', async () => {
  const closed = Promise.withResolvers<void>()
  answerWith('application/x-ndjson', (response) => {
    response.on('close', () => closed.resolve())
    response.write('{"id":"1","name":"good"}\n')
  })
  const socket = await openSocket(scene.port)
  socket.write(get('/export'))
  await once(socket, 'data')
  socket.destroy()
  assert.equal((await ended()).code, 'gateway.client_gone')
  await closed.promise
})

test('an upload is streamed at the pace of the upstream, and counted', async () => {
  const size = 1_500_000
  scene.upstream.answer((request, response) => {
    let bytes = 0
    request.on('data', (chunk: Buffer) => (bytes += chunk.length))
    request.on('end', () => {
      assert.equal(bytes, size)
      response.writeHead(204).end()
    })
  })
  for (const headers of [{ 'content-length': String(size) }, {}]) {
    scene.records.length = 0
    const body = 'content-length' in headers ? 'z'.repeat(size) : new Blob(['z'.repeat(size)]).stream()
    const init = {
      method: 'PUT',
      body,
      duplex: 'half',
      headers: { 'content-type': 'application/octet-stream' },
    }
    const response = await scene.fetch(
      '/things/a1/file',
      init as RequestInit & { headers: Record<string, string> },
    )
    assert.equal(response.status, 204)
    assert.equal(scene.records[0]!.requestBytes, size)
  }
})

test('413 for an upload that turns out too large, and the upstream is told nothing is complete', async () => {
  let complete = false
  scene.upstream.answer((request) => {
    request.resume()
    request.on('end', () => (complete = true))
    request.on('error', () => undefined)
  })
  const chunk = `${(500_000).toString(16)}\r\n${'z'.repeat(500_000)}\r\n`
  const answer = await exchangeBytes(
    scene.port,
    requestText(
      'PUT',
      '/things/a1/file',
      [`X-Api-Key: ${keys.live}`, 'Content-Type: application/octet-stream', 'Transfer-Encoding: chunked'],
      chunk.repeat(5),
    ),
  )
  assert.equal(statusOf(answer), 413)
  assert.equal(complete, false)
  assert.equal(scene.records[0]!.code, 'request.body_too_large')
})

test('an upload that the upstream answers early is answered early', async () => {
  scene.upstream.answer((_request, response) => response.writeHead(204).end())
  const body = 'z'.repeat(1_500_000)
  const headers = [
    `X-Api-Key: ${keys.live}`,
    'Content-Type: application/octet-stream',
    `Content-Length: ${body.length}`,
  ]
  const answer = await exchangeBytes(scene.port, requestText('PUT', '/things/a1/file', headers, body))
  assert.equal(statusOf(answer), 204)
  assert.equal(scene.records.length, 1)
  assert.equal(scene.gateway.open(), 0)
})
