/** Service keys: told once, usable until revoked, expired or rotated away. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  createServiceKey,
  listServiceKeys,
  revokeServiceKey,
  rotateServiceKey,
  useServiceKey,
} from '#/identity/service-keys/service-keys.ts'
import { transact } from '#/kernel/db/db.ts'
import type { Tx } from '#/kernel/db/db.ts'
import { newId } from '#/kernel/id/id.ts'
import { testDatabase } from '../../../tests/support/database.ts'

const database = await testDatabase()
const inTx = <T>(work: (tx: Tx) => Promise<T>) =>
  transact(database.control, { kind: 'system', name: 'test' }, work)
const create = (expiresAt: Date | null = null) =>
  inTx((tx) => createServiceKey(tx, { name: 'billing', role: 'finance', expiresAt }))
const use = (text: string) => inTx((tx) => useServiceKey(tx, text))

test('a key is known by its text, which is stored nowhere', async () => {
  const created = await create()
  assert.match(created.key, /^pts_[0-9A-Za-z]{33}$/)
  assert.equal((await use(created.key))?.id, created.id)
  const stored = await database.owner.query('select * from identity_service_key where id = $1', [created.id])
  assert.ok(!JSON.stringify(stored.rows[0]).includes(created.key.slice(4, 31)))
  assert.ok(!JSON.stringify(await inTx(listServiceKeys)).includes(created.key.slice(4, 31)))
  assert.ok((await inTx(listServiceKeys)).find((key) => key.id === created.id)?.lastUsedAt)
})

test('a mistyped, a revoked and an expired key are nobody', async () => {
  const created = await create()
  assert.equal(await use(`${created.key.slice(0, -1)}${created.key.endsWith('a') ? 'b' : 'a'}`), null)
  assert.equal(await use('pts_'), null)
  await inTx((tx) => revokeServiceKey(tx, created.id, 'leaked'))
  await inTx((tx) => revokeServiceKey(tx, created.id, 'again'))
  assert.equal(await use(created.key), null)
  assert.equal(await use((await create(new Date(Date.now() - 1000))).key), null)
})

test('after a rotation both keys work until the overlap is over', async () => {
  const old = await create()
  const next = await inTx((tx) => rotateServiceKey(tx, old.id, new Date(Date.now() + 3_600_000)))
  assert.equal((await use(old.key))?.id, old.id)
  assert.equal((await use(next.key))?.role, 'finance')
  const last = await inTx((tx) => rotateServiceKey(tx, next.id, new Date(Date.now() - 1)))
  assert.equal(await use(next.key), null)
  assert.equal((await use(last.key))?.id, last.id)
})

test('404 for a key that is not there', async () => {
  await assert.rejects(
    inTx((tx) => revokeServiceKey(tx, newId(), 'none')),
    /service_keys\.not_found/,
  )
})
