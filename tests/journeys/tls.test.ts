/** HTTPS from our own port: certificates that are renewed, broken and mended under open connections. */
import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { Agent, request } from 'node:https'
import type { AgentOptions } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { connect } from 'node:tls'
import type { TLSSocket } from 'node:tls'
import { startPortico } from '../support/portico.ts'
import { exchangeBytes, headersOf, requestText, statusOf } from '../support/raw.ts'
import { received } from '../support/solstice.ts'
import { within } from '../support/waiting.ts'

const pairs = join(import.meta.dirname, '..', 'data', 'tls')
const folder = mkdtempSync(join(tmpdir(), 'portico-tls-'))
const files = { cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') }
type Name = 'first' | 'second'
const certificate = (name: Name) => readFileSync(join(pairs, `${name}.cert.pem`))
const ca = [certificate('first'), certificate('second')]

function install(name: Name): void {
  copyFileSync(join(pairs, `${name}.cert.pem`), files.cert)
  copyFileSync(join(pairs, `${name}.key.pem`), files.key)
}

install('first')
const environment = { TLS_CERT: files.cert, TLS_KEY: files.key, LOG_LEVEL: 'info' }
const portico = await startPortico(environment)
after(async () => {
  assert.equal(await portico.stop(), 0)
  rmSync(folder, { recursive: true })
})
const { publicUrl, partners, provider } = portico.facts
const port = Number(new URL(publicUrl).port)

type Answered = { readonly status: number; readonly socket: TLSSocket; readonly reused: boolean }

async function get(path: string, options: AgentOptions | Agent = {}): Promise<Answered> {
  const agent = options instanceof Agent ? options : new Agent({ ...options, ca })
  const headers = { authorization: `Bearer ${partners.pro.live.apiKey}` }
  const sent = request(`${publicUrl}${path}`, { agent, headers }).end()
  const [answer] = (await once(sent, 'response')) as [IncomingMessage]
  const socket = answer.socket as TLSSocket
  const reused = sent.reusedSocket
  await once(answer.resume(), 'end')
  if (agent !== options) agent.destroy()
  return { status: answer.statusCode ?? 0, socket, reused }
}

/** Fingerprint of what a new connection is shown. */
async function shown(): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1', ca })
  await once(socket, 'secureConnect')
  const { fingerprint256 } = socket.getPeerCertificate()
  socket.destroy()
  return fingerprint256
}

const fingerprint = (name: Name): string => new X509Certificate(certificate(name)).fingerprint256

const logged = (event: string): number => portico.output().split(`"event":"${event}"`).length - 1

const kept = new Agent({ ca, keepAlive: true, maxSockets: 1 })
after(() => kept.destroy())

test('calls go over TLS, and the upstream is told so', async () => {
  assert.match(publicUrl, /^https:/)
  assert.equal(await shown(), fingerprint('first'))
  assert.equal((await get('/api/products?limit=1', kept)).status, 200)
  assert.equal((await get('/readyz')).status, 200)
  const forwarded = (await received(provider.live)).findLast(({ operation }) => operation === 'listProducts')
  const at = forwarded?.rawHeaders.findIndex((name) => name.toLowerCase() === 'forwarded') ?? -1
  assert.match(forwarded?.rawHeaders[at + 1] ?? '', /;proto=https;/)
})

test('a renewed pair is shown to new connections; open ones go on', async () => {
  install('second')
  await within(10_000, async () => (await shown()) === fingerprint('second'))
  const again = await get('/api/products?limit=1', kept)
  assert.deepEqual([again.status, again.reused], [200, true])
  assert.ok(logged('tls.reloaded') >= 1)
})

test('files that are broken or do not fit are told and not taken', async () => {
  const before = logged('tls.reload_failed')
  writeFileSync(files.cert, 'rubbish')
  await within(10_000, async () => logged('tls.reload_failed') > before)
  assert.equal(await shown(), fingerprint('second'))
  copyFileSync(join(pairs, 'first.cert.pem'), files.cert)
  await within(10_000, async () => logged('tls.reload_failed') > before + 1)
  assert.equal(await shown(), fingerprint('second'), 'a certificate without its key')
  copyFileSync(join(pairs, 'first.key.pem'), files.key)
  await within(10_000, async () => (await shown()) === fingerprint('first'))
  assert.equal((await get('/api/products?limit=1', kept)).status, 200)
})

test('plain HTTP is told that this port speaks HTTPS; what is neither is cut off', async () => {
  const answer = await exchangeBytes(port, requestText('GET', '/api/products', []))
  assert.equal(statusOf(answer), 400)
  assert.equal(headersOf(answer).get('content-type'), 'application/problem+json')
  assert.match(answer, /"code":"http\.not_tls"/)
  assert.equal(await exchangeBytes(port, Buffer.from([0xff, 0x00, 0x13, 0x37, 0x0a, 0x0a])), '')
  assert.equal((await get('/readyz')).status, 200)
})

test('nothing older than TLS 1.2 is spoken', async () => {
  const only = { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1' } as const
  // Our client would refuse by itself at the usual level.
  const old = connect({ port, host: '127.0.0.1', ca, ciphers: 'DEFAULT@SECLEVEL=0', ...only })
  const [error] = (await once(old, 'error')) as [NodeJS.ErrnoException]
  assert.equal(error.code, 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION')
})
