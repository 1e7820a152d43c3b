/** Packages, their versions, which partner is on which, and what a partner was given beside its package. */
import { isDeepStrictEqual } from 'node:util'
import { timelineOf } from '#/access/history/history.ts'
import type { Timeline } from '#/access/history/history.ts'
import * as store from '#/access/packages/store.ts'
import type { PackageVersion } from '#/access/packages/store.ts'
import type { PackageTerms } from '#/access/packages/terms.ts'
import type { Tx } from '#/kernel/db/db.ts'
import { newId } from '#/kernel/id/id.ts'
import { problem } from '#/kernel/problem/problem.ts'

export type { PackageVersion } from '#/access/packages/store.ts'
export { plainTerms } from '#/access/packages/terms.ts'
export type * from '#/access/packages/terms.ts'

export const packageNotFound = problem('packages.not_found', 404, 'There is no such package', {
  help: 'No package has this name, or none of this version. Check it against the list of packages.',
})

type Reader = Pick<Tx, 'rows'>

export type DeclaredPackage = { readonly name: string; readonly title: string; readonly terms: PackageTerms }

/** Makes the newest version say this. Other terms become a new version; partners stay on the one they are on. */
export async function declarePackage(tx: Tx, declared: DeclaredPackage): Promise<PackageVersion> {
  const { name, title, terms } = declared
  const written = await store.upsertPackage(tx, newId(), name, title)
  const found = await store.lockPackage(tx, name)
  if (!found) throw new Error(`the package ${name} vanished`)
  const newest = await store.selectNewest(tx, found.id)
  if (newest && isDeepStrictEqual(newest.terms, terms)) {
    if (written) tx.changed('package', found.id)
    return { ...newest, title }
  }
  const version = { id: newId(), packageId: found.id, number: (newest?.number ?? 0) + 1, terms }
  await store.insertVersion(tx, version)
  const { number } = version
  tx.emit('access.package_changed', { partnerId: null, data: { packageId: found.id, version: number } })
  const subject = { kind: 'package', id: found.id }
  tx.audit({ action: 'packages.declare', subject, changes: { name, version: number } })
  tx.changed('package', found.id)
  return { ...version, name, title }
}

/** Every version of every package, by name, the newest first. */
export async function listPackageVersions(reader: Reader): Promise<readonly PackageVersion[]> {
  return store.listVersions(reader)
}

/** Without a number the newest. Throws `packageNotFound`. */
export async function findPackage(reader: Reader, name: string, number?: number): Promise<PackageVersion> {
  const found = await store.selectVersion(reader, name, number ?? null)
  const what = number === undefined ? name : `${name} of version ${number}`
  if (!found) throw packageNotFound.with({ detail: `There is no package ${what}.` })
  return found
}

/** The version the partner is on now; null: on none. */
export async function packageOf(tx: Tx, partnerId: string): Promise<PackageVersion | null> {
  return (await store.selectAssigned(tx, partnerId, tx.now)) ?? null
}

/** Moves the partner onto the version; its keys go on. Changes nothing when it is on it. */
export async function assignPackage(tx: Tx, partnerId: string, version: PackageVersion): Promise<void> {
  await store.lockAssignments(tx, partnerId)
  const current = await store.selectAssigned(tx, partnerId, tx.now)
  if (current?.id === version.id) return
  await store.insertAssignment(tx, partnerId, { id: newId(), versionId: version.id, from: tx.now })
  const data = { from: current?.id ?? null, to: version.id }
  tx.emit('access.package_assigned', { partnerId, data })
  const changes = { package: version.name, version: version.number }
  tx.audit({ action: 'packages.assign', subject: { kind: 'partner', id: partnerId }, partnerId, changes })
  tx.changed('partner', partnerId)
}

export type Grant = {
  readonly capabilityId: string
  readonly granted: boolean
  readonly source: 'request' | 'pilot' | 'operator'
  /** The request or the pilot. */
  readonly sourceId: string | null
}

/** Gives one capability to one partner beside its package, or takes it back. */
export async function grantCapability(tx: Tx, partnerId: string, grant: Grant): Promise<void> {
  await store.insertGrant(tx, partnerId, { id: newId(), from: tx.now, ...grant })
  const { capabilityId, granted, source } = grant
  tx.emit('access.grant_changed', { partnerId, data: { capabilityId, granted } })
  const subject = { kind: 'capability', id: capabilityId }
  tx.audit({ action: granted ? 'access.grant' : 'access.take_back', subject, partnerId, changes: { source } })
  tx.changed('partner', partnerId)
}

/** By partner: the id of the version it is on. `knownAt` null: as known now. */
export async function readAssignments(
  reader: Reader,
  partnerIds: readonly string[],
  knownAt: Date | null,
): Promise<ReadonlyMap<string, Timeline<string>>> {
  const rows = await store.readAssignments(reader, partnerIds, knownAt)
  const byPartner = Map.groupBy(rows, (row) => row.partnerId)
  return new Map([...byPartner].map(([partnerId, words]) => [partnerId, timelineOf(words)]))
}

/** By partner, then capability id: whether it was given beside the package. */
export async function readGrants(
  reader: Reader,
  partnerIds: readonly string[],
  knownAt: Date | null,
): Promise<ReadonlyMap<string, ReadonlyMap<string, Timeline<boolean>>>> {
  const rows = await store.readGrants(reader, partnerIds, knownAt)
  return new Map(
    [...Map.groupBy(rows, (row) => row.partnerId)].map(([partnerId, own]) => {
      const byCapability = Map.groupBy(own, (row) => row.capabilityId)
      return [partnerId, new Map([...byCapability].map(([id, words]) => [id, timelineOf(words)]))]
    }),
  )
}
