/** Every statement on pilots, their terms and the places in them. Facts are only added (access/history). */
import { forGood, wordLines } from '#/access/history/history.ts'
import type { Word } from '#/access/history/history.ts'
import type { Tx } from '#/kernel/db/db.ts'
import { ofPartners, readLines } from '#/kernel/lines/lines.ts'
import type { Partners } from '#/kernel/lines/lines.ts'

type Reader = Pick<Tx, 'rows'>

export type PlaceState = 'waiting' | 'admitted' | 'left'

export type PilotTerms = {
  readonly capacity: number
  /** Business time in milliseconds; null: until the pilot is closed. */
  readonly endsAt: number | null
}

export type PilotRow = {
  readonly id: string
  readonly capabilityId: string
  /** Its name. */
  readonly capability: string
  readonly capacity: number
  /** Business time; null: until it is closed. */
  readonly endsAt: Date | null
  readonly openedAt: Date
  readonly closedAt: Date | null
  readonly outcome: 'promoted' | 'cancelled' | null
}

/** Where a partner stands now. */
export type Place = {
  /** Of the word that says so. */
  readonly id: string
  readonly partnerId: string
  readonly state: PlaceState
  readonly since: Date
  /** On the waitlist, from 1 on; null: does not wait. */
  readonly position: number | null
}

export type Due = { readonly pilotId: string; readonly kind: 'ending' | 'ended'; readonly dueAt: Date }

const pilot = `
  select pilot.id, pilot.capability_id as "capabilityId", capability.name as capability, term.capacity::int,
         term.ends_at as "endsAt", pilot.created_at as "openedAt", pilot.closed_at as "closedAt", pilot.outcome
  from access_pilot as pilot join access_capability as capability on capability.id = pilot.capability_id
  join lateral (
    select capacity, ends_at from access_pilot_term where pilot_id = pilot.id order by recorded_at desc limit 1
  ) as term on true`

/** Of the words on a place the last one counts; words are said under the lock of the pilot, so in this order. */
const places = `access_pilot_place where pilot_id = $1 and is_last`

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
    select ${wordLines('pilot_id, state', forGood)} from access_pilot_place
    where ${ofPartners} and ($4::timestamptz is null or recorded_at <= $4)`,
  // No row when the capability has one that runs.
  insertPilot: `
    insert into access_pilot (id, capability_id) values ($1, $2)
    on conflict (capability_id) where closed_at is null do nothing returning id`,
  insertTerm: `
    insert into access_pilot_term (id, pilot_id, capacity, ends_at, valid_from) values ($1, $2, $3, $4, $5)`,
  // Serialises what changes a pilot, its terms and its places, so that places are counted and given in one step. What
  // is true then is asked for in a statement of its own: one that waited for the lock still sees what was before.
  lockPilot: `select id from access_pilot where id = $1 for update`,
  selectPilot: `${pilot} where pilot.id = $1`,
  selectRunning: `${pilot} where pilot.capability_id = $1 and pilot.closed_at is null`,
  listPilots: `
    ${pilot} where (not $1::boolean or pilot.closed_at is null) and ($2::uuid is null or pilot.id > $2)
    order by pilot.id limit $3`,
  closePilot: `update access_pilot set closed_at = $2, outcome = $3 where id = $1`,
  countPlaces: `select state, count(*)::int as count from ${places} group by state`,
  listAdmitted: `
    select partner_id as "partnerId" from ${places} and state = 'admitted' order by recorded_at, id`,
  listWaiting: `
    select partner_id as "partnerId" from ${places} and state = 'waiting' order by recorded_at, id limit $2`,
  // $3: where the page before ended, which may not be the last word there any more. Whoever waits up to
  // there is ahead of who waits in the page; where nobody does they are not counted.
  listPlaces: `
    with page as (
      select id, partner_id, state, valid_from, recorded_at from ${places}
        and ($2::text is null or state = $2)
        and ($3::uuid is null or (recorded_at, id) > (select recorded_at, id from access_pilot_place where id = $3))
      order by recorded_at, id limit $4
    ), ahead as (
      select count(*) as count from ${places} and state = 'waiting'
        and (recorded_at, id) <= (select recorded_at, id from access_pilot_place where id = $3)
        and exists (select from page where page.state = 'waiting')
    )
    select page.id, partner_id as "partnerId", state, valid_from as since,
           case when state = 'waiting' then ahead.count
             + count(*) filter (where state = 'waiting') over (order by recorded_at, page.id) end::int as position
    from page cross join ahead order by recorded_at, page.id`,
  selectPlace: `
    select id, partner_id as "partnerId", state, valid_from as since,
           access_waitlist_position($2, $1)::int as position
    from access_pilot_place where partner_id = $1 /* owner */ and pilot_id = $2 and is_last`,
  overtakePlace: `
    update access_pilot_place set is_last = false where partner_id = $1 /* owner */ and pilot_id = $2 and is_last`,
  insertPlace: `
    insert into access_pilot_place (id, pilot_id, partner_id, state, valid_from) values ($2, $3, $1, $4, $5)`,
  forgetDue: `delete from access_pilot_due where pilot_id = $1 and done_at is null`,
  insertDue: `
    insert into access_pilot_due (pilot_id, kind, due_at) values ($1, $2, $3) on conflict do nothing`,
  // Waits for whoever takes at this moment, so that several nodes tell in order.
  takeDue: `
    update access_pilot_due set done_at = $1
    where (pilot_id, kind, due_at) in (
      select pilot_id, kind, due_at from access_pilot_due where done_at is null and due_at <= $1
      order by due_at, kind desc limit $2 for update
    ) returning pilot_id as "pilotId", kind, due_at as "dueAt"`,
} as const

export async function readTerms(reader: Reader, knownAt: Date | null) {
  type Row = Word<PilotTerms> & { pilotId: string; capabilityId: string }
  return reader.rows<Row>(statements.readTerms, [knownAt])
}

export async function readPlaces(reader: Reader, partners: Partners, knownAt: Date | null) {
  return readLines(reader, statements.readPlaces, partners, knownAt)
}

/** False when the capability has a pilot that runs. */
export async function insertPilot(tx: Tx, id: string, capabilityId: string): Promise<boolean> {
  return (await tx.rows(statements.insertPilot, [id, capabilityId])).length > 0
}

export async function insertTerm(
  tx: Tx,
  pilotId: string,
  term: { readonly id: string; readonly capacity: number; readonly endsAt: Date | null },
): Promise<void> {
  await tx.rows(statements.insertTerm, [term.id, pilotId, term.capacity, term.endsAt, tx.now])
}

export async function lockPilot(tx: Tx, id: string): Promise<boolean> {
  return (await tx.rows(statements.lockPilot, [id])).length > 0
}

export async function selectPilot(tx: Tx, id: string) {
  return (await tx.rows<PilotRow>(statements.selectPilot, [id]))[0]
}

export async function selectRunning(tx: Tx, capabilityId: string) {
  return (await tx.rows<PilotRow>(statements.selectRunning, [capabilityId]))[0]
}

export async function listPilots(tx: Tx, running: boolean, after: string | null, limit: number | null) {
  return tx.rows<PilotRow>(statements.listPilots, [running, after, limit])
}

export async function closePilot(tx: Tx, id: string, outcome: 'promoted' | 'cancelled'): Promise<void> {
  await tx.rows(statements.closePilot, [id, tx.now, outcome])
}

export async function countPlaces(tx: Tx, pilotId: string) {
  return tx.rows<{ state: PlaceState; count: number }>(statements.countPlaces, [pilotId])
}

/** In the order they were admitted. */
export async function listAdmitted(tx: Tx, pilotId: string) {
  return tx.rows<{ partnerId: string }>(statements.listAdmitted, [pilotId])
}

/** In the order they joined. */
export async function listWaiting(tx: Tx, pilotId: string, limit: number) {
  return tx.rows<{ partnerId: string }>(statements.listWaiting, [pilotId, limit])
}

export async function listPlaces(
  tx: Tx,
  pilotId: string,
  state: PlaceState | null,
  page: { readonly after?: string; readonly limit: number },
) {
  return tx.rows<Place>(statements.listPlaces, [pilotId, state, page.after ?? null, page.limit])
}

export async function selectPlace(tx: Tx, partnerId: string, pilotId: string) {
  return (await tx.rows<Place>(statements.selectPlace, [partnerId, pilotId]))[0]
}

/** The last word from now on. */
export async function insertPlace(
  tx: Tx,
  partnerId: string,
  place: { readonly id: string; readonly pilotId: string; readonly state: PlaceState },
): Promise<void> {
  await tx.rows(statements.overtakePlace, [partnerId, place.pilotId])
  await tx.rows(statements.insertPlace, [partnerId, place.id, place.pilotId, place.state, tx.now])
}

export async function forgetDue(tx: Tx, pilotId: string): Promise<void> {
  await tx.rows(statements.forgetDue, [pilotId])
}

export async function insertDue(tx: Tx, { pilotId, kind, dueAt }: Due): Promise<void> {
  await tx.rows(statements.insertDue, [pilotId, kind, dueAt])
}

/** In no order. */
export async function takeDue(tx: Tx, limit: number) {
  return tx.rows<Due>(statements.takeDue, [tx.now, limit])
}
