/** What breaks the contract is refused with all its violations and never reaches the upstream. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, before, beforeEach, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { problem } from '#/kernel/problem/problem.ts'
import { compileTestContract } from '../../../tests/support/gateway-contract.ts'
import { keys, startScene } from '../../../tests/support/gateway.ts'
import type { Init, Scene } from '../../../tests/support/gateway.ts'
import { exchangeBytes, headersOf, openSocket, requestText, statusOf } from '../../../tests/support/raw.ts'

let scene: Scene
let reached = 0

before(async () => {
  scene = await startScene(compileTestContract(), { limits: { bodyBytes: 2_000, uploadBytes: 400_000 } })
  scene.upstream.answerJson('[]')
})
after(() => scene.close())
beforeEach(() => {
  scene.records.length = 0
  reached = scene.upstream.requests()
})

type Error = { in: string; code: string; name?: string; pointer?: string }

async function refusal(
  path: string,
  init: Init,
): Promise<{ status: number; code: string; errors: Error[]; headers: Headers }> {
  const response = await scene.fetch(path, init)
  const body = (await response.json()) as { code: string; errors?: Error[] }
  assert.equal(scene.upstream.requests(), reached, 'the upstream saw nothing')
  assert.equal(scene.records.at(-1)?.code, body.code)
  assert.equal(scene.records.at(-1)?.metered, false)
  return { status: response.status, code: body.code, errors: body.errors ?? [], headers: response.headers }
}

const post = (body: string | Uint8Array<ArrayBuffer>, type = 'application/json'): Init => ({
  method: 'POST',
  body,
  headers: { 'content-type': type },
})

test('400 with every parameter that is wrong', async () => {
  const { status, code, errors } = await refusal('/things?limit=0&status=ajar&limti=3', {
    headers: { 'x-label': 'far too long a label' },
  })
  assert.equal(status, 400)
  assert.equal(code, 'request.invalid_parameters')
  assert.deepEqual(
    new Set(errors.map((one) => `${one.in} ${one.name}`)),
    new Set(['query limit', 'query status', 'query limti', 'header X-Label']),
  )
})

test('400 for query parameters where the operation takes none', async () => {
  const { status, errors } = await refusal('/export?x=1', {})
  assert.equal(status, 400)
  assert.equal(errors[0]!.in, 'query')
})

test('400 for a broken percent-encoding in a parameter', async () => {
  assert.equal((await refusal('/things?status=%E4', {})).status, 400)
})

test('422 with every violation of the content', async () => {
  const { status, code, errors } = await refusal(
    '/things',
    post('{"name":"","size":1.5,"nmae":1,"parent":{"name":7}}'),
  )
  assert.equal(status, 422)
  assert.equal(code, 'request.invalid_body')
  const pointers = errors.map((one) => one.pointer)
  assert.deepEqual(new Set(pointers), new Set(['#/name', '#/size', '#/nmae', '#/parent/name']))
})

test('422 for content that is missing, 422 for content that nobody asked for', async () => {
  const missing = await refusal('/things', { method: 'POST' })
  assert.equal(missing.status, 422)
  assert.deepEqual(
    missing.errors.map((one) => one.code),
    ['required'],
  )
  const unasked = await refusal('/things/a1', { method: 'DELETE', body: 'x' })
  assert.equal(unasked.status, 422)
  assert.deepEqual(
    unasked.errors.map((one) => one.code),
    ['not_accepted'],
  )
})

test('400 for content that is not JSON or says something twice', async () => {
  assert.equal((await refusal('/things', post('{"name":'))).code, 'request.malformed_body')
  assert.equal((await refusal('/things', post('{"name":"a","name":"b"}'))).code, 'request.duplicate_member')
  assert.equal((await refusal('/things', post(Buffer.from([0x22, 0xff, 0x22])))).status, 400)
})

test('415 for another type, another charset, several types, and compressed content', async () => {
  const html = await refusal('/things', post('<p>', 'text/html'))
  assert.equal(html.status, 415)
  assert.equal(html.headers.get('accept-post'), 'application/json')
  assert.equal((await refusal('/things', post('{}', 'application/json; charset=utf-16'))).status, 415)
  const gzip: Init = {
    ...post(gzipSync('{"name":"a"}')),
    headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' },
  }
  const compressed = await refusal('/things', gzip)
  assert.equal(compressed.code, 'request.unsupported_content_encoding')
  assert.equal(compressed.headers.get('accept-encoding'), 'identity')
  const twice = requestText(
    'POST',
    '/things',
    [
      `X-Api-Key: ${keys.live}`,
      'Content-Type: application/json',
      'Content-Type: text/plain',
      'Content-Length: 2',
    ],
    '{}',
  )
  assert.equal(statusOf(await exchangeBytes(scene.port, twice)), 400)
  const coded = ['Content-Type: application/json', 'Transfer-Encoding: gzip, chunked']
  const packed = requestText('POST', '/things', [`X-Api-Key: ${keys.live}`, ...coded], '2\r\n{}\r\n0\r\n\r\n')
  assert.equal(statusOf(await exchangeBytes(scene.port, packed)), 415)
  assert.equal(scene.upstream.requests(), reached)
})

test('401 and 403 when the caller lost its right while its content was on its way', async () => {
  const late = async (change: () => void): Promise<string> => {
    const socket = await openSocket(scene.port)
    let answer = ''
    socket.on('data', (chunk: Buffer) => (answer += chunk.toString()))
    const closed = once(socket, 'close')
    const head = [`X-Api-Key: ${keys.live}`, 'Content-Type: application/json', 'Content-Length: 12']
    const wanted = once(socket, 'data')
    socket.write(requestText('POST', '/things', [...head, 'Expect: 100-continue'], '{"name":'))
    await wanted
    change()
    scene.pass(600)
    socket.write('"a"}')
    await closed
    return answer.replace(/^HTTP\/1\.1 100 .*?\r\n\r\n/s, '')
  }
  const denied = problem('test.denied', 403, 'Not for you', { help: 'Ask.' })
  const decision = { rule: 'partner', detail: 'No.', next: [], validUntil: null } as const
  assert.equal(
    statusOf(
      await late(() => scene.decisions.set('createThing', { allow: false, problem: denied, ...decision })),
    ),
    403,
  )
  scene.decisions.clear()
  let restore = (): void => undefined
  const answer = await late(() => (restore = scene.revoke(keys.live)))
  restore()
  assert.equal(statusOf(answer), 401)
  assert.ok(answer.includes('auth.revoked_key'))
  assert.equal(scene.upstream.requests(), reached)
  assert.equal(statusOf(await late(() => undefined)), 502, 'the upstream is asked when nothing has changed')
})

test('400 for a host that is named twice, whoever is asking for whatever', async () => {
  for (const target of ['/things', '/nothing', '/dark']) {
    const answer = await exchangeBytes(scene.port, requestText('GET', target, ['Host: elsewhere.example']))
    assert.equal(statusOf(answer), 400)
    assert.ok(answer.includes('request.malformed_headers'))
  }
})

test('413 for too much content, announced or not, and the refusal arrives', async () => {
  const announced = await refusal('/things', post(`"${'x'.repeat(2_000)}"`))
  assert.equal(announced.status, 413)
  const big = 'y'.repeat(3_000_000)
  const head = [`X-Api-Key: ${keys.live}`, 'Content-Type: application/json']
  const length = requestText('POST', '/things', [...head, `Content-Length: ${big.length}`], big)
  const lengthAnswer = await exchangeBytes(scene.port, length)
  assert.equal(statusOf(lengthAnswer), 413)
  assert.equal(headersOf(lengthAnswer).get('connection'), 'close')
  const chunk = `${big.length.toString(16)}\r\n${big}\r\n0\r\n\r\n`
  const chunked = await exchangeBytes(
    scene.port,
    requestText('POST', '/things', [...head, 'Transfer-Encoding: chunked'], chunk),
  )
  assert.equal(statusOf(chunked), 413)
  assert.equal(scene.upstream.requests(), reached)
})

test('a connection survives a refusal whose content was short', async () => {
  const socket = await openSocket(scene.port)
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  const head = 'Host: g\r\nContent-Type: text/html\r\nContent-Length: 5\r\n'
  const one = `POST /things HTTP/1.1\r\n${head}X-Api-Key: ${keys.live}\r\n\r\nhello`
  const closed = new Promise((resolve) => socket.on('close', resolve))
  socket.write(one + one + one.replace('Host', 'Connection: close\r\nHost'))
  await closed
  assert.equal(
    Buffer.concat(chunks)
      .toString()
      .match(/HTTP\/1\.1 415/g)?.length,
    3,
  )
})

test('100 Continue is said only when the content is wanted', async () => {
  const ask = (type: string) =>
    requestText('POST', '/things', [
      `X-Api-Key: ${keys.live}`,
      `Content-Type: ${type}`,
      'Content-Length: 8',
      'Expect: 100-continue',
    ])
  const refused = await exchangeBytes(scene.port, ask('text/html'))
  assert.equal(statusOf(refused), 415)
  const wanted = await exchangeBytes(scene.port, `${ask('application/json')}{"n":12}`)
  assert.equal(statusOf(wanted), 100)
  assert.match(wanted, /HTTP\/1\.1 422/)
  const odd = await exchangeBytes(scene.port, requestText('GET', '/things', ['Expect: the-unexpected']))
  assert.equal(statusOf(odd), 417)
})

test('forms are read and checked', async () => {
  const type = 'application/x-www-form-urlencoded'
  const { status, errors } = await refusal('/search', post('q=far+too+long+a+query&z=1', type))
  assert.equal(status, 422)
  assert.ok(errors.some((one) => one.pointer === '#/q'))
  const fine = await scene.fetch('/search', post('q=short', type))
  assert.equal(fine.status, 200)
})
