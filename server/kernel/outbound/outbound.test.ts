/** Calls go to public addresses, are bounded, and nobody is led elsewhere by a name, a spelling or a redirect. */
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { RequestListener } from 'node:http'
import { createServer as createTcpServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { after, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { createOutbound, OutboundError } from '#/kernel/outbound/outbound.ts'
import type { OutboundOptions } from '#/kernel/outbound/outbound.ts'

function outboundOf(options: Partial<OutboundOptions> = {}) {
  const outbound = createOutbound({ allowLoopback: false, ...options })
  after(() => outbound.close())
  return outbound
}

async function serverOf(listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  after(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const strict = outboundOf()
const local = outboundOf({ allowLoopback: true })
const failsWith = (code: string) => (error: unknown) => error instanceof OutboundError && error.code === code

const inside = [
  '127.0.0.1',
  '2130706433',
  '0x7f.1',
  '0177.0.0.1',
  '127.1',
  '[::1]',
  '[::]',
  '[::ffff:127.0.0.1]',
  '[::ffff:93.184.215.14]',
  '[0:0:0:0:0:ffff:7f00:1]',
  '[::127.0.0.1]',
  '[64:ff9b::7f00:1]',
  '[64:ff9b:1::1]',
  '[100::1]',
  '[2001::1]',
  '[2001:db8::1]',
  '[2002:7f00:1::]',
  '[3fff::1]',
  '[5f00::1]',
  '[fc00::1]',
  '[fd12:3456::1]',
  '[fe80::1]',
  '[fec0::1]',
  '[ff02::1]',
  '0.0.0.0',
  '10.1.2.3',
  '100.64.0.1',
  '169.254.169.254',
  '172.31.255.255',
  '192.0.0.8',
  '192.0.2.1',
  '192.88.99.1',
  '192.168.0.1',
  '198.19.255.255',
  '198.51.100.1',
  '203.0.113.1',
  '224.0.0.1',
  '240.0.0.1',
  '255.255.255.255',
]

for (const host of inside) {
  test(`nothing is sent to ${host}`, async () => {
    await assert.rejects(strict.fetch(`https://${host}/`), failsWith('address'))
  })
}

test('what the addresses next to them allow is allowed', () => {
  for (const host of [
    '9.255.255.255',
    '11.0.0.0',
    '100.63.255.255',
    '100.128.0.0',
    '172.15.255.255',
    '172.32.0.0',
    '198.17.255.255',
    '198.20.0.0',
    '223.255.255.255',
    '[2001:200::1]',
    '[2606:4700::1111]',
  ]) {
    assert.equal(strict.objection(`https://${host}/`), null, host)
  }
})

test('schemes, passwords and ports are refused before anything is looked up', async () => {
  const resolve = () => assert.fail('looked up')
  const outbound = outboundOf({ resolve, ports: [8443] })
  const refusals = {
    'http://idp.example/': 'scheme',
    'ftp://idp.example/': 'scheme',
    'file:///etc/passwd': 'scheme',
    'https://user@idp.example/': 'credentials',
    'https://:secret@idp.example/': 'credentials',
    'https://idp.example:22/': 'port',
    'https://idp.example:80/': 'port',
    'no address': 'name',
  }
  for (const [url, code] of Object.entries(refusals)) {
    await assert.rejects(outbound.fetch(url), failsWith(code), url)
    assert.equal(outbound.objection(url)?.code, code)
  }
  assert.equal(outbound.objection('https://idp.example:8443/'), null)
})

test('a name is refused when one of its addresses is', async () => {
  const bad = [['127.0.0.1'], ['93.184.215.14', '10.0.0.1'], ['2606:4700::1111', 'fe80::1']]
  for (const addresses of bad) {
    const outbound = outboundOf({
      resolve: (_name, _options, done) =>
        done(
          null,
          addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
        ),
    })
    await assert.rejects(outbound.fetch('https://idp.example/'), failsWith('address'), addresses.join())
  }
  const nowhere = outboundOf({ resolve: (_name, _options, done) => done(null, []) })
  await assert.rejects(nowhere.fetch('https://idp.example/'), failsWith('name'))
})

test('a name that led to a good address a moment ago is looked up again for the next connection', async () => {
  const url = new URL(
    await serverOf((_request, response) => {
      response.writeHead(200, { connection: 'close' }).end()
    }),
  )
  url.hostname = 'localhost'
  const addresses = ['127.0.0.1', '10.0.0.1']
  const outbound = outboundOf({
    allowLoopback: true,
    resolve: (_name, _options, done) => done(null, [{ address: addresses.shift() ?? '', family: 4 }]),
  })
  assert.equal((await outbound.fetch(url.href)).status, 200)
  await assert.rejects(outbound.fetch(url.href), failsWith('address'))
})

test('no spelling of an IPv4 address inside gets through', () => {
  const spellings = (a: number, b: number, c: number, d: number) => [
    `${a}.${b}.${c}.${d}`,
    `${((a << 24) | (b << 16) | (c << 8) | d) >>> 0}`,
    `0x${a.toString(16)}.0x${b.toString(16)}.${c}.${d}`,
    `0${a.toString(8)}.${b}.${(c << 8) | d}`,
    `[::ffff:${a}.${b}.${c}.${d}]`,
    `[::${a}.${b}.${c}.${d}]`,
  ]
  const byte = fc.nat(255)
  fc.assert(
    fc.property(fc.constantFrom(10, 127, 0, 224, 255), byte, byte, byte, (a, b, c, d) => {
      for (const host of spellings(a, b, c, d)) {
        assert.equal(strict.objection(`https://${host}/`)?.code, 'address', host)
      }
    }),
  )
})

test('where it is allowed, this machine answers, with its status, headers and body', async () => {
  const url = await serverOf((request, response) => {
    response.writeHead(201, { 'content-type': 'application/json', 'set-cookie': ['a=1', 'b=2'] })
    request.pipe(response)
  })
  const answer = await local.fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'text/plain' },
    body: 'hello',
  })
  assert.equal(answer.status, 201)
  assert.equal(answer.headers.get('content-type'), 'application/json')
  assert.deepEqual(answer.headers.getSetCookie(), ['a=1', 'b=2'])
  assert.equal(await answer.text(), 'hello')
  await assert.rejects(strict.fetch(url), failsWith('scheme'))
})

test('a redirect is an answer like others', async () => {
  let asked = 0
  const url = await serverOf((_request, response) => {
    asked += 1
    response.writeHead(302, { location: '/elsewhere' }).end()
  })
  const answer = await local.fetch(url)
  assert.equal(answer.status, 302)
  assert.equal(asked, 1)
})

test('an answer has a size', async () => {
  const url = await serverOf((request, response) => {
    const chunked = request.url === '/chunked'
    if (!chunked) response.setHeader('content-length', 2000)
    response.write(Buffer.alloc(1000))
    response.end(Buffer.alloc(1000))
  })
  for (const path of ['/', '/chunked']) {
    await assert.rejects(local.fetch(url + path, { maxBytes: 1999 }), failsWith('too-large'))
    const answer = await local.fetch(url + path, { maxBytes: 2000 })
    assert.equal((await answer.arrayBuffer()).byteLength, 2000)
  }
})

test('nothing is decompressed', async () => {
  let accepted: string | undefined
  const url = await serverOf((request, response) => {
    accepted = request.headers['accept-encoding']
    response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(Buffer.alloc(10_000_000)))
  })
  await assert.rejects(local.fetch(url), failsWith('encoded'))
  assert.equal(accepted, 'identity')
})

test('who never answers, drips or breaks off is let go', async () => {
  const hasty = outboundOf({ allowLoopback: true, times: { connect: 300, headers: 150, total: 400 } })
  const silent = await serverOf(() => {})
  await assert.rejects(hasty.fetch(silent), failsWith('timeout'))
  const dripping = await serverOf((_request, response) => {
    const timer = setInterval(() => response.write('.'), 20)
    response.on('close', () => clearInterval(timer))
  })
  await assert.rejects(hasty.fetch(dripping), failsWith('timeout'))
  const breaking = await serverOf((_request, response) => {
    response.writeHead(200, { 'content-length': 100 })
    response.write('half', () => response.destroy())
  })
  await assert.rejects(hasty.fetch(breaking), failsWith('broken'))
})

test('where nobody listens, and what is not HTTP, is told apart', async () => {
  const gone = createTcpServer()
  await new Promise<void>((ready) => gone.listen(0, '127.0.0.1', ready))
  const { port } = gone.address() as AddressInfo
  await new Promise((closed) => gone.close(closed))
  await assert.rejects(local.fetch(`http://127.0.0.1:${port}/`), failsWith('connect'))

  const odd = createTcpServer((socket) => socket.end('SSH-2.0-odd\r\n'))
  await new Promise<void>((ready) => odd.listen(0, '127.0.0.1', ready))
  after(() => odd.close())
  await assert.rejects(
    local.fetch(`http://127.0.0.1:${(odd.address() as AddressInfo).port}/`),
    failsWith('broken'),
  )
})

test('whoever asked may stop it', async () => {
  const url = await serverOf(() => {})
  const stop = new AbortController()
  const fetching = local.fetch(url, { signal: stop.signal })
  stop.abort()
  await assert.rejects(fetching, failsWith('broken'))
})
