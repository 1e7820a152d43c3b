/**
 * Every statement on capabilities and their exposure. Facts of access are rows that are only added: what was
 * true, and known, at a past moment can be read back (access/history).
 */
import type { Word } from '#/access/history/history.ts'
import type { Tx } from '#/kernel/db/db.ts'

type Reader = Pick<Tx, 'rows'>

export type Exposure = 'internal' | 'dark' | 'pilot' | 'general' | 'deprecated' | 'retired'

export type CapabilityRow = { readonly id: string; readonly name: string; readonly title: string }

export const statements = {
  // Returns a row only when something was written; the row is locked then, as after the select below.
  upsertCapability: `
    insert into access_capability (id, name, title) values ($1, $2, $3)
    on conflict (name) do update set title = excluded.title where access_capability.title <> excluded.title
    returning id`,
  // Serialises changes of one capability, so that the later commit is the later fact. What is true now is asked for
  // in a statement of its own: one that had to wait for the lock would still see what was true before.
  lockCapability: `select id from access_capability where name = $1 for update`,
  selectExposure: `
    select exposure from access_exposure
    where capability_id = $1 and valid_from <= $2 and (valid_until is null or valid_until > $2)
    order by recorded_at desc, valid_from desc limit 1`,
  insertExposure: `insert into access_exposure (id, capability_id, exposure, valid_from) values ($1, $2, $3, $4)`,
  insertOn: `
    insert into access_rollout (id, capability_id, environment, rollout, valid_from)
    values ($1, $2, $3, '{"kind": "on"}', $4)`,
  readCapabilities: `
    select id, name, title from access_capability where $1::timestamptz is null or created_at <= $1 order by name`,
  readExposures: `
    select capability_id as "capabilityId", exposure as value,
           (extract(epoch from valid_from) * 1000)::float8 as from,
           (extract(epoch from valid_until) * 1000)::float8 as until,
           (extract(epoch from recorded_at) * 1000)::float8 as "saidAt"
    from access_exposure where $1::timestamptz is null or recorded_at <= $1`,
} as const

/** True when the capability is new or its title another. */
export async function upsertCapability(tx: Tx, id: string, name: string, title: string): Promise<boolean> {
  return (await tx.rows(statements.upsertCapability, [id, name, title])).length > 0
}

export async function lockCapability(tx: Tx, name: string) {
  return (await tx.rows<{ id: string }>(statements.lockCapability, [name]))[0]
}

export async function selectExposure(tx: Tx, capabilityId: string) {
  const [row] = await tx.rows<{ exposure: Exposure }>(statements.selectExposure, [capabilityId, tx.now])
  return row?.exposure ?? null
}

export async function insertExposure(
  tx: Tx,
  id: string,
  capabilityId: string,
  exposure: Exposure,
): Promise<void> {
  await tx.rows(statements.insertExposure, [id, capabilityId, exposure, tx.now])
}

/** A new capability is switched on in both environments until something else is said. */
export async function insertOn(tx: Tx, id: string, capabilityId: string, environment: string): Promise<void> {
  await tx.rows(statements.insertOn, [id, capabilityId, environment, tx.now])
}

export async function readCapabilities(reader: Reader, knownAt: Date | null) {
  return reader.rows<CapabilityRow>(statements.readCapabilities, [knownAt])
}

export async function readExposures(reader: Reader, knownAt: Date | null) {
  type Row = Word<Exposure> & { capabilityId: string }
  return reader.rows<Row>(statements.readExposures, [knownAt])
}
