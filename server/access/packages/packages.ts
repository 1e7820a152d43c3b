/** Packages: bundles of capabilities, and which partner is on which. */
import * as store from '#/access/packages/store.ts'
import type { Package } from '#/access/packages/store.ts'
import type { Tx } from '#/kernel/db/db.ts'
import { newId } from '#/kernel/id/id.ts'
import { problem } from '#/kernel/problem/problem.ts'

export type { Package } from '#/access/packages/store.ts'

export const packageNotFound = problem('packages.not_found', 404, 'There is no such package', {
  help: 'No package has this name. Check it against the list of packages.',
})

/** Makes the package what it is said to be; its capabilities exist. Saying the same again changes nothing. */
export async function declarePackage(
  tx: Tx,
  declared: { readonly name: string; readonly title: string; readonly capabilities: readonly string[] },
): Promise<{ id: string }> {
  const written = await store.upsertPackage(tx, newId(), declared.name, declared.title)
  const found = await store.lockPackage(tx, declared.name)
  if (!found) throw new Error(`the package ${declared.name} vanished`)
  const contents = await store.selectContents(tx, found.id)
  const current = new Set(contents.filter((content) => content.included).map((content) => content.name))
  const wanted = new Set(declared.capabilities)
  const changes = [
    ...[...wanted.difference(current)].map((name) => ({ id: newId(), name, included: true })),
    ...[...current.difference(wanted)].map((name) => ({ id: newId(), name, included: false })),
  ]
  if (changes.length > 0) {
    await store.insertContents(tx, found.id, changes)
    const names = (included: boolean) => changes.filter((c) => c.included === included).map((c) => c.name)
    const data = { packageId: found.id, added: names(true), removed: names(false) }
    tx.emit('access.package_changed', { partnerId: null, data })
  }
  if (written || changes.length > 0) tx.changed('package', found.id)
  return found
}

/** All of them with what is in them now, by name. */
export async function listPackages(tx: Pick<Tx, 'rows'>): Promise<readonly Package[]> {
  return store.listPackages(tx)
}

/** The one the partner is on now; null: on none. */
export async function packageOf(tx: Tx, partnerId: string): Promise<{ name: string; title: string } | null> {
  const found = await store.selectAssignment(tx, partnerId)
  return found ? { name: found.name, title: found.title } : null
}

/** Moves the partner onto the package; its keys go on. Changes nothing when it is on it. Throws `packageNotFound`. */
export async function assignPackage(tx: Tx, partnerId: string, packageName: string): Promise<void> {
  const found = await store.selectPackage(tx, packageName)
  if (!found) throw packageNotFound.with({ detail: `There is no package ${packageName}.` })
  const current = await store.selectAssignment(tx, partnerId)
  if (current?.id === found.id) return
  await store.insertAssignment(tx, partnerId, newId(), found.id)
  const data = { from: current?.id ?? null, to: found.id }
  tx.emit('access.package_assigned', { partnerId, data })
  tx.changed('partner', partnerId)
}
