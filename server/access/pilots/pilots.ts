/** Pilots: a limited admission to a capability, with a waitlist, a capacity and an end. */
import { timelineOf } from '#/access/history/history.ts'
import type { Timeline } from '#/access/history/history.ts'
import * as store from '#/access/pilots/store.ts'
import type { PilotTerms, PlaceState } from '#/access/pilots/store.ts'
import type { Tx } from '#/kernel/db/db.ts'

export type { PilotTerms, PlaceState } from '#/access/pilots/store.ts'

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

/** By partner, then pilot. */
export async function readPlaces(
  reader: Pick<Tx, 'rows'>,
  partnerIds: readonly string[],
  knownAt: Date | null,
): Promise<ReadonlyMap<string, ReadonlyMap<string, Timeline<PlaceState>>>> {
  const rows = await store.readPlaces(reader, partnerIds, knownAt)
  return new Map(
    [...Map.groupBy(rows, (row) => row.partnerId)].map(([partnerId, own]) => {
      const byPilot = Map.groupBy(own, (row) => row.pilotId)
      return [partnerId, new Map([...byPilot].map(([id, words]) => [id, timelineOf(words)]))]
    }),
  )
}
