/** Capabilities: named bundles of operations that access is granted to, and who may know of each. */
import * as store from '#/access/capabilities/store.ts'
import type { Capability, Exposure } from '#/access/capabilities/store.ts'
import type { Tx } from '#/kernel/db/db.ts'
import { newId } from '#/kernel/id/id.ts'

export type { Capability, Exposure } from '#/access/capabilities/store.ts'

export const exposures: readonly Exposure[] = [
  'internal',
  'dark',
  'pilot',
  'general',
  'deprecated',
  'retired',
]

/** The capability of the Partner API. Every partner has it, in every package; it is no row. */
export const ownCapability = 'partner-api'

/** What has another exposure does not exist as far as a partner can tell. */
export function isVisible(exposure: Exposure): boolean {
  return exposure === 'pilot' || exposure === 'general' || exposure === 'deprecated'
}

/** Makes the capability what it is said to be. Saying the same again changes nothing. */
export async function declareCapability(
  tx: Tx,
  capability: { readonly name: string; readonly title: string; readonly exposure: Exposure },
): Promise<{ id: string }> {
  const { name, title, exposure } = capability
  const written = await store.upsertCapability(tx, newId(), name, title)
  const found = await store.lockCapability(tx, name)
  if (!found) throw new Error(`the capability ${name} vanished`)
  const before = await store.selectExposure(tx, found.id)
  if (before !== exposure) {
    await store.insertExposure(tx, newId(), found.id, exposure)
    const data = { capabilityId: found.id, from: before, to: exposure }
    tx.emit('access.exposure_changed', { partnerId: null, data })
  }
  if (written || before !== exposure) tx.changed('capability', found.id)
  return found
}

/** All of them, by name. */
export async function listCapabilities(tx: Pick<Tx, 'rows'>): Promise<readonly Capability[]> {
  return store.listCapabilities(tx)
}
