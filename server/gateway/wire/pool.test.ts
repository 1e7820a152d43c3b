/** Which connections serve again, and that nothing of one exchange reaches another. */
import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { after, afterEach, before, beforeEach, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import type { Controller, Outgoing } from '#/gateway/wire/client.ts'
import { createWirePool } from '#/gateway/wire/pool.ts'
import type { WirePool } from '#/gateway/wire/pool.ts'

/** What the upstream does with each piece that arrives; `connections` in the order in which they came. */
let act: (socket: Socket, text: string) => void
const connections: Socket[] = []
const server = createServer((socket) => {
  connections.push(socket)
  socket.on('error', () => undefined)
  socket.on('data', (chunk: Buffer) => act(socket, chunk.toString('latin1')))
})
let port: number
let pool: WirePool

before(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  port = (server.address() as AddressInfo).port
})
after(() => server.close())
beforeEach(() => {
  connections.length = 0
  act = (socket) => void socket.write(ok('a'))
  pool = createWirePool({ hostname: '127.0.0.1', port, host: 'up.test', connectTimeout: 1_000 }, 2)
})

afterEach(() => pool.close())

const ok = (body: string, more = '') =>
  `HTTP/1.1 200 OK\r\n${more}Content-Length: ${body.length}\r\n\r\n${body}`

type Reply = { status: number; text: string; error: Error | null; hadConnection: boolean }

/** `steer` is told of the request's start and of each piece of content. */
function call(
  change: Partial<Outgoing> = {},
  steer: (controller: Controller, what: 'start' | 'head' | 'data') => void = () => undefined,
): Promise<Reply> {
  const over = Promise.withResolvers<Reply>()
  const reply: Reply = { status: 0, text: '', error: null, hadConnection: false }
  const outgoing = {
    path: '/',
    method: 'GET',
    headers: [],
    body: null,
    headersTimeout: 2_000,
    bodyTimeout: 2_000,
  }
  pool.dispatch(
    { ...outgoing, ...change },
    {
      onRequestStart: (controller) => {
        reply.hadConnection = true
        steer(controller, 'start')
      },
      onResponseStart: (controller, status) => {
        reply.status = status
        steer(controller, 'head')
      },
      onResponseData: (controller, chunk) => {
        reply.text += chunk.toString('latin1')
        steer(controller, 'data')
      },
      onResponseEnd: () => over.resolve(reply),
      onResponseError: (_controller, error) => over.resolve({ ...reply, error }),
    },
  )
  return over.promise
}

const settled = () => delay(20)

test('one connection serves one request after the other', async () => {
  for (let i = 0; i < 5; i++) assert.equal((await call()).text, 'a')
  assert.equal(connections.length, 1)
})

test('at most so many at a time, and the others in their order', async () => {
  const served: string[] = []
  act = (socket, text) => {
    served.push(/^GET (\S+)/.exec(text)![1]!)
    setTimeout(() => socket.write(ok('a')), 5)
  }
  const paths = ['/1', '/2', '/3', '/4', '/5', '/6']
  await Promise.all(paths.map((path) => call({ path })))
  assert.equal(connections.length, 2)
  assert.deepEqual(served.toSorted(), paths)
  assert.deepEqual(served.slice(2, 4).toSorted(), ['/3', '/4'])
})

const ending: [string, string, string][] = [
  ['says that it closes', ok('a', 'Connection: close\r\n'), 'GET'],
  ['says so among others', ok('a', 'Connection: keep-alive, Close\r\n'), 'GET'],
  ['is of HTTP/1.0', ok('a').replace('HTTP/1.1', 'HTTP/1.0'), 'GET'],
  ['has bytes behind its end', `${ok('a')}HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nsmuggled`, 'GET'],
  [
    'has bytes behind its last chunk',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\nx',
    'GET',
  ],
  ['announces content that must not be there', 'HTTP/1.1 204 x\r\nContent-Length: 5\r\n\r\n', 'GET'],
  ['has content that must not be there', ok('a'), 'HEAD'],
  ['is to HEAD, so content may wrongly follow', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n', 'HEAD'],
  ['is kept too shortly to rely on', ok('a', 'Keep-Alive: timeout=2\r\n'), 'GET'],
]

for (const [what, bytes, method] of ending) {
  test(`a connection whose answer ${what} serves no other request`, async () => {
    act = (socket) => void socket.write(connections.length === 1 ? bytes : ok('clean'))
    assert.equal((await call({ method })).error, null)
    await settled()
    assert.equal((await call()).text, 'clean')
    assert.equal(connections.length, 2)
    assert.ok(connections[0]!.destroyed || connections[0]!.readableEnded)
  })
}

test('a connection on which something comes unasked serves no other request', async () => {
  await call()
  connections[0]!.write(ok('smuggled'))
  await settled()
  act = (socket) => void socket.write(ok('clean'))
  assert.equal((await call()).text, 'clean')
  assert.equal(connections.length, 2)
})

test('an answer that overtakes the content of its request ends the connection', async () => {
  act = () => undefined
  server.once('connection', (socket: Socket) => {
    socket.pause()
    socket.write(ok('early'))
  })
  const body = Buffer.alloc(20_000_000)
  assert.equal((await call({ method: 'POST', body })).text, 'early')
  act = (socket) => void socket.write(ok('clean'))
  assert.equal((await call()).text, 'clean')
  assert.equal(connections.length, 2)
})

test('an idle connection is closed before the upstream would', async () => {
  act = (socket) => void socket.write(ok('a', 'Keep-Alive: timeout=3\r\n'))
  await call()
  await delay(1_600)
  assert.ok(connections[0]!.readableEnded || connections[0]!.destroyed)
})

test('only a kept connection that closes before any byte of the answer lets a request go again', async () => {
  const cases: [string, boolean][] = [
    ['', true],
    ['H', false],
    ['HTTP/1.1 103 E\r\n\r\n', false],
    [ok('abc').slice(0, -1), false],
  ]
  for (const [bytes, wasKept] of cases) {
    act = (socket) => void socket.write(ok('a'))
    await call()
    act = (socket) => void (bytes === '' ? socket.end() : socket.end(bytes))
    const { error } = await call()
    assert.deepEqual(
      [error!.name, (error as Error & { wasKept: boolean }).wasKept],
      ['WireError', wasKept],
      bytes,
    )
  }
  act = (socket) => void socket.end()
  const { error } = await call()
  assert.equal((error as Error & { wasKept: boolean }).wasKept, false, 'a fresh one')
})

test('what was given up reaches nobody, and a word that comes too late stops nobody else', async () => {
  let late: Controller | null = null
  await call({}, (controller) => void (late = controller))
  act = (socket, text) => void (text.startsWith('GET /second') && socket.write(ok('second')))
  const second = call({ path: '/second' })
  late!.abort(new Error('too late'))
  late!.pause()
  assert.equal((await second).text, 'second')
  assert.equal(connections.length, 1)
  const given = await call(
    {},
    (controller, what) => void (what === 'start' && controller.abort(new Error('given up'))),
  )
  assert.equal(given.error!.message, 'given up')
  assert.equal((await call({ path: '/second' })).text, 'second')
  assert.equal(connections.length, 1, 'nothing had been sent on it')
  act = (socket) => void socket.write(ok('half').slice(0, -2))
  const cut = await call(
    {},
    (controller, what) => void (what === 'data' && controller.abort(new Error('enough'))),
  )
  assert.equal(cut.error!.message, 'enough')
  act = (socket) => void socket.write(ok('clean'))
  assert.equal((await call()).text, 'clean')
  assert.equal(connections.length, 2)
})

test('thousands that were given up while they waited are gone through at once', async () => {
  const first = Promise.withResolvers<Socket>()
  act = (socket) => first.resolve(socket)
  const busy = [call(), call()]
  const socket = await first.promise
  const rest = Array.from({ length: 20_000 }, () =>
    call({}, (controller, what) => void (what === 'start' && controller.abort(new Error('given up')))),
  )
  act = (one) => void one.write(ok('a'))
  socket.write(ok('a'))
  const replies = await Promise.all(rest)
  assert.ok(replies.every(({ error }) => error?.message === 'given up'))
  pool.close()
  await Promise.all(busy)
})

test('a pool that is closed ends what is under way, what waits and what comes later', async () => {
  const arrived: Socket[] = []
  act = (socket) => void arrived.push(socket)
  const calls = [call(), call(), call()]
  while (arrived.length < 2) await settled()
  pool.close()
  const replies = await Promise.all([...calls, call()])
  assert.ok(replies.every(({ error }) => error?.name === 'WireError'))
  assert.equal(replies[3]!.hadConnection, false)
})

test('an answer goes at the pace of who takes it, and its end leaves the connection running', async () => {
  const whole = 'x'.repeat(5_000_000)
  act = (socket) => void socket.write(ok(whole))
  let paused: Controller | null = null
  const slow = call({ bodyTimeout: 500 }, (controller, what) => {
    if (what !== 'data') return
    controller.pause()
    paused = controller
  })
  await delay(1_200)
  assert.ok(connections[0]!.writableLength > 1_000_000, 'the upstream waits, and is not timed out for it')
  const going = setInterval(() => paused?.resume(), 1)
  const { text, error } = await slow
  clearInterval(going)
  assert.deepEqual([text.length, error], [whole.length, null])
  act = (socket) => void socket.write(ok('next'))
  assert.equal((await call()).text, 'next')
  assert.equal(connections.length, 1)
})

test('content without a length ends with the connection, and is not whole when that broke', async () => {
  act = (socket) => void socket.end('HTTP/1.1 200 OK\r\n\r\nall there is')
  assert.equal((await call()).text, 'all there is')
  act = (socket) => {
    socket.write('HTTP/1.1 200 OK\r\n\r\nhalf')
    setTimeout(() => socket.resetAndDestroy(), 10)
  }
  assert.equal((await call()).error!.name, 'WireError')
})

test('a header or a target that would write another line is not sent', async () => {
  const changes: Partial<Outgoing>[] = [
    { headers: ['X-A', 'b\r\nX-Evil: c'] },
    { headers: ['X-A', 'b\0'] },
    { path: '/a HTTP/1.1\r\nX: y' },
    { path: '/a\r\n' },
    { path: 'a' },
    { method: 'GET /' },
  ]
  for (const change of changes) {
    const { error, hadConnection } = await call(change)
    assert.deepEqual([error!.name, hadConnection], ['TypeError', false])
  }
  assert.equal(connections.length, 0)
})

test('a request goes out whole, with the name of its origin and the length of its content', async () => {
  const received: string[] = []
  act = (socket, text) => {
    received.push(text)
    socket.write(ok('a'))
  }
  await call({ path: '/a?b', headers: ['X-A', '\u00e9'] })
  await call({ method: 'POST', body: Buffer.from('{}') })
  await call({ method: 'POST' })
  assert.deepEqual(received, [
    'GET /a?b HTTP/1.1\r\nHost: up.test\r\nConnection: keep-alive\r\nX-A: \u00e9\r\n\r\n',
    'POST / HTTP/1.1\r\nHost: up.test\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\n{}',
    'POST / HTTP/1.1\r\nHost: up.test\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n',
  ])
})

test('a write is not sent on a connection whose upstream closed behind its answer', async () => {
  act = (socket) => void socket.end(ok('a'))
  for (let i = 0; i < 50; i++) {
    await call()
    const { error } = await call({ method: 'POST', body: Buffer.from('{}') })
    assert.equal(error, null)
  }
})
