/** A key that was found in the open is ended, whoever owns it. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, test } from 'node:test'
import { createApplication } from '#/identity/applications/applications.ts'
import { createKey, deriveDemoKey, findKey } from '#/identity/keys/keys.ts'
import { createPartner } from '#/identity/partners/partners.ts'
import { publicId } from '#/kernel/id/id.ts'
import { adminApi } from '../../../tests/support/identity/admin.ts'
import { testDatabase } from '../../../tests/support/database.ts'

const database = await testDatabase()
const api = await adminApi(database)

const made = await api.inTx(async (tx) => {
  const partner = await createPartner(tx, { slug: 'helio', name: 'Helio' })
  const app = await createApplication(tx, partner.id, { environment: 'live', name: 'Shop' })
  return {
    partner,
    first: await createKey(tx, partner.id, app.id, { label: 'first' }),
    second: await createKey(tx, partner.id, app.id, { label: 'second' }),
  }
})
const fingerprint = (key: string) => createHash('sha256').update(key).digest('hex')

describe('POST /v1/keys/leaked', () => {
  const path = 'POST /v1/keys/leaked'

  test('403 for whoever may only look', async () => {
    const { status } = await api.call(path, { as: 'auditor', body: { key: made.first.key } })
    assert.equal(status, 403)
    assert.equal((await api.inTx((tx) => findKey(tx, made.partner.id, made.first.id))).revokedAt, null)
  })

  test('404 for a key that is nobody’s, and the text is not repeated', async () => {
    const key = deriveDemoKey('other', 'secret', 'live')
    for (const body of [{ key }, { fingerprint: fingerprint(key) }, { key: `${made.first.key}x` }]) {
      const { status, text } = await api.call(path, { as: 'support', body })
      assert.equal(status, 404)
      assert.ok(!text.includes(key) && !text.includes(made.first.key))
    }
  })

  test('422 for a fingerprint that is none, and for both at once', async () => {
    for (const body of [{}, { fingerprint: 'abc' }, { key: 'a', fingerprint: 'b'.repeat(64) }]) {
      assert.equal((await api.call(path, { as: 'support', body })).status, 422)
    }
  })

  test('200 by text and by fingerprint in any case; again changes nothing; the partner is told once', async () => {
    const { id } = made.partner
    const tries = [
      [made.first, { key: made.first.key }],
      [made.second, { fingerprint: fingerprint(made.second.key).toUpperCase() }],
      [made.second, { key: made.second.key }],
    ] as const
    for (const [key, body] of tries) {
      const answer = await api.call(path, { as: 'support', body })
      assert.equal(answer.status, 200)
      assert.equal(answer.body.keyId, publicId('key', key.id))
      assert.equal(answer.body.partnerId, publicId('ptn', id))
      const { revokedAt, revokedReason } = await api.inTx((tx) => findKey(tx, id, key.id))
      assert.deepEqual([revokedAt?.toISOString(), revokedReason], [answer.body.revokedAt, 'leaked'])
    }
    const told = await database.owner.query(
      `select data from kernel_outbox where type = 'identity.key_leaked' and partner_id = $1 order by id`,
      [id],
    )
    assert.deepEqual(
      told.rows.map(({ data }) => data.keyId),
      [made.first.id, made.second.id],
    )
  })
})
