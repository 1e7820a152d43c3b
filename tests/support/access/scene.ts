/** A provider with two partners, its decisions in memory, and the management API that answers about them. */
import { createHash } from 'node:crypto'
import { after } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { declareCapability } from '#/access/capabilities/capabilities.ts'
import { assignPackage, declarePackage, plainTerms } from '#/access/packages/packages.ts'
import { declareUpstream, publishContract } from '#/contracts/published/published.ts'
import { createApplication } from '#/identity/applications/applications.ts'
import { createKey } from '#/identity/keys/keys.ts'
import { createPartner } from '#/identity/partners/partners.ts'
import { systemClock } from '#/kernel/clock/clock.ts'
import type { Tx } from '#/kernel/db/db.ts'
import { publicId } from '#/kernel/id/id.ts'
import { silentLog } from '#/kernel/log/log.ts'
import { createSnapshot } from '#/publish/snapshot/snapshot.ts'
import { testDatabase } from '../database.ts'
import { adminApi } from '../identity/admin.ts'

const get = (id: string, capability: string, scopes: readonly string[] = []) => ({
  get: {
    operationId: id,
    'x-portico-capability': capability,
    'x-portico-scopes': scopes,
    responses: { 204: { description: 'Nothing' } },
  },
})

const document = {
  openapi: '3.1.0',
  info: { title: 'Things', version: '1.0.0' },
  paths: {
    '/api/things': get('listThings', 'things'),
    '/api/things/{id}': {
      parameters: [{ name: 'id', in: 'path', required: true, schema: { type: 'string' } }],
      ...get('getThing', 'things', ['things:read']),
    },
    '/api/designs': get('listDesigns', 'designs'),
    '/api/secrets': get('listSecrets', 'secrets'),
  },
}

export const limits = { burst: 20, perSecond: 5 }
export const quota = { amount: 1000, period: 'month' } as const

async function declare(tx: Tx) {
  const times = { connectTimeout: 1000, headersTimeout: 1000, idleTimeout: 1000 }
  await declareUpstream(tx, { name: 'main', live: 'http://a.invalid', sandbox: 'http://b.invalid', ...times })
  const sha256 = createHash('sha256').update(JSON.stringify(document)).digest('hex')
  const contract = { name: 'things', upstream: 'main', version: '1.0.0', defaultClass: null }
  await publishContract(tx, { ...contract, document, sha256 })
  await declareCapability(tx, { name: 'things', title: 'Things', exposure: 'general' })
  await declareCapability(tx, { name: 'designs', title: 'Designs', exposure: 'general' })
  await declareCapability(tx, { name: 'seats', title: 'Seats', exposure: 'general' })
  await declareCapability(tx, { name: 'secrets', title: 'Secrets', exposure: 'dark' })
  const plain = plainTerms(['things', 'secrets'])
  const entitlements = {
    things: { kind: 'metered', quota },
    secrets: { kind: 'boolean' },
    seats: { kind: 'static', value: 5 },
  } as const
  const terms = { ...plain, limits, entitlements }
  return declarePackage(tx, { name: 'starter', title: 'Starter', terms })
}

export async function accessScene() {
  const database = await testDatabase()
  const clock = systemClock()
  const own = { version: '1', operations: [] }
  const snapshot = await createSnapshot({ database, clock, log: silentLog(), own })
  after(() => snapshot.stop())
  const api = await adminApi(database, {}, snapshot.deciding)
  const starter = await api.inTx(declare)
  /** Resolves when the gateway knows all that was committed. */
  const known = async () => {
    const { rows } = await database.control.pool.query<{ last: string }>(
      'select last from kernel_change_counter',
    )
    while (snapshot.state().version < Number(rows[0]!.last)) await delay(5)
  }
  const partner = async (slug: string, isOnPackage = true) => {
    const made = await api.inTx(async (tx) => {
      const { id } = await createPartner(tx, { slug, name: slug })
      if (isOnPackage) await assignPackage(tx, id, starter)
      const application = await createApplication(tx, id, { environment: 'live', name: 'App' })
      const key = await createKey(tx, id, application.id, { label: 'Key' })
      const bounds = { scopes: ['other'], networks: ['10.0.0.0/8'] }
      const bound = await createKey(tx, id, application.id, { label: 'Bound', bounds })
      return { id, applicationId: application.id, keyId: key.id, key: key.key, bound: bound.key }
    })
    await known()
    const publicIds = {
      partner: publicId('ptn', made.id),
      application: publicId('app', made.applicationId),
      credential: publicId('key', made.keyId),
    }
    return { ...made, public: publicIds }
  }
  return { api, database, snapshot, known, partner }
}

export function fingerprintOf(key: string): string {
  return createHash('sha256').update(key).digest('hex')
}
