/** Capabilities as things. */
import { declareCapability, listCapabilities } from '#/access/capabilities/capabilities.ts'
import type { Exposure } from '#/access/capabilities/capabilities.ts'
import type { Tx } from '#/kernel/db/db.ts'
import type { Change } from '#/publish/declaration/compare.ts'
import type { Written, WrittenCapability } from '#/publish/declaration/file/shape.ts'
import type { Fields, Thing } from '#/publish/declaration/things.ts'

export function saidCapabilities({ capabilities }: Written): readonly Thing[] {
  return Object.entries(capabilities).map(([name, { title, exposure }]) => {
    return { kind: 'capabilities', name, fields: { title, exposure } }
  })
}

export async function readCapabilities(tx: Tx): Promise<readonly Thing[]> {
  return (await listCapabilities(tx)).map(({ id, name, title, exposure }) => {
    return { kind: 'capabilities', name, fields: { title, exposure }, subject: { kind: 'capability', id } }
  })
}

export async function applyCapability(tx: Tx, { thing, target }: Change): Promise<void> {
  const { title, exposure } = target as { title: string; exposure: Exposure }
  await declareCapability(tx, { name: thing.name, title, exposure })
}

export function writtenCapability(fields: Fields): WrittenCapability {
  return fields as WrittenCapability
}
