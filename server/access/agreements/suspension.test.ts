/** Suspending a partner with an agreement in force is for two people; resuming it is not. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { draftAgreement, endAgreement, sendAgreement, signAgreement } from '#/access/agreements/agreements.ts'
import { createPartner, findPartner } from '#/identity/partners/partners.ts'
import { systemClock } from '#/kernel/clock/clock.ts'
import { newId, publicId } from '#/kernel/id/id.ts'
import { testDatabase } from '../../../tests/support/database.ts'
import { adminApi } from '../../../tests/support/identity/admin.ts'

const day = 86_400_000
const start = Date.parse('2026-11-01T00:00:00.000Z')
let now = start
const database = await testDatabase({ ...systemClock(), business: () => new Date(now) })
const api = await adminApi(database)
const person = (role = 'admin') => ({ operator: `${role} ${newId()} ${Date.now()}` })
const [ann, ben] = [person(), person('partner-manager')]
const body = { reason: 'breach of the terms' }

/** A partner whose agreement begins in five days and lasts ten. */
const enterprise = () =>
  api.inTx(async (tx) => {
    const { id } = await createPartner(tx, { slug: `p-${newId()}`, name: 'Helio' })
    const terms = { noticeDays: 5, capabilities: [], overrides: {}, sla: null, consents: [] }
    const term = { startsAt: new Date(start + 5 * day), endsAt: new Date(start + 15 * day) }
    const name = await draftAgreement(tx, id, { reference: 'MSA', ...term, terms })
    await sendAgreement(tx, id, name)
    await signAgreement(tx, api.sealer, id, name, { by: 'Ada', at: tx.now })
    return { id, agreementId: name.agreementId }
  })
const stateOf = async (id: string) => (await api.inTx((tx) => findPartner(tx, id)))!.state
const change = (id: string, verb: 'suspend' | 'resume', headers: Record<string, string>) =>
  api.call(`POST /v1/partners/${publicId('ptn', id)}/${verb}`, { headers, body })

test('200 before the term and after it, 202 within it', async () => {
  const table: [number, number][] = [
    [0, 200],
    [5, 202],
    [11, 202],
    [15, 200],
  ]
  for (const [days, status] of table) {
    now = start
    const { id } = await enterprise()
    now = start + days * day
    assert.equal((await change(id, 'suspend', ann)).status, status, `day ${days}`)
    assert.equal(await stateOf(id), status === 200 ? 'suspended' : 'active')
  }
})

test('202 also for who has just cut the agreement short; 200 a week later', async () => {
  for (const [days, status] of [
    [0, 202],
    [6, 202],
    [7, 200],
  ] as const) {
    now = start
    const { id, agreementId } = await enterprise()
    now = start + 6 * day
    await api.inTx((tx) => endAgreement(tx, id, agreementId, { at: null, reason: 'in the way' }))
    now += days * day
    assert.equal((await change(id, 'suspend', ann)).status, status, `${days} days later`)
  }
})

test('403 for a service key; another person approves, with the reason of who proposed it', async () => {
  now = start
  const { id } = await enterprise()
  now = start + 6 * day
  const byKey = await api.call(`POST /v1/partners/${publicId('ptn', id)}/suspend`, { as: 'admin', body })
  assert.deepEqual([byKey.status, byKey.body.code], [403, 'proposals.not_allowed'])
  const asked = await change(id, 'suspend', ann)
  assert.equal(asked.body.action, 'partners.suspend')
  const approve = (headers: Record<string, string>) =>
    api.call(`POST /v1/proposals/${asked.body.proposalId}/approve`, { headers })
  assert.equal((await approve(ann)).body.code, 'proposals.own')
  assert.equal((await approve(person('finance'))).status, 403)
  assert.equal(await stateOf(id), 'active')
  assert.equal((await approve(ben)).body.state, 'done')
  assert.equal(await stateOf(id), 'suspended')
  const subject = publicId('ptn', id)
  const lines = await api.call(`GET /v1/audit?subject=${subject}&action=partners.suspend`, { as: 'auditor' })
  assert.equal(lines.body.data[0].reason, body.reason)
  // Suspended already: nothing is left to agree to. And resuming takes one.
  assert.equal((await change(id, 'suspend', ann)).status, 200)
  assert.equal((await change(id, 'resume', ann)).body.state, 'active')
})
