/** A key's last use is known soon after, and never goes back. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createApplication } from '#/identity/applications/applications.ts'
import { createKey, createLastUsed, findKey } from '#/identity/keys/keys.ts'
import { createPartner } from '#/identity/partners/partners.ts'
import { transact } from '#/kernel/db/db.ts'
import type { Tx } from '#/kernel/db/db.ts'
import { newId } from '#/kernel/id/id.ts'
import { silentLog } from '#/kernel/log/log.ts'
import { testDatabase } from '../../../tests/support/database.ts'

const database = await testDatabase()
const inTx = <T>(work: (tx: Tx) => Promise<T>) =>
  transact(database.control, { kind: 'system', name: 'test' }, work)

test('the latest use is written, whichever node writes last', async () => {
  const partner = await inTx((tx) => createPartner(tx, { slug: 'user', name: 'User' }))
  const made = { environment: 'live', name: 'App' } as const
  const application = await inTx((tx) => createApplication(tx, partner.id, made))
  const key = await inTx((tx) => createKey(tx, partner.id, application.id, { label: 'a' }))
  const lastUsed = async () => (await inTx((tx) => findKey(tx, partner.id, key.id))).lastUsedAt?.getTime()
  const [one, other] = [
    createLastUsed(database.control, silentLog()),
    createLastUsed(database.control, silentLog()),
  ]
  const now = Date.now()
  one.note(key.id, now)
  one.note(newId(), now)
  await one.stop()
  assert.equal(await lastUsed(), now)
  other.note(key.id, now - 60_000)
  await other.stop()
  assert.equal(await lastUsed(), now)
})
