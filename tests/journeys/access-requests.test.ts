/** A starter wants more: it is refused, asks, is asked a question, answers, is approved, and calls. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { browser, letterTo } from '../support/identity/browser.ts'
import { call, startPortico } from '../support/portico.ts'

const portico = await startPortico()
after(() => portico.stop())
const { facts } = portico
const { publicUrl, adminUrl, partners } = facts
const key = partners.starter.live.apiKey
const requests = `${publicUrl}/partner/access/requests`

const form = {
  useCase: 'Designs for the roofs\nof our customers',
  volume: { perMonth: 1000, peakPerSecond: 2 },
  data: 'Designs alone.',
  environments: ['live'],
  acceptedTerms: '2026-11',
}

const listDesigns = () => call(`${publicUrl}/api/designs?limit=1`, { key })

test('401 without a credential; 403 for a key and a person that only look', async () => {
  const applications = await call(`${publicUrl}/partner/applications`, { key })
  const bound = {
    application: applications.body.data[0].id as string,
    label: 'Looks',
    scopes: ['access:read'],
  }
  const made = await call(`${publicUrl}/partner/keys`, { key, method: 'POST', body: bound })
  const looks = made.body.key as string
  for (const started = Date.now(); (await call(requests, { key: looks })).status !== 200; await delay(25)) {
    assert.ok(Date.now() - started < 2000, 'the gateway did not hear of the key')
  }
  const viewer = await person('viewer')
  for (const path of ['', '/acr_1/submit', '/acr_1/withdraw', '/acr_1/answers']) {
    const sent = { method: 'POST', body: { text: 'x', package: 'pro' } }
    assert.equal((await call(`${requests}${path}`, sent)).status, 401, path)
    const answer = await call(`${requests}${path}`, { ...sent, key: looks })
    assert.deepEqual([answer.status, answer.body.code], [403, 'auth.insufficient_scope'], path)
    const seen = await viewer.ask('POST', `/partner/access/requests${path}`, sent.body)
    assert.equal(seen.status, 403, path)
  }
  assert.equal((await viewer.ask('GET', '/partner/access/requests')).status, 200)
})

/** Invited by the owner, and signed in. */
async function person(role: string) {
  const owner = browser(publicUrl, '/portal/api')
  await owner.signIn(facts.partners.starter.member)
  const email = `${role}@brightside.example`
  const invited = await owner.ask('POST', '/partner/team/invitations', { email, role })
  assert.equal(invited.status, 201)
  const guest = browser(publicUrl, '/portal/api')
  const answer = { name: role, password: 'nine purple kettles sing' }
  await guest.ask('POST', `/portal/api/invitations/${await letterTo(portico.data, email)}`, answer)
  return guest
}

test('a starter that is refused applies, is asked a question, answers, is approved, and calls', async () => {
  assert.equal((await listDesigns()).body.code, 'access.not_in_package')
  const made = await call(requests, { key, method: 'POST', body: { package: 'pro', form } })
  assert.equal(made.status, 201, made.text)
  assert.deepEqual([made.body.state, made.body.form], ['draft', form])
  const own = `${requests}/${made.body.id as string}`

  const early = await call(`${own}/submit`, { key, method: 'POST' })
  assert.deepEqual([early.status, early.body.code], [422, 'requests.incomplete'])
  assert.deepEqual(early.body.errors[0], {
    in: 'profile',
    pointer: '#/legalName',
    code: 'missing',
    detail: 'is not known of your organisation yet',
  })
  const profile = {
    legalName: 'Brightside GmbH',
    country: 'DE',
    address: { lines: ['Lichtweg 1'], postalCode: '10115', city: 'Berlin', region: null },
    billingEmail: 'billing@brightside.example',
    currency: 'EUR',
    timeZone: 'Europe/Berlin',
  }
  await call(`${publicUrl}/partner/profile`, { key, method: 'PATCH', body: profile })
  const submitted = await call(`${own}/submit`, { key, method: 'POST' })
  assert.deepEqual([submitted.status, submitted.body.state], [200, 'submitted'])

  const office = browser(adminUrl, '/v1')
  assert.equal((await office.signIn(facts.operator)).status, 200)
  const waiting = await office.ask('GET', '/v1/access-requests?waiting=provider')
  const [{ id }] = waiting.json['data'] as [{ id: string }]
  const review = (verb: string, body?: object) =>
    office.ask('POST', `/v1/access-requests/${id}/${verb}`, body)
  await review('claim', {})
  await review('notes', { text: 'They grew fast.' })
  await review('questions', { text: 'How many roofs?' })
  const seen = await call(own, { key })
  assert.deepEqual(
    seen.body.messages.map(({ kind, text }: { kind: string; text: string }) => [kind, text]),
    [['question', 'How many roofs?']],
  )
  const answered = await call(`${own}/answers`, { key, method: 'POST', body: { text: 'A hundred.' } })
  assert.deepEqual([answered.status, answered.body.waitsForAnswer], [200, false])
  const approved = await review('approve')
  assert.deepEqual([approved.status, approved.json['state']], [200, 'approved'])

  assert.equal((await call(own, { key })).body.state, 'approved')
  for (const started = Date.now(); (await listDesigns()).status !== 200; await delay(25)) {
    assert.ok(Date.now() - started < 2000, 'the gateway did not hear of it')
  }
})

test('422 with every place of what the form does not take, before anything is written', async () => {
  for (const body of [
    {},
    { package: 'enterprise', capability: 'projects' },
    { package: 'enterprise', form: { ...form, useCase: ' ' } },
    { package: 'enterprise', form: { ...form, data: 'a\u0000b' } },
    { package: 'enterprise', form: { ...form, data: 'a\ud800b' } },
    { package: 'enterprise', form: { ...form, volume: { perMonth: 0, peakPerSecond: 1 } } },
    { package: 'enterprise', form: { ...form, environments: ['live', 'live'] } },
    { package: 'enterprise', form: { ...form, environments: [] } },
    { package: 'enterprise', form: { ...form, more: true } },
  ]) {
    const { status, text } = await call(requests, { key, method: 'POST', body })
    assert.ok(status === 422 || status === 400, `${status} ${text}`)
  }
  const { body } = await call(`${requests}?state=draft`, { key })
  assert.deepEqual(body.data, [])
})
