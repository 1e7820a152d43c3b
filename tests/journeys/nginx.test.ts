/** nginx with the configuration of examples/nginx carries calls and asks about each; the real nginx, or the test fails. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { IncomingMessage, RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { resumePartner, suspendPartner } from '#/identity/partners/partners.ts'
import { createServiceKey, revokeServiceKey } from '#/identity/service-keys/service-keys.ts'
import { ensureParts, parts } from '../../scripts/parts.ts'
import { accessScene } from '../support/access/scene.ts'

await ensureParts(['nginx'])

async function serve(listener: RequestListener) {
  const server = createServer(listener)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const stop = async () => {
    if (!server.listening) return
    server.close()
    server.closeAllConnections()
    await once(server, 'close')
  }
  after(stop)
  return { port: (server.address() as AddressInfo).port, stop }
}

const { api, known, partner } = await accessScene()
const acme = await partner('acme')
const seen: IncomingMessage[] = []
const behind = await serve((request, response) => {
  seen.push(request)
  request.resume()
  // A refusal of the API itself is no refusal of Portico's.
  response.writeHead(request.url === '/api/things/teapot' ? 403 : 200).end('from the API')
})
const admin = await serve((request, response) => api.http.routing(request, response))
const serviceKey = await api.inTx((tx) => createServiceKey(tx, { name: 'nginx', role: 'service' }))
const port = await startNginx()

async function startNginx(): Promise<number> {
  const example = join(import.meta.dirname, '../../examples/nginx/nginx.conf')
  const folder = mkdtempSync(join(tmpdir(), 'portico-nginx-'))
  const free = await serve(() => {})
  await free.stop()
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${folder}/${name};`,
  )
  const written = readFileSync(example, 'utf8')
    .replace('127.0.0.1:8088', `127.0.0.1:${free.port}`)
    .replace('127.0.0.1:8081', `127.0.0.1:${admin.port}`)
    .replace('127.0.0.1:9000', `127.0.0.1:${behind.port}`)
    .replace('http {', `http { access_log off; ${temporary.join(' ')}`)
  writeFileSync(join(folder, 'nginx.conf'), written)
  const header = `proxy_set_header Portico-Service-Key "${serviceKey.key}";\n`
  writeFileSync(join(folder, 'service-key.conf'), header)
  const main = `daemon off; master_process off; pid ${folder}/pid; error_log ${folder}/error.log;`
  const child = spawn(parts.nginx.find()!, ['-p', folder, '-c', join(folder, 'nginx.conf'), '-g', main], {
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  after(async () => {
    if (child.exitCode === null) {
      const ended = once(child, 'exit')
      child.kill()
      await ended
    }
    rmSync(folder, { recursive: true, force: true })
  })
  for (let waited = 0; child.exitCode === null && waited < 10_000; waited += 20) {
    const answers = await fetch(`http://127.0.0.1:${free.port}/`).then(
      (response) => response.arrayBuffer(),
      () => null,
    )
    if (answers !== null) return free.port
    await delay(20)
  }
  throw new Error('nginx did not start')
}

async function call(path: string, options: { key?: string; method?: string; headers?: object } = {}) {
  const { key, method = 'GET', headers = {} } = options
  seen.length = 0
  const response = await fetch(`http://127.0.0.1:${port}${path}`, {
    method,
    headers: { ...headers, ...(key !== undefined && { authorization: `Bearer ${key}` }) },
    ...(method === 'POST' && { body: '{"name":"x"}' }),
  })
  const text = await response.text()
  const isProblem = response.headers.get('content-type') === 'application/problem+json'
  return {
    status: response.status,
    headers: response.headers,
    text,
    code: isProblem && JSON.parse(text).code,
  }
}

test('a call that may pass reaches the API, which hears who calls and sees no credential', async () => {
  const lie = { 'portico-partner': 'ptn_somebody', 'portico-service-key': 'pts_none' }
  const { status, text } = await call('/api/things?limit=1', { key: acme.key, headers: lie })
  assert.deepEqual([status, text, seen.length], [200, 'from the API', 1])
  const [{ headers, url }] = seen as [IncomingMessage]
  assert.equal(url, '/api/things?limit=1')
  assert.equal(headers['portico-partner'], acme.public.partner)
  assert.equal(headers['portico-application'], acme.public.application)
  assert.equal(headers['portico-operation'], 'listThings')
  assert.equal(headers.authorization, undefined)
  assert.ok(!JSON.stringify(headers).includes(acme.key))
})

test('a refusal of the API itself passes as it is', async () => {
  const { status, text } = await call('/api/things/teapot', { key: acme.key })
  assert.deepEqual([status, text], [403, 'from the API'])
})

test('401, 403, 404 and 405 are what the gateway would answer, and nothing reaches the API', async () => {
  const none = await call('/api/things')
  assert.deepEqual([none.status, none.code], [401, 'auth.missing'])
  assert.equal(none.headers.get('www-authenticate'), 'Bearer realm="portico"')
  const refused = await call('/api/designs', { key: acme.key })
  assert.deepEqual([refused.status, refused.code], [403, 'access.not_in_package'])
  const dark = await call('/api/secrets', { key: acme.key })
  const nothing = await call('/api/nothing', { key: acme.key })
  for (const each of [dark, nothing]) assert.deepEqual([each.status, each.code], [404, 'route.not_found'])
  const other = await call('/api/things', { key: acme.key, method: 'POST' })
  assert.deepEqual([other.status, other.code], [405, 'route.method_not_allowed'])
  assert.equal(other.headers.get('allow'), 'GET')
  assert.equal(seen.length, 0)
})

test('a suspension counts for the next call, within a second', async () => {
  await api.inTx((tx) => suspendPartner(tx, acme.id, 'test'))
  const started = performance.now()
  while ((await call('/api/things', { key: acme.key })).code !== 'access.partner_suspended')
    assert.ok(performance.now() - started < 1000)
  await api.inTx((tx) => resumePartner(tx, acme.id, 'test'))
  await known()
  assert.equal((await call('/api/things', { key: acme.key })).status, 200)
})

test('503 and nothing passes when Portico does not know nginx any more, or cannot be asked', async () => {
  await api.inTx((tx) => revokeServiceKey(tx, serviceKey.id, 'test'))
  const started = performance.now()
  // The key of who asks is believed for half a second.
  while ((await call('/api/things', { key: acme.key })).status !== 503)
    assert.ok(performance.now() - started < 1000)
  seen.length = 0
  assert.equal((await call('/api/things', { key: acme.key })).status, 503)
  await admin.stop()
  assert.equal((await call('/api/things', { key: acme.key })).status, 503)
  assert.equal(seen.length, 0)
})
