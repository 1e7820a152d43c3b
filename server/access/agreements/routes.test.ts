/** Agreements over the admin port, with a second person where it takes two, and as their partner sees them. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { agreementOperations } from '#/access/agreements/operations.ts'
import { declareCapability } from '#/access/capabilities/capabilities.ts'
import { assignPackage, declarePackage, plainTerms } from '#/access/packages/packages.ts'
import { createPartner } from '#/identity/partners/partners.ts'
import { systemClock } from '#/kernel/clock/clock.ts'
import { newId, parseId, publicId } from '#/kernel/id/id.ts'
import { lapsedCapability } from '../../../tests/support/access/lapsed.ts'
import { testDatabase } from '../../../tests/support/database.ts'
import { adminApi } from '../../../tests/support/identity/admin.ts'
import { operationsScene } from '../../../tests/support/partner/operations.ts'

const now = new Date('2026-11-01T00:00:00.000Z')
const database = await testDatabase({ ...systemClock(), business: () => now })
const api = await adminApi(database)

const person = (role = 'admin') => ({ operator: `${role} ${newId()} ${Date.now()}` })
const [ann, ben] = [person(), person('partner-manager')]
const as = 'finance'
const terms = { noticeDays: 30, capabilities: [], overrides: {}, sla: 'gold', consents: [] }
const year = { startsAt: '2027-01-01T00:00:00Z', endsAt: '2028-01-01T00:00:00Z', terms }
const beyond = { ...terms, overrides: { limits: { burst: 1001, perSecond: 10 } } }
const nobody = `ptn_${'0'.repeat(32)}`

const version = await api.inTx(async (tx) => {
  for (const [name, exposure] of [
    ['projects', 'general'],
    ['master-data', 'dark'],
  ] as const) {
    await declareCapability(tx, { name, title: name, exposure })
  }
  const packaged = { ...plainTerms(['projects']), limits: { burst: 100, perSecond: 10 } }
  return declarePackage(tx, { name: 'enterprise', title: 'Enterprise', terms: packaged })
})

async function partner(): Promise<string> {
  const { id } = await api.inTx(async (tx) => {
    const made = await createPartner(tx, { slug: `p-${newId()}`, name: 'Helio' })
    await assignPackage(tx, made.id, version)
    return made
  })
  return publicId('ptn', id)
}

async function drafted(id: string, more: object = {}) {
  const body = { reference: newId(), ...year, ...more }
  const answer = await api.call(`POST /v1/partners/${id}/agreements`, { as, body })
  assert.equal(answer.status, 201, answer.text)
  return `/v1/partners/${id}/agreements/${answer.body.id}` as const
}
async function sent(id: string, more: object = {}) {
  const path = await drafted(id, more)
  assert.equal((await api.call(`POST ${path}/versions/1/send`, { as })).status, 200)
  return path
}
const signature = { signedBy: 'Ada Lovelace', signedAt: '2026-10-30T00:00:00Z' }
const stateOf = async (path: string) => {
  const { body } = await api.call(`GET ${path as '/'}`, { as: 'auditor' })
  return body.versions.map((each: { state: string }) => each.state)
}

describe('POST /v1/partners/:id/agreements', () => {
  test('403 without the permission; 404 for no partner', async () => {
    const id = await partner()
    const body = { reference: 'MSA', ...year }
    for (const role of ['support', 'auditor', 'service']) {
      const { status } = await api.call(`POST /v1/partners/${id}/agreements`, { as: role, body })
      assert.equal(status, 403, role)
    }
    const absent = await api.call(`POST /v1/partners/${nobody}/agreements`, { as, body })
    assert.deepEqual([absent.status, absent.body.code], [404, 'partners.not_found'])
  })

  test('201 as a draft; 409 for a reference that is taken', async () => {
    const id = await partner()
    const body = { reference: 'MSA', ...year }
    const made = await api.call(`POST /v1/partners/${id}/agreements`, { as, body })
    assert.deepEqual([made.status, made.body.reference], [201, 'MSA'])
    assert.deepEqual(made.body.versions, [
      {
        number: 1,
        state: 'draft',
        startsAt: '2027-01-01T00:00:00.000Z',
        endsAt: '2028-01-01T00:00:00.000Z',
        terms,
        signedBy: null,
        signedAt: null,
      },
    ])
    const again = await api.call(`POST /v1/partners/${id}/agreements`, { as, body })
    assert.deepEqual([again.status, again.body.code], [409, 'agreements.reference_taken'])
  })

  test('422 for what the agreement cannot say, where it stands', async () => {
    const id = await partner()
    const wrong = { ...year, terms: { ...terms, capabilities: ['absent'] } }
    const body = { reference: 'MSA', ...wrong }
    const refused = await api.call(`POST /v1/partners/${id}/agreements`, { as, body })
    assert.deepEqual([refused.status, refused.body.code], [422, 'agreements.terms'])
    assert.deepEqual(refused.body.errors, [
      { in: 'body', pointer: '/terms/capabilities/0', detail: 'There is no capability absent.' },
    ])
    for (const more of [
      { noticeDays: -1 },
      { overrides: { limits: { burst: -1, perSecond: 1 } } },
      { extra: 1 },
    ]) {
      const strange = { reference: 'MSA', ...year, terms: { ...terms, ...more } }
      const { status } = await api.call(`POST /v1/partners/${id}/agreements`, { as, body: strange })
      assert.equal(status, 422, JSON.stringify(more))
    }
    assert.deepEqual((await api.call(`GET /v1/partners/${id}/agreements`, { as })).body.data, [])
  })
})

describe('an agreement and its versions', () => {
  test("404 for another partner's, as for one that does not exist", async () => {
    const [mine, theirs] = [await partner(), await partner()]
    const path = await sent(mine)
    const foreign = path.replace(mine, theirs) as `/${string}`
    const absent = `/v1/partners/${mine}/agreements/agr_${'0'.repeat(32)}` as const
    const bodies: [string, object | undefined][] = [
      ['GET ', undefined],
      ['POST /versions', year],
      ['PUT /versions/1', year],
      ['POST /versions/1/send', undefined],
      ['POST /versions/1/withdraw', undefined],
      ['POST /versions/1/sign', signature],
      ['POST /end', { reason: 'x' }],
    ]
    for (const [request, body] of bodies) {
      const [method = '', rest = ''] = request.split(' ')
      for (const where of [foreign, absent]) {
        const refused = await api.call(`${method} ${where}${rest}`, { as, ...(body && { body }) })
        assert.deepEqual([refused.status, refused.body.code], [404, 'agreements.not_found'], request)
      }
    }
    for (const stranger of [nobody, 'x']) {
      const refused = await api.call(`GET ${path.replace(mine, stranger) as '/'}`, { as })
      assert.deepEqual([refused.status, refused.body.code], [404, 'partners.not_found'], stranger)
    }
    const missing = await api.call(`POST ${path}/versions/7/send`, { as })
    assert.deepEqual([missing.status, missing.body.code], [404, 'agreements.not_found'])
    assert.deepEqual(await stateOf(path), ['sent'])
  })

  test('409 for changing what was sent; 200 while it is a draft', async () => {
    const path = await drafted(await partner())
    const later = { ...year, endsAt: null }
    const changed = await api.call(`PUT ${path}/versions/1`, { as, body: later })
    assert.deepEqual([changed.status, changed.body.versions[0].endsAt], [200, null])
    await api.call(`POST ${path}/versions/1/send`, { as })
    const refused = await api.call(`PUT ${path}/versions/1`, { as, body: year })
    assert.deepEqual([refused.status, refused.body.code], [409, 'agreements.state'])
  })

  test('200: signed, amended, and ended as a whole', async () => {
    const path = await sent(await partner())
    const signed = await api.call(`POST ${path}/versions/1/sign`, { as, body: signature })
    assert.equal(signed.status, 200, signed.text)
    const [first] = signed.body.versions
    assert.deepEqual(
      [first.state, first.signedBy, first.signedAt],
      ['signed', 'Ada Lovelace', '2026-10-30T00:00:00.000Z'],
    )
    const more = { ...year, startsAt: '2027-06-01T00:00:00Z', endsAt: '2029-01-01T00:00:00Z' }
    assert.equal((await api.call(`POST ${path}/versions`, { as, body: more })).status, 201)
    const body = { reason: 'they left', at: '2027-03-01T00:00:00Z' }
    const ended = await api.call(`POST ${path}/end`, { as, body })
    assert.equal(ended.status, 200, ended.text)
    assert.deepEqual(await stateOf(path), ['signed', 'withdrawn'])
    const again = await api.call(`POST ${path}/end`, { as, body })
    assert.deepEqual([again.status, again.body.code], [409, 'agreements.over'])
  })

  test('409 naming the other when another is in force then; 422 for a signature to come', async () => {
    const id = await partner()
    const [one, two] = [await sent(id, { reference: 'MSA-1' }), await sent(id, { reference: 'MSA-2' })]
    const ahead = { ...signature, signedAt: '2026-12-01T00:00:00Z' }
    assert.equal((await api.call(`POST ${one}/versions/1/sign`, { as, body: ahead })).status, 422)
    const never = { ...signature, signedAt: 'yesterday' }
    assert.equal((await api.call(`POST ${one}/versions/1/sign`, { as, body: never })).status, 422)
    assert.equal((await api.call(`POST ${one}/versions/1/sign`, { as, body: signature })).status, 200)
    const refused = await api.call(`POST ${two}/versions/1/sign`, { as, body: signature })
    assert.deepEqual([refused.status, refused.body.code], [409, 'agreements.overlap'])
    assert.match(refused.body.detail, /Version 1 of MSA-1/)
    assert.deepEqual(await stateOf(two), ['sent'])
  })
})

describe('terms beyond the bound', () => {
  const sign = (path: string, headers: Record<string, string>) =>
    api.call(`POST ${path as '/'}/versions/1/sign`, { headers, body: signature })
  const approve = (id: string, headers: Record<string, string>) =>
    api.call(`POST /v1/proposals/${id}/approve`, { headers })

  test('403 for a service key, and for who proposed it; 202, then signed by another person', async () => {
    const path = await sent(await partner(), { terms: beyond })
    const byKey = await api.call(`POST ${path}/versions/1/sign`, { as: 'admin', body: signature })
    assert.deepEqual([byKey.status, byKey.body.code], [403, 'proposals.not_allowed'])
    const asked = await sign(path, ann)
    assert.deepEqual([asked.status, asked.body.action], [202, 'agreements.sign'])
    assert.deepEqual(await stateOf(path), ['sent'])
    const own = await approve(asked.body.proposalId, ann)
    assert.deepEqual([own.status, own.body.code], [403, 'proposals.own'])
    const other = await approve(asked.body.proposalId, person('support'))
    assert.equal(other.status, 403)
    const done = await approve(asked.body.proposalId, ben)
    assert.deepEqual([done.status, done.body.state], [200, 'done'], done.text)
    assert.deepEqual(await stateOf(path), ['signed'])
    assert.ok(!JSON.stringify(done.body).includes('Ada'))
  })

  test('what is in the way by then stops it, and nothing is half done', async () => {
    const id = await partner()
    const path = await sent(id, { terms: beyond })
    const asked = await sign(path, ann)
    const other = await sent(id)
    assert.equal((await sign(other, ann)).status, 200)
    const done = await approve(asked.body.proposalId, ben)
    assert.deepEqual([done.body.state, done.body.failure], ['failed', 'agreements.overlap'])
    assert.deepEqual([await stateOf(path), await stateOf(other)], [['sent'], ['signed']])
  })
})

describe('GET /partner/agreements', () => {
  const { ask, partner: caller } = operationsScene(database, agreementOperations({ sealer: api.sealer }))

  test('403 with a key of the sandbox', async () => {
    const { sandbox } = await caller()
    assert.equal((await ask(sandbox, 'listAgreements')).status, 403)
  })

  test('200 with one’s own, without drafts and without what is hidden', async () => {
    const [mine, theirs] = [await caller(), await caller()]
    const id = publicId('ptn', mine.partnerId)
    await drafted(id, { reference: 'DRAFT' })
    await lapsedCapability(api.control, 'lapsed')
    const named = {
      ...terms,
      capabilities: ['projects', 'master-data', 'lapsed'],
      overrides: { capabilities: { 'master-data': { quota: { amount: 1, period: 'day' } } } },
    }
    const path = await sent(id, { reference: 'MSA', terms: named })
    const { body } = await ask(mine.live, 'listAgreements')
    assert.deepEqual(
      body.data.map((each: { id: string }) => each.id),
      [path.split('/').at(-1)],
    )
    const [version] = body.data[0].versions
    assert.deepEqual([version.state, version.terms.capabilities], ['sent', ['projects']])
    assert.doesNotMatch(JSON.stringify(body), /master-data|lapsed/)
    assert.deepEqual((await ask(theirs.live, 'listAgreements')).body.data, [])
    assert.ok(parseId('agr', body.data[0].id))
  })
})
