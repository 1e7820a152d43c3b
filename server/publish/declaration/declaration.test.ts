/** Applying a declaration: whole or not at all, and nothing when it says nothing new. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { parseKey } from '#/identity/keys/keys.ts'
import { createSealer } from '#/kernel/crypto/crypto.ts'
import { parseId } from '#/kernel/id/id.ts'
import { silentLog } from '#/kernel/log/log.ts'
import { applyProvider, demoPartners } from '#/publish/declaration/declaration.ts'
import { testDatabase } from '../../../tests/support/database.ts'

const database = await testDatabase()
const folder = mkdtempSync(join(tmpdir(), 'portico-declaration-'))
after(() => rmSync(folder, { recursive: true }))
const file = join(folder, 'portico.yaml')

const operation = {
  operationId: 'getOrder',
  'x-portico-capability': 'orders',
  responses: { 200: { description: 'Orders' } },
}
const document = (version: string) => ({
  openapi: '3.1.0',
  info: { title: 'Orders', version },
  paths: { '/orders': { get: operation } },
})

type Variant = {
  readonly version?: string
  readonly live?: string
  readonly exposure?: string
  readonly contents?: string
  readonly partner?: string
  readonly on?: string
  readonly contracts?: readonly string[]
}

function write(variant: Variant = {}): void {
  const {
    version = '1.0.0',
    live = 'http://live.invalid',
    exposure = 'general',
    contents = 'orders',
  } = variant
  const { partner = 'Acme', on = 'starter', contracts = ['orders'] } = variant
  for (const name of contracts) {
    const path = `/${name}`
    const content = { ...document(version), paths: { [path]: { get: { ...operation, operationId: name } } } }
    writeFileSync(join(folder, `${name}.json`), JSON.stringify(content))
  }
  writeFileSync(
    file,
    JSON.stringify({
      provider: { name: 'Northlight' },
      contracts: Object.fromEntries(
        contracts.map((name) => [name, { file: `${name}.json`, upstream: 'main' }]),
      ),
      upstreams: { main: { live, sandbox: 'http://sandbox.invalid' } },
      capabilities: { orders: { title: 'Orders', exposure } },
      packages: {
        starter: { title: 'Starter', capabilities: contents === '' ? [] : [contents] },
        large: { title: 'Large', capabilities: [] },
      },
      partners: {
        acme: {
          name: partner,
          package: on,
          applications: [{ name: 'Shop', environments: ['live', 'sandbox'] }],
        },
      },
    }),
  )
}

const log = silentLog()
const sealer = createSealer(Buffer.alloc(32, 7))
const apply = (demo = false) =>
  applyProvider({ provider: file, environment: {}, demo, database, sealer, log })

async function changes(): Promise<readonly string[]> {
  const text = 'select topic from kernel_change order by number'
  return (await database.owner.query<{ topic: string }>(text)).rows.map((row) => row.topic)
}

async function counts(): Promise<unknown> {
  const tables = [
    'identity_partner',
    'identity_application',
    'identity_key',
    'contracts_document',
    'kernel_outbox',
  ]
  const each = tables.map((table) => `(select count(*)::int from control.${table}) as ${table}`)
  return (await database.owner.query(`select ${each.join(', ')}`)).rows[0]
}

describe('a file of a provider', () => {
  test('is applied, and each application gets a first key in each environment', async () => {
    write()
    const { provider, partners } = await apply()
    assert.equal(provider.name, 'Northlight')
    assert.deepEqual(
      partners[0]!.keys.map(({ application, environment }) => [application, environment]),
      [
        ['Shop', 'live'],
        ['Shop', 'sandbox'],
      ],
    )
    for (const { key, environment } of partners[0]!.keys) {
      const parsed = parseKey(key)
      assert.ok(parsed.ok && parsed.environment === environment)
    }
    assert.deepEqual((await changes()).toSorted(), [
      'application',
      'application',
      'capability',
      'contract',
      'key',
      'key',
      'package',
      'package',
      'partner',
      'partner',
      'upstream',
    ])
  })

  test('applied again changes nothing, tells nobody, and shows no key', async () => {
    const before = [await changes(), await counts()]
    const { partners } = await apply()
    assert.deepEqual(partners[0]!.keys, [])
    assert.deepEqual([await changes(), await counts()], before)
  })

  test('each difference is told once, under its topic', async () => {
    const variants: readonly [Variant, readonly string[]][] = [
      [{ live: 'http://moved.invalid' }, ['upstream']],
      [{ version: '1.1.0' }, ['contract', 'upstream']],
      [{ exposure: 'deprecated' }, ['capability', 'contract']],
      // Whom the file names as on a package is on its newest version.
      [{ contents: '' }, ['capability', 'package', 'partner']],
      [{ partner: 'Acme Ltd' }, ['package', 'partner', 'partner']],
      [{ on: 'large' }, ['partner', 'partner']],
      [{ contracts: ['orders', 'more'] }, ['contract', 'partner']],
      [{ contracts: ['orders'] }, ['contract']],
    ]
    // Each goes from the one before it, so it also takes back what that one changed.
    for (const [variant, topics] of variants) {
      const before = (await changes()).length
      write(variant)
      await apply()
      assert.deepEqual((await changes()).slice(before).toSorted(), topics, JSON.stringify(variant))
    }
  })

  test('two nodes that apply it at once make one of everything', async () => {
    write({ partner: 'Acme' })
    await database.owner.query(`
      delete from identity_key; delete from identity_application; delete from identity_standing;
      delete from access_assignment; delete from identity_partner`)
    const results = await Promise.all([apply(), apply(), apply()])
    assert.equal(results.filter(({ partners }) => partners[0]!.keys.length === 2).length, 1)
    assert.equal(results.filter(({ partners }) => partners[0]!.keys.length === 0).length, 2)
    assert.equal(new Set(results.map(({ partners }) => partners[0]!.id)).size, 1)
  })

  test('with a mistake changes nothing', async () => {
    const before = [await changes(), await counts()]
    write({ exposure: 'dark', contents: 'nothing' })
    await assert.rejects(apply(), /there is no capability nothing/)
    assert.deepEqual([await changes(), await counts()], before)
  })
})

describe('the demo provider', () => {
  const demo = () =>
    applyProvider({
      provider: join(import.meta.dirname, '../../../examples/solstice/portico.yaml'),
      environment: {
        SOLSTICE_LIVE_URL: 'http://live.invalid',
        SOLSTICE_SANDBOX_URL: 'http://sandbox.invalid',
      },
      demo: true,
      database,
      sealer,
      log,
    })

  test('has a partner on each package, with the same keys at every start', async () => {
    const first = demoPartners(await demo())
    assert.deepEqual(Object.keys(first).toSorted(), ['enterprise', 'pro', 'starter'])
    for (const { id, live, sandbox } of Object.values(first)) {
      assert.ok(parseId('ptn', id))
      assert.match(live.apiKey, /^ptk_live_/)
      assert.match(sandbox.apiKey, /^ptk_test_/)
    }
    const before = await changes()
    assert.deepEqual(demoPartners(await demo()), first)
    assert.deepEqual(await changes(), before)
  })
})
