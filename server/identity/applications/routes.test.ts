/** Suspending an application over the admin port: whose it is, what is told, and what the partner sees. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createApplication } from '#/identity/applications/applications.ts'
import { archiveApplication } from '#/identity/keys/keys.ts'
import { createPartner, readStandings, standingWords } from '#/identity/partners/partners.ts'
import { newId, publicId } from '#/kernel/id/id.ts'
import { partnersNamed } from '#/kernel/lines/lines.ts'
import { testDatabase } from '../../../tests/support/database.ts'
import { adminApi } from '../../../tests/support/identity/admin.ts'

const database = await testDatabase()
const api = await adminApi(database)
const as = 'partner-manager'
const body = { reason: 'leaks data' }

const made = () =>
  api.inTx(async (tx) => {
    const partner = await createPartner(tx, { slug: `p-${newId()}`, name: 'Helio' })
    return createApplication(tx, partner.id, { environment: 'live', name: 'Shop' })
  })
type Made = Awaited<ReturnType<typeof made>>
const pathOf = ({ partnerId, id }: Made, verb: string) =>
  `POST /v1/partners/${publicId('ptn', partnerId)}/applications/${publicId('app', id)}/${verb}` as const

async function changesOf(id: string): Promise<number> {
  const { rows } = await database.owner.query(
    `select 1 from kernel_change where topic = 'application' and row_id = $1`,
    [id],
  )
  return rows.length
}

test('403 without the permission; 404 for another partner’s, an absent one and no id; 422 without a reason', async () => {
  const [mine, theirs] = [await made(), await made()]
  for (const role of ['support', 'finance', 'auditor']) {
    assert.equal((await api.call(pathOf(mine, 'suspend'), { as: role, body })).status, 403, role)
  }
  const foreign = { ...mine, partnerId: theirs.partnerId }
  for (const strange of [foreign, { ...mine, id: newId() }]) {
    for (const verb of ['suspend', 'resume']) {
      const { status, body: answered } = await api.call(pathOf(strange, verb), { as, body })
      assert.deepEqual([status, answered.code], [404, 'applications.not_found'])
    }
  }
  const partner = publicId('ptn', mine.partnerId)
  const noId = await api.call(`POST /v1/partners/${partner}/applications/shop/suspend`, { as, body })
  assert.deepEqual([noId.status, noId.body.code], [404, 'applications.not_found'])
  for (const partnerId of [publicId('ptn', newId()), 'x']) {
    const nobodys = `/v1/partners/${partnerId}/applications/${publicId('app', mine.id)}/suspend` as const
    const refused = await api.call(`POST ${nobodys}`, { as, body })
    assert.deepEqual([refused.status, refused.body.code], [404, 'partners.not_found'], partnerId)
  }
  for (const reason of [undefined, '', ' ', 'a\u0000', 'a\ud800']) {
    const { status } = await api.call(pathOf(mine, 'suspend'), { as, body: { reason } })
    assert.equal(status, 422, JSON.stringify(reason))
  }
})

test('409 for one that is archived', async () => {
  const mine = await made()
  await api.inTx((tx) => archiveApplication(tx, mine.partnerId, mine.id))
  const { status, body: answered } = await api.call(pathOf(mine, 'suspend'), { as, body })
  assert.deepEqual([status, answered.code], [409, 'applications.archived'])
})

test('200, once: gateways are told, the reason is kept, and the partner’s page shows the state', async () => {
  const mine = await made()
  const before = await changesOf(mine.id)
  for (let twice = 0; twice < 2; twice += 1) {
    const suspended = await api.call(pathOf(mine, 'suspend'), { as, body })
    assert.deepEqual([suspended.status, suspended.body.state], [200, 'suspended'])
  }
  assert.equal(await changesOf(mine.id), before + 1)
  const page = await api.call(`GET /v1/partners/${publicId('ptn', mine.partnerId)}`, { as })
  assert.deepEqual(
    page.body.applications.map((each: { state: string }) => each.state),
    ['suspended'],
  )
  const resumed = await api.call(pathOf(mine, 'resume'), { as, body: { reason: 'mended' } })
  assert.equal(resumed.body.state, 'active')
  const standings = await api.inTx((tx) => readStandings(tx, partnersNamed([mine.partnerId]), null))
  assert.deepEqual(
    standingWords(standings.get(mine.partnerId)!)
      .filter(({ applicationId }) => applicationId === mine.id)
      .toSorted((a, b) => a.saidAt - b.saidAt)
      .map(({ value }) => value),
    ['suspended', 'active'],
  )
  const lines = await api.call(`GET /v1/audit?subject=${publicId('app', mine.id)}`, { as: 'auditor' })
  const told = lines.body.data.map((each: { action: string; reason: string | null }) => [
    each.action,
    each.reason,
  ])
  assert.deepEqual(told.slice(0, 2), [
    ['applications.resume', 'mended'],
    ['applications.suspend', 'leaks data'],
  ])
})
