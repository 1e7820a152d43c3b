/** What is sent in unusual shapes is answered, stored whole or refused: never half, and never by a fault of ours. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { declareCapability } from '#/access/capabilities/capabilities.ts'
import { declarePackage, plainTerms } from '#/access/packages/packages.ts'
import { createPartner } from '#/identity/partners/partners.ts'
import { publicId } from '#/kernel/id/id.ts'
import { testDatabase } from '../../tests/support/database.ts'
import { adminApi } from '../../tests/support/identity/admin.ts'

const api = await adminApi(await testDatabase())
const partner = await api.inTx(async (tx) => {
  await declareCapability(tx, { name: 'constructor', title: 'Odd', exposure: 'general' })
  await declareCapability(tx, { name: 'projects', title: 'Projects', exposure: 'pilot' })
  await declarePackage(tx, { name: 'starter', title: 'Starter', terms: plainTerms(['projects']) })
  return publicId('ptn', (await createPartner(tx, { slug: 'helio', name: 'Helio Works' })).id)
})

const at = '2027-11-01T00:00:00Z'
const override = { quota: { amount: 1, period: 'day' }, price: { amount: '0.05', currency: 'EUR' } }
const terms = {
  noticeDays: 1,
  capabilities: ['projects'],
  overrides: { limits: { burst: 1, perSecond: 1 }, capabilities: { projects: override } },
  sla: 'gold',
  consents: [{ purpose: 'research', granted: true }],
}
const limits = { burst: 1, perSecond: 1 }
const entitlements = {
  projects: { kind: 'metered', quota: { amount: 1, period: 'day' }, limits },
  constructor: { kind: 'static', value: 'five' },
}

/** Each is taken as it stands here. */
const taken: Readonly<Record<string, object>> = {
  'PUT /v1/gates/legal': { title: 'Legal', description: 'Checked', onLapse: 'alarm', lastsDays: 30 },
  'PATCH /v1/capabilities/projects': { title: 'Projects', description: 'All', successor: 'none' },
  'POST /v1/capabilities/projects/gates/legal/evidence': {
    kind: 'sign-off',
    reference: 'DOC-1',
    signedBy: 'Ada',
    from: '2026-01-01T00:00:00Z',
    until: at,
  },
  'PUT /v1/capabilities/projects/gates': { gates: ['legal'] },
  'POST /v1/capabilities/projects/exposure': { to: 'pilot', reason: 'as it is' },
  'POST /v1/capabilities/projects/pilot': { capacity: 10, endsAt: at },
  'POST /v1/packages/odd/versions': {
    title: 'Odd',
    terms: { ...plainTerms([]), entitlements, limits, sla: 'gold' },
  },
  [`PUT /v1/partners/${partner}/package`]: { name: 'starter', version: 1 },
  [`POST /v1/partners/${partner}/grants`]: { capability: 'constructor', reason: 'a trial' },
  [`PUT /v1/partners/${partner}/attributes`]: { attributes: { constructor: 'yes', region: 'north' } },
  'PUT /v1/capabilities/projects/rollouts/live': {
    rollout: { kind: 'cohort', partners: [partner], rule: { attribute: 'region', in: ['north'] } },
  },
  [`POST /v1/partners/${partner}/agreements`]: { reference: 'MSA', startsAt: at, endsAt: null, terms },
}

const oddTexts = [
  '',
  ' ',
  'a\u0000b',
  'a\ud800',
  '\udc00',
  '__proto__',
  'constructor',
  'x'.repeat(5000),
  '2027',
  '+275760-09-13T00:00:00Z',
  '0000-01-01T00:00:00Z',
  '2027-02-30T00:00:00Z',
  '2027-11-01T00:00:00',
  '1e309',
]
const oddNumbers = [0, -1, 0.5, 1e-320, 2 ** 31, 2 ** 53, 1e308]
const oddThings = [null, [], {}, Array.from({ length: 20_000 }, () => 'x')]

/** The same with one place of it changed, once for each place and each odd thing there. */
function* spoiled(value: unknown): Generator {
  yield* oddThings
  if (typeof value === 'string') yield* oddTexts
  if (typeof value === 'number') yield* oddNumbers
  if (typeof value !== 'object' || value === null) return
  for (const [name, part] of Object.entries(value)) {
    for (const other of spoiled(part)) {
      yield Array.isArray(value) ? [other] : { ...value, [name]: other }
    }
  }
  if (!Array.isArray(value)) yield JSON.parse(`{"__proto__":${JSON.stringify(Object.values(value)[0] ?? 1)}}`)
}

for (const [request, body] of Object.entries(taken)) {
  test(`${request.replace(partner, ':id')} answers what is odd`, async () => {
    const call = (sent: unknown) =>
      api.call(request as 'PUT /', { as: 'admin', body: sent as Record<string, unknown> })
    const usual = await call(body)
    assert.ok(usual.status < 300, usual.text)
    for (const odd of spoiled(body)) {
      const { status, text } = await call(odd)
      assert.ok(status < 500, `${status} ${JSON.stringify(odd)?.slice(0, 300)} ${text}`)
    }
  })
}

test('a rule without end is no rule, and a name that cannot be stored names nothing', async () => {
  const headers = { authorization: `Bearer ${await api.key('admin')}`, 'content-type': 'application/json' }
  const url = '/v1/capabilities/projects/rollouts/live'
  const rule = `${'{"not":'.repeat(100_000)}{"attribute":"a","in":["b"]}${'}'.repeat(100_000)}`
  const payload = `{"rollout":{"kind":"cohort","partners":[],"rule":${rule}}}`
  const deep = await api.http.inject({ method: 'PUT', url, headers, payload })
  assert.deepEqual([deep.statusCode, deep.json().code], [422, 'rollouts.invalid'])
  for (const route of api.routes) {
    if (route.method !== 'GET' || !route.path.includes(':')) continue
    const { status, text } = await api.call(`GET ${route.path.replaceAll(/:\w+/g, 'a%00b') as '/'}`, {
      as: 'admin',
    })
    assert.ok(status >= 400 && status < 500, `${route.path} ${status} ${text}`)
  }
})
