/** What a partner may ask for. What it may not know of is answered like what does not exist. */
import { isVisible, listCapabilities } from '#/access/capabilities/capabilities.ts'
import type { Capability } from '#/access/capabilities/capabilities.ts'
import { readGates, readinessAt } from '#/access/readiness/readiness.ts'
import type { Tx } from '#/kernel/db/db.ts'

/** By id: the capabilities that partners may know of now. */
export async function offeredCapabilities(tx: Tx): Promise<ReadonlyMap<string, Capability>> {
  const gates = await readGates(tx, null)
  const offered = (await listCapabilities(tx)).filter(({ id, exposure }) => {
    const { open } = readinessAt(gates.get(id) ?? [], tx.now.getTime())
    return isVisible(exposure) && !open.some(({ onLapse }) => onLapse === 'hide')
  })
  return new Map(offered.map((capability) => [capability.id, capability]))
}
