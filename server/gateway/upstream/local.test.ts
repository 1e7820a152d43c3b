/** Operations of this process pass the same steps: checked before, projected behind, recorded. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { problem } from '#/kernel/problem/problem.ts'
import { compileTestContract } from '../../../tests/support/gateway-contract.ts'
import { applicationId, partnerId, startScene } from '../../../tests/support/gateway.ts'
import type { Scene } from '../../../tests/support/gateway.ts'
import type { LocalAnswer, LocalCall } from '#/gateway/gateway.ts'

let scene: Scene

before(async () => {
  scene = await startScene(compileTestContract(), { timeouts: { total: 300 } })
})
after(() => scene.close())
beforeEach(() => {
  scene.records.length = 0
  scene.targets.clear()
})

function serve(operation: string, handle: (call: LocalCall) => Promise<LocalAnswer>): void {
  scene.targets.set(operation, { kind: 'local', allows: () => false, handle })
}

test('a handler gets what was validated, and only what is released leaves', async () => {
  const calls: LocalCall[] = []
  serve('getThing', (call) => {
    calls.push(call)
    return Promise.resolve({
      status: 200,
      body: { id: call.path['id'], name: 'n', cost: '9', made: new Date(0) },
    })
  })
  const response = await scene.fetch('/things/a1')
  assert.equal(response.status, 200)
  assert.deepEqual(await response.json(), { id: 'a1', name: 'n' })
  assert.equal(calls.length, 1)
  const { query, ...call } = calls[0]!
  assert.equal(query.size, 0)
  assert.deepEqual(call, {
    partnerId,
    applicationId,
    environment: 'live',
    requestId: scene.records[0]!.id,
    credentialId: scene.records[0]!.credentialId,
    address: '127.0.0.1',
    member: null,
    path: { id: 'a1' },
    body: undefined,
  })
  assert.equal(scene.records[0]!.metered, true)
})

test('content arrives parsed, headers leave only where the contract names them', async () => {
  serve('createThing', (call) =>
    Promise.resolve({
      status: 201,
      headers: { Location: '/things/b', 'X-Internal': 'x' },
      body: { id: 'b', ...(call.body as object) },
    }),
  )
  const response = await scene.fetch('/things', {
    method: 'POST',
    body: '{"name":"new"}',
    headers: { 'content-type': 'application/json' },
  })
  assert.equal(response.status, 201)
  assert.equal(response.headers.get('location'), '/things/b')
  assert.equal(response.headers.has('x-internal'), false)
  assert.deepEqual(await response.json(), { id: 'b', name: 'new' })
})

test('a problem that a handler throws is the answer', async () => {
  const gone = problem('test.gone', 410, 'It is gone', { help: 'For this test.' })
  serve('getThing', () => Promise.reject(gone.with({ detail: 'Since yesterday.' })))
  const response = await scene.fetch('/things/a1')
  assert.equal(response.status, 410)
  assert.equal(((await response.json()) as { code: string }).code, 'test.gone')
  assert.equal(scene.records[0]!.metered, false)
})

test('anything else it throws is our bug, at once or later', async () => {
  const fail = (): never => {
    throw new TypeError('cannot read x of undefined')
  }
  for (const handle of [fail, () => Promise.reject(new TypeError('later'))]) {
    serve('getThing', handle)
    const response = await scene.fetch('/things/a1')
    assert.equal(response.status, 500)
    assert.equal(await response.text(), '')
  }
  assert.equal(scene.records.length, 2)
})

test('502 when its answer is off contract, 504 when it takes too long', async () => {
  serve('getThing', () => Promise.resolve({ status: 202, body: { id: 'x' } }))
  assert.equal((await scene.fetch('/things/a1')).status, 502)
  serve('getThing', () => Promise.resolve({ status: 200, body: { id: 7 } }))
  assert.equal((await scene.fetch('/things/a1')).status, 502)
  const never = Promise.withResolvers<LocalAnswer>()
  serve('getThing', () => never.promise)
  assert.equal((await scene.fetch('/things/a1')).status, 504)
  never.resolve({ status: 200, body: {} })
  await never.promise
  assert.equal(scene.records.length, 3)
})
