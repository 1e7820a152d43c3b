/** Every route of the session APIs × every credential: who is nobody, which page may not, and what is another's. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testDatabase } from './support/database.ts'
import { createScene } from './support/routes/scene.ts'
import { sessionFindings } from './support/routes/sessions.ts'

const scene = await createScene(await testDatabase())

for (const realm of ['portal', 'console'] as const) {
  test(`${realm}: each caller gets exactly its status; what is another's is answered like what is not there`, async () => {
    assert.deepEqual(await sessionFindings(scene, realm), [])
  })
}
