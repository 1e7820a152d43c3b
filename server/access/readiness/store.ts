/** Every statement on gates, on which capability needs which, and on their evidence. Facts are only added. */
import type { Word } from '#/access/history/history.ts'
import type { Tx } from '#/kernel/db/db.ts'

type Reader = Pick<Tx, 'rows'>

export type OnLapse = 'alarm' | 'hide'
export type EvidenceKind = 'document' | 'check' | 'sign-off'

export const statements = {
  // Returns a row only when something was written.
  upsertGate: `
    insert into access_gate (id, name, title, description, lasts_days) values ($1, $2, $3, $4, $5)
    on conflict (name) do update set
      title = excluded.title, description = excluded.description, lasts_days = excluded.lasts_days
    where (access_gate.title, access_gate.description, access_gate.lasts_days)
      is distinct from (excluded.title, excluded.description, excluded.lasts_days)
    returning id`,
  lockGate: `select id from access_gate where name = $1 for no key update`,
  selectPolicy: `
    select on_lapse as "onLapse" from access_gate_policy where gate_id = $1 order by recorded_at desc limit 1`,
  insertPolicy: `insert into access_gate_policy (id, gate_id, on_lapse, valid_from) values ($1, $2, $3, $4)`,
  listGates: `
    select gate.id, gate.name, gate.title, gate.description, gate.lasts_days::int as "lastsDays",
           (select on_lapse from access_gate_policy as policy where policy.gate_id = gate.id
            order by recorded_at desc limit 1) as "onLapse"
    from access_gate as gate where $1::text[] is null or gate.name = any ($1) order by gate.name`,
  // Whatever may open or close a gate of a capability, or its exposure, waits here for the others. What is true is asked
  // for in statements after this one, and without regard to the time: a transaction that waited began before what it
  // must now see. Foreign keys of others do not wait.
  lockCapability: `select id from access_capability where id = $1 for no key update`,
  // Partners may know of it. Exposure is never planned ahead, so what was said last is so.
  selectIsOpen: `
    select exposure in ('pilot', 'general', 'deprecated') as "isOpen" from access_exposure
    where capability_id = $1 order by recorded_at desc limit 1`,
  readOpen: `
    select capability_id as id from (
      select distinct on (capability_id) capability_id, exposure from access_exposure
      where valid_from <= $1 and (valid_until is null or valid_until > $1)
      order by capability_id, recorded_at desc, valid_from desc
    ) as last where exposure in ('pilot', 'general', 'deprecated')`,
  insertNeed: `
    insert into access_gate_need (id, capability_id, gate_id, needed, valid_from) values ($1, $2, $3, $4, $5)`,
  selectNeeds: `
    select gate.id, gate.name, gate.title,
           (select on_lapse from access_gate_policy as policy where policy.gate_id = gate.id
            order by recorded_at desc limit 1) as "onLapse"
    from (
      select distinct on (gate_id) gate_id, needed from access_gate_need
      where capability_id = $1 order by gate_id, recorded_at desc
    ) as need join access_gate as gate on gate.id = need.gate_id
    where need.needed order by gate.name`,
  // Evidence that is in force at the moment and was not taken back, whenever that was.
  selectInForce: `
    select evidence.id, evidence.gate_id as "gateId" from access_evidence as evidence
    where evidence.capability_id = $1 and evidence.withdraws is null and evidence.valid_from <= $2
      and (evidence.valid_until is null or evidence.valid_until > $2)
      and not exists (select from access_evidence as withdrawal where withdrawal.withdraws = evidence.id)
    order by evidence.id`,
  insertEvidence: `
    insert into access_evidence
      (id, capability_id, gate_id, kind, reference, signed_by, valid_from, valid_until, withdraws)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
  listEvidence: `
    select evidence.id, evidence.capability_id as "capabilityId", evidence.gate_id as "gateId", gate.name as gate,
           evidence.kind, evidence.reference, evidence.signed_by as "signedBy", evidence.valid_from as from,
           evidence.valid_until as until, withdrawal.valid_from as "withdrawnAt", withdrawal.reference as "withdrawnFor"
    from access_evidence as evidence join access_gate as gate on gate.id = evidence.gate_id
    left join access_evidence as withdrawal on withdrawal.withdraws = evidence.id
    where evidence.withdraws is null
      and ($1::uuid is null or evidence.capability_id = $1) and ($2::uuid is null or evidence.id = $2)
    order by evidence.id desc`,
  readNeeds: `
    select need.capability_id as "capabilityId", gate.id as "gateId", gate.name, gate.title,
           need.needed as value, null::float8 as until,
           (extract(epoch from need.valid_from) * 1000)::float8 as from,
           (extract(epoch from need.recorded_at) * 1000)::float8 as "saidAt"
    from access_gate_need as need join access_gate as gate on gate.id = need.gate_id
    where $1::timestamptz is null or need.recorded_at <= $1`,
  readPolicies: `
    select gate_id as "gateId", on_lapse as value, null::float8 as until,
           (extract(epoch from valid_from) * 1000)::float8 as from,
           (extract(epoch from recorded_at) * 1000)::float8 as "saidAt"
    from access_gate_policy where $1::timestamptz is null or recorded_at <= $1`,
  // Evidence that was taken back ends when that was said, at the latest.
  readEvidence: `
    select evidence.capability_id as "capabilityId", evidence.gate_id as "gateId",
           (extract(epoch from evidence.valid_from) * 1000)::float8 as from,
           (extract(epoch from least(evidence.valid_until, withdrawn.valid_from)) * 1000)::float8 as until
    from access_evidence as evidence
    left join access_evidence as withdrawn
      on withdrawn.withdraws = evidence.id and ($1::timestamptz is null or withdrawn.recorded_at <= $1)
    where evidence.withdraws is null and ($1::timestamptz is null or evidence.recorded_at <= $1)`,
  insertAlarm: `
    insert into access_gate_alarm (capability_id, gate_id, stage, ends_at, raised_at) values ($1, $2, $3, $4, $5)
    on conflict do nothing returning stage`,
} as const

export type NewGate = {
  readonly id: string
  readonly name: string
  readonly title: string
  readonly description: string
  readonly lastsDays: number | null
}

/** True when the gate is new or something of it another. */
export async function upsertGate(tx: Tx, gate: NewGate): Promise<boolean> {
  const { id, name, title, description, lastsDays } = gate
  return (await tx.rows(statements.upsertGate, [id, name, title, description, lastsDays])).length > 0
}

export async function lockGate(tx: Tx, name: string) {
  return (await tx.rows<{ id: string }>(statements.lockGate, [name]))[0]
}

export async function selectPolicy(tx: Tx, gateId: string): Promise<OnLapse | null> {
  return (await tx.rows<{ onLapse: OnLapse }>(statements.selectPolicy, [gateId]))[0]?.onLapse ?? null
}

export async function insertPolicy(tx: Tx, id: string, gateId: string, onLapse: OnLapse): Promise<void> {
  await tx.rows(statements.insertPolicy, [id, gateId, onLapse, tx.now])
}

export type Gate = NewGate & { readonly onLapse: OnLapse }

/** By name; null: all of them. */
export async function listGates(tx: Tx, names: readonly string[] | null): Promise<Gate[]> {
  return tx.rows<Gate>(statements.listGates, [names])
}

export async function lockCapability(tx: Tx, capabilityId: string): Promise<void> {
  await tx.rows(statements.lockCapability, [capabilityId])
}

export async function selectIsOpen(tx: Tx, capabilityId: string): Promise<boolean> {
  return (await tx.rows<{ isOpen: boolean }>(statements.selectIsOpen, [capabilityId]))[0]?.isOpen ?? false
}

/** Ids of the capabilities that partners may know of now. */
export async function readOpen(tx: Tx): Promise<string[]> {
  return (await tx.rows<{ id: string }>(statements.readOpen, [tx.now])).map(({ id }) => id)
}

export type NeedWord = { readonly capabilityId: string; readonly gateId: string; readonly needed: boolean }

export async function insertNeed(tx: Tx, id: string, need: NeedWord): Promise<void> {
  const { capabilityId, gateId, needed } = need
  await tx.rows(statements.insertNeed, [id, capabilityId, gateId, needed, tx.now])
}

export type NeededGate = Pick<Gate, 'id' | 'name' | 'title' | 'onLapse'>

export async function selectNeeds(tx: Tx, capabilityId: string): Promise<NeededGate[]> {
  return tx.rows<NeededGate>(statements.selectNeeds, [capabilityId])
}

export async function selectInForce(tx: Tx, capabilityId: string) {
  return tx.rows<{ id: string; gateId: string }>(statements.selectInForce, [capabilityId, tx.now])
}

export type EvidenceWord = {
  readonly id: string
  readonly capabilityId: string
  readonly gateId: string
  readonly kind: EvidenceKind
  readonly reference: string
  readonly signedBy: Buffer | null
  readonly from: Date
  readonly until: Date | null
  /** The id of what it takes back. */
  readonly withdraws: string | null
}

export async function insertEvidence(tx: Tx, evidence: EvidenceWord): Promise<void> {
  const { id, capabilityId, gateId, kind, reference, signedBy, from, until, withdraws } = evidence
  const values = [id, capabilityId, gateId, kind, reference, signedBy, from, until, withdraws]
  await tx.rows(statements.insertEvidence, values)
}

export type SealedEvidence = Omit<EvidenceWord, 'withdraws'> & {
  readonly gate: string
  readonly withdrawnAt: Date | null
  readonly withdrawnFor: string | null
}

/** Newest first. */
export async function listEvidence(tx: Tx, capabilityId: string): Promise<SealedEvidence[]> {
  return tx.rows<SealedEvidence>(statements.listEvidence, [capabilityId, null])
}

export async function selectEvidence(tx: Tx, id: string) {
  return (await tx.rows<SealedEvidence>(statements.listEvidence, [null, id]))[0]
}

export type NeedRow = Word<boolean> & {
  readonly capabilityId: string
  readonly gateId: string
  readonly name: string
  readonly title: string
}

export async function readNeeds(reader: Reader, knownAt: Date | null) {
  return reader.rows<NeedRow>(statements.readNeeds, [knownAt])
}

export async function readPolicies(reader: Reader, knownAt: Date | null) {
  return reader.rows<Word<OnLapse> & { gateId: string }>(statements.readPolicies, [knownAt])
}

export type EvidenceRow = {
  readonly capabilityId: string
  readonly gateId: string
  readonly from: number
  readonly until: number | null
}

export async function readEvidence(reader: Reader, knownAt: Date | null) {
  return reader.rows<EvidenceRow>(statements.readEvidence, [knownAt])
}

export type Alarm = {
  readonly capabilityId: string
  readonly gateId: string
  readonly stage: 'lapsing' | 'lapsed'
  readonly endsAt: Date
}

/** False when it was raised before. */
export async function insertAlarm(tx: Tx, alarm: Alarm): Promise<boolean> {
  const { capabilityId, gateId, stage, endsAt } = alarm
  return (await tx.rows(statements.insertAlarm, [capabilityId, gateId, stage, endsAt, tx.now])).length > 0
}
