/** Pilots over the admin port, and as partners see them. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { declareCapability } from '#/access/capabilities/capabilities.ts'
import type { Exposure } from '#/access/capabilities/capabilities.ts'
import { pilotOperations } from '#/access/pilots/operations.ts'
import { createPartner } from '#/identity/partners/partners.ts'
import { systemClock } from '#/kernel/clock/clock.ts'
import { newId, parseId, publicId } from '#/kernel/id/id.ts'
import { testDatabase } from '../../../tests/support/database.ts'
import { lapsedCapability } from '../../../tests/support/access/lapsed.ts'
import { adminApi } from '../../../tests/support/identity/admin.ts'
import { memberOf } from '../../../tests/support/identity/colleague.ts'
import { operationsScene } from '../../../tests/support/partner/operations.ts'

let now = new Date('2026-11-01T00:00:00.000Z')
const database = await testDatabase({ ...systemClock(), business: () => now })
const api = await adminApi(database)
const as = 'partner-manager'
const nobody = `plt_${'0'.repeat(32)}`

let count = 0
async function capability(exposure: Exposure = 'pilot'): Promise<string> {
  const name = `capability-${(count += 1)}`
  await api.inTx((tx) => declareCapability(tx, { name, title: `The ${name}`, exposure }))
  return name
}
async function opened(body: object = { capacity: 2, endsAt: null }, exposure: Exposure = 'pilot') {
  const name = await capability(exposure)
  const answer = await api.call(`POST /v1/capabilities/${name}/pilot`, { as, body })
  assert.equal(answer.status, 201, answer.text)
  return { name, id: answer.body.id as string, path: `/v1/pilots/${answer.body.id}` as const }
}
const partner = async () => {
  const { id } = await api.inTx((tx) => createPartner(tx, { slug: `p-${newId()}`, name: 'Helio' }))
  return publicId('ptn', id)
}

describe('POST /v1/capabilities/:name/pilot', () => {
  test('403 without the permission; 404 for no capability; 409 for its exposure', async () => {
    const body = { capacity: 2, endsAt: null }
    const name = await capability()
    for (const role of ['finance', 'support', 'auditor', 'service']) {
      const { status } = await api.call(`POST /v1/capabilities/${name}/pilot`, { as: role, body })
      assert.equal(status, 403, role)
    }
    const absent = await api.call('POST /v1/capabilities/absent/pilot', { as, body })
    assert.deepEqual([absent.status, absent.body.code], [404, 'capabilities.not_found'])
    const general = await capability('general')
    const refused = await api.call(`POST /v1/capabilities/${general}/pilot`, { as, body })
    assert.deepEqual([refused.status, refused.body.code], [409, 'pilots.exposure'])
  })

  test('422 for no capacity, and for an end that has passed or is none', async () => {
    const name = await capability()
    const wrong: [object, string][] = [
      [{ capacity: 0, endsAt: null }, 'http.invalid'],
      [{ capacity: 1.5, endsAt: null }, 'http.invalid'],
      [{ capacity: 1, endsAt: '2026-10-31T00:00:00Z' }, 'pilots.terms'],
      [{ capacity: 1, endsAt: 'soon' }, 'pilots.terms'],
      [{ capacity: 1, endsAt: '2027-11-01T00:00:00' }, 'pilots.terms'],
    ]
    for (const [body, code] of wrong) {
      const { status, body: answered } = await api.call(`POST /v1/capabilities/${name}/pilot`, { as, body })
      assert.equal(status, 422, JSON.stringify(body))
      if (code !== 'http.invalid') assert.equal(answered.code, code)
      if ('endsAt' in body && body.endsAt === 'soon') assert.match(answered.detail, /is no time/)
    }
    const none = await api.call(`GET /v1/capabilities/${name}/pilot`, { as })
    assert.deepEqual([none.status, none.body.code], [404, 'pilots.not_found'])
  })

  test('201, and found by its capability, its id and in the list', async () => {
    const { name, id, path } = await opened({ capacity: 2, endsAt: '2026-12-01T00:00:00Z' })
    const found = await api.call(`GET /v1/capabilities/${name}/pilot`, { as: 'support' })
    const { openedAt, ...rest } = found.body
    assert.ok(openedAt)
    const counts = { capacity: 2, admitted: 0, waiting: 0 }
    const endsAt = '2026-12-01T00:00:00.000Z'
    assert.deepEqual(rest, { id, capability: name, ...counts, endsAt, closedAt: null, outcome: null })
    assert.deepEqual((await api.call(`GET ${path}`, { as })).body, found.body)
    const list = await api.call('GET /v1/pilots?running=true&limit=200', { as: 'auditor' })
    assert.ok(list.body.data.some((each: { id: string }) => each.id === id))
  })
})

describe('the places of a pilot', () => {
  test('404 for no pilot, no partner and no place', async () => {
    const { path } = await opened()
    const body = { partner: await partner() }
    const absent = await api.call(`POST /v1/pilots/${nobody}/places`, { as, body })
    assert.deepEqual([absent.status, absent.body.code], [404, 'pilots.not_found'])
    const stranger = { partner: `ptn_${'0'.repeat(32)}` }
    const unknown = await api.call(`POST ${path}/places`, { as, body: stranger })
    assert.deepEqual([unknown.status, unknown.body.code], [404, 'partners.not_found'])
    const named = await api.call(`POST ${path}/admit`, { as, body: { partners: [stranger.partner] } })
    assert.deepEqual([named.status, named.body.code], [404, 'partners.not_found'])
    const gone = await api.call(`DELETE ${path}/places/${body.partner}`, { as })
    assert.deepEqual([gone.status, gone.body.code], [404, 'pilots.no_place'])
  })

  test('200 in the order of joining, in pages; 409 beyond the capacity, and nobody is admitted', async () => {
    const { path } = await opened()
    const partners = [await partner(), await partner(), await partner(), await partner()]
    for (const one of partners) {
      assert.equal((await api.call(`POST ${path}/places`, { as, body: { partner: one } })).status, 200)
    }
    const full = await api.call(`POST ${path}/admit`, { as, body: { count: 3 } })
    assert.deepEqual([full.status, full.body.code], [409, 'pilots.full'])
    const admitted = await api.call(`POST ${path}/admit`, { as, body: { count: 1 } })
    assert.deepEqual([admitted.body.admitted, admitted.body.pilot.waiting], [[partners[0]], 3])
    await api.call(`DELETE ${path}/places/${partners[2]}`, { as })
    const seen: unknown[] = []
    for (let cursor = ''; ;) {
      const more = cursor && `&cursor=${cursor}`
      const page = await api.call(`GET ${path}/places?state=waiting&limit=1${more}`, { as })
      seen.push(
        ...page.body.data.map((one: { partnerId: string; position: number }) => [
          one.partnerId,
          one.position,
        ]),
      )
      if (page.body.nextCursor === null) break
      cursor = page.body.nextCursor
    }
    assert.deepEqual(seen, [
      [partners[1], 1],
      [partners[3], 2],
    ])
  })

  test('422 for a capacity below who is admitted; 200 for an extension', async () => {
    const { path } = await opened({ capacity: 2, endsAt: '2026-12-01T00:00:00Z' })
    const partners = [await partner(), await partner()]
    assert.equal((await api.call(`POST ${path}/admit`, { as, body: { partners } })).status, 200)
    const less = await api.call(`PATCH ${path}`, { as, body: { capacity: 1 } })
    assert.deepEqual([less.status, less.body.code], [422, 'pilots.terms'])
    const later = await api.call(`PATCH ${path}`, { as, body: { endsAt: '2027-01-01T00:00:00Z' } })
    assert.deepEqual([later.status, later.body.endsAt], [200, '2027-01-01T00:00:00.000Z'])
    assert.equal((await api.call(`PATCH ${path}`, { as, body: {} })).status, 422)
  })
})

describe('POST /v1/pilots/:id/promote and cancel', () => {
  test('404 for no pilot; 409 from dark, and once it is closed', async () => {
    const body = { reason: 'done' }
    assert.equal((await api.call(`POST /v1/pilots/${nobody}/promote`, { as, body })).status, 404)
    const dark = await opened(undefined, 'dark')
    const early = await api.call(`POST ${dark.path}/promote`, { as, body })
    assert.deepEqual([early.status, early.body.code], [409, 'pilots.exposure'])
    const cancelled = await api.call(`POST ${dark.path}/cancel`, { as, body })
    assert.deepEqual([cancelled.status, cancelled.body.outcome], [200, 'cancelled'])
    const again = await api.call(`POST ${dark.path}/cancel`, { as, body })
    assert.deepEqual([again.status, again.body.code], [409, 'pilots.closed'])
  })

  test('200, with the reason in the audit', async () => {
    const { id, path } = await opened()
    const done = await api.call(`POST ${path}/promote`, { as, body: { reason: 'it works' } })
    assert.deepEqual([done.status, done.body.outcome], [200, 'promoted'])
    const lines = await api.call(`GET /v1/audit?action=pilots.promote`, { as: 'auditor' })
    const line = lines.body.data.find((each: { subject: { id: string } }) => each.subject.id === id)
    assert.equal(line?.reason, 'it works')
  })
})

describe('POST /v1/pilots/:id/admit', () => {
  test('403 for a member of who would be admitted, named or next, and nobody is', async () => {
    const { path } = await opened()
    const [own, other] = [await partner(), await partner()]
    const headers = await memberOf(api, parseId('ptn', own)!)
    for (const each of [other, own]) await api.call(`POST ${path}/places`, { as, body: { partner: each } })
    for (const body of [{ partners: [own] }, { count: 2 }]) {
      const { status, body: told } = await api.call(`POST ${path}/admit`, { headers, body })
      assert.deepEqual([status, told.code], [403, 'people.own_organisation'])
    }
    const { body } = await api.call(`POST ${path}/admit`, { headers, body: { count: 1 } })
    assert.deepEqual([body.admitted, body.pilot.admitted], [[other], 1])
  })
})

describe('/partner/access/pilots', () => {
  const { ask, partner: caller } = operationsScene(database, pilotOperations())
  const at = (name: string) => ({ path: { capability: name } })

  test('404 for what is dark, as for what does not exist, and it is not in the list', async () => {
    const { live } = await caller()
    const dark = await opened(undefined, 'dark')
    const none = await capability()
    for (const name of [dark.name, none, 'absent']) {
      for (const operation of ['joinPilot', 'leavePilot']) {
        const refused = await ask(live, operation, at(name))
        assert.deepEqual([refused.status, refused.code], [404, 'pilots.not_found'], `${operation} ${name}`)
      }
    }
    const { body } = await ask(live, 'listPilots')
    assert.ok(!JSON.stringify(body).includes(dark.name))
  })

  test('404 for what a lapsed gate hides, and what is done to it there the partner does not hear', async () => {
    const { live } = await caller()
    const name = `lapsed-${newId()}`
    await lapsedCapability(database.control, name, 'pilot')
    const body = { capacity: 1, endsAt: null }
    const { id } = (await api.call(`POST /v1/capabilities/${name}/pilot`, { as, body })).body
    const refused = await ask(live, 'joinPilot', at(name))
    assert.deepEqual([refused.status, refused.code], [404, 'pilots.not_found'])
    assert.ok(!JSON.stringify((await ask(live, 'listPilots')).body).includes(name))
    const partners = [publicId('ptn', live.partnerId)]
    const admitted = await api.call(`POST /v1/pilots/${id}/admit`, { as, body: { partners } })
    assert.equal(admitted.status, 200, admitted.text)
    const heard = await database.owner.query(
      `select 1 from kernel_outbox where partner_id = $1 and type like 'access.pilot%'
       union all select 1 from governance_audit where partner_id = $1 and action like 'pilots.%'`,
      [live.partnerId],
    )
    assert.equal(heard.rows.length, 0)
  })

  test('200 joining twice, with the position; 204 leaving, 404 when there is no place', async () => {
    const [first, second] = [await caller(), await caller()]
    const { name } = await opened()
    await ask(first.live, 'joinPilot', at(name))
    for (let twice = 0; twice < 2; twice += 1) {
      const { status, body } = await ask(second.live, 'joinPilot', at(name))
      assert.deepEqual([status, body.place, body.position], [200, 'waiting', 2])
    }
    assert.equal((await ask(first.live, 'leavePilot', at(name))).status, 204)
    const { body } = await ask(second.live, 'listPilots')
    const shown = body.data.find((each: { capability: string }) => each.capability === name)
    assert.deepEqual(shown, {
      capability: name,
      title: `The ${name}`,
      endsAt: null,
      ended: false,
      place: 'waiting',
      position: 1,
    })
    const gone = await ask(first.live, 'leavePilot', at(name))
    assert.deepEqual([gone.status, gone.code], [404, 'pilots.no_place'])
  })

  test('409 the day after the end, and the list says that it has ended', async () => {
    const { live } = await caller()
    const { name } = await opened({ capacity: 1, endsAt: '2026-11-02T00:00:00Z' })
    now = new Date('2026-11-03T00:00:00.000Z')
    const refused = await ask(live, 'joinPilot', at(name))
    assert.deepEqual([refused.status, refused.code], [409, 'pilots.ended'])
    const { body } = await ask(live, 'listPilots')
    assert.equal(body.data.find((each: { capability: string }) => each.capability === name).ended, true)
  })
})
