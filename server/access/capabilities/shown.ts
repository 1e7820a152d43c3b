/** A capability as operators see it: its exposure and how it came about, its gates, its evidence. */
import { Type } from 'typebox'
import { transitions } from '#/access/capabilities/exposure.ts'
import { listExposures } from '#/access/capabilities/store.ts'
import type { Exposure, FoundCapability } from '#/access/capabilities/store.ts'
import { listEvidence, neededGates } from '#/access/readiness/readiness.ts'
import type { Evidence, NeededGate } from '#/access/readiness/readiness.ts'
import { showAuditId } from '#/governance/audit/audit.ts'
import type { Sealer } from '#/kernel/crypto/crypto.ts'
import type { Tx } from '#/kernel/db/db.ts'
import { publicId } from '#/kernel/id/id.ts'

const time = Type.String({ format: 'date-time' })
const noText = Type.Union([Type.String(), Type.Null()])

export const ExposureWord = Type.Unsafe<Exposure>({
  enum: ['internal', 'dark', 'pilot', 'general', 'deprecated', 'retired'],
})

export const ShortAnswer = Type.Object({
  id: Type.String(),
  name: Type.String(),
  title: Type.String(),
  exposure: ExposureWord,
})

export const EvidenceAnswer = Type.Object({
  id: Type.String(),
  gate: Type.String(),
  kind: Type.Union([Type.Literal('document'), Type.Literal('check'), Type.Literal('sign-off')]),
  reference: Type.String(),
  signedBy: noText,
  from: time,
  until: Type.Union([time, Type.Null()]),
  ageDays: Type.Integer({ description: 'Whole days since it began to count; 0 before that.' }),
  state: Type.Union(
    (['upcoming', 'in-force', 'expired', 'withdrawn'] as const).map((one) => Type.Literal(one)),
  ),
  withdrawnAt: Type.Union([time, Type.Null()]),
  withdrawnFor: noText,
})

const GateAnswer = Type.Object({
  name: Type.String(),
  title: Type.String(),
  onLapse: Type.Union([Type.Literal('alarm'), Type.Literal('hide')]),
  met: Type.Boolean(),
  evidence: Type.Array(EvidenceAnswer, { description: 'Newest first.' }),
})

export const CapabilityAnswer = Type.Object({
  ...ShortAnswer.properties,
  description: Type.String(),
  successor: noText,
  next: Type.Array(ExposureWord, { description: 'Exposures it may go to.' }),
  history: Type.Array(
    Type.Object({
      exposure: ExposureWord,
      from: time,
      reason: noText,
      changedBy: Type.Union([Type.String(), Type.Null()], {
        description: 'The person or service key; null: Portico itself, or a file.',
      }),
      evidence: Type.Array(Type.String(), { description: 'What met its gates then.' }),
    }),
    { description: 'Newest first.' },
  ),
  gates: Type.Array(GateAnswer),
  rollouts: Type.Object(
    {},
    { additionalProperties: true, description: 'By environment: what is in force, and what is planned.' },
  ),
})

export type ShowDeps = {
  readonly sealer: Sealer
  /** What rollouts know of it; they stand after capabilities, so it is handed in. */
  readonly rolloutsOf: (tx: Tx, capabilityId: string) => Promise<object>
}

export async function showCapability(tx: Tx, capability: FoundCapability, deps: ShowDeps) {
  const { id, exposure, description, successor } = capability
  const evidence = await listEvidence(tx, deps.sealer, id)
  return {
    ...short(capability),
    description,
    successor,
    next: transitions[exposure],
    history: await showHistory(tx, id),
    gates: (await neededGates(tx, id)).map((gate) => showGate(gate, evidence, tx.now)),
    rollouts: await deps.rolloutsOf(tx, id),
  }
}

export function short({
  id,
  name,
  title,
  exposure,
}: Pick<FoundCapability, 'id' | 'name' | 'title' | 'exposure'>) {
  return { id: publicId('cap', id), name, title, exposure }
}

async function showHistory(tx: Tx, capabilityId: string) {
  return (await listExposures(tx, capabilityId)).map(({ from, changedBy, evidence, ...rest }) => ({
    ...rest,
    from: from.toISOString(),
    changedBy: changedBy && showAuditId(changedBy.kind, changedBy.id),
    evidence: evidence.map((id) => publicId('evd', id)),
  }))
}

function showGate({ id, name, title, onLapse }: NeededGate, all: readonly Evidence[], now: Date) {
  const own = all.filter(({ gateId }) => gateId === id)
  const met = own.some(({ state }) => state === 'in-force')
  return { name, title, onLapse, met, evidence: own.map((one) => showEvidence(one, now)) }
}

export function showEvidence(evidence: Evidence, now: Date) {
  const { id, gate, kind, reference, signedBy, from, until, state, withdrawnAt, withdrawnFor } = evidence
  return {
    id: publicId('evd', id),
    gate,
    kind,
    reference,
    signedBy,
    from: from.toISOString(),
    until: until?.toISOString() ?? null,
    ageDays: Math.max(0, Math.floor((now.getTime() - from.getTime()) / 86_400_000)),
    state,
    withdrawnAt: withdrawnAt?.toISOString() ?? null,
    withdrawnFor,
  }
}
