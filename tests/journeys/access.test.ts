/** Access in the running product: a pilot from the waitlist to its end, suspensions, and an agreement that gives more. */
import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { accessJourney, promptly } from '../support/access/journey.ts'

const portico = await accessJourney()
after(() => portico.stop())
const { admin, facts } = portico
const second = await portico.operator('partner-manager')
const starter = portico.partner('starter')
const pro = portico.partner('pro')
const enterprise = portico.partner('enterprise')

/** What the partner is told of a capability. */
async function seen(partner: typeof pro, name: string) {
  const { status, body, text } = await partner('GET /partner/access')
  assert.equal(status, 200, text)
  return body.capabilities.find((each: { name: string }) => each.name === name)
}

const products = (partner: typeof pro) => async () => {
  const { status, body } = await partner('GET /api/products?limit=1')
  return status === 200 ? null : body.code
}

/** Its application in live. */
async function applicationOf(partner: typeof pro): Promise<string> {
  const { body } = await partner('GET /partner/applications')
  return body.data.find((each: { environment: string }) => each.environment === 'live').id
}

describe('a pro partner and a pilot', () => {
  const proposals = () => pro('GET /api/proposals?limit=1')
  const place = '/partner/access/pilots/proposals/place'
  let pilot = ''

  test('the demo has it running with one place left', async () => {
    const { status, body } = await admin.ask('GET capabilities/proposals/pilot')
    assert.deepEqual([status, body.capacity, body.admitted, body.waiting], [200, 3, 2, 0])
    assert.ok(Date.parse(body.endsAt) > Date.now())
    pilot = body.id
    assert.equal((await proposals()).status, 200)
  })

  test('whoever is not in it is refused, whatever their package says, and told how to join', async () => {
    assert.equal((await pro(`DELETE ${place}`)).status, 204)
    await promptly(async () => (await proposals()).status === 403)
    const { body } = await proposals()
    assert.deepEqual([body.code, body.decision.rule], ['access.pilot_not_admitted', 'pilot'])
    assert.equal(body.next[0].action, 'join-pilot')
  })

  test('whoever waits is told so, is admitted in turn, and calls', async () => {
    const first = await starter(`POST ${place}`)
    assert.deepEqual([first.status, first.body.place, first.body.position], [200, 'waiting', 1])
    assert.equal((await pro(`POST ${place}`)).body.position, 2)
    await promptly(async () => (await proposals()).body.code === 'access.pilot_waiting')
    const next = await admin.ask(`POST pilots/${pilot}/admit`, { count: 1 })
    assert.deepEqual(next.body.admitted, [facts.partners.starter.id])
    assert.equal((await pro('GET /partner/access/pilots')).body.data[0].position, 1)
    const second = await admin.ask(`POST pilots/${pilot}/admit`, { count: 1 })
    assert.deepEqual([second.status, second.body.admitted], [200, [facts.partners.pro.id]])
    await promptly(async () => (await proposals()).status === 200)
    assert.equal((await seen(pro, 'proposals')).allow, true)
  })

  test('422 for fewer places than are taken', async () => {
    const { status, body } = await admin.ask(`PATCH pilots/${pilot}`, { capacity: 2 })
    assert.deepEqual([status, body.code], [422, 'pilots.terms'])
  })

  test('it ends at its time: the call is refused within a second, and nobody has to do anything', async () => {
    const endsAt = new Date(Date.now() + 3000)
    const changed = await admin.ask(`PATCH pilots/${pilot}`, { endsAt: endsAt.toISOString() })
    assert.equal(changed.status, 200)
    await promptly(async () => (await seen(pro, 'proposals')).validUntil === endsAt.toISOString())
    let answer = await proposals()
    for (; answer.status === 200; answer = await proposals())
      assert.ok(Date.now() < endsAt.getTime() + 1000, 'it goes on')
    assert.ok(Date.now() >= endsAt.getTime(), 'it ended early')
    assert.deepEqual([answer.status, answer.body.code], [403, 'access.pilot_ended'])
    assert.equal((await pro('GET /partner/access/pilots')).body.data[0].ended, true)
  })
})

describe('suspended', () => {
  const why = { reason: 'a key was found in public' }

  test('an application is refused within a second, and the other one of its partner goes on', async () => {
    const path = `partners/${facts.partners.pro.id}/applications/${await applicationOf(pro)}`
    const call = products(pro)
    assert.equal((await admin.ask(`POST ${path}/suspend`, why)).body.state, 'suspended')
    await promptly(async () => (await call()) === 'access.application_suspended')
    const sandbox = { authorization: `Bearer ${facts.partners.pro.sandbox.apiKey}` }
    const other = await fetch(`${facts.publicUrl}/api/products?limit=1`, { headers: sandbox })
    assert.equal(other.status, 200)
    assert.equal((await admin.ask(`POST ${path}/resume`, why)).body.state, 'active')
    await promptly(async () => (await call()) === null)
  })

  test('a partner is refused within a second', async () => {
    const path = `partners/${facts.partners.pro.id}`
    const call = products(pro)
    assert.equal((await admin.ask(`POST ${path}/suspend`, why)).body.state, 'suspended')
    await promptly(async () => (await call()) === 'access.partner_suspended')
    assert.equal((await admin.ask(`POST ${path}/resume`, why)).body.state, 'active')
    await promptly(async () => (await call()) === null)
  })

  test('a partner under an agreement takes two people', async () => {
    const path = `partners/${facts.partners.enterprise.id}`
    const call = products(enterprise)
    const asked = await admin.ask(`POST ${path}/suspend`, why)
    assert.equal(asked.status, 202)
    const approve = `POST proposals/${asked.body.proposalId}/approve`
    const alone = await admin.ask(approve)
    assert.deepEqual([alone.status, alone.body.code], [403, 'proposals.own'])
    assert.equal(await call(), null)
    assert.equal((await second.ask(approve)).status, 200)
    await promptly(async () => (await call()) === 'access.partner_suspended')
    assert.equal((await admin.ask(`POST ${path}/resume`, why)).status, 200)
    await promptly(async () => (await call()) === null)
  })
})

describe('an enterprise agreement', () => {
  const path = `partners/${facts.partners.enterprise.id}`
  const operation = 'exportRawData'
  const quotaOf = (amount: number) => ({ amount, period: 'day' })
  const decided = async () => {
    const question = { application: await applicationOf(enterprise), operation }
    return (await admin.ask('POST decisions', question)).body
  }
  const explained = async (at: string) =>
    (await admin.ask(`GET ${path}/access/explain?operation=${operation}&at=${at}`)).body
  let agreement = ''

  /** A further version with this quota; what signing it came to. */
  async function amend(amount: number) {
    const { body: before } = await admin.ask(`GET ${path}/agreements/${agreement}`)
    const { terms } = before.versions.at(-1)
    const own = { ...terms.overrides.capabilities['raw-data'], quota: quotaOf(amount) }
    const overrides = { ...terms.overrides, capabilities: { 'raw-data': own } }
    const draft = { startsAt: new Date().toISOString(), endsAt: null, terms: { ...terms, overrides } }
    const drafted = await admin.ask(`POST ${path}/agreements/${agreement}/versions`, draft)
    assert.equal(drafted.status, 201, JSON.stringify(drafted.body))
    const version = `${path}/agreements/${agreement}/versions/${drafted.body.versions.at(-1).number}`
    assert.equal((await admin.ask(`POST ${version}/send`)).status, 200)
    const signature = { signedBy: 'Ines Falk', signedAt: new Date().toISOString() }
    return admin.ask(`POST ${version}/sign`, signature)
  }

  test('the demo has it in force, and its quota stands in place of the package’s', async () => {
    const { body } = await admin.ask(`GET ${path}/agreements`)
    const [{ id, versions }] = body.data
    agreement = id
    assert.deepEqual([versions[0].state, versions[0].terms.sla], ['active', '99.95'])
    assert.equal(versions[0].terms.consents.length, 2)
    const { body: enterprisePackage } = await admin.ask('GET packages/enterprise')
    assert.deepEqual(enterprisePackage.versions[0].terms.entitlements['raw-data'].quota, quotaOf(1000))
    assert.deepEqual((await seen(enterprise, 'raw-data')).quota, quotaOf(5000))
    assert.deepEqual((await decided()).quota, quotaOf(5000))
  })

  test('an amendment raises the quota: every decision shows it, and the past stays what it was', async () => {
    const before = new Date().toISOString()
    assert.equal((await amend(9000)).status, 200)
    await promptly(async () => (await decided()).quota.amount === 9000)
    assert.deepEqual((await seen(enterprise, 'raw-data')).quota, quotaOf(9000))
    assert.deepEqual((await explained(new Date().toISOString())).quota, quotaOf(9000))
    assert.deepEqual((await explained(before)).quota, quotaOf(5000))
  })

  test('beyond what one person may grant, a second one signs as well', async () => {
    const asked = await amend(50_000)
    assert.equal(asked.status, 202)
    const approve = `POST proposals/${asked.body.proposalId}/approve`
    assert.equal((await admin.ask(approve)).body.code, 'proposals.own')
    assert.deepEqual((await seen(enterprise, 'raw-data')).quota, quotaOf(9000))
    assert.equal((await second.ask(approve)).body.state, 'done')
    await promptly(async () => (await decided()).quota.amount === 50_000)
  })

  test('its end refuses every call of the package within a second, and says why', async () => {
    const end = await admin.ask(`POST ${path}/agreements/${agreement}/end`, { reason: 'it was not renewed' })
    assert.equal(end.status, 200)
    const call = products(enterprise)
    await promptly(async () => (await call()) === 'access.agreement_ended')
    const { body } = await enterprise('GET /partner/access')
    assert.equal(body.agreement, 'ended')
    const { allow, reason, quota } = await decided()
    assert.deepEqual([allow, reason, quota], [false, 'access.agreement_ended', null])
  })
})
