/**
 * Every statement on capabilities and their exposure. Facts of access are rows that are only added: what was
 * true, and known, at a past moment can be read back (access/history).
 */
import type { Word } from '#/access/history/history.ts'
import type { Tx } from '#/kernel/db/db.ts'

type Reader = Pick<Tx, 'rows'>

export type Exposure = 'internal' | 'dark' | 'pilot' | 'general' | 'deprecated' | 'retired'

export type CapabilityRow = { readonly id: string; readonly name: string; readonly title: string }

/** What is said of it beside its name. */
export type CapabilityText = {
  readonly title: string
  readonly description: string
  /** What comes instead of one that is deprecated, for partners to read. */
  readonly successor: string | null
}

export const statements = {
  // Returns a row only when it is new; another transaction that declares it waits for this one.
  insertCapability: `
    insert into access_capability (id, name, title, description, successor) values ($1, $2, $3, $4, $5)
    on conflict (name) do nothing returning id`,
  // Until a rollout says otherwise.
  insertOn: `
    insert into access_rollout (id, capability_id, environment, rollout, valid_from)
    values ($1, $2, $3, '{"kind": "on"}', $4)`,
  // Returns a row only when something was written.
  updateText: `
    update access_capability set title = $2, description = $3, successor = $4
    where id = $1 and (title, description, successor) is distinct from ($2, $3, $4) returning id`,
  // Serialises changes of one capability, so that the later commit is the later fact. What is true now is asked for
  // in a statement of its own: one that had to wait for the lock would still see what was true before.
  lockCapability: `select id from access_capability where name = $1 for no key update`,
  // What was said last, also by somebody whose clock reads later: nothing is planned ahead.
  selectCapability: `
    select id, name, title, description, successor,
           (select exposure from access_exposure where capability_id = capability.id
            order by recorded_at desc limit 1) as exposure
    from access_capability as capability where name = $1`,
  selectPilotRuns: `
    select exists (select from access_pilot where capability_id = $1 and closed_at is null) as runs`,
  insertExposure: `
    insert into access_exposure
      (id, capability_id, exposure, valid_from, reason, changed_by, changed_by_kind, evidence)
    values ($1, $2, $3, $4, $5, $6, $7, $8)`,
  listExposures: `
    select exposure, valid_from as from, reason, evidence,
           case when changed_by is not null then json_build_object('kind', changed_by_kind, 'id', changed_by) end
             as "changedBy"
    from access_exposure where capability_id = $1 order by recorded_at desc`,
  readCapabilities: `
    select id, name, title from access_capability where $1::timestamptz is null or created_at <= $1 order by name`,
  readExposures: `
    select capability_id as "capabilityId", exposure as value,
           (extract(epoch from valid_from) * 1000)::float8 as from,
           (extract(epoch from valid_until) * 1000)::float8 as until,
           (extract(epoch from recorded_at) * 1000)::float8 as "saidAt"
    from access_exposure where $1::timestamptz is null or recorded_at <= $1`,
} as const

/** False when there is one of this name. */
export async function insertCapability(
  tx: Tx,
  added: CapabilityText & { readonly id: string; readonly name: string },
): Promise<boolean> {
  const { id, name, title, description, successor } = added
  return (await tx.rows(statements.insertCapability, [id, name, title, description, successor])).length > 0
}

export async function insertOn(tx: Tx, id: string, capabilityId: string, environment: string): Promise<void> {
  await tx.rows(statements.insertOn, [id, capabilityId, environment, tx.now])
}

/** True when something of it is another now. */
export async function updateText(tx: Tx, id: string, text: CapabilityText): Promise<boolean> {
  const { title, description, successor } = text
  return (await tx.rows(statements.updateText, [id, title, description, successor])).length > 0
}

export async function lockCapability(tx: Tx, name: string) {
  return (await tx.rows<{ id: string }>(statements.lockCapability, [name]))[0]
}

/** Is there a pilot of it that was neither promoted nor given up? */
export async function selectPilotRuns(tx: Tx, capabilityId: string): Promise<boolean> {
  return (await tx.rows<{ runs: boolean }>(statements.selectPilotRuns, [capabilityId]))[0]!.runs
}

export type FoundCapability = CapabilityRow & CapabilityText & { readonly exposure: Exposure }

export async function selectCapability(tx: Tx, name: string) {
  return (await tx.rows<FoundCapability>(statements.selectCapability, [name]))[0]
}

export type ExposureChange = {
  readonly exposure: Exposure
  readonly reason: string | null
  /** A person or a service key; null: Portico itself, or a file. */
  readonly changedBy: { readonly kind: string; readonly id: string } | null
  /** Ids of what met its gates at that moment. */
  readonly evidence: readonly string[]
}

export async function insertExposure(
  tx: Tx,
  id: string,
  capabilityId: string,
  change: ExposureChange,
): Promise<void> {
  const { exposure, reason, changedBy, evidence } = change
  const values = [id, capabilityId, exposure, tx.now, reason, changedBy?.id, changedBy?.kind, evidence]
  await tx.rows(statements.insertExposure, values)
}

/** Newest first. */
export async function listExposures(tx: Tx, capabilityId: string) {
  return tx.rows<ExposureChange & { from: Date }>(statements.listExposures, [capabilityId])
}

export async function readCapabilities(reader: Reader, knownAt: Date | null) {
  return reader.rows<CapabilityRow>(statements.readCapabilities, [knownAt])
}

export async function readExposures(reader: Reader, knownAt: Date | null) {
  type Row = Word<Exposure> & { capabilityId: string }
  return reader.rows<Row>(statements.readExposures, [knownAt])
}
