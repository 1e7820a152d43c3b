/** Every route of the management API × every credential: who is nobody, who may not, and what is not there. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testDatabase } from './support/database.ts'
import { managementFindings } from './support/routes/management.ts'
import { createScene } from './support/routes/scene.ts'

const scene = await createScene(await testDatabase())

test('each caller gets exactly its status; a foreign row is answered like an absent one, and refusals change nothing', async () => {
  assert.deepEqual(await managementFindings(scene), [])
})
