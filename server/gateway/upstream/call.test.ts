/** What a partner learns when the upstream fails: that it did, and no byte of it. */
import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'
import { describe, test } from 'node:test'
import { compileTestContract } from '../../../tests/support/gateway-contract.ts'
import { keys, startScene } from '../../../tests/support/gateway.ts'
import type { Scene } from '../../../tests/support/gateway.ts'
import { exchangeBytes, requestText, statusOf } from '../../../tests/support/raw.ts'

/** A server that does with a connection what it is told, once it has read something. */
async function startBadUpstream(
  act: (socket: Socket, count: number) => void,
): Promise<Server & { count: () => number }> {
  let count = 0
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.on('data', () => act(socket, ++count))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return Object.assign(server, { count: () => count })
}

type Ground = 'fast' | 'node'
type AgainstIt = (...rest: Against) => Promise<void>
type Against = [
  act: (socket: Socket, count: number) => void,
  call: (bad: Scene, count: () => number) => Promise<void>,
]

async function startAgainst(
  ground: Ground,
  act: (socket: Socket, count: number) => void,
  call: (bad: Scene, count: () => number) => Promise<void>,
): Promise<void> {
  const server = await startBadUpstream(act)
  const { port } = server.address() as AddressInfo
  const bad = await startScene(compileTestContract(), {
    ground,
    upstreamUrl: `http://127.0.0.1:${port}`,
    times: { headersTimeout: 300, idleTimeout: 300 },
    timeouts: { total: 1_500, drain: 1_000 },
    limits: { answerBytes: 20_000 },
  })
  try {
    await call(bad, server.count)
  } finally {
    await bad.close()
    server.close()
  }
}

const ok = (body: string, type = 'application/json', more = '') =>
  `HTTP/1.1 200 OK\r\nContent-Type: ${type}\r\n${more}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
const secret = 'leak-5e1f'

const failures: [string, string | ((socket: Socket) => void), number, string][] = [
  ['closes without a word', (socket) => socket.destroy(), 502, 'upstream.broke'],
  ['resets the connection', (socket) => socket.resetAndDestroy(), 502, 'upstream.broke'],
  ['never answers', () => undefined, 504, 'upstream.timeout'],
  [
    'hangs within its content',
    `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{"id":"${secret}`,
    504,
    'upstream.timeout',
  ],
  [
    'closes within its content',
    (socket) =>
      socket.end(
        `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{"id":"${secret}`,
      ),
    502,
    'upstream.broke',
  ],
  ['speaks no HTTP', `${secret}\r\n\r\n`, 502, 'upstream.broke'],
  [
    'answers 500 with a page',
    `HTTP/1.1 500 Oops ${secret}\r\nContent-Type: text/html\r\nContent-Length: 9\r\n\r\n${secret}`,
    502,
    'upstream.off_contract',
  ],
  [
    'answers with a status of no contract',
    `HTTP/1.1 202 ${secret}\r\nContent-Length: 0\r\n\r\n`,
    502,
    'upstream.off_contract',
  ],
  [
    'redirects',
    `HTTP/1.1 307 T\r\nLocation: http://${secret}/\r\nContent-Length: 0\r\n\r\n`,
    502,
    'upstream.off_contract',
  ],
  ['answers with another media type', ok(`"${secret}"`, 'text/html'), 502, 'upstream.off_contract'],
  [
    'answers without a media type',
    `HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}`,
    502,
    'upstream.off_contract',
  ],
  ['sends broken JSON', ok(`{"id":"${secret}",}`), 502, 'upstream.off_contract'],
  [
    'sends JSON that is not UTF-8',
    ok('{"id":"1"}', 'application/json').replace('"1"', '"\xff"'),
    502,
    'upstream.off_contract',
  ],
  ['sends a byte order mark', ok('\ufeff{"id":"1","name":"x"}'), 502, 'upstream.off_contract'],
  ['sends nothing as JSON', ok(''), 502, 'upstream.off_contract'],
  ['sends a value of the wrong type', ok(`{"id":["${secret}"],"name":"x"}`), 502, 'upstream.off_contract'],
  [
    'compresses unasked',
    ok(secret, 'application/json', 'Content-Encoding: gzip\r\n'),
    502,
    'upstream.off_contract',
  ],
  ['sends too much', ok(`{"id":"${'x'.repeat(30_000)}","name":"x"}`), 502, 'upstream.off_contract'],
  [
    'sends too much without saying so',
    `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n7530\r\n"${'x'.repeat(29_998)}"\r\n0\r\n\r\n`,
    502,
    'upstream.off_contract',
  ],
  [
    'sends two lengths',
    `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}`,
    502,
    'upstream.broke',
  ],
  [
    'switches protocols',
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n${secret}`,
    502,
    'upstream.broke',
  ],
  ['has endless headers', `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(40_000)}\r\n\r\n`, 502, 'upstream.broke'],
]

function onGround(ground: Ground): void {
  const against: AgainstIt = (...rest) => startAgainst(ground, ...rest)
  failing(against)
  cutShort(against)
  going(against)
  nobodyThere(ground)
}

function failing(against: AgainstIt): void {
  for (const [what, reply, status, code] of failures) {
    test(`${status} when the upstream ${what}`, async () => {
      const act = (socket: Socket) =>
        void (typeof reply === 'string'
          ? socket.write(reply.includes('\xff') ? Buffer.from(reply, 'latin1') : reply)
          : reply(socket))
      await against(act, async (bad, count) => {
        const response = await bad.fetch('/things/a1')
        const text = await response.text()
        assert.equal(response.status, status, text)
        assert.equal((JSON.parse(text) as { code: string }).code, code)
        const everything = text + JSON.stringify([...response.headers])
        assert.ok(!everything.includes(secret))
        assert.ok(!/127\.0\.0\.1|ECONN|UND_ERR|socket/i.test(everything), everything)
        assert.equal(bad.records.length, 1)
        assert.equal(bad.records[0]!.metered, false)
        assert.equal(bad.records[0]!.code, code)
        assert.ok(count() <= 2)
      })
    })
  }
}

const wholes: [string, string][] = [
  ['a length', ok('{"id":"a1","name":"One"}')],
  [
    'chunks',
    'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n' +
      'a\r\n{"id":"a1"\r\ne\r\n,"name":"One"}\r\n0\r\n\r\n',
  ],
]

function cutShort(against: AgainstIt): void {
  for (const [framing, whole] of wholes) {
    test(`502 when the upstream closes at any byte of an answer with ${framing}, and 200 behind the last`, async () => {
      let sent = 0
      const end = (socket: Socket): void => void (sent % 2 === 0 ? socket.end() : socket.resetAndDestroy())
      await against(
        (socket) => void socket.write(whole.slice(0, sent), () => setImmediate(end, socket)),
        async (bad) => {
          for (sent = 1; sent <= whole.length; sent++) {
            const response = await bad.fetch('/things/a1')
            assert.equal(response.status, sent < whole.length ? 502 : 200, `after ${sent} bytes`)
            await response.text()
          }
        },
      )
    })
  }
}

function going(against: AgainstIt): void {
  test('a write is sent once, whatever becomes of it', async () => {
    await against(
      (socket) => socket.resetAndDestroy(),
      async (bad, count) => {
        const response = await bad.fetch('/things', {
          method: 'POST',
          body: '{"name":"a"}',
          headers: { 'content-type': 'application/json' },
        })
        assert.equal(response.status, 502)
        assert.equal(count(), 1)
      },
    )
  })

  test('a read goes again, once, when a kept connection was closed under it', async () => {
    const good = ok('{"id":"a1","name":"One"}')
    await against(
      (socket, count) => void (count === 2 ? socket.destroy() : socket.write(good)),
      async (bad, count) => {
        assert.equal((await bad.fetch('/things/a1')).status, 200)
        assert.equal((await bad.fetch('/things/a1')).status, 200)
        assert.equal(count(), 3)
        assert.equal(bad.records.length, 2)
      },
    )
  })

  test('504 when the answer drips longer than the total time', async () => {
    const dripping = new Set<NodeJS.Timeout>()
    await against(
      (socket) => {
        socket.write(
          'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n',
        )
        dripping.add(setInterval(() => socket.write('1\r\n \r\n'), 50))
      },
      async (bad) => {
        const response = await bad.fetch('/things/a1')
        assert.equal(response.status, 504)
        assert.equal(bad.gateway.open(), 0)
      },
    )
    for (const timer of dripping) clearInterval(timer)
  })

  test('interim answers of the upstream are not passed on', async () => {
    const early = 'HTTP/1.1 103 Early Hints\r\nLink: </secret>\r\n\r\n'
    await against(
      (socket) => void socket.write(early + ok('{"id":"a1","name":"One"}')),
      async (bad) => {
        const answer = await exchangeBytes(
          Number(new URL(bad.url).port),
          requestText('GET', '/things/a1', [`X-Api-Key: ${keys.live}`]),
        )
        assert.equal(statusOf(answer), 200)
        assert.ok(!answer.includes('secret'))
      },
    )
  })
}

function nobodyThere(ground: Ground): void {
  test('502 when nobody listens, and the answer names no address', async () => {
    const gone = await startBadUpstream(() => undefined)
    const { port } = gone.address() as AddressInfo
    await new Promise((resolve) => gone.close(resolve))
    const bad = await startScene(compileTestContract(), { ground, upstreamUrl: `http://127.0.0.1:${port}` })
    const response = await bad.fetch('/things/a1')
    const text = await response.text()
    assert.equal(response.status, 502)
    assert.equal((JSON.parse(text) as { code: string }).code, 'upstream.unreachable')
    assert.ok(!text.includes(String(port)))
    await bad.close()
  })
}

/** The fast lane with our own client, and node:http with undici: the same upstream has the same outcome. */
for (const ground of ['fast', 'node'] as const) {
  describe(`on the ${ground} ground`, () => onGround(ground))
}
