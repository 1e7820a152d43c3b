/** Decisions beside the calls: what services, other gateways and OpenFeature clients are told is what the gateway does. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { recordStanding, resumePartner, suspendPartner } from '#/identity/partners/partners.ts'
import { accessScene, fingerprintOf, limits, quota } from '../support/access/scene.ts'

const { api, known, partner } = await accessScene()
const acme = await partner('acme')
const blank = await partner('blank', false)
const as = 'service'

describe('POST /v1/decisions', () => {
  const ask = async (body: object, role = as) => api.call('POST /v1/decisions', { as: role, body })

  test('403 for a role without the permission, 401 for nobody', async () => {
    const body = { application: acme.public.application, operation: 'listThings' }
    assert.equal((await ask(body, 'finance')).status, 403)
    assert.equal((await api.call('POST /v1/decisions', { body })).status, 401)
  })

  test('422 for a batch that is empty or too long, and for what is no question', async () => {
    const one = { application: acme.public.application, operation: 'listThings' }
    for (const body of [
      { questions: [] },
      { questions: Array.from({ length: 101 }, () => one) },
      { ...one, more: 1 },
      { fingerprint: 'short' },
    ])
      assert.equal((await ask(body)).status, 422)
  })

  test('200 with limits, quota and the whole trail for what is allowed', async () => {
    const { status, body } = await ask({ application: acme.public.application, operation: 'listThings' })
    assert.equal(status, 200)
    const { trail, ...rest } = body
    assert.deepEqual(rest, {
      application: acme.public.application,
      partner: acme.public.partner,
      environment: 'live',
      operation: 'listThings',
      capability: 'things',
      allow: true,
      reason: null,
      status: 200,
      rule: null,
      detail: 'Allowed.',
      next: [],
      limits,
      quota,
      price: null,
      validUntil: null,
    })
    assert.deepEqual(
      trail.map(({ rule, ok, value }: Record<string, unknown>) => [rule, ok, value]),
      [
        ['exposure', true, 'general'],
        ['readiness', true, 'no needed gate hides it'],
        ['partner', true, 'active'],
        ['application', true, 'active'],
        ['package', true, 'Starter, version 1'],
        ['environment', true, 'live and sandbox of Starter'],
        ['capability', true, 'by the package'],
        ['rollout', true, 'on'],
        ['pilot', true, 'not asked'],
        ['agreement', true, 'none'],
        ['scopes', true, 'every scope'],
      ],
    )
    assert.ok(Date.parse(trail[2].since) <= Date.now())
  })

  test('200 with the reason and the way on for what is refused, by id, path or fingerprint', async () => {
    const application = acme.public.application
    const questions = [
      { application, operation: 'listDesigns' },
      { application, method: 'GET', path: '/api/secrets?x=1' },
      { application: blank.public.application, method: 'GET', path: '/api/things/7' },
      { application, operation: 'listThings', environment: 'sandbox' },
      { application: acme.public.partner, operation: 'listThings' },
      { application, operation: 'nothing' },
      { fingerprint: fingerprintOf(acme.key), operation: 'getThing' },
      { fingerprint: fingerprintOf(acme.bound), operation: 'getThing', address: '10.1.2.3' },
      { fingerprint: fingerprintOf(acme.bound), operation: 'getThing' },
      { fingerprint: fingerprintOf('nobody'), operation: 'getThing' },
    ]
    const { status, body } = await ask({ questions })
    assert.equal(status, 200)
    assert.deepEqual(
      body.decisions.map(({ status: would, reason }: Record<string, unknown>) => [would, reason]),
      [
        [403, 'access.not_in_package'],
        [404, 'access.not_visible'],
        [403, 'access.no_package'],
        [404, 'decisions.unknown_application'],
        [404, 'decisions.unknown_application'],
        [404, 'decisions.unknown_operation'],
        [200, null],
        [403, 'auth.insufficient_scope'],
        [403, 'auth.address_not_allowed'],
        [404, 'decisions.unknown_application'],
      ],
    )
    assert.equal(body.decisions[0].next[0].action, 'request-access')
    assert.equal(body.decisions[0].rule, 'capability')
  })

  test('a suspended partner or application is refused from the next moment on', async () => {
    const reasons = async () => {
      await known()
      const questions = [acme, blank].map(({ public: { application } }) => {
        return { application, operation: 'listThings' }
      })
      return (await ask({ questions })).body.decisions.map(({ reason }: { reason: string }) => reason)
    }
    await api.inTx((tx) => suspendPartner(tx, acme.id, 'test'))
    assert.deepEqual(await reasons(), ['access.partner_suspended', 'access.no_package'])
    await api.inTx((tx) => resumePartner(tx, acme.id, 'test'))
    const stand = (state: 'active' | 'suspended') =>
      api.inTx(async (tx) => {
        const { id, applicationId } = acme
        await recordStanding(tx, id, { applicationId, state, reason: 'test' })
        tx.changed('application', applicationId)
      })
    await stand('suspended')
    assert.deepEqual(await reasons(), ['access.application_suspended', 'access.no_package'])
    await stand('active')
    assert.deepEqual(await reasons(), [null, 'access.no_package'])
  })
})

describe('GET /v1/decisions/check', () => {
  const check = async (target: string, headers: Record<string, string> = {}, method = 'GET') =>
    api.call('GET /v1/decisions/check', {
      headers: {
        'portico-service-key': await api.key(as),
        'x-original-method': method,
        'x-original-uri': target,
        ...headers,
      },
    })
  const bearer = (key: string) => ({ authorization: `Bearer ${key}` })

  test('401 for whoever asks without a key of its own, whatever the caller brings', async () => {
    const headers = { ...bearer(acme.key), 'x-original-method': 'GET', 'x-original-uri': '/api/things' }
    const { status, body } = await api.call('GET /v1/decisions/check', { headers })
    assert.deepEqual([status, body.code], [401, 'guard.unauthenticated'])
    const wrong = { ...headers, 'portico-service-key': acme.key }
    assert.equal((await api.call('GET /v1/decisions/check', { headers: wrong })).status, 401)
  })

  test('400 without the original request', async () => {
    const headers = { 'portico-service-key': await api.key(as) }
    const { status, body } = await api.call('GET /v1/decisions/check', { headers })
    assert.deepEqual([status, body.code], [400, 'decisions.original_missing'])
  })

  test('401 without a key and with one that is nobody’s, and how to bring one', async () => {
    const none = await check('/api/things')
    assert.deepEqual([none.status, none.body.code], [401, 'auth.missing'])
    assert.equal(none.headers['www-authenticate'], 'Bearer realm="portico"')
    const unknown = await check('/api/things', bearer(`${acme.key.slice(0, -1)}x`))
    assert.equal(unknown.status, 401)
    assert.match(String(unknown.headers['www-authenticate']), /invalid_token/)
  })

  test('403 with the problem that the gateway would answer, in the body and in a header', async () => {
    const { status, body, headers } = await check('/api/designs?x=1', bearer(acme.key))
    assert.deepEqual([status, body.code, body.instance], [403, 'access.not_in_package', '/api/designs'])
    assert.equal(headers['content-type'], 'application/problem+json')
    assert.deepEqual(JSON.parse(String(headers['portico-problem'])), body)
  })

  test('403 by the address that is passed on, for a key that is bound to networks', async () => {
    const key = { 'x-api-key': acme.bound }
    const outside = await check('/api/things', { ...key, 'x-forwarded-for': '10.0.0.1, 192.0.2.1' })
    assert.deepEqual([outside.status, outside.body.code], [403, 'auth.address_not_allowed'])
    const inside = await check('/api/things', { ...key, 'x-real-ip': '10.0.0.1' })
    assert.equal(inside.status, 200)
  })

  test('404 the same for what is dark and for what is nothing; 405 for another method', async () => {
    const dark = await check('/api/secrets', bearer(acme.key))
    const nothing = await check('/api/nothing', bearer(acme.key))
    assert.deepEqual([dark.status, nothing.status], [404, 404])
    const plain = ({ body }: typeof dark) => ({ ...body, instance: '', requestId: '' })
    assert.deepEqual(plain(dark), plain(nothing))
    const other = await check('/api/things', bearer(acme.key), 'DELETE')
    assert.deepEqual([other.status, other.headers.allow], [405, 'GET'])
  })

  test('200 and who it is, for nginx and for Envoy', async () => {
    const { status, headers, text } = await check('/api/things?limit=1', bearer(acme.key))
    assert.deepEqual([status, text], [200, ''])
    const told = Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith('portico-')))
    assert.deepEqual(told, {
      'portico-partner': acme.public.partner,
      'portico-application': acme.public.application,
      'portico-key': acme.public.credential,
      'portico-environment': 'live',
      'portico-operation': 'listThings',
      'portico-capability': 'things',
      'portico-limits': 'burst=20, per-second=5',
      'portico-quota': 'amount=1000, period=month',
    })
    const own = { 'portico-service-key': await api.key(as) }
    const envoy = await api.call('GET /v1/decisions/check/api/things?limit=1', {
      headers: { ...own, ...bearer(acme.key) },
    })
    assert.deepEqual([envoy.status, envoy.headers['portico-operation']], [200, 'listThings'])
    const posted = await api.call('POST /v1/decisions/check/api/things', {
      headers: { ...own, ...bearer(acme.key) },
    })
    assert.equal(posted.status, 405)
  })
})

describe('GET /v1/partners/:id/access/explain', () => {
  const explain = (query: string, id = acme.public.partner) =>
    api.call(`GET /v1/partners/${id}/access/explain?${query}`, { as: 'support' })

  test('403 for a role without the permission', async () => {
    const url = `GET /v1/partners/${acme.public.partner}/access/explain?operation=listThings` as const
    assert.equal((await api.call(url, { as })).status, 403)
  })

  test('404 for a partner, an application and an operation that there is not; 422 for no moment', async () => {
    const nobody = `ptn_${'0'.repeat(32)}`
    const codeOf = async (query: string, id?: string) => {
      const { status, body } = await explain(query, id)
      return [status, body.code]
    }
    assert.deepEqual(await codeOf('operation=listThings', nobody), [404, 'partners.not_found'])
    assert.deepEqual(await codeOf('operation=nothing'), [404, 'decisions.unknown_operation'])
    const foreign = `operation=listThings&application=${blank.public.application}`
    assert.deepEqual(await codeOf(foreign), [404, 'applications.not_found'])
    assert.deepEqual(await codeOf('operation=listThings&at=yesterday'), [422, 'decisions.moment_invalid'])
  })

  test('200 as it is, as it was before there was a partner, and as it was known', async () => {
    const now = await explain(`operation=listThings&application=${acme.public.application}`)
    assert.deepEqual([now.status, now.body.allow, now.body.trail.length], [200, true, 11])
    const before = await explain('operation=listThings&at=2020-01-01T00:00:00Z')
    assert.deepEqual([before.body.allow, before.body.trail.length], [false, 0], 'nothing was declared')
    const hindsight = `operation=listThings&at=2020-01-01T00:00:00Z&known=${new Date().toISOString()}`
    assert.deepEqual((await explain(hindsight)).body.reason, 'access.not_visible')
  })
})
