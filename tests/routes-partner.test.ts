/** Every operation of the Partner API × every credential: who is nobody, who may not, and whose rows are whose. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testDatabase } from './support/database.ts'
import { partnerFindings } from './support/routes/partner.ts'
import { createScene } from './support/routes/scene.ts'

const { stage, parties } = await createScene(await testDatabase())

test('each caller gets exactly its status; a foreign row is answered like an absent one, and refusals change nothing', async () => {
  assert.deepEqual(await partnerFindings(stage, parties), [])
})
