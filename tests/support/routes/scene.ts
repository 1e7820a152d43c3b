/** The stage with everybody on it: two partners that have one of everything, and the provider's people. */
import { assignPackage, findPackage, grantByName } from '#/access/packages/packages.ts'
import { setAttributes } from '#/access/rollouts/rollouts.ts'
import { suspendPartner } from '#/identity/partners/partners.ts'
import { systemClock } from '#/kernel/clock/clock.ts'
import { silentLog } from '#/kernel/log/log.ts'
import { createIngest, openJournal } from '#/usage/usage.ts'
import type { TestDatabase } from '../database.ts'
import { anExchange, journalFolder, recorded } from '../usage.ts'
import { createParty, createProvider } from './cast.ts'
import type { Party, Provider } from './cast.ts'
import { makeCapability } from './recipes/capabilities.ts'
import { addOpenId, invited, suspended } from './recipes/identity.ts'
import type { Place } from './recipes/recipe.ts'
import { completeFacts, makeRequest } from './recipes/requests.ts'
import { hide, inPilotWithPlace, makePackage, makeSigned } from './recipes/terms.ts'
import type { Parties } from './partner.ts'
import { createStage } from './stage.ts'
import type { Stage } from './stage.ts'

export type Scene = { readonly stage: Stage; readonly parties: Parties; readonly provider: Provider }

export async function createScene(database: TestDatabase): Promise<Scene> {
  const stage = await createStage(database)
  const provider = await createProvider(stage)
  const [own, other, suspended] = await Promise.all(
    ['helio', 'borealis', 'dormant'].map((marker) => createParty(stage, marker)),
  )
  if (!own || !other || !suspended) throw new Error('somebody is missing')
  await hide(stage)
  await furnish(stage, [own, other])
  const { partnerId } = suspended.place
  await stage.inTx((tx) => suspendPartner(tx, partnerId, 'unpaid'))
  await stage.open()
  return { stage, provider, parties: { own, other, suspended } }
}

/** What lists show: something with the partner's marker in each. */
async function furnish(stage: Stage, parties: readonly Party[]): Promise<void> {
  for (const { place } of parties) {
    await completeFacts(stage, place)
    await giveAccess(stage, place)
    await addOpenId(stage, place)
    await invited(stage, place)
  }
  await use(stage, parties)
}

/** One of everything that is said of a partner's access. */
async function giveAccess(stage: Stage, place: Place): Promise<void> {
  const { partnerId, marker } = place
  const { inTx } = stage
  const name = await makePackage(stage, place)
  await inTx(async (tx) => assignPackage(tx, partnerId, await findPackage(tx, name)))
  await inTx((tx) => setAttributes(tx, partnerId, { tier: marker }))
  const given = await makeCapability(stage, 'general')
  await inTx((tx) => grantByName(tx, partnerId, given, { granted: true, reason: 'asked for' }))
  await suspended.make(stage, place, {})
  await inPilotWithPlace.make(stage, place, {})
  await makeSigned(stage, place)
  await makeRequest(stage, place, 'asked')
}

/** A call of each, in both worlds, by the way that usage takes. */
async function use({ database }: Stage, parties: readonly Party[]): Promise<void> {
  const [folder, clock, log] = [journalFolder(), systemClock(), silentLog()]
  const journal = openJournal({ folder, sync: 'grouped', clock, log })
  for (const { place } of parties) {
    const { partnerId, marker } = place
    for (const environment of ['live', 'sandbox'] as const) {
      await recorded(journal, anExchange({ partnerId, environment, operation: `${marker}Call` }))
    }
  }
  await createIngest({ folder, journal, database, clock, log }).drainNow()
  await journal.close()
}
