/** The demo's access is made once, also where it is over by now, and by one person. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { isUnderAgreement, readAgreements } from '#/access/agreements/agreements.ts'
import { listPilots, readPlaces } from '#/access/pilots/pilots.ts'
import { seedAccess } from '#/demo.ts'
import { systemClock } from '#/kernel/clock/clock.ts'
import { createSealer } from '#/kernel/crypto/crypto.ts'
import { transact } from '#/kernel/db/db.ts'
import type { Tx } from '#/kernel/db/db.ts'
import { partnersNamed } from '#/kernel/lines/lines.ts'
import { applyProvider } from '#/publish/declaration/declaration.ts'
import { createLog } from '#/kernel/log/log.ts'
import { testDatabase } from '../support/database.ts'

let offset = 0
const clock = systemClock(() => offset)
const database = await testDatabase(clock)
const sealer = createSealer(Buffer.alloc(32, 7))
const applied = await applyProvider({
  provider: join(import.meta.dirname, '..', '..', 'examples', 'solstice', 'portico.yaml'),
  environment: { SOLSTICE_LIVE_URL: 'http://live.invalid', SOLSTICE_SANDBOX_URL: 'http://sandbox.invalid' },
  demo: true,
  database,
  sealer,
  log: createLog('silent'),
})
const inTx = <T>(work: (tx: Tx) => Promise<T>) =>
  transact(database.control, { kind: 'system', name: 'test' }, work)
const partners = applied.partners.map(({ id }) => id)
const northwind = applied.partners.find(({ slug }) => slug === 'northwind')!.id

async function seeded() {
  await seedAccess(database, sealer, applied)
  return inTx(async (tx) => ({
    pilots: await listPilots(tx, false, { limit: 10 }),
    places: await readPlaces(tx, partnersNamed(partners), null),
    agreements: await readAgreements(tx, partners, null),
    underAgreement: await isUnderAgreement(tx, northwind),
  }))
}

test('two that start at once make one pilot with a place left, and one agreement in force', async () => {
  const [first, second] = await Promise.all([seeded(), seeded()])
  assert.deepEqual(first, second)
  assert.deepEqual(
    first.pilots.map(({ capability, capacity, admitted }) => [capability, capacity, admitted]),
    [['proposals', 3, 2]],
  )
  assert.deepEqual([...first.agreements.keys()], [northwind])
  assert.equal(first.underAgreement, true)
})

test('nothing is made again, not even when the pilot and the agreement are over', async () => {
  const before = await seeded()
  offset = 3 * 365 * 86_400_000
  const after = await seeded()
  assert.deepEqual(after, { ...before, underAgreement: false })
})
