/** Rollouts and attributes over the admin port. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { declareCapability } from '#/access/capabilities/capabilities.ts'
import { createPartner } from '#/identity/partners/partners.ts'
import { publicId } from '#/kernel/id/id.ts'
import { adminApi } from '../../../tests/support/identity/admin.ts'
import { testDatabase } from '../../../tests/support/database.ts'

const database = await testDatabase()
const api = await adminApi(database)

let count = 0
async function rollout() {
  const name = `capability-${(count += 1)}`
  await api.inTx((tx) => declareCapability(tx, { name, title: 'Capability', exposure: 'dark' }))
  return `/v1/capabilities/${name}/rollouts/live` as const
}
async function partner() {
  const slug = `partner-${(count += 1)}`
  const { id } = await api.inTx((tx) => createPartner(tx, { slug, name: 'Partner' }))
  return { id: publicId('ptn', id), slug }
}
async function changes(): Promise<unknown> {
  return (await database.owner.query('select last from kernel_change_counter')).rows
}
const hour = 3_600_000
const inHours = (hours: number) => new Date(Date.now() + hours * hour).toISOString()
const tenth = { kind: 'percentage', percent: 10 }
const half = { kind: 'percentage', percent: 50 }
const absent = `ptn_${'0'.repeat(32)}`

const writes: readonly [`${string} `, string, object][] = [
  ['PUT ', '', { rollout: tenth }],
  ['POST ', '/schedule', { steps: [] }],
  ['POST ', '/roll-back', { reason: 'x' }],
  ['POST ', '/preview', { rollout: tenth }],
]

describe('each route of a rollout', () => {
  test('403 for who may not', async () => {
    const path = await rollout()
    assert.equal((await api.call(`GET ${path}`, { as: 'service' })).status, 403)
    for (const [method, end, body] of writes) {
      assert.equal((await api.call(`${method}${path}${end}`, { as: 'auditor', body })).status, 403, end)
    }
  })

  test('404 for a capability there is not, 422 for an environment there is not', async () => {
    const path = await rollout()
    const [none, other] = ['/v1/capabilities/none/rollouts/live', path.replace('/live', '/test')] as const
    assert.equal((await api.call(`GET ${none}`, { as: 'admin' })).body.code, 'capabilities.not_found')
    for (const [method, end, body] of writes) {
      assert.equal((await api.call(`${method}${none}${end}`, { as: 'admin', body })).status, 404, end)
      const { status } = await api.call(`${method}${other as `/${string}`}${end}`, { as: 'admin', body })
      assert.equal(status, 422, end)
    }
  })
})

describe('PUT …/rollouts/:environment', () => {
  test('422 for what is no rollout or names nobody, and nothing happens', async () => {
    const path = await rollout()
    const before = await changes()
    for (const wrong of [
      {},
      { rollout: { kind: 'most' } },
      { rollout: { kind: 'percentage', percent: 100.5 } },
      { rollout: { kind: 'cohort', partners: ['acme'] } },
      { rollout: { kind: 'cohort', partners: [absent] } },
      { rollout: { kind: 'cohort', rule: { all: [] } } },
    ]) {
      assert.equal((await api.call(`PUT ${path}`, { as: 'admin', body: wrong })).status, 422)
    }
    assert.deepEqual(await changes(), before)
  })

  test('200 with what is in force and what was before', async () => {
    const path = await rollout()
    const { id } = await partner()
    const rule = { any: [{ attribute: 'tier', in: ['gold'] }, { not: { attribute: 'region', in: ['eu'] } }] }
    const cohort = { kind: 'cohort', partners: [id], rule }
    const put = await api.call(`PUT ${path}`, { as: 'partner-manager', body: { rollout: cohort } })
    assert.equal(put.status, 200)
    assert.deepEqual(put.body.rollout, cohort)
    assert.deepEqual(
      put.body.before.map((one: { rollout: object }) => one.rollout),
      [{ kind: 'on' }],
    )
    const { body } = await api.call(`GET ${path}`, { as: 'support' })
    assert.deepEqual(body, put.body)
  })
})

describe('POST …/schedule', () => {
  test('422 for a step in the past, in disorder, in a circle, or at no time; the plan stays', async () => {
    const path = await rollout()
    const plan = { steps: [{ at: inHours(5), rollout: half }] }
    assert.equal((await api.call(`POST ${path}/schedule`, { as: 'admin', body: plan })).status, 200)
    const before = await changes()
    for (const [steps, detail] of [
      [[{ at: inHours(-1), rollout: half }], /Step 1 lies in the past/],
      [
        [
          { at: inHours(2), rollout: half },
          { at: inHours(1), rollout: tenth },
        ],
        /Step 2 lies before step 1/,
      ],
      [
        [tenth, half, tenth].map((each, i) => ({ at: inHours(i + 1), rollout: each })),
        /goes round in a circle/,
      ],
      [[{ at: 'tomorrow', rollout: half }], /Step 1 has no time/],
      [[{ at: '2099-01-01', rollout: half }], /Step 1 has no time/],
    ] as const) {
      const { status, body } = await api.call(`POST ${path}/schedule`, { as: 'admin', body: { steps } })
      assert.deepEqual([status, body.code], [422, 'rollouts.bad_schedule'])
      assert.match(body.detail, detail)
    }
    assert.deepEqual(await changes(), before)
    const { body } = await api.call(`GET ${path}`, { as: 'admin' })
    assert.deepEqual(body.planned, plan.steps)
  })
})

describe('POST …/roll-back', () => {
  test('409 when nothing was before, 200 with what was, and the plan is gone', async () => {
    const path = await rollout()
    const body = { reason: 'it failed' }
    const first = await api.call(`POST ${path}/roll-back`, { as: 'admin', body })
    assert.deepEqual([first.status, first.body.code], [409, 'rollouts.nothing_before'])
    assert.equal((await api.call(`POST ${path}/roll-back`, { as: 'admin', body: {} })).status, 422)
    await api.call(`PUT ${path}`, { as: 'admin', body: { rollout: tenth } })
    const steps = [{ at: inHours(1), rollout: half }]
    await api.call(`POST ${path}/schedule`, { as: 'admin', body: { steps } })
    const back = await api.call(`POST ${path}/roll-back`, { as: 'admin', body })
    assert.deepEqual([back.status, back.body.rollout, back.body.planned], [200, { kind: 'on' }, []])
  })
})

describe('POST …/preview', () => {
  test('422 for what is no rollout, 200 with who gains and who loses, and nothing changes', async () => {
    const path = await rollout()
    const [one, other] = [await partner(), await partner()]
    await api.call(`PUT ${path}`, { as: 'admin', body: { rollout: { kind: 'cohort', partners: [one.id] } } })
    const before = await changes()
    const preview = (rollout_: object, more: object = {}) =>
      api.call(`POST ${path}/preview`, { as: 'admin', body: { rollout: rollout_, ...more } })
    assert.equal((await preview({ kind: 'cohort', partners: [] })).status, 422)
    assert.equal((await preview(tenth, { limit: 1001 })).status, 422)
    const { status, body } = await preview({ kind: 'cohort', partners: [other.id] })
    assert.equal(status, 200)
    assert.deepEqual(body, {
      gains: { count: 1, partners: [other] },
      loses: { count: 1, partners: [one] },
    })
    assert.deepEqual(await changes(), before)
  })
})

describe('/v1/partners/:id/attributes', () => {
  test('403 for who may not, 404 for a partner there is not, 422 for what are no attributes', async () => {
    const { id } = await partner()
    const body = { attributes: { tier: 'gold' } }
    assert.equal((await api.call(`GET /v1/partners/${id}/attributes`, { as: 'service' })).status, 403)
    assert.equal((await api.call(`PUT /v1/partners/${id}/attributes`, { as: 'auditor', body })).status, 403)
    for (const none of [absent, 'acme']) {
      assert.equal((await api.call(`GET /v1/partners/${none}/attributes`, { as: 'admin' })).status, 404)
      const put = await api.call(`PUT /v1/partners/${none}/attributes`, { as: 'admin', body })
      assert.deepEqual([put.status, put.body.code], [404, 'partners.not_found'])
    }
    for (const attributes of [{ slug: 'x' }, { Tier: 'x' }, { tier: '' }, { tier: 3 }, null]) {
      const put = await api.call(`PUT /v1/partners/${id}/attributes`, { as: 'admin', body: { attributes } })
      assert.equal(put.status, 422, JSON.stringify(attributes))
    }
  })

  test('200 with the attributes it has, and no others', async () => {
    const { id } = await partner()
    for (const attributes of [{ tier: 'gold', region: 'eu' }, { tier: 'silver' }, {}]) {
      const put = await api.call(`PUT /v1/partners/${id}/attributes`, { as: 'admin', body: { attributes } })
      assert.deepEqual([put.status, put.body], [200, { attributes }])
      assert.deepEqual((await api.call(`GET /v1/partners/${id}/attributes`, { as: 'support' })).body, {
        attributes,
      })
    }
  })
})
