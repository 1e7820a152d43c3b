/** Partners and their applications: names that are taken, states that change once, and whose is whose. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createApplication, listApplications, lockApplication } from '#/identity/applications/applications.ts'
import * as partners from '#/identity/partners/partners.ts'
import { transact } from '#/kernel/db/db.ts'
import type { Tx } from '#/kernel/db/db.ts'
import { newId } from '#/kernel/id/id.ts'
import { Problem } from '#/kernel/problem/problem.ts'
import { testDatabase } from '../../../tests/support/database.ts'

const database = await testDatabase()
const within = <T>(work: (tx: Tx) => Promise<T>) =>
  transact(database.control, { kind: 'system', name: 'test' }, work)
const refused = (code: string) => (error: unknown) =>
  error instanceof Problem && error.definition.code === code

const create = (slug: string) => within((tx) => partners.createPartner(tx, { slug, name: 'Acme' }))

async function eventsOf(partnerId: string): Promise<readonly string[]> {
  const text = 'select type from kernel_outbox where partner_id = $1 order by written_at'
  return (await database.control.pool.query<{ type: string }>(text, [partnerId])).rows.map((row) => row.type)
}

test('a short name is given once and finds its partner', async () => {
  const created = await create('acme')
  await assert.rejects(create('acme'), refused('partners.slug_taken'))
  assert.deepEqual(await within((tx) => partners.findPartnerBySlug(tx, 'acme')), created)
  assert.deepEqual(await within((tx) => partners.findPartner(tx, created.id)), created)
  assert.equal(await within((tx) => partners.findPartner(tx, newId())), null)
  await assert.rejects(create('Not a slug'), /identity_partner_slug_check/)
})

test('what changes is told once; what does not change is not told', async () => {
  const { id } = await create('northlight')
  for (let twice = 0; twice < 2; twice += 1) {
    await within((tx) => partners.renamePartner(tx, id, 'Northlight'))
    await within((tx) => partners.suspendPartner(tx, id, 'unpaid'))
  }
  assert.equal((await within((tx) => partners.findPartner(tx, id)))?.state, 'suspended')
  await within((tx) => partners.resumePartner(tx, id, 'paid'))
  const { createdAt, ...found } = (await within((tx) => partners.findPartner(tx, id)))!
  assert.ok(createdAt instanceof Date)
  assert.deepEqual(found, { id, slug: 'northlight', name: 'Northlight', state: 'active' })
  assert.deepEqual(await eventsOf(id), [
    'identity.partner_created',
    'identity.partner_renamed',
    'identity.partner_suspended',
    'identity.partner_resumed',
  ])
  const absent = within((tx) => partners.suspendPartner(tx, newId(), 'unpaid'))
  await assert.rejects(absent, refused('partners.not_found'))
})

test("an application is its partner's, and one of its name in each environment", async () => {
  const [mine, theirs] = [await create('mine'), await create('theirs')]
  const shop = { environment: 'live', name: 'Shop' } as const
  const created = await within((tx) => createApplication(tx, mine.id, shop))
  await assert.rejects(
    within((tx) => createApplication(tx, mine.id, shop)),
    refused('applications.name_taken'),
  )
  const sandbox = await within((tx) => createApplication(tx, mine.id, { ...shop, environment: 'sandbox' }))
  await within((tx) => createApplication(tx, theirs.id, shop))
  const found = await within((tx) => listApplications(tx, mine.id))
  assert.equal(found.length, 2)
  for (const each of [created, sandbox])
    assert.deepEqual(
      found.find(({ id }) => id === each.id),
      each,
    )
  for (const id of [created.id, newId()]) {
    const attempt = within((tx) => lockApplication(tx, theirs.id, id))
    await assert.rejects(attempt, refused('applications.not_found'))
  }
})
