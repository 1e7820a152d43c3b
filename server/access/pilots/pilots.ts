/** Pilots: a limited admission to a capability, with a waitlist, a capacity and an end. */
import {
  changeExposure,
  findCapability,
  knownCapabilities,
  lockedCapability,
} from '#/access/capabilities/capabilities.ts'
import type { Capability } from '#/access/capabilities/capabilities.ts'
import { timelineOf, timelinesIn } from '#/access/history/history.ts'
import type { Timeline } from '#/access/history/history.ts'
import { grantCapability } from '#/access/packages/packages.ts'
import { announce, announceEnd, scheduleEnd } from '#/access/pilots/announcing.ts'
import { countPlaces, runningPilot } from '#/access/pilots/places.ts'
import type { Pilot } from '#/access/pilots/places.ts'
import { pilotExposure, pilotNotFound, pilotRunning, pilotTerms } from '#/access/pilots/problems.ts'
import * as store from '#/access/pilots/store.ts'
import type { PilotTerms, PlaceState } from '#/access/pilots/store.ts'
import type { Tx } from '#/kernel/db/db.ts'
import { newId } from '#/kernel/id/id.ts'
import type { Lines, Partners } from '#/kernel/lines/lines.ts'

export { announceDue } from '#/access/pilots/announcing.ts'
export { admit, joinWaitlist, leave } from '#/access/pilots/places.ts'
export type { Pilot } from '#/access/pilots/places.ts'
export * from '#/access/pilots/problems.ts'
export type { PilotTerms, Place, PlaceState } from '#/access/pilots/store.ts'

/** Its terms over time; nothing before it began and after it was closed. */
export type PilotHistory = { readonly id: string; readonly terms: Timeline<PilotTerms> }

/** By capability id. `knownAt` null: as known now. */
export async function readPilots(
  reader: Pick<Tx, 'rows'>,
  knownAt: Date | null,
): Promise<ReadonlyMap<string, readonly PilotHistory[]>> {
  const rows = await store.readTerms(reader, knownAt)
  const pilots = [...Map.groupBy(rows, (row) => row.pilotId)].map(([id, words]) => {
    return { capabilityId: words[0]!.capabilityId, pilot: { id, terms: timelineOf(words) } }
  })
  const byCapability = Map.groupBy(pilots, (each) => each.capabilityId)
  return new Map([...byCapability].map(([id, own]) => [id, own.map((each) => each.pilot)]))
}

/** Lines for `placesOf`. `knownAt` null: as known now. */
export async function readPlaces(
  reader: Pick<Tx, 'rows'>,
  partners: Partners,
  knownAt: Date | null,
): Promise<Lines> {
  return store.readPlaces(reader, partners, knownAt)
}

/** By pilot: where a partner stands in it. */
export function placesOf(lines: string): ReadonlyMap<string, Timeline<PlaceState>> {
  return timelinesIn(lines)
}

/**
 * For a capability that is `dark`, to prepare it, or `pilot`. Throws `capabilityNotFound`, `pilotRunning`,
 * `pilotExposure`, `pilotTerms`.
 */
export async function openPilot(
  tx: Tx,
  opened: { readonly capability: string; readonly capacity: number; readonly endsAt: Date | null },
): Promise<Pilot> {
  // Held to the end, so from here on its exposure stays what it is.
  const { id: capabilityId, name, exposure } = await lockedCapability(tx, opened.capability)
  const { capacity, endsAt } = opened
  refusePastEnd(tx, endsAt)
  const id = newId()
  if (!(await store.insertPilot(tx, id, capabilityId))) {
    throw pilotRunning.with({ detail: `${name} has a pilot that runs.` })
  }
  if (exposure !== 'dark' && exposure !== 'pilot') {
    throw pilotExposure.with({ detail: `The exposure of ${name} is ${exposure}; it must be dark or pilot.` })
  }
  await store.insertTerm(tx, id, { id: newId(), capacity, endsAt })
  await scheduleEnd(tx, id, endsAt)
  const pilot = await findPilot(tx, id)
  announce(tx, 'opened', pilot, { capacity, endsAt })
  return pilot
}

/** Another capacity, another end: an extension, or an earlier one. Throws `pilotNotFound`, `pilotClosed`, `pilotTerms`. */
export async function changePilot(
  tx: Tx,
  pilotId: string,
  change: { readonly capacity?: number | undefined; readonly endsAt?: Date | null | undefined },
): Promise<Pilot> {
  const running = await runningPilot(tx, pilotId)
  const before = { ...running, ...(await countPlaces(tx, pilotId)) }
  const capacity = change.capacity ?? before.capacity
  const endsAt = change.endsAt === undefined ? before.endsAt : change.endsAt
  const endsElsewhere = endsAt?.getTime() !== before.endsAt?.getTime()
  if (capacity === before.capacity && !endsElsewhere) return before
  if (endsElsewhere) refusePastEnd(tx, endsAt)
  if (capacity < before.admitted) {
    const detail = `${before.admitted} partners are admitted, so the capacity cannot be ${capacity}.`
    throw pilotTerms.with({ detail })
  }
  await store.insertTerm(tx, pilotId, { id: newId(), capacity, endsAt })
  if (endsElsewhere) await scheduleEnd(tx, pilotId, endsAt)
  const pilot = { ...before, capacity, endsAt }
  announce(tx, 'changed', pilot, { capacity, endsAt })
  if (endsElsewhere) await announceEnd(tx, pilot)
  return pilot
}

/**
 * Everybody may have it: the capability becomes `general`, everyone admitted keeps it by a grant of their own, and
 * the pilot closes. Throws `pilotNotFound`, `pilotClosed`, `pilotExposure`, `gatesOpen`.
 */
export async function promote(tx: Tx, pilotId: string, reason: string): Promise<Pilot> {
  // The capability before the pilot, as whoever opens one: two that wait for each other would both fail.
  const { exposure } = await lockedCapability(tx, (await findPilot(tx, pilotId)).capability)
  const { capabilityId, capability } = await runningPilot(tx, pilotId)
  if (exposure !== 'pilot') {
    const detail = `The exposure of ${capability} is ${exposure}; it must be pilot.`
    throw pilotExposure.with({ detail })
  }
  // Closed first: while a pilot runs nothing else makes its capability general.
  const closed = await close(tx, pilotId, 'promoted', reason)
  await changeExposure(tx, capability, 'general', { reason })
  for (const { partnerId } of await store.listAdmitted(tx, pilotId)) {
    const grant = { capabilityId, granted: true, source: 'pilot', sourceId: pilotId } as const
    await grantCapability(tx, partnerId, grant)
  }
  return closed
}

/** Given up: from now on nobody calls by it. Throws `pilotNotFound`, `pilotClosed`. */
export async function cancelPilot(tx: Tx, pilotId: string, reason: string): Promise<Pilot> {
  await runningPilot(tx, pilotId)
  return close(tx, pilotId, 'cancelled', reason)
}

async function close(
  tx: Tx,
  pilotId: string,
  outcome: 'promoted' | 'cancelled',
  reason: string,
): Promise<Pilot> {
  await store.closePilot(tx, pilotId, outcome)
  await store.forgetDue(tx, pilotId)
  const pilot = await findPilot(tx, pilotId)
  announce(tx, outcome, pilot, { admitted: pilot.admitted }, reason)
  return pilot
}

/** Throws `pilotNotFound`. */
export async function findPilot(tx: Tx, pilotId: string): Promise<Pilot> {
  const found = await store.selectPilot(tx, pilotId)
  if (!found) throw pilotNotFound.with()
  return { ...found, ...(await countPlaces(tx, pilotId)) }
}

/** The one that is not closed. Throws `capabilityNotFound`, `pilotNotFound`. */
export async function findRunning(tx: Tx, capability: string): Promise<Pilot> {
  const { id } = await findCapability(tx, capability)
  const found = await store.selectRunning(tx, id)
  if (!found) throw pilotNotFound.with({ detail: `${capability} has no pilot that runs.` })
  return findPilot(tx, found.id)
}

/** In the order they were opened. */
export async function listPilots(
  tx: Tx,
  running: boolean,
  page: { readonly after?: string; readonly limit: number },
): Promise<readonly Pilot[]> {
  const found: Pilot[] = []
  for (const row of await store.listPilots(tx, running, page.after ?? null, page.limit)) {
    found.push({ ...row, ...(await countPlaces(tx, row.id)) })
  }
  return found
}

/** In the order of what was said of them last, so those who wait in the order of their turn. Throws `pilotNotFound`. */
export async function listPlaces(
  tx: Tx,
  pilotId: string,
  state: PlaceState | undefined,
  page: { readonly after?: string; readonly limit: number },
): Promise<readonly store.Place[]> {
  if (!(await store.selectPilot(tx, pilotId))) throw pilotNotFound.with()
  return store.listPlaces(tx, pilotId, state ?? null, page)
}

/** A pilot as partners see it. */
export type VisiblePilot = {
  readonly pilotId: string
  readonly capability: Capability
  readonly endsAt: Date | null
  readonly place: store.Place | null
}

/** Those of capabilities that partners may know of and whose exposure is `pilot`, by the name of the capability. */
export async function listVisible(tx: Tx, partnerId: string): Promise<readonly VisiblePilot[]> {
  const running = new Map(
    (await store.listPilots(tx, true, null, null)).map((pilot) => [pilot.capabilityId, pilot]),
  )
  const found: VisiblePilot[] = []
  for (const capability of (await knownCapabilities(tx)).values()) {
    const pilot = capability.exposure === 'pilot' ? running.get(capability.id) : undefined
    if (!pilot) continue
    const place = (await store.selectPlace(tx, partnerId, pilot.id)) ?? null
    found.push({ pilotId: pilot.id, capability, endsAt: pilot.endsAt, place })
  }
  return found
}

/** One that is not visible is answered like one that does not exist. Throws `pilotNotFound`. */
export async function findVisible(tx: Tx, partnerId: string, capability: string): Promise<VisiblePilot> {
  const found = (await listVisible(tx, partnerId)).find((each) => each.capability.name === capability)
  if (!found) throw pilotNotFound.with()
  return found
}

function refusePastEnd(tx: Tx, endsAt: Date | null): void {
  if (endsAt === null) return
  if (Number.isNaN(endsAt.getTime())) {
    throw pilotTerms.with({ detail: 'The end is no time such as 2027-11-01T00:00:00Z.' })
  }
  if (endsAt <= tx.now) throw pilotTerms.with({ detail: 'The end date must lie in the future.' })
}
