/**
 * Every statement on capabilities and their exposure. Facts of access are rows that are only added: what was
 * true, and known, at a past moment can be read back. Both of their times are the database's own, so that
 * nodes whose clocks differ agree on which of two facts is the later.
 */
import type { Tx } from '#/kernel/db/db.ts'

export type Exposure = 'internal' | 'dark' | 'pilot' | 'general' | 'deprecated' | 'retired'

export type Capability = {
  readonly id: string
  readonly name: string
  readonly title: string
  readonly exposure: Exposure
}

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
    select exposure from access_exposure where capability_id = $1
    order by valid_from desc, recorded_at desc limit 1`,
  insertExposure: `insert into access_exposure (id, capability_id, exposure) values ($1, $2, $3)`,
  listCapabilities: `
    select distinct on (capability.name) capability.id, capability.name, capability.title, fact.exposure
    from access_capability as capability join access_exposure as fact on fact.capability_id = capability.id
    order by capability.name, fact.valid_from desc, fact.recorded_at desc`,
} as const

/** True when the capability is new or its title another. */
export async function upsertCapability(tx: Tx, id: string, name: string, title: string): Promise<boolean> {
  return (await tx.rows(statements.upsertCapability, [id, name, title])).length > 0
}

export async function lockCapability(tx: Tx, name: string) {
  return (await tx.rows<{ id: string }>(statements.lockCapability, [name]))[0]
}

export async function selectExposure(tx: Tx, capabilityId: string) {
  return (
    (await tx.rows<{ exposure: Exposure }>(statements.selectExposure, [capabilityId]))[0]?.exposure ?? null
  )
}

export async function insertExposure(
  tx: Tx,
  id: string,
  capabilityId: string,
  exposure: Exposure,
): Promise<void> {
  await tx.rows(statements.insertExposure, [id, capabilityId, exposure])
}

export async function listCapabilities(tx: Pick<Tx, 'rows'>) {
  return tx.rows<Capability>(statements.listCapabilities)
}
