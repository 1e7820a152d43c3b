/** Evidence of a capability as fields, `evidence.legal.contracts/7`: what meets which gate, from when to when. */
import { addEvidence, listEvidence, withdrawEvidence } from '#/access/readiness/readiness.ts'
import type { Evidence } from '#/access/readiness/readiness.ts'
import type { Sealer } from '#/kernel/crypto/crypto.ts'
import type { Tx } from '#/kernel/db/db.ts'
import type { Change } from '#/publish/declaration/compare.ts'
import type { WrittenCapability } from '#/publish/declaration/file/shape.ts'
import { timeOf } from '#/publish/declaration/file/stages.ts'
import { daysOf } from '#/publish/declaration/kinds/gates.ts'
import { fieldsBelow, fieldsUnder } from '#/publish/declaration/things.ts'
import type { Fields, Thing, Things } from '#/publish/declaration/things.ts'

/** Times as in `timeOf`. Without an end it lasts as long as evidence for its gate does. */
type Told = {
  readonly kind: Evidence['kind']
  readonly signedBy?: string
  readonly on: string
  readonly until?: string
}

type WrittenEvidence = NonNullable<WrittenCapability['evidence']>[number]

export function saidEvidence({ evidence = [] }: WrittenCapability): Fields {
  const told = evidence.map(({ gate, reference, kind, signedBy, on, until }) => {
    const end = until === undefined ? {} : { until: timeOf(until) }
    const value: Told = { kind, ...(signedBy && { signedBy }), on: timeOf(on), ...end }
    return [`${gate}.${reference}`, value]
  })
  return fieldsUnder('evidence', Object.fromEntries(told))
}

/** What was not withdrawn; of several with one reference the newest. */
export async function readEvidence(tx: Tx, sealer: Sealer, capabilityId: string): Promise<Fields> {
  const held = await standing(tx, sealer, capabilityId)
  const told = held.toReversed().map(({ gate, reference, kind, signedBy, from, until }) => {
    const end = until === null ? {} : { until: until.toISOString() }
    const value: Told = { kind, ...(signedBy !== null && { signedBy }), on: from.toISOString(), ...end }
    return [`${gate}.${reference}`, value]
  })
  return fieldsUnder('evidence', Object.fromEntries(told))
}

async function standing(tx: Tx, sealer: Sealer, capabilityId: string): Promise<readonly Evidence[]> {
  return (await listEvidence(tx, sealer, capabilityId)).filter(({ state }) => state !== 'withdrawn')
}

/** Adds what is new or another. Gives the ids of what is to go in exchange, when nothing rests on it any more. */
export async function addSaid(
  tx: Tx,
  sealer: Sealer,
  capabilityId: string,
  { fields }: Change,
): Promise<readonly string[]> {
  const changed = fields.filter(({ field }) => field.startsWith('evidence.'))
  if (changed.length === 0) return []
  const before = await standing(tx, sealer, capabilityId)
  for (const { field, after } of changed) {
    if (after === undefined) continue
    const { gate, reference } = keyOf(field)
    const { kind, signedBy, on, until } = after as Told
    const end = until === undefined ? {} : { until: new Date(until) }
    const evidence = {
      capabilityId,
      gate,
      kind,
      reference,
      signedBy: signedBy ?? null,
      from: new Date(on),
      ...end,
    }
    await addEvidence(tx, evidence, sealer)
  }
  const gone = new Set(changed.map(({ field }) => field))
  return before.filter(({ gate, reference }) => gone.has(`evidence.${gate}.${reference}`)).map(({ id }) => id)
}

export async function withdrawUnsaid(tx: Tx, ids: readonly string[]): Promise<void> {
  for (const id of ids) await withdrawEvidence(tx, id, 'the file says otherwise')
}

function keyOf(field: string): { readonly gate: string; readonly reference: string } {
  const [, gate = '', reference = ''] = /^evidence\.([^.]+)\.(.*)$/s.exec(field) ?? []
  return { gate, reference }
}

export function writtenEvidence(fields: Fields): WrittenEvidence[] {
  return Object.entries(fieldsBelow(fields, 'evidence')).map(([key, value]) => {
    return { ...keyOf(`evidence.${key}`), ...(value as Told) }
  })
}

/**
 * Brings what runs into the words of the file. Evidence of others is none of the file's affair; an end that the file
 * does not say is the gate's; and what has ended and is not there any more need not come back.
 */
export function alignEvidence(
  said: Thing,
  last: Thing | undefined,
  running: Thing | undefined,
  options: Ending,
) {
  const kept = running ? Object.fromEntries(Object.entries(running.fields).flatMap(mine)) : null
  const isGone = (field: string, value: unknown) =>
    field.startsWith('evidence.') &&
    kept?.[field] === undefined &&
    isOver(keyOf(field).gate, value as Told, options)
  const fields = Object.entries(said.fields).filter(([field, value]) => !isGone(field, value))
  return {
    said: { ...said, fields: Object.fromEntries(fields) },
    running: running && { ...running, fields: kept ?? {} },
  }

  function mine([field, value]: [string, unknown]): [string, unknown][] {
    if (!field.startsWith('evidence.')) return [[field, value]]
    const words = (said.fields[field] ?? last?.fields[field]) as Told | undefined
    if (!words) return []
    const { until: _, ...rest } = value as Told
    return [[field, words.until === undefined ? rest : value]]
  }
}

export type Ending = { readonly gates: Things; readonly now: Date }

function isOver(gate: string, { on, until }: Told, { gates, now }: Ending): boolean {
  const days = daysOf(gates.get(`gates.${gate}`)?.fields.lasts as string | undefined)
  const end = until ? Date.parse(until) : days === null ? null : Date.parse(on) + days * 86_400_000
  return end !== null && end <= now.getTime()
}

/** Where names are kept a digest stands for them. */
export function withDigests(fields: Fields, digest: (name: string) => string): Fields {
  return withNames(fields, (name) => digest(name))
}

/** The other way, as far as one of these is the name. */
export function withKnownNames(
  fields: Fields,
  known: readonly Fields[],
  digest: (name: string) => string,
): Fields {
  const names = new Map(known.flatMap(namesIn).map((name) => [digest(name), name]))
  return withNames(fields, (kept) => names.get(kept) ?? kept)
}

function namesIn(fields: Fields): readonly string[] {
  return Object.entries(fields).flatMap(([field, value]) =>
    field.startsWith('evidence.') ? ((value as Told).signedBy ?? []) : [],
  )
}

function withNames(fields: Fields, change: (name: string) => string): Fields {
  const changed = Object.entries(fields).map(([field, value]) => {
    const told = field.startsWith('evidence.') ? (value as Told) : null
    return [field, told?.signedBy ? { ...told, signedBy: change(told.signedBy) } : value]
  })
  return Object.fromEntries(changed)
}
