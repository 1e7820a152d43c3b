/** Readiness gates: what has to be in place before a capability may be seen by partners, and the evidence for it. */
import { at, earlier, timelineOf } from '#/access/history/history.ts'
import type { Timeline } from '#/access/history/history.ts'
import * as store from '#/access/readiness/store.ts'
import type { EvidenceRow, OnLapse } from '#/access/readiness/store.ts'
import type { Tx } from '#/kernel/db/db.ts'

export {
  addEvidence,
  badEvidence,
  evidenceNotFound,
  listEvidence,
  withdrawEvidence,
} from '#/access/readiness/evidence.ts'
export type { Evidence, NewEvidence } from '#/access/readiness/evidence.ts'
export {
  declareGate,
  declareNeeds,
  gateNotFound,
  gatesMissing,
  heldEvidence,
  isKnown,
  listGates,
  neededGates,
  openGates,
} from '#/access/readiness/gates.ts'
export type { DeclaredGate } from '#/access/readiness/gates.ts'
export type { Gate, NeededGate, OnLapse } from '#/access/readiness/store.ts'

/** A gate of one capability: when it is needed, and when it is met. */
export type GateHistory = {
  readonly id: string
  readonly name: string
  readonly title: string
  /** What becomes of an open capability when it lapses. */
  readonly policy: Timeline<OnLapse>
  readonly needed: Timeline<boolean>
  /** Periods of evidence; the gate is met while any of them lasts. */
  readonly evidence: readonly Pick<EvidenceRow, 'from' | 'until'>[]
}

export type OpenGate = Pick<GateHistory, 'name' | 'title'> & { readonly onLapse: OnLapse }

/** The gates of a capability that are needed and not met, and the moment from which that may be otherwise. */
export type Readiness = { readonly open: readonly OpenGate[]; readonly until: number | null }

/** By capability id. `knownAt` null: as known now. */
export async function readGates(
  reader: Pick<Tx, 'rows'>,
  knownAt: Date | null,
): Promise<ReadonlyMap<string, readonly GateHistory[]>> {
  const evidence = Map.groupBy(await store.readEvidence(reader, knownAt), keyOf)
  const policies = Map.groupBy(await store.readPolicies(reader, knownAt), (row) => row.gateId)
  const needs = Map.groupBy(await store.readNeeds(reader, knownAt), keyOf)
  const gates = [...needs].map(([key, words]) => {
    const { capabilityId, gateId, name, title } = words[0]!
    const policy = timelineOf(policies.get(gateId) ?? [])
    const needed = timelineOf(words)
    const gate = { id: gateId, name, title, policy, needed, evidence: evidence.get(key) ?? [] }
    return { capabilityId, gate }
  })
  const byCapability = Map.groupBy(gates, (each) => each.capabilityId)
  return new Map([...byCapability].map(([id, own]) => [id, own.map((each) => each.gate)]))
}

function keyOf(row: { readonly capabilityId: string; readonly gateId: string }): string {
  return `${row.capabilityId} ${row.gateId}`
}

export function readinessAt(gates: readonly GateHistory[], moment: number): Readiness {
  const open: OpenGate[] = []
  let until: number | null = null
  for (const { name, title, policy, needed, evidence } of gates) {
    const need = at(needed, moment)
    const onLapse = at(policy, moment)
    until = earlier(earlier(until, need.until), onLapse.until)
    for (const { from, until: end } of evidence) {
      if (from > moment) until = earlier(until, from)
      else if (end !== null && end > moment) until = earlier(until, end)
    }
    const isMet = evidence.some(({ from, until: end }) => from <= moment && (end === null || moment < end))
    if (need.value === true && !isMet) open.push({ name, title, onLapse: onLapse.value ?? 'alarm' })
  }
  return { open, until }
}
