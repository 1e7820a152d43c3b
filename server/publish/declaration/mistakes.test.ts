/** A mistake in `portico.yaml` says where it is and what is wrong; all of them at once, and nothing was changed. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { ConfigError } from '#/kernel/config/config.ts'
import { readDeclaration } from '#/publish/declaration/declaration.ts'

const folder = mkdtempSync(join(tmpdir(), 'portico-declaration-'))
after(() => rmSync(folder, { recursive: true }))

const document = {
  openapi: '3.1.0',
  info: { title: 'Orders', version: '1.0.0' },
  paths: {
    '/orders/{id}': {
      get: {
        operationId: 'getOrder',
        'x-portico-capability': 'orders',
        parameters: [{ name: 'id', in: 'path', required: true, schema: { type: 'string' } }],
        responses: { 200: { description: 'The order' } },
      },
    },
  },
}
writeFileSync(join(folder, 'orders.json'), JSON.stringify(document))
const reserved = { ...document, paths: { '/portal/x': { get: document.paths['/orders/{id}'].get } } }
writeFileSync(join(folder, 'reserved.json'), JSON.stringify(reserved))

const good = `provider: { name: Northlight }
contracts:
  orders: { file: orders.json, upstream: orders }
upstreams:
  orders:
    live: \${LIVE_URL}
    sandbox: \${SANDBOX_URL:-http://sandbox.invalid}
    timeouts: { headers: 5s }
capabilities:
  orders: { title: Orders, exposure: general }
packages:
  starter: { title: Starter, capabilities: [orders] }
partners:
  acme:
    name: Acme
    package: starter
    applications: [{ name: Shop, environments: [live, sandbox] }]
`

const environment = { LIVE_URL: 'http://live.invalid/' }

function read(text: string, variables: Record<string, string> = environment) {
  const file = join(folder, 'portico.yaml')
  writeFileSync(file, text)
  return readDeclaration(file, variables)
}

async function mistakesOf(text: string, variables: Record<string, string> = environment) {
  try {
    await read(text, variables)
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error))
    return error.mistakes
  }
  return []
}

/** The good file with one part replaced; the part must be in it. */
function but(part: string, other: string): string {
  assert.ok(good.includes(part), part)
  return good.replace(part, other)
}

test('a file without a mistake is read, with its variables and its documents', async () => {
  const { written, contracts } = await read(good)
  assert.equal(written.upstreams.orders!.live, 'http://live.invalid/')
  assert.equal(written.upstreams.orders!.sandbox, 'http://sandbox.invalid')
  assert.deepEqual(
    contracts.map(({ name, upstream, version, defaultClass }) => ({ name, upstream, version, defaultClass })),
    [{ name: 'orders', upstream: 'orders', version: '1.0.0', defaultClass: null }],
  )
})

const cases: readonly [part: string, other: string, mistake: string][] = [
  [
    'contracts:',
    'contract: 1\ncontracts:',
    '2 contract: is not known here; known are provider, contracts, upstreams, gates, capabilities, packages, partners',
  ],
  ['title: Orders, ', '', '10 capabilities.orders: title is missing'],
  [
    'exposure: general',
    'exposure: public',
    '10 capabilities.orders.exposure: is none of internal, dark, pilot, general, deprecated, retired',
  ],
  [
    'exposure: general',
    'exposure: [general]',
    '10 capabilities.orders.exposure: is none of internal, dark, pilot, general, deprecated, retired',
  ],
  [
    'capabilities: [orders]',
    'capabilities: [orders, ordres]',
    '12 packages.starter.capabilities.1: there is no capability ordres',
  ],
  [
    'capabilities: [orders]',
    'capabilities: [partner-api]',
    '12 packages.starter.capabilities.0: partner-api is in every package and needs no line',
  ],
  [
    'capabilities: [orders]',
    'capabilities: [orders, orders]',
    '12 packages.starter.capabilities: names the same twice (1 and 2)',
  ],
  ['capabilities: [orders]', 'capabilities: orders', '12 packages.starter.capabilities: must be a list'],
  ['upstream: orders }', 'upstream: order }', '3 contracts.orders.upstream: there is no upstream order'],
  ['package: starter', 'package: large', '16 partners.acme.package: there is no package large'],
  [
    'headers: 5s',
    'headers: 5 s',
    '8 upstreams.orders.timeouts.headers: is not a duration such as 500ms, 20s or 5m',
  ],
  [
    'headers: 5s',
    'headers: 0s',
    '8 upstreams.orders.timeouts.headers: is not a duration such as 500ms, 20s or 5m',
  ],
  [
    'live: ${LIVE_URL}',
    'live: ftp://x.invalid',
    '6 upstreams.orders.live: is not an address that begins with http:// or https:// and has no credentials, query or fragment',
  ],
  [
    'live: ${LIVE_URL}',
    'live: http://a:b@x.invalid',
    '6 upstreams.orders.live: is not an address that begins with http:// or https:// and has no credentials, query or fragment',
  ],
  [
    'live: ${LIVE_URL}',
    'live: http://sandbox.invalid/',
    '7 upstreams.orders.sandbox: is the live system; the sandbox must be another',
  ],
  ['live: ${LIVE_URL}', 'live: ${LIVE}', '6: the environment variable LIVE is not set'],
  ['live: ${LIVE_URL}', 'live: ${LIVE-URL}', '6: ${LIVE-URL} is neither ${NAME} nor ${NAME:-default}'],
  [
    'environments: [live, sandbox]',
    'environments: []',
    '17 partners.acme.applications.0.environments: must NOT have fewer than 1 items',
  ],
  [
    'environments: [live, sandbox] }]',
    'environments: [live] }, { name: Shop, environments: [live] }]',
    '17 partners.acme.applications.1.name: another application is called Shop',
  ],
  [
    '  acme:',
    '  Acme Ltd:',
    '14 partners.Acme Ltd: is no name: small letters and digits, in parts joined by hyphens',
  ],
  [
    '  orders: { file',
    '  partner: { file',
    '3 contracts.partner: is the name of the Partner API; choose another',
  ],
  ['file: orders.json', 'file: reserved.json', '3 contracts.orders.file: reserved.json#/paths/~1portal~1x'],
  ['file: orders.json', 'file: absent.json', '3 contracts.orders.file: absent.json#'],
  [
    'upstream: orders }',
    'upstream: orders, defaultClass: internal }',
    '3 contracts.orders.defaultClass: can only be public',
  ],
  [
    '  orders: { title',
    '  order: { title',
    '3 contracts.orders.file: orders.json names the capability orders, which is not declared',
  ],
  [
    '  orders: { title',
    '  partner-api: { title: X, exposure: dark }\n  orders: { title',
    "10 capabilities.partner-api: is Portico's own and needs no line",
  ],
  [
    'upstream: orders }',
    'upstream: orders }\n  more: { file: orders.json, upstream: orders }',
    '4 contracts.more.file: GET /orders/{id} is served by the contract orders too',
  ],
  ['provider: { name: Northlight }', 'provider: { name: Northlight', '2: '],
  ['package: starter', 'package: starter\n    package: starter', '17: Map keys must be unique'],
  ['package: starter', 'package: large@2', '16 partners.acme.package: there is no package large'],
  [
    'package: starter',
    'package: starter@0',
    '16 partners.acme.package: is no package: its name (pro), or one of its versions (pro@2)',
  ],
  [
    'package: starter',
    'package: starter\n    attributes: { slug: x }',
    '17 partners.acme.attributes.slug: every partner has this one of itself',
  ],
  [
    'exposure: general',
    'exposure: general, gates: [legal]',
    '10 capabilities.orders.gates.0: there is no gate legal',
  ],
  [
    'exposure: general',
    'exposure: general, evidence: [{ gate: legal, kind: check, reference: x, on: 2026-01-01 }]',
    '10 capabilities.orders.evidence.0.gate: there is no gate legal',
  ],
  [
    'exposure: general',
    'exposure: general, evidence: [{ gate: legal, kind: sign-off, reference: x, on: 2026-02-30 }]',
    '10 capabilities.orders.evidence.0.on: is no date (2026-11-01) and no time in UTC (2026-11-01T09:30:00Z)',
  ],
  [
    'exposure: general',
    'exposure: general, evidence: [{ gate: legal, kind: sign-off, reference: x, on: 2026-02-03, until: 2026-02-03 }]',
    '10 capabilities.orders.evidence.0: a sign-off says who signed: signedBy',
  ],
  [
    'exposure: general',
    'exposure: general, evidence: [{ gate: legal, kind: check, reference: x, on: 2026-02-03, until: 2026-02-03 }]',
    '10 capabilities.orders.evidence.0.until: does not come after on',
  ],
  [
    'capabilities:',
    'gates: { legal: { title: Legal, lasts: 90 } }\ncapabilities:',
    '9 gates.legal.lasts: must be text',
  ],
  [
    'capabilities:',
    'gates: { legal: { title: Legal, lasts: 0d } }\ncapabilities:',
    '9 gates.legal.lasts: is no number of days such as 90d',
  ],
  [
    'exposure: general',
    'exposure: deprecated, successor: order',
    '10 capabilities.orders.successor: there is no capability order',
  ],
  [
    'orders: { title: Orders, exposure: general }',
    'orders: { title: O, exposure: general, successor: more }\n  more: { title: M, exposure: general, successor: orders }',
    '11 capabilities.more.successor: comes back to more: a circle',
  ],
  [
    'exposure: general',
    'exposure: general, rollout: yes',
    '10 capabilities.orders.rollout: is none of on, off',
  ],
  [
    'exposure: general',
    'exposure: general, rollout: { live: { percentage: 1, to: on } }',
    '10 capabilities.orders.rollout.live: must say one of to, percentage and cohort',
  ],
  [
    'exposure: general',
    'exposure: general, rollout: { live: { percentage: 1.234 } }',
    '10 capabilities.orders.rollout.live.percentage: is a number from 0 to 100 with at most two decimals',
  ],
  [
    'exposure: general',
    'exposure: general, rollout: { live: { to: off, steps: [{ at: 2027-01-02, to: on }, { at: 2027-01-01, percentage: 5 }] } }',
    '10 capabilities.orders.rollout.live.steps.1.at: does not come after the step before it',
  ],
  [
    'exposure: general',
    'exposure: general, rollout: { live: { to: off, steps: [{ at: 2027-01-01, to: on }, { at: 2027-01-02, percentage: 5 }, { at: 2027-01-03, to: on }] } }',
    '10 capabilities.orders.rollout.live.steps.2: goes back to an earlier step: a circle',
  ],
  [
    'exposure: general',
    'exposure: general, rollout: { live: { cohort: { where: { not: { not: { not: { not: { not: { attribute: a, in: [b] } } } } } } } } }',
    '10 capabilities.orders.rollout.live.cohort.where.not.not.not.not.not: is nested more than 5 deep',
  ],
  [
    'exposure: general',
    'exposure: general, rollout: { live: { cohort: { where: { all: [] } } } }',
    '10 capabilities.orders.rollout.live.cohort.where.all: is a list that is not empty',
  ],
  [
    'exposure: general',
    'exposure: general, rollout: { live: { to: off, steps: [{ at: 2027-01-01, cohort: { where: &a { not: *a } } }] } }',
    '10 capabilities.orders.rollout.live.steps.0.cohort.where.not.not.not.not.not: is nested more than 5 deep',
  ],
  [
    'capabilities: [orders]',
    'capabilities: [orders], entitlements: { orders: true }',
    '12 packages.starter.entitlements.orders: stands in capabilities too',
  ],
  [
    'capabilities: [orders]',
    'entitlements: { order: false }',
    '12 packages.starter.entitlements.order: can only be true',
  ],
  [
    'capabilities: [orders]',
    'entitlements: { orders: { quota: { amount: 5, period: month }, value: 5 } }',
    '12 packages.starter.entitlements.orders: has a quota or a value, not both',
  ],
  [
    'capabilities: [orders]',
    "entitlements: { orders: { price: { amount: '0.001', currency: EUR } } }",
    "12 packages.starter.entitlements.orders.price: is no price such as { amount: '0.02', currency: EUR }",
  ],
  [
    'capabilities: [orders]',
    'capabilities: [orders], limits: { burst: 0, perSecond: 5 }',
    '12 packages.starter.limits.burst: must be >= 1',
  ],
]

describe('each mistake is told at its line', () => {
  for (const [part, other, mistake] of cases) {
    test(other.replaceAll('\n', ' ⏎ '), async () => {
      const mistakes = await mistakesOf(but(part, other))
      assert.ok(
        mistakes.some((line) => line.startsWith(`portico.yaml:${mistake}`)),
        `expected portico.yaml:${mistake}\nbut got\n${mistakes.join('\n')}`,
      )
    })
  }
})

test('all mistakes are told at once, in the order of the file', async () => {
  const text = but('upstream: orders }', 'upstream: order }')
    .replace('[orders]', '[orders, x, y]')
    .replace('package: starter', 'package: z')
  assert.deepEqual(await mistakesOf(text), [
    'portico.yaml:3 contracts.orders.upstream: there is no upstream order',
    'portico.yaml:12 packages.starter.capabilities.1: there is no capability x',
    'portico.yaml:12 packages.starter.capabilities.2: there is no capability y',
    'portico.yaml:16 partners.acme.package: there is no package z',
  ])
})

test('of a variable that is not set nothing else is said', async () => {
  assert.deepEqual(await mistakesOf(good, {}), [
    'portico.yaml:6: the environment variable LIVE_URL is not set',
  ])
})

test('files that are no mapping, empty or away are refused', async () => {
  for (const text of ['', '- a\n', 'just text\n']) {
    assert.match((await mistakesOf(text)).join('\n'), /portico\.yaml:1: must be a mapping/, text)
  }
  const away = join(folder, 'away.yaml')
  await assert.rejects(readDeclaration(away, {}), /away\.yaml cannot be read/)
})
