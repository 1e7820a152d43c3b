/** The audit over the admin port: searched, taken away, checked. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { createAnchor, createSealing } from '#/governance/audit/audit.ts'
import { newId, publicId } from '#/kernel/id/id.ts'
import { silentLog } from '#/kernel/log/log.ts'
import { adminApi } from '../../../tests/support/admin.ts'
import { testDatabase } from '../../../tests/support/database.ts'

const database = await testDatabase()
const api = await adminApi(database)
const folder = mkdtempSync(join(tmpdir(), 'portico-audit-'))
after(() => rmSync(folder, { recursive: true, force: true }))
const sealing = createSealing({
  control: api.control,
  digester: api.sealer,
  anchor: createAnchor(folder, api.sealer),
  log: silentLog(),
})

const [partnerId, keyId, personId] = [newId(), newId(), newId()]
const operator = { kind: 'operator', id: personId, role: 'admin' } as const
await api.inTx(async (tx) => {
  tx.audit({ action: 'keys.revoke', subject: { kind: 'key', id: keyId }, partnerId, reason: 'leaked' })
  tx.audit({ action: 'partners.suspend', subject: { kind: 'partner', id: partnerId }, partnerId })
}, operator)
await api.inTx(async (tx) => tx.audit({ action: 'sessions.prune' }))

type Shown = { id: string; action: string; actor: { id: string } }
const search = async (query: string) =>
  (await api.call(`GET /v1/audit?${query}`, { as: 'auditor' })).body.data.map(({ action }: Shown) => action)

describe('GET /v1/audit', () => {
  test('403 for support and finance', async () => {
    for (const as of ['support', 'finance'])
      assert.equal((await api.call('GET /v1/audit', { as })).status, 403)
  })

  test('200 with the ids everyone sees', async () => {
    const { body } = await api.call('GET /v1/audit?action=keys.revoke', { as: 'auditor' })
    const [line] = body.data
    assert.match(line.id, /^aud_[0-9a-f]{32}$/)
    assert.deepEqual(line.actor, { kind: 'operator', id: publicId('per', personId), role: 'admin' })
    assert.deepEqual(line.subject, { kind: 'key', id: publicId('key', keyId) })
    assert.deepEqual([line.partnerId, line.reason], [publicId('ptn', partnerId), 'leaked'])
  })

  test('200 by partner, actor, action, area, subject and time', async () => {
    const both = ['keys.revoke', 'partners.suspend']
    assert.deepEqual((await search(`partner=${publicId('ptn', partnerId)}`)).toSorted(), both)
    assert.deepEqual((await search(`actor=${publicId('per', personId)}`)).toSorted(), both)
    assert.ok((await search('actor=test')).includes('sessions.prune'))
    assert.deepEqual(await search('action=keys'), ['keys.revoke'])
    assert.deepEqual(await search(`subject=${publicId('key', keyId)}`), ['keys.revoke'])
    assert.deepEqual(await search(`subject=${publicId('ptn', partnerId)}&action=keys`), [])
    assert.deepEqual(await search('to=2020-01-01T00:00:00Z'), [])
    assert.deepEqual(await search('from=2099-01-01T00:00:00Z'), [])
  })

  test('200 page by page, and 400 for a cursor of another search', async () => {
    const first = await api.call('GET /v1/audit?limit=1', { as: 'auditor' })
    const next = await api.call(`GET /v1/audit?limit=1&cursor=${first.body.nextCursor}`, { as: 'auditor' })
    assert.notEqual(next.body.data[0].id, first.body.data[0].id)
    const other = await api.call(`GET /v1/audit?action=keys&cursor=${first.body.nextCursor}`, {
      as: 'auditor',
    })
    assert.equal(other.status, 400)
  })

  test('422 for what cannot be searched for', async () => {
    const wrong = [
      'from=yesterday',
      'from=2026-02-01T00:00:00Z&to=2026-01-01T00:00:00Z',
      `subject=zzz_${'0'.repeat(32)}`,
      'subject=key_1',
      'partner=helio',
      'action=Keys%20or',
    ]
    for (const query of wrong) {
      assert.equal((await api.call(`GET /v1/audit?${query}`, { as: 'auditor' })).status, 422, query)
    }
  })
})

describe('GET /v1/audit/export', () => {
  test('403 for support; 200 as JSON Lines of what is sealed, and that it was taken is a line', async () => {
    assert.equal((await api.call('GET /v1/audit/export', { as: 'support' })).status, 403)
    await sealing.sealNow()
    const all = await api.call('GET /v1/audit/export', { as: 'auditor' })
    assert.equal(all.status, 200)
    assert.equal(all.headers['content-type'], 'application/jsonl')
    const lines = all.text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    assert.deepEqual(
      lines.map(({ position }) => position),
      lines.map((_, i) => i + 1),
    )
    const rest = await api.call(`GET /v1/audit/export?after=${lines.length - 1}`, { as: 'auditor' })
    assert.equal(rest.text.split('\n').length, 2)
    const keys = await api.call('GET /v1/audit/export?action=keys', { as: 'auditor' })
    assert.deepEqual(
      keys.text
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line).line.subject.id),
      [keyId],
    )
    assert.ok((await search('action=audit.export')).length >= 3)
  })
})

describe('GET /v1/audit/verify', () => {
  test('403 for finance; 200, and a changed line is found', async () => {
    assert.equal((await api.call('GET /v1/audit/verify', { as: 'finance' })).status, 403)
    await sealing.sealNow()
    const answers = await Promise.all(
      Array.from({ length: 3 }, () => api.call('GET /v1/audit/verify', { as: 'auditor' })),
    )
    for (const { status, body } of answers) {
      assert.deepEqual([status, body.intact, body.findings, body.waiting], [200, true, [], 0])
      assert.equal(body.end.split(':')[0], String(body.sealed))
    }
    // Whoever owns the database can take the lock off the table.
    await database.owner.query('alter table governance_audit disable trigger user')
    await database.owner.query(`update governance_audit set reason = 'rotated' where subject_id = $1`, [
      keyId,
    ])
    const { body } = await api.call('GET /v1/audit/verify', { as: 'auditor' })
    assert.equal(body.intact, false)
    assert.match(body.findings[0].lineId, /^aud_/)
  })
})
