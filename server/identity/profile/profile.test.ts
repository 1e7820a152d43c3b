/** Onboarding facts: checked for their form, sealed, versioned, and nobody else's. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { createPartner } from '#/identity/partners/partners.ts'
import { changeProfile, profileHistory, readProfile } from '#/identity/profile/profile.ts'
import type { Facts } from '#/identity/profile/profile.ts'
import { createSealer } from '#/kernel/crypto/crypto.ts'
import { transact } from '#/kernel/db/db.ts'
import type { Actor, Tx } from '#/kernel/db/db.ts'
import { newId } from '#/kernel/id/id.ts'
import { Problem } from '#/kernel/problem/problem.ts'
import { testDatabase } from '../../../tests/support/database.ts'

const database = await testDatabase()
const sealer = createSealer(randomBytes(32))
const system = { kind: 'system', name: 'test' } as const
const inTx = <T>(work: (tx: Tx) => Promise<T>, actor: Actor = system) =>
  transact(database.control, actor, work)
const partner = () => inTx((tx) => createPartner(tx, { slug: `p-${newId()}`, name: 'P' }))
const change = (partnerId: string, facts: Partial<Facts>, from?: number) =>
  inTx((tx) => changeProfile(tx, sealer, partnerId, { facts, ...(from !== undefined && { from }) }))

const good: Partial<Facts> = {
  legalName: 'Helio Works GmbH',
  country: 'DE',
  address: { lines: ['Hafenstr. 1'], postalCode: '20359', city: 'Hamburg', region: null },
  taxIds: [{ type: 'eu_vat', value: 'DE 123.456.789' }],
  billingEmail: 'billing@helio.example',
  currency: 'EUR',
  timeZone: 'Europe/Berlin',
}

test('facts come in bit by bit, each change a version, and what is missing is named', async () => {
  const { id } = await partner()
  assert.equal((await inTx((tx) => readProfile(tx, sealer, id))).version, 0)
  const first = await change(id, { legalName: 'Helio Works' })
  assert.deepEqual(first.missing, ['country', 'address', 'billingEmail', 'currency', 'timeZone'])
  const second = await change(id, good)
  assert.equal(second.version, 2)
  assert.deepEqual(second.missing, [])
  assert.deepEqual(second.facts.taxIds, [{ type: 'eu_vat', value: 'DE123456789' }])
  assert.equal((await change(id, { country: 'DE' })).version, 2, 'saying the same again is no change')
  const history = await inTx((tx) => profileHistory(tx, sealer, id))
  assert.deepEqual(
    history.map((profile) => profile.facts.legalName),
    ['Helio Works GmbH', 'Helio Works'],
  )
})

test('422 names every fact that cannot be right, and nothing is changed', async () => {
  const { id } = await partner()
  const wrong: Partial<Facts> = {
    country: 'ZZ',
    currency: 'EURO',
    timeZone: 'Berlin',
    billingEmail: 'a@b\r\nbcc: x@y.example',
    taxIds: [{ type: 'eu_vat', value: 'DE12' }],
    securityContact: { name: 'A', email: 'nobody' },
  }
  await assert.rejects(change(id, wrong), (error: unknown) => {
    assert.ok(error instanceof Problem)
    assert.deepEqual(error.occurrence.errors?.map((one) => one.pointer).toSorted(), [
      '#/billingEmail',
      '#/country',
      '#/currency',
      '#/securityContact/email',
      '#/taxIds/0/value',
      '#/timeZone',
    ])
    return true
  })
  assert.equal((await inTx((tx) => readProfile(tx, sealer, id))).version, 0)
})

test('409 for a change that began from an older version, also at the same moment', async () => {
  const { id } = await partner()
  await change(id, good)
  await assert.rejects(change(id, { currency: 'USD' }, 0), /profile\.changed/)
  const both = await Promise.allSettled([
    change(id, { currency: 'USD' }, 1),
    change(id, { currency: 'CHF' }, 1),
  ])
  assert.deepEqual(both.map((one) => one.status).toSorted(), ['fulfilled', 'rejected'])
})

test('nothing readable is stored, and another partner reads nothing', async () => {
  const [mine, other] = [await partner(), await partner()]
  await change(mine.id, good)
  const stored = JSON.stringify((await database.owner.query('select * from identity_profile')).rows)
  const hex = Buffer.from('Helio Works GmbH').toString('hex')
  assert.ok(!stored.includes('Helio') && !stored.includes(hex) && !stored.includes('123456789'))
  const member: Actor = { kind: 'member', id: newId(), partnerId: other.id, role: 'owner' }
  assert.equal((await inTx((tx) => readProfile(tx, sealer, mine.id), member)).version, 0)
})
