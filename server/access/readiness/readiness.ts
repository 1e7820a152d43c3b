/** Readiness gates: what has to be in place before a capability may be seen by partners, and the evidence for it. */
import { at, earlier, timelineOf } from '#/access/history/history.ts'
import type { Timeline } from '#/access/history/history.ts'
import * as store from '#/access/readiness/store.ts'
import type { EvidenceRow } from '#/access/readiness/store.ts'
import type { Tx } from '#/kernel/db/db.ts'

/** A gate of one capability: when it is needed, and when it is met. */
export type GateHistory = {
  readonly name: string
  readonly title: string
  readonly onLapse: 'alarm' | 'hide'
  readonly needed: Timeline<boolean>
  /** Periods of evidence; the gate is met while any of them lasts. */
  readonly evidence: readonly Pick<EvidenceRow, 'from' | 'until'>[]
}

export type OpenGate = Pick<GateHistory, 'name' | 'title' | 'onLapse'>

/** The gates of a capability that are needed and not met, and the moment from which that may be otherwise. */
export type Readiness = { readonly open: readonly OpenGate[]; readonly until: number | null }

/** By capability id. `knownAt` null: as known now. */
export async function readGates(
  reader: Pick<Tx, 'rows'>,
  knownAt: Date | null,
): Promise<ReadonlyMap<string, readonly GateHistory[]>> {
  const evidence = Map.groupBy(await store.readEvidence(reader, knownAt), keyOf)
  const needs = Map.groupBy(await store.readNeeds(reader, knownAt), keyOf)
  const gates = [...needs].map(([key, words]) => {
    const { capabilityId, name, title, onLapse } = words[0]!
    const gate = { name, title, onLapse, needed: timelineOf(words), evidence: evidence.get(key) ?? [] }
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
  for (const { name, title, onLapse, needed, evidence } of gates) {
    const need = at(needed, moment)
    until = earlier(until, need.until)
    for (const { from, until: end } of evidence) {
      if (from > moment) until = earlier(until, from)
      else if (end !== null && end > moment) until = earlier(until, end)
    }
    const isMet = evidence.some(({ from, until: end }) => from <= moment && (end === null || moment < end))
    if (need.value === true && !isMet) open.push({ name, title, onLapse })
  }
  return { open, until }
}
