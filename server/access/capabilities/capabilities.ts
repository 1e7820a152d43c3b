/** Capabilities: named bundles of operations that access is granted to, and who may know of each. */
import * as store from '#/access/capabilities/store.ts'
import type { CapabilityRow, Exposure } from '#/access/capabilities/store.ts'
import { at, timelineOf } from '#/access/history/history.ts'
import type { Timeline } from '#/access/history/history.ts'
import type { Tx } from '#/kernel/db/db.ts'
import { newId } from '#/kernel/id/id.ts'

export type { Exposure } from '#/access/capabilities/store.ts'

/** With what its exposure was and will be. */
export type CapabilityHistory = CapabilityRow & { readonly exposures: Timeline<Exposure> }

export type Capability = CapabilityRow & { readonly exposure: Exposure }

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
  if (before === null)
    for (const environment of ['live', 'sandbox']) await store.insertOn(tx, newId(), found.id, environment)
  if (before !== exposure) {
    await store.insertExposure(tx, newId(), found.id, exposure)
    const data = { capabilityId: found.id, from: before, to: exposure }
    tx.emit('access.exposure_changed', { partnerId: null, data })
  }
  if (written || before !== exposure) tx.changed('capability', found.id)
  return found
}

/** All of them, by name. `knownAt` null: as known now. */
export async function readCapabilities(
  reader: Pick<Tx, 'rows'>,
  knownAt: Date | null,
): Promise<readonly CapabilityHistory[]> {
  const words = Map.groupBy(await store.readExposures(reader, knownAt), (row) => row.capabilityId)
  const rows = await store.readCapabilities(reader, knownAt)
  return rows.map((row) => ({ ...row, exposures: timelineOf(words.get(row.id) ?? []) }))
}

/** All of them as they are now, by name. */
export async function listCapabilities(tx: Tx): Promise<readonly Capability[]> {
  return (await readCapabilities(tx, null)).map(({ exposures: history, ...row }) => {
    return { ...row, exposure: at(history, tx.now.getTime()).value ?? 'internal' }
  })
}
