/**
 * A refusal tells nothing of what is inside: no word of the upstream, not its address, and no field that the contract
 * withholds. Of what a caller sends it tells the same whether it names a withheld field or one that does not exist.
 */
import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { after, test } from 'node:test'
import { problem } from '#/kernel/problem/problem.ts'
import { compile } from '../support/contracts.ts'
import { keys, startScene } from '../support/gateway.ts'
import type { Scene, SceneOptions } from '../support/gateway.ts'
import { demoOperations } from '../support/leak/documents.ts'
import { secretsOf } from '../support/leak/scene.ts'
import { capture, header } from '../support/leak/wire.ts'
import type { Captured } from '../support/leak/wire.ts'
import { requestText } from '../support/raw.ts'
import { internalNames } from '../support/solstice.ts'

const scenes: Scene[] = []
after(() => Promise.all(scenes.map((scene) => scene.close())))

async function open(options: SceneOptions, operations = demo): Promise<Scene> {
  const scene = await startScene(operations, options)
  scenes.push(scene)
  return scene
}

const demo = await demoOperations()
const authorised = `Authorization: Bearer ${keys.live}`
const targetOf = (path: string): string => path.replaceAll(/\{[^}]*\}/g, 'x1')

function assertTellsNothing(captured: Captured, secrets: readonly string[]): void {
  const text = captured.raw.replaceAll(header(captured, 'request-id')!, '')
  for (const secret of secrets) assert.ok(!text.includes(secret), `${secret} in ${text}`)
  for (const name of internalNames) {
    assert.doesNotMatch(text, new RegExp(`\\b${name}\\b`), `${name} in ${text}`)
  }
}

/** Calls every operation of the demo, which must refuse it with this status. */
async function refuseAll(scene: Scene, status: number, headers: readonly string[], body = ''): Promise<void> {
  for (const { method, path } of demo) {
    const length = body === '' ? [] : [`Content-Length: ${Buffer.byteLength(body)}`]
    const text = requestText(method, targetOf(path), [...headers, ...length], body)
    const captured = await capture(scene.port, text)
    assert.equal(captured.status, status, `${method} ${path}: ${captured.raw}`)
    assertTellsNothing(captured, secretsOf(scene.upstream.port))
  }
}

test('401 without a valid key', async () => {
  const scene = await open({})
  for (const key of ['typo_1', 'none', 'ok_unknown', keys.revoked, keys.expired]) {
    await refuseAll(scene, 401, [`X-Api-Key: ${key}`])
  }
  await refuseAll(scene, 401, [])
})

test('403 outside of the package, 404 for what is dark', async () => {
  const scene = await open({})
  const decision = { rule: 'package', detail: 'Not in your package.', next: [], validUntil: null } as const
  const options = { help: 'Ask.' }
  const notIn = problem('test.not_in_package', 403, 'Not in your package', options)
  const notThere = problem('test.not_visible', 404, 'margin', options)
  for (const { id } of demo) scene.decisions.set(id, { allow: false, problem: notIn, ...decision })
  await refuseAll(scene, 403, [authorised])
  for (const { id } of demo) {
    scene.decisions.set(id, { allow: false, problem: notThere, ...decision, detail: 'cost' })
  }
  for (const { id } of demo) scene.hidden.add(id)
  await refuseAll(scene, 404, [authorised])
  scene.hidden.clear()
})

/** Without what a path must look like, so that the request comes as far as the upstream. */
const forwarded = demo.map((operation) => ({ ...operation, parameters: null, body: null }))

test('502 when the upstream is away, 504 when it is silent', async () => {
  const away = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => away.once('listening', resolve))
  const { port } = away.address() as AddressInfo
  await new Promise((resolve) => away.close(resolve))
  const gone = await open({ upstreamUrl: `http://127.0.0.1:${port}` }, forwarded)
  await refuseAll(gone, 502, [authorised])
  const unknown = await open({ upstreamUrl: 'http://margin.invalid' }, forwarded)
  const [first] = demo
  const captured = await capture(
    unknown.port,
    requestText(first!.method, targetOf(first!.path), [authorised]),
  )
  assert.equal(captured.status, 502)
  assertTellsNothing(captured, ['margin.invalid', 'ENOTFOUND', 'EAI_AGAIN'])
  const silent = await open({ times: { headersTimeout: 1 } }, forwarded.slice(0, 1))
  silent.upstream.answer(() => undefined)
  const late = await capture(silent.port, requestText(first!.method, targetOf(first!.path), [authorised]))
  assert.equal(late.status, 504)
  assertTellsNothing(late, secretsOf(silent.upstream.port))
})

const cost = { type: 'number', 'x-portico-class': 'cost' }
const closed = (properties: object) => ({ type: 'object', additionalProperties: false, properties })
const part = closed({ a: { type: 'integer' }, margin: cost })
const text = { type: 'string' }
const inside = (more: object) => ({ schema: cost, ...more })

const contract = {
  openapi: '3.1.0',
  info: { title: 'Inside', version: '1.0.0' },
  paths: {
    '/inside': {
      post: {
        parameters: [
          { name: 'a', in: 'query', schema: { type: 'integer' } },
          inside({ name: 'margin', in: 'query', required: true }),
          inside({ name: 'margin', in: 'header' }),
          inside({ name: 'margin', in: 'cookie' }),
          { name: 'f', in: 'query', style: 'deepObject', schema: part },
          { name: 'e', in: 'query', schema: closed({ b: text, margin: cost }) },
        ],
        requestBody: {
          content: {
            'application/json': {
              schema: {
                ...part,
                properties: {
                  ...part.properties,
                  list: { type: 'array', items: part },
                  either: { oneOf: [part, closed({ b: text })] },
                  both: { allOf: [closed({ a: text, margin: cost }), { required: ['a'] }] },
                },
                required: ['margin'],
              },
            },
            'application/x-www-form-urlencoded': { schema: part },
          },
        },
        responses: { 204: { description: '' } },
      },
    },
  },
}

type Sent = readonly [name: string, target: string, headers: readonly string[], body: string]

const json = 'Content-Type: application/json'
const form = 'Content-Type: application/x-www-form-urlencoded'

/** `?` stands for the name of a field. */
const requests: readonly Sent[] = [
  ['in content', '/inside', [json], '{"?":1}'],
  ['in content, of a wrong type', '/inside', [json], '{"x":1,"?":{"y":"z"},"a":"1"}'],
  ['in content, as null', '/inside', [json], '{"?":null,"zz":1}'],
  ['in a list', '/inside', [json], '{"list":[{"a":1},{"?":"x"}]}'],
  ['in a union', '/inside', [json], '{"either":{"b":"x","?":1}}'],
  ['in a conjunction', '/inside', [json], '{"both":{"?":1}}'],
  ['in a form', '/inside', [form], '?=x&a=1&zz=2'],
  ['in the query', '/inside?zz=1&?=x&yy=1&a=x', [], ''],
  ['in the query, twice', '/inside?%3f=1&?=1&?=2', [], ''],
  ['in the query, in an object', '/inside?f[zz]=1&f[?]=x', [], ''],
  ['in a header', '/inside?zz=1', ['?: x', '?: y'], ''],
  ['in a cookie', '/inside?zz=1', ['Cookie: ?=x; ?=y'], ''],
]

test('a withheld field is told like one that does not exist', async (t) => {
  const { operations, refusals } = compile(contract)
  assert.deepEqual(refusals, [])
  const scene = await open({}, [...operations])
  const answerTo = async (name: string, [, target, headers, body]: Sent): Promise<string> => {
    const named = (given: string) => given.replaceAll('?', name)
    const [path, query] = target.split(/\?(.*)/s)
    const full = query === undefined ? path! : `${path}?${named(query)}`
    const content = named(body)
    const length = body === '' ? [] : [`Content-Length: ${content.length}`]
    const all = [authorised, ...headers.map(named), ...length]
    const captured = await capture(scene.port, requestText('POST', full, all, content))
    return captured.raw
      .replaceAll(header(captured, 'request-id')!, '')
      .replace(/^Date: .*$/m, '')
      .replaceAll(name, '?')
  }
  for (const sent of requests) {
    await t.test(sent[0], async () => {
      const [withheld, absent] = [await answerTo('margin', sent), await answerTo('marvin', sent)]
      assert.match(withheld, /^HTTP\/1\.1 4(00|22)/)
      assert.equal(withheld, absent)
      assert.doesNotMatch(withheld, /internal|cost/)
    })
  }
  await t.test('not in what is required', async () => {
    const told = await answerTo('zz', ['', '/inside?zz=1', [json], '{}'])
    assert.doesNotMatch(told, /margin/)
  })
})
