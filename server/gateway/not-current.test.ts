/** A node that has heard nothing for too long serves nobody by what it knew. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { compileTestContract } from '../../tests/support/gateway-contract.ts'
import { startScene } from '../../tests/support/gateway.ts'

const scene = await startScene(compileTestContract())
after(() => scene.close())

test('nothing is served by a snapshot that is too old, and everything again by one that is not', async () => {
  const status = async () => (await scene.fetch('/things/a1')).status
  const until = async (expected: number) => {
    for (let tries = 0; (await status()) !== expected; tries++) {
      assert.ok(tries < 200)
      await delay(10)
    }
  }
  scene.upstream.answerJson('{"id":"a1","name":"One"}')
  scene.beCurrent(false)
  await until(503)
  const before = scene.records.length
  const refused = await scene.fetch('/things/a1')
  assert.equal(((await refused.json()) as { code: string }).code, 'gateway.not_current')
  assert.equal(refused.headers.get('retry-after'), '5')
  assert.equal(scene.records.length, before)
  assert.equal(scene.refusals.at(-1)!.code, 'gateway.not_current')
  scene.beCurrent(true)
  await until(200)
})
