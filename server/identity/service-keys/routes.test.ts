/** Service keys over the admin port: told once, and no way to more than one may already. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createServiceKey, rotateServiceKey } from '#/identity/service-keys/service-keys.ts'
import { newId, parseId } from '#/kernel/id/id.ts'
import { adminApi } from '../../../tests/support/identity/admin.ts'
import { testDatabase } from '../../../tests/support/database.ts'

const database = await testDatabase()
const api = await adminApi(database)
const create = (body: object, as = 'admin') => api.call('POST /v1/service-keys', { as, body })
const use = (key: string) =>
  api.call('GET /v1/partners', { headers: { authorization: `Bearer ${key}` } }).then(({ status }) => status)

describe('POST /v1/service-keys', () => {
  const body = { name: 'billing', role: 'finance' }

  test('403 without the permission, and for a person whose last proof is old', async () => {
    assert.equal((await create(body, 'auditor')).status, 403)
    const stale = { operator: `admin ${newId()} ${Date.now() - 3_600_000}` }
    const { status, body: answer } = await api.call('POST /v1/service-keys', { headers: stale, body })
    assert.deepEqual([status, answer.code], [403, 'auth.step_up_required'])
    const fresh = { operator: `admin ${newId()} ${Date.now()}` }
    assert.equal((await api.call('POST /v1/service-keys', { headers: fresh, body })).status, 201)
  })

  test('422 for a role there is not, and for an expiry that is past or none', async () => {
    assert.equal((await create({ ...body, role: 'owner' })).status, 422)
    for (const expiresAt of ['2020-01-01T00:00:00Z', 'soon']) {
      const answer = await create({ ...body, expiresAt })
      assert.deepEqual([answer.status, answer.body.code], [422, 'service_keys.times_invalid'])
    }
  })

  test('201 with a key that works, and the list never has its text', async () => {
    const { status, body: made } = await create(body)
    assert.equal(status, 201)
    assert.match(made.id, /^svk_[0-9a-f]{32}$/)
    assert.equal(await use(made.key), 200)
    const listed = await api.call('GET /v1/service-keys', { as: 'auditor' })
    const found = listed.body.data.find(({ id }: { id: string }) => id === made.id)
    assert.deepEqual([found.role, found.lastFour], ['finance', made.key.slice(-4)])
    assert.ok(found.lastUsedAt)
    assert.ok(!listed.text.includes(made.key.slice(4, 31)))
    const lines = await database.owner.query('select * from governance_audit where subject_id = $1', [
      parseId('svk', made.id),
    ])
    assert.equal(lines.rows.length, 1)
    assert.ok(!JSON.stringify(lines.rows).includes(made.key.slice(4, 31)))
  })

  test('403 for a key that may more than whoever makes it, whatever the permissions will be one day', async () => {
    const manager = { kind: 'service', id: newId(), role: 'partner-manager' } as const
    const tries = [
      () => api.inTx((tx) => createServiceKey(tx, { name: 'up', role: 'admin' }), manager),
      () => api.inTx((tx) => createServiceKey(tx, { name: 'up', role: 'auditor' }), manager),
      async () => {
        const admin = (await api.call('GET /v1/service-keys', { as: 'admin' })).body.data[0]
        return api.inTx((tx) => rotateServiceKey(tx, parseId('svk', admin.id)!, new Date()), manager)
      },
    ]
    for (const one of tries) await assert.rejects(one(), /people\.beyond_own_role/)
    await api.inTx((tx) => createServiceKey(tx, { name: 'down', role: 'support' }), manager)
  })
})

describe('POST /v1/service-keys/:id/rotate', () => {
  test('404 for nobody’s, 201 with an overlap and without one', async () => {
    const { body: old } = await create({ name: 'crm', role: 'support' })
    const rotate = (id: string, overlapHours: number) =>
      api.call(`POST /v1/service-keys/${id}/rotate`, { as: 'admin', body: { overlapHours } })
    assert.equal((await rotate(`svk_${'0'.repeat(32)}`, 1)).status, 404)
    const next = await rotate(old.id, 1)
    assert.deepEqual([next.status, next.body.role, next.body.name], [201, 'support', 'crm'])
    assert.deepEqual([await use(old.key), await use(next.body.key)], [200, 200])
    const last = await rotate(next.body.id, 0)
    assert.deepEqual([await use(next.body.key), await use(last.body.key)], [401, 200])
  })
})

describe('POST /v1/service-keys/:id/revoke', () => {
  test('422 without a reason; 200, and the next call is refused', async () => {
    const { body: made } = await create({ name: 'etl', role: 'auditor' })
    const path = `POST /v1/service-keys/${made.id}/revoke` as const
    assert.equal((await api.call(path, { as: 'admin', body: { reason: ' ' } })).status, 422)
    const { status, body } = await api.call(path, { as: 'admin', body: { reason: 'no longer used' } })
    assert.equal(status, 200)
    assert.ok(body.revokedAt)
    assert.equal(await use(made.key), 401)
  })
})
