/** A key is read when it first calls, with all that binds it, and is the same from then on. */
import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { test } from 'node:test'
import { createApplication } from '#/identity/applications/applications.ts'
import { createKey, revokeKey } from '#/identity/keys/keys.ts'
import { createPartner } from '#/identity/partners/partners.ts'
import { transact } from '#/kernel/db/db.ts'
import type { Tx } from '#/kernel/db/db.ts'
import { createCallers } from '#/publish/snapshot/callers.ts'
import { readApplications, readKeys } from '#/publish/snapshot/store.ts'
import { testDatabase } from '../../../tests/support/database.ts'

const database = await testDatabase()
const within = <T>(work: (tx: Tx) => Promise<T>) =>
  transact(database.control, { kind: 'system', name: 'test' }, work)
const digestOf = (key: string) => hash('sha256', key, 'base64')

const partner = await within((tx) => createPartner(tx, { slug: 'partner', name: 'Partner' }))
const application = await within((tx) =>
  createApplication(tx, partner.id, { environment: 'sandbox', name: 'App' }),
)
const expiresAt = new Date(Date.now() + 3_600_000)
const bounds = { scopes: ['projects:read', 'projects:write'], networks: ['10.1.0.0/16'] }
const make = (options: object) =>
  within((tx) => createKey(tx, partner.id, application.id, { label: 'Key', ...options }))
const plain = await make({})
const bound = await make({ expiresAt, bounds })
await within((tx) => revokeKey(tx, partner.id, bound.id, 'test'))

/** As of everything, or of these alone. */
async function callersAt(now: number, ids: readonly string[] | null = null) {
  const callers = createCallers(() => now)
  await within(async (tx) => {
    for await (const rows of readApplications(tx, null)) callers.putApplications(rows)
    for await (const lines of readKeys(tx, ids)) callers.putKeys(lines)
  })
  return callers
}

test('with nothing said of it a key is bound to nothing', async () => {
  const callers = await callersAt(Date.now())
  const found = callers.credential(digestOf(plain.key))
  assert.deepEqual(found, {
    id: plain.id,
    application: { id: application.id, partnerId: partner.id, environment: 'sandbox' },
    expiresAt: null,
    revokedAt: null,
    scopes: null,
    usableFrom: null,
    member: null,
  })
  assert.equal(callers.credential(digestOf(plain.key)), found, 'the same object')
  assert.equal(found.application, callers.application(application.id))
  assert.equal(callers.credential(digestOf('another')), undefined)
})

test('scopes, networks, expiry and revocation are those of the row, and a revocation is not in the future', async () => {
  const found = (await callersAt(Date.now() + 60_000, [bound.id])).credential(digestOf(bound.key))!
  assert.deepEqual([...found.scopes!].toSorted(), bounds.scopes.toSorted())
  assert.deepEqual([found.usableFrom!('10.1.2.3'), found.usableFrom!('10.2.2.3')], [true, false])
  assert.equal(found.expiresAt, expiresAt.getTime())
  assert.ok(Math.abs(found.revokedAt! - Date.now()) < 60_000)
  const early = await callersAt(1000)
  assert.equal(early.credential(digestOf(bound.key))!.revokedAt, 1000)
})

test('a key that was read as revoked is so for a request that comes before its line is looked at', async () => {
  let now = 1000
  const callers = createCallers(() => now++)
  callers.putApplications([{ id: application.id, partnerId: partner.id, environment: 'sandbox' }])
  await within(async (tx) => {
    for await (const lines of readKeys(tx, [bound.id])) callers.putKeys(lines)
  })
  const receivedAt = now++
  assert.ok(callers.credential(digestOf(bound.key))!.revokedAt! <= receivedAt)
})

test('a key that is put again is another one, and one whose application is not there is an error', async () => {
  const callers = createCallers(() => 0)
  const lines: string[] = []
  await within(async (tx) => {
    for await (const page of readKeys(tx, [plain.id])) lines.push(...page)
  })
  callers.putKeys(lines)
  assert.throws(() => callers.credential(digestOf(plain.key)), /is not in the snapshot/)
  callers.putApplications([{ id: application.id, partnerId: partner.id, environment: 'sandbox' }])
  const before = callers.credential(digestOf(plain.key))
  callers.putKeys(lines)
  assert.notEqual(callers.credential(digestOf(plain.key)), before)
  assert.deepEqual(callers.credential(digestOf(plain.key)), before)
})
