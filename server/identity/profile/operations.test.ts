/** A partner's own facts: nobody else's, and never overwritten unseen. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { profileOperations } from '#/identity/profile/operations.ts'
import { createSealer } from '#/kernel/crypto/crypto.ts'
import { testDatabase } from '../../../tests/support/database.ts'
import { operationsScene } from '../../../tests/support/partner/operations.ts'
import type { Caller } from '../../../tests/support/partner/operations.ts'

const database = await testDatabase()
const operations = profileOperations({ sealer: createSealer(randomBytes(32)) })
const { ask, partner } = operationsScene(database, operations)
const change = (caller: Caller, body: object) => ask(caller, 'changeProfile', { body })

test('403 for a key of the sandbox, whatever it asks', async () => {
  const { sandbox } = await partner()
  for (const { id } of operations) {
    const answer = await ask(sandbox, id, { body: { legalName: 'X' } })
    assert.deepEqual([answer.status, answer.code], [403, 'auth.live_key_needed'], id)
  }
})

test('another partner sees nothing of it', async () => {
  const [mine, theirs] = [await partner(), await partner()]
  await change(theirs.live, { legalName: 'Theirs' })
  assert.equal((await ask(mine.live, 'getProfile')).body.legalName, null)
  assert.deepEqual((await ask(mine.live, 'listProfileVersions')).body.data, [])
})

test('409 for a change that began from an older version; 422 for what cannot be right', async () => {
  const { live } = await partner()
  const first = await change(live, { version: 0, legalName: 'Helio Works' })
  assert.deepEqual([first.status, first.body.version], [200, 1])
  const late = await change(live, { version: 0, legalName: 'Helio' })
  assert.deepEqual([late.status, late.code], [409, 'profile.changed'])
  const wrong = await change(live, { country: 'XX' })
  assert.deepEqual([wrong.status, wrong.code], [422, 'profile.invalid'])
  assert.equal((await ask(live, 'getProfile')).body.legalName, 'Helio Works')
})

test('200 with what was left out as it was, and every version in pages, newest first', async () => {
  const { live } = await partner()
  await change(live, { legalName: 'Helio Works', country: 'DE' })
  await change(live, { taxIds: [{ type: 'eu_vat', value: 'de 123456789' }] })
  const { body } = await change(live, { country: null, currency: 'EUR' })
  assert.deepEqual([body.version, body.legalName, body.country], [3, 'Helio Works', null])
  assert.deepEqual(body.taxIds, [{ type: 'eu_vat', value: 'DE123456789' }])
  const first = (await ask(live, 'listProfileVersions', { query: { limit: '2' } })).body
  const query = { limit: '2', cursor: first.nextCursor as string }
  const second = (await ask(live, 'listProfileVersions', { query })).body
  const versions = [...first.data, ...second.data].map(({ version }: { version: number }) => version)
  assert.deepEqual([versions, second.nextCursor], [[3, 2, 1], null])
  assert.deepEqual(first.data[0], body)
  const { live: stranger } = await partner()
  assert.equal((await ask(stranger, 'listProfileVersions', { query })).status, 400)
})
