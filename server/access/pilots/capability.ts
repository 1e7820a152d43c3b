/** What a pilot needs of its capability. */
import { declareCapability, listCapabilities } from '#/access/capabilities/capabilities.ts'
import type { Capability } from '#/access/capabilities/capabilities.ts'
import { pilotExposure, pilotNotFound } from '#/access/pilots/problems.ts'
import type { Tx } from '#/kernel/db/db.ts'

/** Throws `pilotNotFound`. */
export async function capabilityNamed(tx: Tx, name: string): Promise<Capability> {
  const found = (await listCapabilities(tx)).find((each) => each.name === name)
  if (!found) throw pilotNotFound.with({ detail: `There is no capability ${name}.` })
  return found
}

/** From `pilot` to `general`. Throws `pilotExposure`. */
export async function makeGeneral(tx: Tx, capabilityId: string, reason: string): Promise<void> {
  const found = (await listCapabilities(tx)).find((each) => each.id === capabilityId)
  if (!found) throw new Error('the capability of a pilot vanished')
  const { name, title, exposure } = found
  if (exposure !== 'pilot') {
    throw pilotExposure.with({ detail: `The exposure of ${name} is ${exposure}; it must be pilot.` })
  }
  await declareCapability(tx, { name, title, exposure: 'general' })
  const subject = { kind: 'capability', id: capabilityId }
  tx.audit({ action: 'capabilities.expose', subject, reason, changes: { from: exposure, to: 'general' } })
}
