/** Places in a pilot: who waits, in which order, who is admitted. All of it under the lock of the pilot. */
import { announcePlace } from '#/access/pilots/announcing.ts'
import { pilotClosed, pilotEnded, pilotFull, pilotNotFound, placeNotFound } from '#/access/pilots/problems.ts'
import * as store from '#/access/pilots/store.ts'
import type { PilotRow, Place, PlaceState } from '#/access/pilots/store.ts'
import { isKnown } from '#/access/readiness/readiness.ts'
import { findPartner, partnerNotFound } from '#/identity/partners/partners.ts'
import { refuseOwn } from '#/identity/people/people.ts'
import type { Tx } from '#/kernel/db/db.ts'
import { newId } from '#/kernel/id/id.ts'

export type Pilot = PilotRow & { readonly waiting: number; readonly admitted: number }

/** Locked until the transaction ends. Throws `pilotNotFound`, `pilotClosed`. */
export async function runningPilot(tx: Tx, pilotId: string): Promise<PilotRow> {
  await store.lockPilot(tx, pilotId)
  const found = await store.selectPilot(tx, pilotId)
  if (!found) throw pilotNotFound.with()
  if (found.closedAt !== null) throw pilotClosed.with({ detail: `The pilot was ${found.outcome}.` })
  return found
}

export async function countPlaces(tx: Tx, pilotId: string): Promise<{ waiting: number; admitted: number }> {
  const counts = new Map((await store.countPlaces(tx, pilotId)).map(({ state, count }) => [state, count]))
  return { waiting: counts.get('waiting') ?? 0, admitted: counts.get('admitted') ?? 0 }
}

/**
 * At the end of the waitlist. Who waits or is admitted stays where they are. Throws `pilotNotFound`, `pilotClosed`,
 * `pilotEnded`, `partnerNotFound`.
 */
export async function joinWaitlist(tx: Tx, partnerId: string, pilotId: string): Promise<Place> {
  const pilot = await openPilot(tx, pilotId)
  await refuseUnknown(tx, [partnerId])
  const before = await store.selectPlace(tx, partnerId, pilotId)
  if (before && before.state !== 'left') return before
  await setPlaces(tx, pilot, [partnerId], 'waiting')
  return (await store.selectPlace(tx, partnerId, pilotId))!
}

/**
 * Admits the next ones of the waitlist, fewer when fewer wait, or the partners named, who need not wait. All of them
 * or none. Returns who was admitted. Throws `pilotNotFound`, `pilotClosed`, `pilotEnded`, `pilotFull`,
 * `partnerNotFound`, `ownOrganisation`.
 */
export async function admit(
  tx: Tx,
  pilotId: string,
  whom: number | readonly string[],
): Promise<readonly string[]> {
  const pilot = await openPilot(tx, pilotId)
  const chosen =
    typeof whom === 'number' ? await nextWaiting(tx, pilotId, whom) : await notAdmitted(tx, pilotId, whom)
  const free = pilot.capacity - (await countPlaces(tx, pilotId)).admitted
  if (chosen.length > free) {
    const detail = `${free} of ${pilot.capacity} places are free, and ${chosen.length} partners would be admitted.`
    throw pilotFull.with({ detail })
  }
  for (const partnerId of chosen) await refuseOwn(tx, partnerId)
  await setPlaces(tx, pilot, chosen, 'admitted')
  return chosen
}

async function nextWaiting(tx: Tx, pilotId: string, count: number): Promise<string[]> {
  return (await store.listWaiting(tx, pilotId, count)).map(({ partnerId }) => partnerId)
}

async function notAdmitted(tx: Tx, pilotId: string, partnerIds: readonly string[]): Promise<string[]> {
  await refuseUnknown(tx, partnerIds)
  const admitted = new Set((await store.listAdmitted(tx, pilotId)).map(({ partnerId }) => partnerId))
  return [...new Set(partnerIds)].filter((id) => !admitted.has(id))
}

/** Off the waitlist, or out of the pilot. Throws `pilotNotFound`, `pilotClosed`, `placeNotFound`. */
export async function leave(tx: Tx, partnerId: string, pilotId: string): Promise<void> {
  const pilot = await runningPilot(tx, pilotId)
  const before = await store.selectPlace(tx, partnerId, pilotId)
  if (!before || before.state === 'left') throw placeNotFound.with()
  await setPlaces(tx, pilot, [partnerId], 'left')
}

async function openPilot(tx: Tx, pilotId: string): Promise<PilotRow> {
  const pilot = await runningPilot(tx, pilotId)
  if (pilot.endsAt !== null && pilot.endsAt <= tx.now) throw pilotEnded.with()
  return pilot
}

async function setPlaces(
  tx: Tx,
  pilot: PilotRow,
  partnerIds: readonly string[],
  state: PlaceState,
): Promise<void> {
  const known = await isKnown(tx, pilot.capabilityId)
  for (const partnerId of partnerIds) {
    await store.insertPlace(tx, partnerId, { id: newId(), pilotId: pilot.id, state })
    announcePlace(tx, pilot, partnerId, { state, known })
  }
}

async function refuseUnknown(tx: Tx, partnerIds: readonly string[]): Promise<void> {
  for (const id of partnerIds) if (!(await findPartner(tx, id))) throw partnerNotFound.with()
}
