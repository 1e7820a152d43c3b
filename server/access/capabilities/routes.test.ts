/** Capabilities, gates and evidence over the admin port. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { declareCapability, openAction } from '#/access/capabilities/capabilities.ts'
import type { Exposure } from '#/access/capabilities/capabilities.ts'
import { newId, publicId } from '#/kernel/id/id.ts'
import { adminApi } from '../../../tests/support/identity/admin.ts'
import { testDatabase } from '../../../tests/support/database.ts'

const actions = { 'capabilities.open': openAction }
const database = await testDatabase()
const api = await adminApi(database, actions)
const [ada, bob] = [newId(), newId()]
const as = (id: string, role = 'admin') => ({ operator: `${role} ${id} ${Date.now()}` })

let count = 0
async function capability(exposure: Exposure = 'dark') {
  const name = `capability-${(count += 1)}`
  const { id } = await api.inTx((tx) => declareCapability(tx, { name, title: 'Capability', exposure }))
  return { id, path: `/v1/capabilities/${name}` as const, name }
}

async function gate(more: object = {}) {
  const name = `gate-${(count += 1)}`
  const body = { title: 'Gate', onLapse: 'alarm', ...more }
  const { status } = await api.call(`PUT /v1/gates/${name}`, { headers: as(ada), body })
  assert.equal(status, 200)
  return name
}

const document = { kind: 'document', reference: 'DOC-1' }

async function changes(): Promise<unknown> {
  return (await database.owner.query('select last from kernel_change_counter')).rows
}

describe('GET /v1/capabilities', () => {
  test('403 for a service, 200 with every capability for who may read', async () => {
    const { name, id } = await capability()
    assert.equal((await api.call('GET /v1/capabilities', { as: 'service' })).status, 403)
    const { status, body } = await api.call('GET /v1/capabilities', { as: 'support' })
    assert.equal(status, 200)
    const found = body.data.find((one: { name: string }) => one.name === name)
    assert.deepEqual(found, { id: publicId('cap', id), name, title: 'Capability', exposure: 'dark' })
  })
})

describe('GET /v1/capabilities/:name', () => {
  test('403 for a service, 404 for one there is not', async () => {
    const { path } = await capability()
    assert.equal((await api.call(`GET ${path}`, { as: 'service' })).status, 403)
    const { status, body } = await api.call('GET /v1/capabilities/none', { as: 'auditor' })
    assert.deepEqual([status, body.code], [404, 'capabilities.not_found'])
  })

  test('200 with history, gates, evidence and its age, and rollouts', async () => {
    const { path } = await capability('internal')
    const headers = as(ada)
    await api.call(`POST ${path}/exposure`, { headers, body: { to: 'dark', reason: 'built' } })
    const name = await gate({ onLapse: 'hide' })
    const from = new Date(Date.now() - 3.5 * 86_400_000).toISOString()
    const evidence = [{ gate: name, kind: 'sign-off', reference: 'Review', signedBy: 'Jo Example', from }]
    const put = await api.call(`PUT ${path}/gates`, { headers, body: { gates: [name], evidence } })
    assert.equal(put.status, 200)
    const { status, body } = await api.call(`GET ${path}`, { as: 'auditor' })
    assert.equal(status, 200)
    assert.deepEqual(body, put.body)
    assert.deepEqual([body.exposure, body.next], ['dark', ['internal', 'pilot', 'general']])
    assert.deepEqual(
      body.history.map((one: { exposure: string; reason: string; changedBy: string | null }) => [
        one.exposure,
        one.reason,
        one.changedBy,
      ]),
      [
        ['dark', 'built', publicId('per', ada)],
        ['internal', null, null],
      ],
    )
    const [only] = body.gates
    assert.deepEqual([body.gates.length, only.name, only.onLapse, only.met], [1, name, 'hide', true])
    const [proof] = only.evidence
    assert.deepEqual(
      [proof.signedBy, proof.state, proof.ageDays, proof.from, proof.until],
      ['Jo Example', 'in-force', 3, from, null],
    )
    assert.deepEqual(body.rollouts.live.rollout, { kind: 'on' })
  })
})

describe('PATCH /v1/capabilities/:name', () => {
  test('403 for an auditor, 404, 422 for an unfit body, 200 with what it is now', async () => {
    const { path } = await capability()
    const body = { description: 'Objects of partners', successor: 'projects' }
    assert.equal((await api.call(`PATCH ${path}`, { as: 'auditor', body })).status, 403)
    const absent = await api.call('PATCH /v1/capabilities/none', { as: 'admin', body })
    assert.deepEqual([absent.status, absent.body.code], [404, 'capabilities.not_found'])
    for (const wrong of [{}, { title: ' ' }, { exposure: 'general' }, { successor: '' }]) {
      assert.equal((await api.call(`PATCH ${path}`, { as: 'admin', body: wrong })).status, 422)
    }
    const patched = await api.call(`PATCH ${path}`, { as: 'admin', body })
    assert.deepEqual(
      [patched.status, patched.body.title, patched.body.description, patched.body.successor],
      [200, 'Capability', 'Objects of partners', 'projects'],
    )
    const cleared = await api.call(`PATCH ${path}`, { as: 'admin', body: { successor: null } })
    assert.deepEqual([cleared.body.description, cleared.body.successor], ['Objects of partners', null])
  })
})

describe('POST /v1/capabilities/:name/exposure', () => {
  const ask = (path: string, to: string, headers = as(ada)) =>
    api.call(`POST ${path as `/${string}`}/exposure`, { headers, body: { to, reason: 'ready' } })

  test('403 for an auditor, and for a service where it takes two people', async () => {
    const { path } = await capability()
    assert.equal((await ask(path, 'internal', as(ada, 'auditor'))).status, 403)
    const { status, body } = await api.call(`POST ${path}/exposure`, {
      as: 'admin',
      body: { to: 'pilot', reason: 'ready' },
    })
    assert.deepEqual([status, body.code], [403, 'proposals.not_allowed'])
  })

  test('404 for one there is not, 422 without a reason or for another word', async () => {
    const { path } = await capability()
    assert.equal((await ask('/v1/capabilities/none', 'dark')).status, 404)
    for (const body of [{ to: 'dark' }, { to: 'open', reason: 'x' }, { to: 'dark', reason: ' ' }]) {
      assert.equal((await api.call(`POST ${path}/exposure`, { headers: as(ada), body })).status, 422)
    }
  })

  test('409 where there is no way, and while a gate is open; nothing happens', async () => {
    const { path } = await capability()
    const name = await gate()
    await api.call(`PUT ${path}/gates`, { headers: as(ada), body: { gates: [name] } })
    const before = await changes()
    for (const [to, code] of [
      ['retired', 'capabilities.no_transition'],
      ['general', 'capabilities.gates_open'],
    ] as const) {
      const { status, body } = await ask(path, to)
      assert.deepEqual([status, body.code], [409, code])
    }
    assert.deepEqual(await changes(), before)
    assert.equal((await api.call('GET /v1/proposals?state=open', { as: 'admin' })).body.data.length, 0)
  })

  test('202 out of dark: a second person opens it, nobody opens it alone', async () => {
    const { path } = await capability()
    const asked = await ask(path, 'general')
    assert.equal(asked.status, 202)
    assert.deepEqual(Object.keys(asked.body), ['proposalId', 'action', 'permission', 'expiresAt'])
    assert.equal((await api.call(`GET ${path}`, { as: 'admin' })).body.exposure, 'dark')
    const proposal = `/v1/proposals/${asked.body.proposalId}` as const
    const alone = await api.call(`POST ${proposal}/approve`, { headers: as(ada) })
    assert.deepEqual([alone.status, alone.body.code], [403, 'proposals.own'])
    const { body } = await api.call(`POST ${proposal}/approve`, { headers: as(bob) })
    assert.deepEqual([body.state, body.action], ['done', 'capabilities.open'])
    assert.equal((await api.call(`GET ${path}`, { as: 'admin' })).body.exposure, 'general')
  })

  test('200 for every other way, also for a service, and for what it is already', async () => {
    const { path } = await capability('general')
    for (const to of ['general', 'deprecated', 'dark']) {
      const { status, body } = await api.call(`POST ${path}/exposure`, {
        as: 'admin',
        body: { to, reason: 'x' },
      })
      assert.deepEqual([status, body.exposure], [200, to])
    }
  })
})

describe('PUT /v1/gates/:name and GET /v1/gates', () => {
  test('403 for an auditor to change, 422 for what is no gate, 200 with what it is', async () => {
    const body = { title: 'Legal', onLapse: 'hide', lastsDays: 90 }
    assert.equal((await api.call('PUT /v1/gates/legal', { as: 'auditor', body })).status, 403)
    for (const wrong of [{ title: 'Legal' }, { ...body, lastsDays: 0 }, { ...body, onLapse: 'x' }]) {
      assert.equal((await api.call('PUT /v1/gates/legal', { as: 'admin', body: wrong })).status, 422)
    }
    assert.equal((await api.call('PUT /v1/gates/Legal', { as: 'admin', body })).status, 422)
    const put = await api.call('PUT /v1/gates/legal', { as: 'admin', body })
    assert.deepEqual([put.status, put.body.lastsDays, put.body.description], [200, 90, ''])
    assert.equal((await api.call('GET /v1/gates', { as: 'service' })).status, 403)
    const { body: all } = await api.call('GET /v1/gates', { as: 'auditor' })
    assert.deepEqual(
      all.data.find((one: { name: string }) => one.name === 'legal'),
      put.body,
    )
  })
})

describe('PUT /v1/capabilities/:name/gates', () => {
  test('403 for an auditor, 404 for a capability or a gate there is not', async () => {
    const { path } = await capability()
    const body = { gates: ['none'] }
    assert.equal((await api.call(`PUT ${path}/gates`, { as: 'auditor', body })).status, 403)
    assert.equal((await api.call('PUT /v1/capabilities/none/gates', { as: 'admin', body })).status, 404)
    const { status, body: told } = await api.call(`PUT ${path}/gates`, { as: 'admin', body })
    assert.deepEqual([status, told.code], [404, 'readiness.gate_not_found'])
  })

  test('409 for an open capability without evidence, and of the evidence sent with it nothing stays', async () => {
    const { path } = await capability('general')
    const [one, other] = [await gate(), await gate()]
    const before = await changes()
    const evidence = [{ gate: one, ...document }]
    const { status, body } = await api.call(`PUT ${path}/gates`, {
      as: 'admin',
      body: { gates: [one, other], evidence },
    })
    assert.deepEqual([status, body.code], [409, 'readiness.gates_missing'])
    assert.match(body.detail, new RegExp(`no evidence for ${other}\\.`))
    assert.deepEqual(await changes(), before)
    const list = await api.call(`GET ${path}/gates/${one}/evidence`, { as: 'admin' })
    assert.deepEqual([list.status, list.body.data], [200, []])
    const put = await api.call(`PUT ${path}/gates`, { as: 'admin', body: { gates: [one], evidence } })
    assert.deepEqual([put.status, put.body.gates[0].met], [200, true])
  })
})

describe('…/gates/:gate/evidence', () => {
  test('403 for who may not read, or change', async () => {
    const { path } = await capability()
    const name = await gate()
    const url = `${path}/gates/${name}/evidence` as const
    assert.equal((await api.call(`GET ${url}`, { as: 'service' })).status, 403)
    assert.equal((await api.call(`POST ${url}`, { as: 'auditor', body: document })).status, 403)
    const withdraw = await api.call(`POST ${url}/evd_${'0'.repeat(32)}/withdraw`, {
      as: 'auditor',
      body: { reason: 'x' },
    })
    assert.equal(withdraw.status, 403)
  })

  test('404 for a capability, a gate, evidence there is not, and evidence of another capability', async () => {
    const [one, other] = [await capability(), await capability()]
    const name = await gate()
    const added = await api.call(`POST ${other.path}/gates/${name}/evidence`, { as: 'admin', body: document })
    const body = { reason: 'a mistake' }
    for (const [url, code] of [
      [`/v1/capabilities/none/gates/${name}/evidence/${added.body.id}`, 'capabilities.not_found'],
      [`${one.path}/gates/none/evidence/${added.body.id}`, 'readiness.gate_not_found'],
      [`${one.path}/gates/${name}/evidence/${added.body.id}`, 'readiness.evidence_not_found'],
      [`${one.path}/gates/${name}/evidence/nothing`, 'readiness.evidence_not_found'],
    ]) {
      const answer = await api.call(`POST ${url as `/${string}`}/withdraw`, { as: 'admin', body })
      assert.deepEqual([answer.status, answer.body.code], [404, code])
    }
  })

  test('422 for what is no evidence', async () => {
    const { path } = await capability()
    const url = `${path}/gates/${await gate()}/evidence` as const
    for (const wrong of [
      {},
      { kind: 'rumour', reference: 'x' },
      { kind: 'document', reference: ' ' },
      { kind: 'sign-off', reference: 'x' },
      { ...document, until: '2020-01-01T00:00:00Z' },
      { ...document, until: 'soon' },
      { ...document, from: '2026-99-99T00:00:00Z' },
      { ...document, from: '2026-11-01' },
      { ...document, more: 1 },
    ]) {
      const { status } = await api.call(`POST ${url}`, { as: 'admin', body: wrong })
      assert.equal(status, 422, JSON.stringify(wrong))
    }
    assert.deepEqual((await api.call(`GET ${url}`, { as: 'admin' })).body.data, [])
  })

  test('201, 409 from under an open capability, 200 when it is dark, 409 the second time', async () => {
    const { path } = await capability('general')
    const name = await gate()
    const added = await api.call(`POST ${path}/gates/${name}/evidence`, {
      as: 'admin',
      body: { ...document, until: '2099-01-01T00:00:00+01:00' },
    })
    assert.deepEqual([added.status, added.body.until], [201, '2098-12-31T23:00:00.000Z'])
    await api.call(`PUT ${path}/gates`, { as: 'admin', body: { gates: [name] } })
    const withdraw = () =>
      api.call(`POST ${path}/gates/${name}/evidence/${added.body.id}/withdraw`, {
        as: 'admin',
        body: { reason: 'a mistake' },
      })
    const refused = await withdraw()
    assert.deepEqual([refused.status, refused.body.code], [409, 'readiness.evidence_needed'])
    await api.call(`POST ${path}/exposure`, { as: 'admin', body: { to: 'dark', reason: 'x' } })
    const done = await withdraw()
    assert.deepEqual([done.status, done.body.state, done.body.withdrawnFor], [200, 'withdrawn', 'a mistake'])
    assert.deepEqual((await withdraw()).body.code, 'readiness.evidence_withdrawn')
  })
})
