/** The life of a key, and that nobody reaches another's. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createApplication } from '#/identity/applications/applications.ts'
import * as keys from '#/identity/keys/keys.ts'
import { createPartner } from '#/identity/partners/partners.ts'
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
const inAnHour = () => new Date(Date.now() + 3_600_000)

let count = 0

async function scene() {
  count += 1
  return within(async (tx) => {
    const partner = await createPartner(tx, { slug: `partner-${count}`, name: `Partner ${count}` })
    const application = await createApplication(tx, partner.id, { environment: 'sandbox', name: 'Shop' })
    return { partnerId: partner.id, applicationId: application.id }
  })
}

const create = (
  owner: { partnerId: string; applicationId: string },
  options: Partial<keys.KeyOptions> = {},
) => within((tx) => keys.createKey(tx, owner.partnerId, owner.applicationId, { label: 'Key', ...options }))

async function rowsOf(keyId: string): Promise<string> {
  const { rows } = await database.owner.query('select * from identity_key where id = $1', [keyId])
  return JSON.stringify(rows)
}

async function changesOf(keyId: string): Promise<number> {
  const text = "select count(*)::int as n from kernel_change where topic = 'key' and row_id = $1"
  const { rows } = await database.owner.query<{ n: number }>(text, [keyId])
  return rows[0]!.n
}

describe('creating', () => {
  test('gives the text once; what stays is a digest and four characters', async () => {
    const created = await create(await scene())
    assert.match(created.key, /^ptk_test_/)
    assert.equal(created.lastFour, created.key.slice(-4))
    const parsed = keys.parseKey(created.key)
    assert.ok(parsed.ok && parsed.environment === created.environment)
    const kept = await rowsOf(created.id)
    assert.ok(!kept.includes(created.key) && !kept.includes(created.key.slice(9, 36)))
    const { rows } = await database.owner.query<{ digest: Buffer }>(
      'select digest from identity_key where id = $1',
      [created.id],
    )
    assert.equal(rows[0]!.digest.toString('base64'), parsed.digest)
    assert.equal(await changesOf(created.id), 1)
  })

  test('409 for a third active key; a revoked or an expired one makes room', async () => {
    const owner = await scene()
    const first = await create(owner)
    const second = await create(owner, { expiresAt: inAnHour() })
    await assert.rejects(create(owner), refused('keys.too_many_active'))
    await within((tx) => keys.revokeKey(tx, owner.partnerId, first.id, 'replaced'))
    await create(owner)
    await assert.rejects(create(owner), refused('keys.too_many_active'))
    const past = "update identity_key set expires_at = clock_timestamp() - interval '1 second' where id = $1"
    await database.owner.query(past, [second.id])
    await create(owner)
  })

  test('two at once do not make a third', async () => {
    const owner = await scene()
    const results = await Promise.allSettled(Array.from({ length: 6 }, () => create(owner)))
    assert.equal(results.filter((result) => result.status === 'fulfilled').length, 2)
  })

  test('422 for an expiry that has passed', async () => {
    const expiresAt = new Date(Date.now() - 1000)
    await assert.rejects(create(await scene(), { expiresAt }), refused('keys.expiry_past'))
  })
})

describe('revoking and rotating', () => {
  test('a revoked key keeps its reason; doing it again changes and announces nothing', async () => {
    const owner = await scene()
    const { id } = await create(owner)
    const first = await within((tx) => keys.revokeKey(tx, owner.partnerId, id, 'leaked'))
    assert.ok(first.revokedAt !== null && first.revokedReason === 'leaked')
    const again = await within((tx) => keys.revokeKey(tx, owner.partnerId, id, 'another reason'))
    assert.deepEqual(again, first)
    assert.equal(await changesOf(id), 2)
    const { rows } = await database.owner.query<{ data: object; type: string }>(
      'select type, data from kernel_outbox where partner_id = $1 order by id desc limit 1',
      [owner.partnerId],
    )
    assert.deepEqual(rows[0], {
      type: 'identity.key_revoked',
      data: { keyId: id, applicationId: owner.applicationId },
    })
  })

  test('a rotated key works on until the overlap ends, and no longer than it would have', async () => {
    const owner = await scene()
    const soon = inAnHour()
    const old = await create(owner, { expiresAt: soon })
    const later = new Date(soon.getTime() + 1000)
    const next = await within((tx) => keys.rotateKey(tx, owner.partnerId, old.id, { overlapUntil: later }))
    assert.notEqual(next.key, old.key)
    assert.deepEqual((await within((tx) => keys.findKey(tx, owner.partnerId, old.id))).expiresAt, soon)
    await within((tx) => keys.revokeKey(tx, owner.partnerId, old.id, 'done'))
    await within((tx) => keys.rotateKey(tx, owner.partnerId, next.id, { overlapUntil: soon }))
    assert.deepEqual((await within((tx) => keys.findKey(tx, owner.partnerId, next.id))).expiresAt, soon)
  })

  test('a key that was derived is adopted once and never comes back', async () => {
    const owner = await scene()
    const text = keys.deriveDemoKey('secret', 'name', 'sandbox')
    const adopt = () =>
      within((tx) => keys.adoptKey(tx, owner.partnerId, owner.applicationId, { label: 'First key', text }))
    const adopted = await adopt()
    assert.ok(adopted)
    await within((tx) => keys.revokeKey(tx, owner.partnerId, adopted.id, 'test'))
    assert.equal(await adopt(), null)
    assert.notEqual((await within((tx) => keys.findKey(tx, owner.partnerId, adopted.id))).revokedAt, null)
  })

  test('a key of the other environment is not adopted', async () => {
    const owner = await scene()
    const text = keys.deriveDemoKey('secret', 'name', 'live')
    const adopt = within((tx) =>
      keys.adoptKey(tx, owner.partnerId, owner.applicationId, { label: 'First key', text }),
    )
    await assert.rejects(adopt, /not a key of this environment/)
  })
})

describe('ownership', () => {
  test("another partner's key and application are answered like absent ones", async () => {
    const [mine, theirs] = [await scene(), await scene()]
    const key = await create(theirs)
    for (const id of [key.id, newId()]) {
      const attempts = [
        (tx: Tx) => keys.findKey(tx, mine.partnerId, id),
        (tx: Tx) => keys.revokeKey(tx, mine.partnerId, id, 'not mine'),
        (tx: Tx) => keys.rotateKey(tx, mine.partnerId, id),
      ]
      for (const attempt of attempts) await assert.rejects(within(attempt), refused('keys.not_found'))
    }
    for (const applicationId of [theirs.applicationId, newId()]) {
      const attempt = create({ partnerId: mine.partnerId, applicationId })
      await assert.rejects(attempt, refused('applications.not_found'))
    }
    assert.deepEqual(await within((tx) => keys.listKeys(tx, mine.partnerId)), [])
    assert.equal((await within((tx) => keys.findKey(tx, theirs.partnerId, key.id))).revokedAt, null)
  })

  test('the database itself keeps a key from standing under another partner', async () => {
    const [mine, theirs] = [await scene(), await scene()]
    const { id } = await create(theirs)
    const move = database.owner.query('update identity_key set partner_id = $2 where id = $1', [
      id,
      mine.partnerId,
    ])
    await assert.rejects(move, /foreign key/)
  })

  test('the provider finds the owner by id or by the whole text', async () => {
    const owner = await scene()
    const { id, key } = await create(owner)
    const found = { id, partnerId: owner.partnerId }
    assert.deepEqual(await within((tx) => keys.ownerOfKey(tx, { id })), found)
    assert.deepEqual(await within((tx) => keys.ownerOfKey(tx, { text: key })), found)
    const stranger = keys.deriveDemoKey('never', 'issued', 'live')
    await assert.rejects(
      within((tx) => keys.ownerOfKey(tx, { text: stranger })),
      refused('keys.not_found'),
    )
  })
})
