/** Every statement on pilots, their terms and the places in them. Facts are only added (access/history). */
import type { Word } from '#/access/history/history.ts'
import type { Tx } from '#/kernel/db/db.ts'

type Reader = Pick<Tx, 'rows'>

export type PlaceState = 'waiting' | 'admitted' | 'left'

export type PilotTerms = {
  readonly capacity: number
  /** Business time in milliseconds; null: until the pilot is closed. */
  readonly endsAt: number | null
}

export const statements = {
  readTerms: `
    select pilot.id as "pilotId", pilot.capability_id as "capabilityId",
           json_build_object('capacity', term.capacity,
             'endsAt', (extract(epoch from term.ends_at) * 1000)::float8) as value,
           (extract(epoch from term.valid_from) * 1000)::float8 as from,
           -- A word about terms ends with the pilot, as far as that was known.
           case when $1::timestamptz is null or pilot.closed_at <= $1
             then (extract(epoch from pilot.closed_at) * 1000)::float8 end as until,
           (extract(epoch from term.recorded_at) * 1000)::float8 as "saidAt"
    from access_pilot as pilot join access_pilot_term as term on term.pilot_id = pilot.id
    where $1::timestamptz is null or term.recorded_at <= $1`,
  readPlaces: `
    select partner_id as "partnerId", pilot_id as "pilotId", state as value, null::float8 as until,
           (extract(epoch from valid_from) * 1000)::float8 as from,
           (extract(epoch from recorded_at) * 1000)::float8 as "saidAt"
    from access_pilot_place
    where partner_id = any ($1::uuid[]) /* owner */ and ($2::timestamptz is null or recorded_at <= $2)`,
} as const

export async function readTerms(reader: Reader, knownAt: Date | null) {
  type Row = Word<PilotTerms> & { pilotId: string; capabilityId: string }
  return reader.rows<Row>(statements.readTerms, [knownAt])
}

export async function readPlaces(reader: Reader, partnerIds: readonly string[], knownAt: Date | null) {
  type Row = Word<PlaceState> & { partnerId: string; pilotId: string }
  return reader.rows<Row>(statements.readPlaces, [partnerIds, knownAt])
}
