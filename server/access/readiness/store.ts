/** Every statement on gates, on which capability needs which, and on their evidence. Facts are only added. */
import type { Word } from '#/access/history/history.ts'
import type { Tx } from '#/kernel/db/db.ts'

type Reader = Pick<Tx, 'rows'>

export const statements = {
  readNeeds: `
    select need.capability_id as "capabilityId", gate.id as "gateId", gate.name, gate.title,
           gate.on_lapse as "onLapse", need.needed as value, null::float8 as until,
           (extract(epoch from need.valid_from) * 1000)::float8 as from,
           (extract(epoch from need.recorded_at) * 1000)::float8 as "saidAt"
    from access_gate_need as need join access_gate as gate on gate.id = need.gate_id
    where $1::timestamptz is null or need.recorded_at <= $1`,
  // Evidence that was taken back ends when that was said, at the latest.
  readEvidence: `
    select evidence.capability_id as "capabilityId", evidence.gate_id as "gateId",
           (extract(epoch from evidence.valid_from) * 1000)::float8 as from,
           (extract(epoch from least(evidence.valid_until, withdrawn.valid_from)) * 1000)::float8 as until
    from access_evidence as evidence
    left join access_evidence as withdrawn
      on withdrawn.withdraws = evidence.id and ($1::timestamptz is null or withdrawn.recorded_at <= $1)
    where evidence.withdraws is null and ($1::timestamptz is null or evidence.recorded_at <= $1)`,
} as const

export type NeedRow = Word<boolean> & {
  readonly capabilityId: string
  readonly gateId: string
  readonly name: string
  readonly title: string
  readonly onLapse: 'alarm' | 'hide'
}

export async function readNeeds(reader: Reader, knownAt: Date | null) {
  return reader.rows<NeedRow>(statements.readNeeds, [knownAt])
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
