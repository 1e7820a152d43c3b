/** A mistake in `portico.yaml` says where it is and what is wrong; all of them at once, and nothing was changed. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import Ajv2020 from 'ajv/dist/2020.js'
import { readDeclaration } from '#/publish/declaration/declaration.ts'
import { shape } from '#/publish/declaration/file/shape.ts'
import { but, expectMistake, good, mistakesOf, read } from '../../../tests/support/declaration/mistakes.ts'
import type { Mistake } from '../../../tests/support/declaration/mistakes.ts'

test('a file without a mistake is read, with its variables and its documents', async () => {
  const { written, contracts } = await read(good)
  assert.equal(written.upstreams.orders!.live, 'http://live.invalid/')
  assert.equal(written.upstreams.orders!.sandbox, 'http://sandbox.invalid')
  assert.deepEqual(
    contracts.map(({ name, upstream, version, defaultClass }) => ({ name, upstream, version, defaultClass })),
    [{ name: 'orders', upstream: 'orders', version: '1.0.0', defaultClass: null }],
  )
})

test('the shape of the file is a schema, which no start checks', () => {
  const ajv = new Ajv2020.default()
  assert.equal(ajv.validateSchema(shape), true, ajv.errorsText())
  assert.equal(ajv.validateSchema({ ...shape, type: 'mapping' }), false)
})

const cases: readonly Mistake[] = [
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
]

describe('each mistake is told at its line', () => {
  for (const mistake of cases) test(mistake[1].replaceAll('\n', ' ⏎ '), () => expectMistake(mistake))
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
  await assert.rejects(readDeclaration('away.yaml', {}), /away\.yaml cannot be read/)
})
