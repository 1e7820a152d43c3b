/** What is kept from one request of a connection to the next must show nowhere: each is as if it came alone. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import fc from 'fast-check'
import { compileTestContract } from '../../../tests/support/gateway-contract.ts'
import { keys, startScene } from '../../../tests/support/gateway.ts'
import type { Scene } from '../../../tests/support/gateway.ts'
import { openClient } from '../../../tests/support/lane/port.ts'
import { statusOf } from '../../../tests/support/raw.ts'

const rounds = Number(process.env.ROUNDS ?? 60)

/** The own lane, and node:http alone. */
const grounds = ['fast', 'node'] as const
const scenes = new Map<string, Scene>()
/** What the upstream was last asked, without what is new with each call. */
let asked = ''

before(async () => {
  for (const ground of grounds) {
    const scene = await startScene(compileTestContract(), { ground })
    scenes.set(ground, scene)
    scene.upstream.answer((request, response) => {
      const headers = request.rawHeaders.join('\n').replaceAll(/traceparent\n.*|(?<=Request-Id\n).*/g, '')
      asked = `${request.method} ${request.url}\n${headers}`
      request.resume()
      const status = request.method === 'DELETE' ? 204 : request.method === 'POST' ? 201 : 200
      const body = request.url!.startsWith('/things/') || status === 201 ? '{"id":"a1","name":"One"}' : '[]'
      response.writeHead(status, status === 204 ? {} : { 'content-type': 'application/json' })
      response.end(status === 204 ? undefined : body)
    })
  }
})
after(() => Promise.all([...scenes.values()].map((scene) => scene.close())))

const key = fc.constantFrom(...Object.values(keys), 'ok_live_1234567891', 'typo_x', 'none')
const credentials = fc.oneof(
  { weight: 4, arbitrary: key.map((text) => [`X-Api-Key: ${text}`]) },
  { weight: 2, arbitrary: key.map((text) => [`Authorization: Bearer ${text}`]) },
  fc.tuple(key, key).map(([one, other]) => [`X-Api-Key: ${one}`, `Authorization: Bearer ${other}`]),
  fc.constant<string[]>([]),
)
const others = fc.subarray([
  'Accept: application/json',
  'X-Label: a',
  'If-None-Match: "a"',
  `Accept-Language: ${keys.live}`,
  `Prefer: ${keys.sandbox}`,
  'Cookie: session=a',
  'Connection: keep-alive',
  'Connection: X-Label',
])
const contents = [
  { framing: 'Content-Length: 12', sent: '{"name":"a"}' },
  { framing: 'Content-Length: 13', sent: '{"name":"ab"}' },
]
const request = fc
  .record({
    credentials,
    others,
    host: fc.constantFrom('g', 'h'),
    line: fc.constantFrom(
      'GET /things',
      'GET /things?limit=5',
      `GET /things?status=${keys.live}`,
      'GET /things/a1',
      'HEAD /things/a1',
      'DELETE /things/a1',
      'POST /things',
    ),
  })
  .chain((one) => fc.constantFrom(...contents).map((content) => ({ ...one, ...content })))
  .map(({ credentials: some, others: more, host, line, sent, framing }) => {
    const isPost = line.startsWith('POST')
    const about = isPost ? ['Content-Type: application/json', framing] : []
    const head = [`${line} HTTP/1.1`, `Host: ${host}`, ...some, ...more, ...about, '', ''].join('\r\n')
    return { head, content: isPost ? sent : '' }
  })
type Piecemeal = { readonly head: string; readonly content: string; readonly isCut: boolean }
const requests = fc.array(fc.tuple(request, fc.boolean(), fc.nat(2)), { minLength: 1, maxLength: 4 })

/** Each some times over, so that there is something to keep. */
const calls = requests.map((all) =>
  all.flatMap(([one, isCut, again]) =>
    Array.from({ length: 1 + again }, (): Piecemeal => ({ ...one, isCut })),
  ),
)

type Client = Awaited<ReturnType<typeof openClient>>

async function outcome(client: Client, { head, content, isCut }: Piecemeal): Promise<string> {
  asked = ''
  const answered = new Promise<string>((resolve) =>
    client.socket.once('data', (bytes: Buffer) => resolve(bytes.toString('latin1'))),
  )
  client.send(isCut ? head : head + content)
  if (isCut && content !== '') {
    await delay(2)
    client.send(content)
  }
  const answer = await answered
  const [answerHead, body = ''] = answer.split('\r\n\r\n') as [string, string?]
  return `${statusOf(answerHead)} ${body.replaceAll(/req_\w+|urn:uuid:[\w-]+/g, '')}\n${asked}`
}

for (const ground of grounds) {
  test(`each request of a connection is as if it came alone (${ground})`, async () => {
    const { port } = scenes.get(ground)!
    let served = 0
    const property = fc.asyncProperty(calls, async (all) => {
      const kept = await openClient(port)
      for (const call of all) {
        const alone = await openClient(port)
        const expected = await outcome(alone, call)
        alone.socket.destroy()
        assert.equal(await outcome(kept, call), expected)
        if (asked !== '') served++
      }
      kept.socket.destroy()
    })
    await fc.assert(property, { numRuns: rounds })
    assert.ok(served > rounds / 2, `${served} calls reached the upstream`)
  })
}
