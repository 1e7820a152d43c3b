/** Packages over the admin port: versions, who is on which, and grants beside them. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { declareCapability } from '#/access/capabilities/capabilities.ts'
import { grantsOf, packageOf, plainTerms, readGrants } from '#/access/packages/packages.ts'
import { at } from '#/access/history/history.ts'
import { createApplication } from '#/identity/applications/applications.ts'
import { createKey, listKeys } from '#/identity/keys/keys.ts'
import { createPartner } from '#/identity/partners/partners.ts'
import { newId, publicId } from '#/kernel/id/id.ts'
import { partnersNamed } from '#/kernel/lines/lines.ts'
import { lapsedCapability } from '../../../tests/support/access/lapsed.ts'
import { adminApi } from '../../../tests/support/identity/admin.ts'
import { memberOf } from '../../../tests/support/identity/colleague.ts'
import { testDatabase } from '../../../tests/support/database.ts'

const database = await testDatabase()
const api = await adminApi(database)
const capabilities = { projects: 'general', 'raw-data': 'general', 'master-data': 'dark' } as const
const ids: Record<string, string> = {}
for (const [name, exposure] of Object.entries(capabilities)) {
  ids[name] = (await api.inTx((tx) => declareCapability(tx, { name, title: name, exposure }))).id
}

async function partner() {
  const { id } = await api.inTx((tx) => createPartner(tx, { slug: `p-${newId()}`, name: 'Helio Works' }))
  return { id, path: `/v1/partners/${publicId('ptn', id)}` as const }
}

const declare = (name: string, terms: object = plainTerms([]), as = 'partner-manager') =>
  api.call(`POST /v1/packages/${name}/versions`, { as, body: { title: 'A package', terms } })
const move = (path: string, body: object, as = 'partner-manager') =>
  api.call(`PUT ${path as '/'}/package`, { as, body })

async function count(table: string): Promise<number> {
  const { rows } = await database.owner.query<{ n: number }>(`select count(*)::int as n from ${table}`)
  return rows[0]!.n
}

describe('POST /v1/packages/:name/versions', () => {
  test('403 for support; 422 with every place, and nothing is written', async () => {
    assert.equal((await declare('refused', plainTerms([]), 'support')).status, 403)
    const terms = {
      ...plainTerms(['no-such', 'projects']),
      limits: { burst: 0, perSecond: 1 },
      environments: [],
    }
    const { status, body } = await declare('refused', terms)
    assert.deepEqual([status, body.code], [422, 'packages.invalid'])
    assert.deepEqual(
      body.errors.map(({ pointer }: { pointer: string }) => pointer),
      ['#/terms/entitlements/no-such', '#/terms/limits/burst', '#/terms/environments'],
    )
    for (const wrong of [
      {},
      { ...plainTerms([]), free: true },
      { ...plainTerms([]), webhooks: 'yes' },
      { ...plainTerms([]), support: 'a\u0000b' },
      { ...plainTerms([]), sla: 'a\ud800b' },
      { ...plainTerms([]), entitlements: { 'a\u0000b': { kind: 'boolean' } } },
    ]) {
      assert.equal((await declare('refused', wrong)).status, 422, JSON.stringify(wrong))
    }
    assert.equal((await declare('Not-A-Name')).status, 422)
    assert.equal(await count('access_package'), 0)
  })

  test('200 with version 1, 2, …; saying the same again is no version', async () => {
    const terms = plainTerms(['projects'])
    for (const [said, version] of [
      [terms, 1],
      [terms, 1],
      [{ ...terms, webhooks: false }, 2],
    ] as const) {
      const { status, body } = await declare('small', said)
      assert.deepEqual([status, body.version, body.terms], [200, version, said])
    }
  })

  test('versions declared at once are numbered without gaps', async () => {
    const sla = Array.from({ length: 8 }, (_, i) => `class ${i}`)
    const answers = await Promise.all(sla.map((each) => declare('busy', { ...plainTerms([]), sla: each })))
    assert.deepEqual(
      answers.map(({ body }) => body.version).toSorted((a, b) => a - b),
      [1, 2, 3, 4, 5, 6, 7, 8],
    )
    const { body } = await api.call('GET /v1/packages/busy', { as: 'auditor' })
    assert.deepEqual(
      body.versions.map((each: { version: number }) => each.version),
      [8, 7, 6, 5, 4, 3, 2, 1],
    )
  })
})

describe('PUT /v1/partners/:id/package', () => {
  test('403 for support, 404 for a partner, a package and a version there is not', async () => {
    await declare('known')
    const { id, path } = await partner()
    assert.equal((await move(path, { name: 'known' }, 'support')).status, 403)
    const nobody = `/v1/partners/ptn_${'0'.repeat(32)}`
    for (const [at, body, code] of [
      [nobody, { name: 'known' }, 'partners.not_found'],
      [path, { name: 'unknown' }, 'packages.not_found'],
      [path, { name: 'known', version: 2 }, 'packages.not_found'],
    ] as const) {
      const answer = await move(at, body)
      assert.deepEqual([answer.status, answer.body.code], [404, code])
    }
    assert.equal((await move(path, { name: 'known', version: 0 })).status, 422)
    assert.equal(await api.inTx((tx) => packageOf(tx, id)), null)
  })

  test('200 with the version; the keys go on, and the old version stays for who is on it', async () => {
    await declare('moving', plainTerms(['projects']))
    const [mover, stayer] = [await partner(), await partner()]
    const application = await api.inTx((tx) =>
      createApplication(tx, mover.id, { environment: 'live', name: 'Shop' }),
    )
    await api.inTx((tx) => createKey(tx, mover.id, application.id, { label: 'First' }))
    const keys = await api.inTx((tx) => listKeys(tx, mover.id))
    for (const { path } of [mover, stayer]) await move(path, { name: 'moving' })
    await declare('moving', plainTerms(['projects', 'raw-data']))
    const { status, body } = await move(mover.path, { name: 'moving' })
    const shown = { partnerId: publicId('ptn', mover.id), package: 'moving', version: 2 }
    assert.deepEqual([status, body], [200, shown])
    assert.deepEqual(await api.inTx((tx) => listKeys(tx, mover.id)), keys)
    assert.equal((await api.inTx((tx) => packageOf(tx, stayer.id)))?.number, 1)
    const found = await api.call('GET /v1/packages/moving', { as: 'auditor' })
    assert.deepEqual(
      found.body.versions.map((each: { version: number; partners: number }) => [each.version, each.partners]),
      [
        [2, 1],
        [1, 1],
      ],
    )
    const before = await count('access_assignment')
    await move(mover.path, { name: 'moving', version: 2 })
    assert.equal(await count('access_assignment'), before, 'the version it is on')
    assert.equal((await move(mover.path, { name: 'moving', version: 1 })).body.version, 1)
  })
})

describe('GET /v1/packages', () => {
  test('403 for a service that only asks for decisions, 404 for one there is not', async () => {
    for (const path of ['/v1/packages', '/v1/packages/listed'] as const) {
      assert.equal((await api.call(`GET ${path}`, { as: 'service' })).status, 403)
    }
    const { status, body } = await api.call('GET /v1/packages/unheard-of', { as: 'auditor' })
    assert.deepEqual([status, body.code], [404, 'packages.not_found'])
  })

  test('200 page by page, each once, with its newest version and its partners', async () => {
    await declare('listed')
    await declare('listed', { ...plainTerms([]), sla: 'gold' })
    for (const version of [1, 2]) await move((await partner()).path, { name: 'listed', version })
    const seen: { name: string }[] = []
    for (let cursor: string | null = ''; cursor !== null;) {
      const more: string = cursor === '' ? '' : `&cursor=${cursor}`
      const { body } = await api.call(`GET /v1/packages?limit=2${more}`, { as: 'auditor' })
      seen.push(...body.data)
      cursor = body.nextCursor
    }
    assert.equal(new Set(seen.map(({ name }) => name)).size, seen.length)
    assert.deepEqual(
      seen.find(({ name }) => name === 'listed'),
      { name: 'listed', title: 'A package', newest: 2, partners: 2 },
    )
  })
})

describe('grants', () => {
  const give = (path: string, body: object, as = 'partner-manager') =>
    api.call(`POST ${path as '/'}/grants`, { as, body })
  const takeBack = (path: string, name: string, as = 'partner-manager') =>
    api.call(`DELETE ${path as '/'}/grants/${name}?reason=over`, { as })
  async function has(partnerId: string, name: string) {
    const grants = await api.inTx((tx) => readGrants(tx, partnersNamed([partnerId]), null))
    return at(grantsOf(grants.get(partnerId) ?? '').get(ids[name]!) ?? [], Date.now()).value
  }

  test('403 for support; 404 for what there is not, 422 without a reason', async () => {
    const { id, path } = await partner()
    const body = { capability: 'projects', reason: 'a trial' }
    assert.equal((await give(path, body, 'support')).status, 403)
    assert.equal((await takeBack(path, 'projects', 'support')).status, 403)
    assert.equal((await give(path, { capability: 'projects' })).status, 422)
    for (const [answer, code] of [
      [await give(path, { ...body, capability: 'no-such' }), 'capabilities.not_found'],
      [await takeBack(path, 'no-such'), 'capabilities.not_found'],
      [await takeBack(path, 'projects'), 'packages.grant_not_found'],
    ] as const) {
      assert.deepEqual([answer.status, answer.body.code], [404, code])
    }
    assert.equal((await give(`/v1/partners/ptn_${'0'.repeat(32)}`, body)).status, 404)
    assert.equal(await has(id, 'projects'), null)
  })

  test('403 for a member of the partner, who may take back alone; a package as a capability', async () => {
    const { id, path } = await partner()
    await declare('own')
    const headers = await memberOf(api, id)
    const body = { capability: 'projects', reason: 'a trial' }
    for (const answer of [
      await api.call(`POST ${path}/grants`, { headers, body }),
      await api.call(`PUT ${path}/package`, { headers, body: { name: 'own' } }),
    ]) {
      assert.deepEqual([answer.status, answer.body.code], [403, 'people.own_organisation'])
    }
    assert.deepEqual([await has(id, 'projects'), await api.inTx((tx) => packageOf(tx, id))], [null, null])
    const other = await partner()
    assert.equal((await api.call(`POST ${other.path}/grants`, { headers, body })).status, 200)
    await give(path, body)
    assert.equal((await api.call(`DELETE ${path}/grants/projects?reason=over`, { headers })).status, 204)
  })

  test('200 gives and 204 takes back; giving again says nothing new', async () => {
    const { id, path } = await partner()
    const body = { capability: 'projects', reason: 'a trial' }
    assert.equal((await give(path, body)).status, 200)
    assert.equal(await has(id, 'projects'), true)
    const before = await count('access_grant')
    assert.equal((await give(path, body)).status, 200)
    assert.equal(await count('access_grant'), before)
    assert.equal((await takeBack(path, 'projects')).status, 204)
    assert.equal(await has(id, 'projects'), false)
    assert.equal((await takeBack(path, 'projects')).status, 404)
  })

  test('a grant of what the partner may not know of is nothing that it reads or hears', async () => {
    const { id, path } = await partner()
    await lapsedCapability(database.control, 'is-lapsed')
    for (const capability of ['master-data', 'is-lapsed', 'projects'])
      await give(path, { capability, reason: 'early' })
    const { rows } = await database.owner.query<{ subject: string }>(
      `select subject_id as subject from governance_audit where partner_id = $1 and action = 'access.grant'`,
      [id],
    )
    assert.deepEqual(rows, [{ subject: ids['projects'] }])
    const heard = await database.owner.query<{ id: string }>(
      `select data->>'capabilityId' as id from kernel_outbox where partner_id = $1 and type = 'access.grant_changed'`,
      [id],
    )
    assert.deepEqual(heard.rows, [{ id: ids['projects'] }])
  })
})
