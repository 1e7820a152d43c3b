/** Gates as things. */
import { declareGate, listGates } from '#/access/readiness/readiness.ts'
import type { OnLapse } from '#/access/readiness/readiness.ts'
import type { Tx } from '#/kernel/db/db.ts'
import type { Change } from '#/publish/declaration/compare.ts'
import type { Written } from '#/publish/declaration/file/shape.ts'
import type { Fields, Thing } from '#/publish/declaration/things.ts'

type GateFields = {
  readonly title: string
  readonly description?: string
  /** Days, `90d`. */
  readonly lasts?: string
  readonly onLapse: OnLapse
}

export function saidGates({ gates = {} }: Written): readonly Thing[] {
  return Object.entries(gates).map(([name, { onLapse = 'alarm', ...gate }]) => {
    const fields: GateFields = { ...gate, onLapse }
    return { kind: 'gates', name, fields }
  })
}

export async function readGates(tx: Tx): Promise<readonly Thing[]> {
  return (await listGates(tx)).map(({ id, name, title, description, lastsDays, onLapse }) => {
    const lasts = lastsDays === null ? {} : { lasts: `${lastsDays}d` }
    const fields: GateFields = { title, ...(description && { description }), ...lasts, onLapse }
    return { kind: 'gates', name, fields, subject: { kind: 'gate', id } }
  })
}

export async function applyGate(tx: Tx, { thing, target }: Change): Promise<void> {
  const { lasts, description = '', ...said } = target as GateFields
  await declareGate(tx, { name: thing.name, ...said, description, lastsDays: daysOf(lasts) })
}

/** Of a text like `90d`. */
export function daysOf(lasts: string | undefined): number | null {
  return lasts === undefined ? null : Number(lasts.slice(0, -1))
}

export function writtenGate(fields: Fields): NonNullable<Written['gates']>[string] {
  const { onLapse, ...rest } = fields as GateFields
  return { ...rest, ...(onLapse === 'hide' && { onLapse }) }
}
