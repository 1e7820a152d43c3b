/** Four eyes over the admin port. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Type } from 'typebox'
import { proposalAction, propose } from '#/governance/proposals/proposals.ts'
import { newId, publicId } from '#/kernel/id/id.ts'
import { adminApi } from '../../../tests/support/identity/admin.ts'
import { testDatabase } from '../../../tests/support/database.ts'

const done: string[] = []
const actions = {
  'partners.note': proposalAction({
    permission: 'partners:write',
    params: Type.Object({ note: Type.String() }),
    async run(_tx, { note }) {
      if (note === 'fails') throw new Error('the machine is broken')
      done.push(note)
    },
  }),
}
const api = await adminApi(await testDatabase(), actions)
const [ada, bob] = [newId(), newId()]
const as = (role: string, id = bob) => ({ operator: `${role} ${id} ${Date.now()}` })

/** Made by Ada; its path. */
async function proposed(note: string) {
  const actor = { kind: 'operator', id: ada, role: 'admin' } as const
  const expiresAt = new Date(Date.now() + 3_600_000)
  const { id } = await api.inTx(
    (tx) => propose(tx, actions, { action: 'partners.note', params: { note }, expiresAt }),
    actor,
  )
  return { id: publicId('prp', id), path: `/v1/proposals/${publicId('prp', id)}` as const }
}

describe('GET /v1/proposals', () => {
  test('403 for support, 200 with what is open, 422 for a state there is not', async () => {
    const { id, path } = await proposed('look')
    assert.equal((await api.call('GET /v1/proposals', { as: 'support' })).status, 403)
    const { body } = await api.call('GET /v1/proposals?state=open&limit=1', { as: 'auditor' })
    assert.deepEqual([body.data[0].id, body.data[0].proposedBy], [id, publicId('per', ada)])
    assert.deepEqual((await api.call(`GET ${path}`, { as: 'auditor' })).body, body.data[0])
    assert.equal((await api.call('GET /v1/proposals?state=lost', { as: 'auditor' })).status, 422)
    const absent = await api.call(`GET /v1/proposals/prp_${'0'.repeat(32)}`, { as: 'auditor' })
    assert.deepEqual([absent.status, absent.body.code], [404, 'proposals.not_found'])
  })
})

describe('POST /v1/proposals/:id/approve', () => {
  test('403 for an auditor, a service, who lacks the action’s permission, and who proposed it', async () => {
    const { path } = await proposed('refused')
    const codes: Record<string, string> = {
      'guard.forbidden': as('auditor').operator,
      'proposals.not_allowed': as('finance').operator,
      'proposals.own': as('admin', ada).operator,
    }
    for (const [code, operator] of Object.entries(codes)) {
      const { status, body } = await api.call(`POST ${path}/approve`, { headers: { operator } })
      assert.deepEqual([status, body.code], [403, code])
    }
    const service = await api.call(`POST ${path}/approve`, { as: 'admin' })
    assert.deepEqual([service.status, service.body.code], [403, 'proposals.not_allowed'])
    assert.ok(!done.includes('refused'))
  })

  test('200 and it is done once; 409 after that', async () => {
    const { path } = await proposed('once')
    const headers = as('partner-manager')
    const { status, body } = await api.call(`POST ${path}/approve`, { headers })
    assert.deepEqual([status, body.state, body.decidedBy], [200, 'done', publicId('per', bob)])
    assert.equal((await api.call(`POST ${path}/approve`, { headers })).status, 409)
    assert.deepEqual(
      done.filter((note) => note === 'once'),
      ['once'],
    )
  })

  test('200 with what failed, and not why', async () => {
    const { path } = await proposed('fails')
    const { status, body, text } = await api.call(`POST ${path}/approve`, { headers: as('admin') })
    assert.deepEqual([status, body.state, body.failure], [200, 'failed', 'internal'])
    assert.ok(!text.includes('machine'))
  })
})

describe('POST /v1/proposals/:id/decline', () => {
  test('403 for an auditor, 422 without a reason, 200 by another and by who proposed it', async () => {
    for (const headers of [as('partner-manager'), as('admin', ada)]) {
      const { path } = await proposed('declined')
      const body = { reason: 'not now' }
      assert.equal((await api.call(`POST ${path}/decline`, { headers: as('auditor'), body })).status, 403)
      assert.equal((await api.call(`POST ${path}/decline`, { headers, body: {} })).status, 422)
      const declined = await api.call(`POST ${path}/decline`, { headers, body })
      assert.deepEqual(
        [declined.status, declined.body.state, declined.body.reason],
        [200, 'declined', 'not now'],
      )
    }
    assert.ok(!done.includes('declined'))
  })
})
