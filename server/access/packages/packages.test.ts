/** Packages are what they were last said to be, and what they were before can be read back. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { declareCapability } from '#/access/capabilities/capabilities.ts'
import type { Exposure } from '#/access/capabilities/capabilities.ts'
import {
  assignPackage,
  declarePackage,
  findPackage,
  listPackageVersions,
  packageOf,
  plainTerms,
} from '#/access/packages/packages.ts'
import { createPartner } from '#/identity/partners/partners.ts'
import { transact } from '#/kernel/db/db.ts'
import type { Tx } from '#/kernel/db/db.ts'
import { testDatabase } from '../../../tests/support/database.ts'

const database = await testDatabase()
const within = <T>(work: (tx: Tx) => Promise<T>) =>
  transact(database.control, { kind: 'system', name: 'test' }, work)

const expose = (exposure: Exposure, name = 'raw-data') =>
  within((tx) => declareCapability(tx, { name, title: 'Raw data', exposure }))

const pack = (capabilities: readonly string[], name = 'pro') =>
  within((tx) => declarePackage(tx, { name, title: 'Pro', terms: plainTerms(capabilities) }))

async function rows<Row extends object>(text: string, values: unknown[] = []): Promise<Row[]> {
  return (await database.owner.query<Row>(text, values)).rows
}

async function changes(): Promise<number> {
  return Number((await rows<{ last: string }>('select last from kernel_change_counter'))[0]!.last)
}

test('other terms are a new version, and the old ones stay', async () => {
  for (const name of ['projects', 'raw-data']) await expose('general', name)
  const said = [['projects', 'raw-data'], ['projects'], ['raw-data', 'projects'], []]
  for (const [i, contents] of said.entries()) assert.equal((await pack(contents)).number, i + 1)
  const versions = await within(listPackageVersions)
  assert.deepEqual(
    versions.map(({ number, terms }) => [number, Object.keys(terms.entitlements)]),
    said.map((contents, i) => [i + 1, contents.toSorted()]).toReversed(),
  )
})

test('a partner is on the version it was assigned last, and stays on it when there is a newer one', async () => {
  const [pro, large] = [await pack(['projects']), await pack(['raw-data'], 'large')]
  const partner = await within((tx) => createPartner(tx, { slug: 'acme', name: 'Acme' }))
  for (const version of [pro, large, large, pro]) await within((tx) => assignPackage(tx, partner.id, version))
  const facts = await rows<{ name: string }>(
    `select package.name from access_assignment as fact
     join access_package_version as version on version.id = fact.version_id
     join access_package as package on package.id = version.package_id
     where fact.partner_id = $1 order by fact.recorded_at`,
    [partner.id],
  )
  assert.deepEqual(
    facts.map((fact) => fact.name),
    ['pro', 'large', 'pro'],
  )
  await pack(['projects', 'raw-data'])
  assert.equal((await within((tx) => packageOf(tx, partner.id)))!.id, pro.id)
  for (const name of ['none', 'pro'] as const) {
    const asked = within((tx) => findPackage(tx, name, name === 'pro' ? 99 : undefined))
    await assert.rejects(asked, /packages\.not_found/)
  }
})

test('saying the same again changes nothing and tells nobody', async () => {
  const again = async () => {
    await expose('general')
    const version = await pack(['raw-data'])
    const { id } = (await rows<{ id: string }>("select id from identity_partner where slug = 'acme'"))[0]!
    await within((tx) => assignPackage(tx, id, version))
  }
  await again()
  const before = await changes()
  await again()
  assert.equal(await changes(), before)
})
