/** A partner's own applications: nobody else's, and none of the other environment. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { applicationOperations } from '#/identity/applications/operations.ts'
import { archiveApplication } from '#/identity/keys/keys.ts'
import { createSealer } from '#/kernel/crypto/crypto.ts'
import { publicId } from '#/kernel/id/id.ts'
import { testDatabase } from '../../../tests/support/database.ts'
import { nobodys, operationsScene } from '../../../tests/support/partner/operations.ts'
import type { Caller } from '../../../tests/support/partner/operations.ts'

const database = await testDatabase()
const operations = applicationOperations({ sealer: createSealer(randomBytes(32)) })
const { ask, inTx, partner } = operationsScene(database, operations)
const appOf = (caller: Caller) => publicId('app', caller.applicationId)
const idsOf = (body: { data: { id: string }[] }) => body.data.map(({ id }) => id)

test('404 for a foreign one, one of the other environment, an absent one and no id at all', async () => {
  const [mine, theirs] = [await partner(), await partner()]
  for (const id of [appOf(theirs.live), appOf(mine.sandbox), nobodys('app'), 'app_1', '']) {
    for (const operation of ['getApplication', 'renameApplication']) {
      const answer = await ask(mine.live, operation, { id, body: { name: 'Mine now' } })
      assert.deepEqual([answer.status, answer.code], [404, 'applications.not_found'], `${operation} ${id}`)
    }
  }
  assert.deepEqual(idsOf((await ask(mine.live, 'listApplications')).body), [appOf(mine.live)])
  assert.equal((await ask(theirs.live, 'getApplication', { id: appOf(theirs.live) })).body.name, 'Shop')
})

test('201 in the environment of the call; 409 for a name that is taken there', async () => {
  const { live, sandbox } = await partner()
  const made = await ask(live, 'createApplication', { body: { name: 'Second' } })
  assert.deepEqual([made.status, made.body.environment, made.body.archivedAt], [201, 'live', null])
  const again = await ask(live, 'createApplication', { body: { name: 'Second' } })
  assert.deepEqual([again.status, again.code], [409, 'applications.name_taken'])
  assert.equal((await ask(sandbox, 'createApplication', { body: { name: 'Second' } })).status, 201)
})

test('200 for another name; 409 for a taken one, and for what is archived', async () => {
  const { live, partnerId } = await partner()
  const { body } = await ask(live, 'createApplication', { body: { name: 'Second' } })
  const rename = (name: string) => ask(live, 'renameApplication', { id: body.id, body: { name } })
  assert.equal((await rename('Third')).body.name, 'Third')
  assert.deepEqual(
    [(await rename('Third')).status, (await rename('Shop')).code],
    [200, 'applications.name_taken'],
  )
  assert.equal((await ask(live, 'getApplication', { id: body.id })).body.name, 'Third')
  await inTx((tx) => archiveApplication(tx, partnerId, live.applicationId))
  const archived = await ask(live, 'renameApplication', { id: appOf(live), body: { name: 'Fourth' } })
  assert.equal(archived.code, 'applications.archived')
})

test('200 in pages that skip and repeat nothing; 400 for the cursor of another', async () => {
  const [mine, theirs] = [await partner(), await partner()]
  for (const name of ['a', 'b', 'c']) await ask(mine.live, 'createApplication', { body: { name } })
  const whole = idsOf((await ask(mine.live, 'listApplications')).body)
  const first = (await ask(mine.live, 'listApplications', { query: { limit: '3' } })).body
  const query = { limit: '3', cursor: first.nextCursor as string }
  const second = (await ask(mine.live, 'listApplications', { query })).body
  assert.deepEqual([[...idsOf(first), ...idsOf(second)], second.nextCursor], [whole, null])
  for (const stranger of [theirs.live, mine.sandbox]) {
    assert.equal((await ask(stranger, 'listApplications', { query })).status, 400)
  }
})
