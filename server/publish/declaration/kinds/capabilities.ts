/** Capabilities as things: what they are, the gates they need, their evidence, and how far they are switched on. */
import {
  declareCapability,
  findCapability,
  isVisible,
  listCapabilities,
} from '#/access/capabilities/capabilities.ts'
import type { Exposure } from '#/access/capabilities/capabilities.ts'
import { declareNeeds, neededGates } from '#/access/readiness/readiness.ts'
import type { Tx } from '#/kernel/db/db.ts'
import type { Sealer } from '#/kernel/crypto/crypto.ts'
import type { Change } from '#/publish/declaration/compare.ts'
import type { Written, WrittenCapability } from '#/publish/declaration/file/shape.ts'
import {
  addSaid,
  readEvidence,
  saidEvidence,
  withdrawUnsaid,
  writtenEvidence,
} from '#/publish/declaration/kinds/evidence.ts'
import { createRolloutReader, saidRollouts, writtenRollout } from '#/publish/declaration/kinds/rollouts.ts'
import { fieldsBelow } from '#/publish/declaration/things.ts'
import type { Fields, Thing } from '#/publish/declaration/things.ts'

type Text = {
  readonly title: string
  readonly description?: string
  readonly successor?: string
  readonly exposure: Exposure
}

export function saidCapabilities({ capabilities }: Written): readonly Thing[] {
  return Object.entries(capabilities).map(([name, written]) => {
    const { exposure, gates = [] } = written
    const text = textOf(written, exposure)
    const needs = Object.fromEntries(gates.map((gate) => [`gates.${gate}`, true]))
    const fields = { ...text, ...needs, ...saidEvidence(written), ...saidRollouts(written) }
    return { kind: 'capabilities', name, fields }
  })
}

type Told = { readonly title: string; readonly description?: string; readonly successor?: string | null }

/** What is empty is not said. */
function textOf({ title, description, successor }: Told, exposure: Exposure): Text {
  return { title, ...(description && { description }), ...(successor && { successor }), exposure }
}

export async function readCapabilities(tx: Tx, sealer: Sealer): Promise<readonly Thing[]> {
  const rollouts = await createRolloutReader(tx)
  const found: Thing[] = []
  for (const { id, name } of await listCapabilities(tx)) {
    const capability = await findCapability(tx, name)
    const text = textOf(capability, capability.exposure)
    const needs = (await neededGates(tx, id)).map((gate) => [`gates.${gate.name}`, true])
    const evidence = await readEvidence(tx, sealer, id)
    const fields = { ...text, ...Object.fromEntries(needs), ...evidence, ...(await rollouts.of(id)) }
    found.push({ kind: 'capabilities', name, fields, subject: { kind: 'capability', id } })
  }
  return found
}

/**
 * All but its rollouts, which may name partners that are still to be made. No gate of an open one may be open for a
 * moment: what is to be hidden is hidden first, and evidence comes before what needs it and goes after it.
 */
export async function applyCapability(tx: Tx, change: Change, sealer: Sealer): Promise<void> {
  const { target, verb } = change
  const { title, description = '', successor = null, exposure } = target as unknown as Text
  const declare = () =>
    declareCapability(tx, { name: change.thing.name, title, description, successor, exposure })
  const isFirst = verb === 'add' || !isVisible(exposure)
  if (isFirst) await declare()
  const { id } = await findCapability(tx, change.thing.name)
  const before = await addSaid(tx, sealer, id, change)
  await declareNeeds(tx, id, Object.keys(fieldsBelow(target, 'gates')))
  if (!isFirst) await declare()
  await withdrawUnsaid(tx, before)
}

export function writtenCapability(fields: Fields): WrittenCapability {
  const { title, description, successor, exposure } = fields as unknown as Text
  const gates = Object.keys(fieldsBelow(fields, 'gates'))
  const evidence = writtenEvidence(fields)
  const rollout = writtenRollout(fields)
  return {
    title,
    ...(description && { description }),
    exposure,
    ...(successor !== undefined && { successor }),
    ...(gates.length > 0 && { gates }),
    ...(evidence.length > 0 && { evidence }),
    ...(rollout !== undefined && { rollout }),
  }
}
