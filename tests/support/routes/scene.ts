/** The stage with everybody on it: two partners that have one of everything, and the provider's people. */
import { suspendPartner } from '#/identity/partners/partners.ts'
import { changeProfile } from '#/identity/profile/profile.ts'
import { systemClock } from '#/kernel/clock/clock.ts'
import { silentLog } from '#/kernel/log/log.ts'
import { createIngest, openJournal } from '#/usage/usage.ts'
import type { TestDatabase } from '../database.ts'
import { anExchange, journalFolder, recorded } from '../usage.ts'
import { createParty, createProvider } from './cast.ts'
import type { Party, Provider } from './cast.ts'
import { addOpenId, invited } from './recipes/identity.ts'
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
  await furnish(stage, [own, other])
  const { partnerId } = suspended.place
  await stage.inTx((tx) => suspendPartner(tx, partnerId, 'unpaid'))
  await stage.open()
  return { stage, provider, parties: { own, other, suspended } }
}

/** What lists show: something with the partner's marker in each. */
async function furnish(stage: Stage, parties: readonly Party[]): Promise<void> {
  for (const { place } of parties) {
    const { partnerId, marker } = place
    const facts = { legalName: `${marker} GmbH` }
    await stage.inTx((tx) => changeProfile(tx, stage.sealer, partnerId, { facts }))
    await addOpenId(stage, place)
    await invited(stage, place)
  }
  await use(stage, parties)
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
