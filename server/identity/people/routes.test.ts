/** Operators over the admin port: roles are given within one's own, and an administrator stays. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { addOperator, createPerson, findOperator } from '#/identity/people/people.ts'
import type { OperatorRole } from '#/identity/people/people.ts'
import { publicId } from '#/kernel/id/id.ts'
import { adminApi } from '../../../tests/support/identity/admin.ts'
import { testDatabase } from '../../../tests/support/database.ts'

const api = await adminApi(await testDatabase())

async function operator(name: string, role: OperatorRole): Promise<string> {
  return api.inTx(async (tx) => {
    const { id } = await createPerson(tx, api.sealer, { email: `${name}@provider.example`, name })
    await addOperator(tx, id, role)
    return id
  })
}

const admin = await operator('ada', 'admin')
const asAdmin = { operator: `admin ${admin} ${Date.now()}` }
const at = (id: string) => `/v1/operators/${publicId('per', id)}` as const
const roleOf = async (id: string) => (await api.inTx((tx) => findOperator(tx, id)))?.role

describe('GET /v1/operators', () => {
  test('403 for a partner manager, 200 for an auditor', async () => {
    assert.equal((await api.call('GET /v1/operators', { as: 'partner-manager' })).status, 403)
    const { status, body } = await api.call('GET /v1/operators', { as: 'auditor' })
    assert.equal(status, 200)
    assert.deepEqual(
      body.data.map(({ id, email, role }: Record<string, string>) => [id, email, role]),
      [[publicId('per', admin), 'ada@provider.example', 'admin']],
    )
  })
})

describe('PATCH /v1/operators/:id', () => {
  test('403 for an auditor, and for one’s own role', async () => {
    const body = { role: 'support' }
    assert.equal((await api.call(`PATCH ${at(admin)}`, { as: 'auditor', body })).status, 403)
    const own = await api.call(`PATCH ${at(admin)}`, { headers: asAdmin, body })
    assert.deepEqual([own.status, own.body.code], [403, 'people.own_role'])
    assert.equal(await roleOf(admin), 'admin')
  })

  test('404 for nobody, 422 for a role there is not, 409 for the last administrator', async () => {
    const as = 'admin'
    const absent = await api.call(`PATCH /v1/operators/per_${'0'.repeat(32)}`, {
      as,
      body: { role: 'support' },
    })
    assert.deepEqual([absent.status, absent.body.code], [404, 'people.operator_not_found'])
    // One is a member's, the other for keys alone.
    for (const role of ['owner', 'service']) {
      assert.equal((await api.call(`PATCH ${at(admin)}`, { as, body: { role } })).status, 422, role)
    }
    const last = await api.call(`PATCH ${at(admin)}`, { as, body: { role: 'support' } })
    assert.deepEqual([last.status, last.body.code], [409, 'people.last_admin'])
  })

  test('200 with the new role', async () => {
    const id = await operator('bob', 'support')
    const { status, body } = await api.call(`PATCH ${at(id)}`, {
      headers: asAdmin,
      body: { role: 'finance' },
    })
    assert.deepEqual([status, body.role, body.name], [200, 'finance', 'bob'])
    assert.equal(await roleOf(id), 'finance')
  })
})

describe('DELETE /v1/operators/:id', () => {
  test('403 for support, 409 for the last administrator, 204, then 404', async () => {
    const id = await operator('cleo', 'support')
    assert.equal((await api.call(`DELETE ${at(id)}`, { as: 'support' })).status, 403)
    assert.equal((await api.call(`DELETE ${at(admin)}`, { headers: asAdmin })).status, 409)
    const { status, text } = await api.call(`DELETE ${at(id)}`, { headers: asAdmin })
    assert.deepEqual([status, text], [204, ''])
    assert.equal(await roleOf(id), undefined)
    assert.equal((await api.call(`DELETE ${at(id)}`, { headers: asAdmin })).status, 404)
  })
})
