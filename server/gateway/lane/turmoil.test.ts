/** Clients that leave, send in pieces and go on, upstreams that break: every answer is the one to its own request. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import fc from 'fast-check'
import { compileTestContract } from '../../../tests/support/gateway-contract.ts'
import { keys, startScene } from '../../../tests/support/gateway.ts'
import { until } from '../../../tests/support/lane/port.ts'
import { openSocket, statusOf } from '../../../tests/support/raw.ts'

/** How the upstream answers, by a digit in the id that it is asked for. */
const manners: Readonly<Record<string, (response: ServerResponse, body: string) => void>> = {
  '0': (response) => void response.socket!.destroy(),
  '1': (response) => void response.socket!.resetAndDestroy(),
  '2': (response, body) => {
    response
      .writeHead(200, { 'content-type': 'application/json', 'content-length': body.length + 1 })
      .write(body)
    setImmediate(() => response.destroy())
  },
  '3': (response, body) => {
    response.writeHead(200, { 'content-type': 'application/json', connection: 'close' }).end(body)
  },
  '4': (response, body) => void setTimeout(() => response.end(body), 5),
}

type Step = { readonly manner: number; readonly cut: number; readonly leaves: boolean }

/** Requests of one client, one behind the other; it opens a new connection when it left the old one. */
async function run(port: number, name: string, steps: readonly Step[]): Promise<number> {
  let good = 0
  const open = async (): Promise<Socket> => (await openSocket(port)).on('error', () => undefined)
  let socket = await open()
  for (const [i, { manner, cut, leaves }] of steps.entries()) {
    if (socket.destroyed) socket = await open()
    const id = `${name}x${i}m${manner}`
    const bytes = `GET /things/${id} HTTP/1.1\r\nHost: h\r\nX-Api-Key: ${keys.live}\r\n\r\n`
    socket.write(bytes.slice(0, cut))
    if (cut < bytes.length) await delay(1)
    socket.write(bytes.slice(cut))
    if (leaves) {
      await delay(manner)
      socket.destroy()
      continue
    }
    const [answer] = (await once(socket, 'data')) as [Buffer]
    const text = answer.toString('latin1')
    if (statusOf(text) === 200) {
      assert.ok(text.endsWith(`{"id":"${id}","name":"${id}"}`), `${id}: ${text}`)
      good++
    } else {
      assert.equal(statusOf(text), 502)
      assert.ok(manner <= 2, `${id}: ${text}`)
    }
  }
  socket.destroy()
  return good
}

test('nothing is mixed up, and nothing is left', async () => {
  const scene = await startScene(compileTestContract(), { connections: 8 })
  scene.upstream.answer((request, response) => {
    const id = request.url!.slice('/things/'.length)
    const answer = manners[id.at(-1)!] ?? ((to: ServerResponse, body: string) => void to.end(body))
    response.setHeader('content-type', 'application/json')
    answer(response, JSON.stringify({ id, name: id }))
  })
  const step = fc.record({
    manner: fc.nat(9),
    cut: fc.oneof({ weight: 3, arbitrary: fc.constant(1_000) }, fc.integer({ min: 1, max: 60 })),
    leaves: fc.oneof({ weight: 5, arbitrary: fc.constant(false) }, fc.constant(true)),
  })
  const clients = fc.array(fc.array(step, { minLength: 5, maxLength: 15 }), { minLength: 25, maxLength: 25 })
  let good = 0
  const property = fc.asyncProperty(clients, async (all) => {
    const counts = await Promise.all(all.map((steps, i) => run(scene.port, `c${i}`, steps)))
    good += counts.reduce((sum, count) => sum + count, 0)
  })
  await fc.assert(property, { numRuns: 6, endOnFailure: true })
  assert.ok(good > 200, `${good} good answers`)
  await until(() => scene.gateway.open() === 0 && scene.inLane() === 0)
  while ((await scene.connections()) > 0) await delay(5)
  await scene.close()
})
