/** Partners and people come in over the admin port. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { acceptInvitation } from '#/identity/invitations/invitations.ts'
import { createPostOffice } from '#/identity/notices/notices.ts'
import { findMember, findOperator } from '#/identity/people/people.ts'
import { parseId } from '#/kernel/id/id.ts'
import { silentLog } from '#/kernel/log/log.ts'
import { adminApi } from '../../../tests/support/identity/admin.ts'
import { testDatabase } from '../../../tests/support/database.ts'

const database = await testDatabase()
const api = await adminApi(database)

/** The page and the token in the newest letter. */
async function delivered(): Promise<{ page: string; token: string }> {
  let text = ''
  const transport = async (_id: string, message: { text: string }) => void (text = message.text)
  await createPostOffice({ database, sealer: api.sealer, transport, log: silentLog() }).deliver()
  const [, page = '', token = ''] = /^(https:\S+)\/([\w-]{43})$/m.exec(text) ?? []
  return { page, token }
}

describe('POST /v1/partners', () => {
  const create = (body: object, as = 'partner-manager') => api.call('POST /v1/partners', { as, body })

  test('403 for finance; 422 for a short name that is none', async () => {
    assert.equal((await create({ slug: 'acme', name: 'Acme' }, 'finance')).status, 403)
    for (const slug of ['Acme', 'a b', '-a', '']) {
      assert.equal((await create({ slug, name: 'Acme' })).status, 422, slug)
    }
  })

  test('201, 409 the second time, and nothing is made when the owner’s address is none', async () => {
    const wrong = await create({ slug: 'acme', name: 'Acme', owner: { email: 'not an address' } })
    assert.deepEqual([wrong.status, wrong.body.code], [422, 'people.email_invalid'])
    const { status, body } = await create({ slug: 'acme', name: 'Acme' })
    assert.deepEqual([status, body.slug, body.state, body.invitation], [201, 'acme', 'active', null])
    assert.match(body.id, /^ptn_[0-9a-f]{32}$/)
    const again = await create({ slug: 'acme', name: 'Acme' })
    assert.deepEqual([again.status, again.body.code], [409, 'partners.slug_taken'])
  })

  test('201 with an invitation that makes the first owner', async () => {
    const { body } = await create({ slug: 'helio', name: 'Helio', owner: { email: 'Ada@helio.example' } })
    assert.deepEqual([body.invitation.email, body.invitation.role], ['ada@helio.example', 'owner'])
    const { page, token } = await delivered()
    assert.equal(page, 'https://portico.test/portal')
    const { person } = await api.inTx((tx) => acceptInvitation(tx, api.sealer, token, 'Ada'))
    const partnerId = parseId('ptn', body.id)!
    assert.equal((await api.inTx((tx) => findMember(tx, partnerId, person.id)))?.role, 'owner')
  })
})

describe('/v1/partners/:id/invitations', () => {
  test('403, 404, 201, the list, and 204 takes it back', async () => {
    const { body: partner } = await api.call('POST /v1/partners', {
      as: 'admin',
      body: { slug: 'sol', name: 'Sol' },
    })
    const path = `/v1/partners/${partner.id}/invitations` as const
    const body = { email: 'bob@sol.example', role: 'developer' }
    assert.equal((await api.call(`POST ${path}`, { as: 'support', body })).status, 403)
    const absent = `/v1/partners/ptn_${'0'.repeat(32)}/invitations` as const
    assert.equal((await api.call(`POST ${absent}`, { as: 'admin', body })).status, 404)
    const { status, body: made } = await api.call(`POST ${path}`, { as: 'admin', body })
    assert.deepEqual([status, made.role], [201, 'developer'])
    const listed = await api.call(`GET ${path}`, { as: 'support' })
    assert.deepEqual(listed.body.data, [made])
    assert.equal((await api.call(`DELETE ${path}/${made.id}`, { as: 'support' })).status, 403)
    const { token } = await delivered()
    assert.equal((await api.call(`DELETE ${path}/${made.id}`, { as: 'admin' })).status, 204)
    assert.equal((await api.call(`DELETE ${path}/${made.id}`, { as: 'admin' })).status, 404)
    await assert.rejects(
      api.inTx((tx) => acceptInvitation(tx, api.sealer, token, 'Bob')),
      /invitations\.not_found/,
    )
  })
})

describe('/v1/operators: invitations', () => {
  test('403 for a partner manager; 201 with a link to the console; 204 takes one back', async () => {
    const body = { email: 'eve@provider.example', role: 'support' }
    assert.equal((await api.call('POST /v1/operators', { as: 'partner-manager', body })).status, 403)
    assert.equal((await api.call('POST /v1/operators', { as: 'admin', body })).status, 201)
    const { page, token } = await delivered()
    assert.equal(page, 'https://admin.test/console')
    const { person } = await api.inTx((tx) => acceptInvitation(tx, api.sealer, token, 'Eve'))
    assert.equal((await api.inTx((tx) => findOperator(tx, person.id)))?.role, 'support')
    assert.equal((await api.call('POST /v1/operators', { as: 'admin', body })).status, 409)
    const second = await api.call('POST /v1/operators', {
      as: 'admin',
      body: { ...body, email: 'fay@provider.example' },
    })
    const listed = await api.call('GET /v1/operators/invitations', { as: 'auditor' })
    assert.deepEqual(listed.body.data, [second.body])
    const path = `DELETE /v1/operators/invitations/${second.body.id}` as const
    assert.equal((await api.call(path, { as: 'admin' })).status, 204)
    assert.deepEqual((await api.call('GET /v1/operators/invitations', { as: 'auditor' })).body.data, [])
  })
})
