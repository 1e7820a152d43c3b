/** Partners over the admin port: the list, one of them, and what can be changed. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createApplication } from '#/identity/applications/applications.ts'
import { createKey } from '#/identity/keys/keys.ts'
import { createPartner } from '#/identity/partners/partners.ts'
import { addMember, createPerson } from '#/identity/people/people.ts'
import { parseId, publicId } from '#/kernel/id/id.ts'
import { adminApi } from '../../../tests/support/identity/admin.ts'
import { testDatabase } from '../../../tests/support/database.ts'

const database = await testDatabase()
const api = await adminApi(database)

let count = 0
const partner = (slug = `partner-${(count += 1)}`) =>
  api.inTx((tx) => createPartner(tx, { slug, name: `The ${slug}` }))
const nobody = `ptn_${'0'.repeat(32)}`

async function auditOf(subjectId: string) {
  type Row = { action: string; actorKind: string; reason: string | null; address: string | null }
  const { rows } = await database.owner.query<Row>(
    `select action, actor_kind as "actorKind", reason, address from governance_audit
     where subject_id = $1 order by at, id`,
    [subjectId],
  )
  return rows
}

describe('GET /v1/partners', () => {
  test('403 for a session without the permission; 401 for nobody', async () => {
    assert.equal((await api.call('GET /v1/partners')).status, 401)
    const { status, body } = await api.call('GET /v1/operators', { as: 'support' })
    assert.deepEqual([status, body.code, body.decision.code], [403, 'guard.forbidden', 'operators:read'])
  })

  test('200 page by page, every partner once, and by state', async () => {
    const made = [await partner(), await partner(), await partner()]
    await api.call(`POST /v1/partners/${publicId('ptn', made[1]!.id)}/suspend`, {
      as: 'admin',
      body: { reason: 'unpaid' },
    })
    const seen: string[] = []
    for (let cursor: string | null = ''; cursor !== null;) {
      const more: string = cursor === '' ? '' : `&cursor=${cursor}`
      const { status, body } = await api.call(`GET /v1/partners?limit=2${more}`, { as: 'auditor' })
      assert.equal(status, 200)
      seen.push(...body.data.map(({ id }: { id: string }) => parseId('ptn', id)))
      cursor = body.nextCursor
    }
    assert.deepEqual(
      seen,
      made.map(({ id }) => id),
    )
    const suspended = await api.call('GET /v1/partners?state=suspended', { as: 'auditor' })
    assert.deepEqual(
      suspended.body.data.map(({ slug }: { slug: string }) => slug),
      [made[1]!.slug],
    )
  })

  test('400 for a cursor of another filter, 422 for a state there is not', async () => {
    await Promise.all([partner(), partner()])
    const { body } = await api.call('GET /v1/partners?limit=1', { as: 'admin' })
    const turned = await api.call(`GET /v1/partners?state=active&cursor=${body.nextCursor}`, { as: 'admin' })
    assert.deepEqual([turned.status, turned.body.code], [400, 'http.bad_cursor'])
    assert.equal((await api.call('GET /v1/partners?state=gone', { as: 'admin' })).status, 422)
  })
})

describe('GET /v1/partners/:id', () => {
  test('404 for what is no id and for what is nobody’s', async () => {
    for (const id of ['helio', nobody, publicId('app', parseId('ptn', nobody)!)]) {
      const { status, body } = await api.call(`GET /v1/partners/${id}`, { as: 'admin' })
      assert.deepEqual([status, body.code], [404, 'partners.not_found'])
    }
  })

  test('200 with everything but the text of a key', async () => {
    const made = await partner()
    const created = await api.inTx(async (tx) => {
      const app = await createApplication(tx, made.id, { environment: 'live', name: 'Shop' })
      const person = await createPerson(tx, api.sealer, { email: 'ada@helio.example', name: 'Ada' })
      await addMember(tx, made.id, person.id, 'owner')
      return createKey(tx, made.id, app.id, { label: 'first' })
    })
    const { status, body, text } = await api.call(`GET /v1/partners/${publicId('ptn', made.id)}`, {
      as: 'support',
    })
    assert.equal(status, 200)
    assert.equal(body.package, null)
    assert.equal(body.members, 1)
    assert.deepEqual(
      body.applications.map(({ name, environment }: Record<string, string>) => [name, environment]),
      [['Shop', 'live']],
    )
    assert.deepEqual(
      body.keys.map(({ id, lastFour, environment }: Record<string, string>) => [id, lastFour, environment]),
      [[publicId('key', created.id), created.key.slice(-4), 'live']],
    )
    assert.ok(!text.includes(created.key))
    assert.equal(body.profile.version, 0)
    assert.ok(body.profile.missing.includes('legalName'))
    const members = await api.call(`GET /v1/partners/${body.id}/members`, { as: 'support' })
    assert.deepEqual(
      members.body.data.map(({ email, role }: Record<string, string>) => [email, role]),
      [['ada@helio.example', 'owner']],
    )
  })
})

describe('PATCH /v1/partners/:id', () => {
  test('404, 422 and 200, with a line in the audit', async () => {
    const made = await partner()
    const path = `PATCH /v1/partners/${publicId('ptn', made.id)}` as const
    const as = 'partner-manager'
    assert.equal((await api.call(`PATCH /v1/partners/${nobody}`, { as, body: { name: 'x' } })).status, 404)
    assert.equal((await api.call(path, { as, body: { name: '  ' } })).status, 422)
    assert.equal((await api.call(path, { as, body: { name: 'New', slug: 'new' } })).status, 422)
    const { status, body } = await api.call(path, { as, body: { name: ' New name ' } })
    assert.deepEqual([status, body.name, body.slug], [200, 'New name', made.slug])
    const line = (await auditOf(made.id)).at(-1)
    assert.deepEqual(line, {
      action: 'partners.rename',
      actorKind: 'service',
      reason: null,
      address: '127.0.0.1',
    })
  })
})

describe('POST /v1/partners/:id/suspend and resume', () => {
  test('422 without a reason, 404 for nobody', async () => {
    const as = 'admin'
    const made = await partner()
    const path = `POST /v1/partners/${publicId('ptn', made.id)}/suspend` as const
    assert.equal((await api.call(path, { as, body: {} })).status, 422)
    const absent = await api.call(`POST /v1/partners/${nobody}/resume`, { as, body: { reason: 'x' } })
    assert.equal(absent.status, 404)
  })

  test('200, the reason in the audit, and gateways are told', async () => {
    const made = await partner()
    const id = publicId('ptn', made.id)
    const [as, body] = ['partner-manager', { reason: 'unpaid' }]
    const suspended = await api.call(`POST /v1/partners/${id}/suspend`, { as, body })
    assert.deepEqual([suspended.status, suspended.body.state], [200, 'suspended'])
    const resumed = await api.call(`POST /v1/partners/${id}/resume`, { as, body: { reason: 'paid' } })
    assert.deepEqual([resumed.status, resumed.body.state], [200, 'active'])
    assert.deepEqual(
      (await auditOf(made.id)).map(({ action, reason }) => [action, reason]),
      [
        ['partners.create', null],
        ['partners.suspend', 'unpaid'],
        ['partners.resume', 'paid'],
      ],
    )
    const changes = await database.owner.query('select 1 from kernel_change where row_id = $1', [made.id])
    assert.ok(changes.rows.length >= 3)
  })
})
