/** Capabilities: named bundles of operations that access is granted to, and who may know of each. */
import { changeExposure, findCapability, sayExposure } from '#/access/capabilities/exposure.ts'
import * as store from '#/access/capabilities/store.ts'
import type { CapabilityRow, CapabilityText, Exposure } from '#/access/capabilities/store.ts'
import { at, timelineOf } from '#/access/history/history.ts'
import type { Timeline } from '#/access/history/history.ts'
import { readGates, readinessAt } from '#/access/readiness/readiness.ts'
import type { Tx } from '#/kernel/db/db.ts'
import { newId } from '#/kernel/id/id.ts'

export {
  changeExposure,
  findCapability,
  gatesOpen,
  noSuchTransition,
  openAction,
  secondPersonNeeded,
  transitions,
} from '#/access/capabilities/exposure.ts'
export type { Exposure, FoundCapability } from '#/access/capabilities/store.ts'

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

export type DeclaredCapability = Partial<CapabilityText> & {
  readonly name: string
  readonly title: string
  readonly exposure: Exposure
}

/**
 * Makes the capability what it is said to be; what is not said of it stays. Saying the same again changes nothing. A
 * new one may begin at any exposure, needs no gate yet, and is switched on in both environments; one that is there
 * changes by the rules. Throws `noSuchTransition`, `gatesOpen`, `secondPersonNeeded`.
 */
export async function declareCapability(tx: Tx, declared: DeclaredCapability): Promise<{ id: string }> {
  const { name, title, exposure, description = '', successor = null } = declared
  const id = newId()
  if (await store.insertCapability(tx, { id, name, title, description, successor })) {
    for (const environment of ['live', 'sandbox']) await store.insertOn(tx, newId(), id, environment)
    await sayExposure(tx, { id, exposure: null }, exposure, null)
    return { id }
  }
  await describeCapability(tx, name, declared)
  await changeExposure(tx, name, exposure, { reason: null })
  return { id: (await findCapability(tx, name)).id }
}

/** Changes what is given, and nothing when that is so already. Throws `capabilityNotFound`. */
export async function describeCapability(tx: Tx, name: string, text: Partial<CapabilityText>): Promise<void> {
  await store.lockCapability(tx, name)
  const found = await findCapability(tx, name)
  const { title = found.title, description = found.description, successor = found.successor } = text
  if (!(await store.updateText(tx, found.id, { title, description, successor }))) return
  tx.audit({ action: 'capabilities.describe', subject: { kind: 'capability', id: found.id } })
  tx.changed('capability', found.id)
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

/**
 * By id: those that partners may know of now, which leaves out what lost a gate that hides. The others are answered like
 * what does not exist.
 */
export async function knownCapabilities(tx: Tx): Promise<ReadonlyMap<string, Capability>> {
  const gates = await readGates(tx, null)
  const known = (await listCapabilities(tx)).filter(({ id, exposure }) => {
    const { open } = readinessAt(gates.get(id) ?? [], tx.now.getTime())
    return isVisible(exposure) && !open.some(({ onLapse }) => onLapse === 'hide')
  })
  return new Map(known.map((capability) => [capability.id, capability]))
}
