/** Each world decides, and explains, by its own clock: a sandbox that moved ahead has reached what is only planned. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { declareCapability } from '#/access/capabilities/capabilities.ts'
import { assignPackage, declarePackage, plainTerms } from '#/access/packages/packages.ts'
import { scheduleRollout } from '#/access/rollouts/rollouts.ts'
import type { Route } from '#/gateway/gateway.ts'
import { createPartner } from '#/identity/partners/partners.ts'
import { systemClock } from '#/kernel/clock/clock.ts'
import { publicId } from '#/kernel/id/id.ts'
import { silentLog } from '#/kernel/log/log.ts'
import { createSnapshot } from '#/publish/snapshot/snapshot.ts'
import { testDatabase } from '../../../tests/support/database.ts'
import { adminApi } from '../../../tests/support/identity/admin.ts'

const day = 86_400_000
const plain = await testDatabase()
const database = { ...plain, sandbox: { ...plain.sandbox, clock: systemClock(() => 20 * day) } }
const own = { version: '1', operations: [] }
const snapshot = await createSnapshot({ database, clock: systemClock(), log: silentLog(), own })
after(() => snapshot.stop())
const operation = { id: 'listThings', capability: 'things', scopes: [] }
const operations = () => [{ operation } as unknown as Route]
const api = await adminApi(plain, {}, { ...snapshot.deciding, operations })

test('what is switched off in ten days is on in live and off in a sandbox that is twenty ahead', async () => {
  const partner = await api.inTx(async (tx) => {
    const { id } = await declareCapability(tx, { name: 'things', title: 'Things', exposure: 'general' })
    const step = { at: new Date(tx.now.getTime() + 10 * day), rollout: { kind: 'off' } } as const
    for (const environment of ['live', 'sandbox'] as const) await scheduleRollout(tx, id, environment, [step])
    const terms = plainTerms(['things'])
    const version = await declarePackage(tx, { name: 'starter', title: 'Starter', terms })
    const made = await createPartner(tx, { slug: 'helio', name: 'Helio' })
    await assignPackage(tx, made.id, version)
    return publicId('ptn', made.id)
  })
  const explained = async (more: string) => {
    const query = `operation=listThings&environment=${more}`
    const { body } = await api.call(`GET /v1/partners/${partner}/access/explain?${query}`, { as: 'support' })
    return body.reason
  }
  assert.equal(await explained('live'), null)
  assert.equal(await explained('sandbox'), 'access.not_rolled_out')
  assert.equal(await explained(`sandbox&at=${new Date(Date.now() + 1000).toISOString()}`), null)
})
