/** A capability that is open, and hidden all the same: the evidence for one of its gates ended yesterday. */
import { declareCapability } from '#/access/capabilities/capabilities.ts'
import type { Exposure } from '#/access/capabilities/capabilities.ts'
import { addEvidence, declareGate, declareNeeds } from '#/access/readiness/readiness.ts'
import { transact } from '#/kernel/db/db.ts'
import type { World } from '#/kernel/db/db.ts'

const day = 86_400_000

export async function lapsedCapability(
  control: World,
  name: string,
  exposure: Exposure = 'general',
): Promise<void> {
  const today = control.clock.business().getTime()
  const world = { ...control, clock: { ...control.clock, business: () => new Date(today - 2 * day) } }
  await transact(world, { kind: 'system', name: 'test' }, async (tx) => {
    const { id } = await declareCapability(tx, { name, title: `The ${name}`, exposure })
    const gate = `gate-of-${name}`
    await declareGate(tx, { name: gate, title: gate, onLapse: 'hide' })
    const until = new Date(today - day)
    await addEvidence(tx, { capabilityId: id, gate, kind: 'document', reference: 'a report', until })
    await declareNeeds(tx, id, [gate])
  })
}
