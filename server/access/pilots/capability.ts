/** What a pilot needs of its capability. */
import { changeExposure, findCapability, knownCapabilities } from '#/access/capabilities/capabilities.ts'
import { pilotExposure } from '#/access/pilots/problems.ts'
import type { Tx } from '#/kernel/db/db.ts'

/** From `pilot` to `general`. Throws `pilotExposure`, and `gatesOpen` when a gate it needs has lapsed. */
export async function makeGeneral(tx: Tx, name: string, reason: string): Promise<void> {
  const { exposure } = await findCapability(tx, name)
  if (exposure !== 'pilot') {
    throw pilotExposure.with({ detail: `The exposure of ${name} is ${exposure}; it must be pilot.` })
  }
  await changeExposure(tx, name, 'general', { reason })
}

/** May partners know of it? What is told of a pilot while they may not is the provider's alone. */
export async function isKnown(tx: Tx, name: string): Promise<boolean> {
  return [...(await knownCapabilities(tx)).values()].some((known) => known.name === name)
}
