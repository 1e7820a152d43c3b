/** Packages, their versions, which partner is on which, and what a partner was given beside its package. */
import { isDeepStrictEqual } from 'node:util'
import { findCapability, listCapabilities } from '#/access/capabilities/capabilities.ts'
import { timelineIn, timelinesIn } from '#/access/history/history.ts'
import type { Timeline } from '#/access/history/history.ts'
import { flaws } from '#/access/packages/flaws.ts'
import * as store from '#/access/packages/store.ts'
import type { PackageVersion } from '#/access/packages/store.ts'
import type { PackageTerms } from '#/access/packages/terms.ts'
import { isKnown } from '#/access/readiness/readiness.ts'
import type { Tx } from '#/kernel/db/db.ts'
import { newId } from '#/kernel/id/id.ts'
import type { Lines, Partners } from '#/kernel/lines/lines.ts'
import { problem } from '#/kernel/problem/problem.ts'

export type { PackageSummary, PackageVersion, UsedVersion } from '#/access/packages/store.ts'
export { plainTerms } from '#/access/packages/terms.ts'
export type * from '#/access/packages/terms.ts'

export const packageNotFound = problem('packages.not_found', 404, 'There is no such package', {
  help: 'No package has this name, or none of this version. Check it against the list of packages.',
})

export const packageInvalid = problem('packages.invalid', 422, 'A package cannot say this', {
  help: '`errors` names each place and what is wrong with it: a capability that was not declared, a limit or quota that is not above zero, a price that is no decimal in its currency. Nothing was changed.',
})
export const grantNotFound = problem('packages.grant_not_found', 404, 'There is no such grant', {
  help: 'The partner was not given this capability beside its package, so there is nothing to take back.',
})

type Reader = Pick<Tx, 'rows'>

export type DeclaredPackage = { readonly name: string; readonly title: string; readonly terms: PackageTerms }

/**
 * Makes the newest version say this. Other terms become a new version; partners stay on the one they are on. Throws
 * `packageInvalid`.
 */
export async function declarePackage(tx: Tx, declared: DeclaredPackage): Promise<PackageVersion> {
  const { name, title, terms } = declared
  const known = (await listCapabilities(tx)).map((each) => each.name)
  const errors = flaws(terms, new Set(known))
  if (errors.length > 0) throw packageInvalid.with({ detail: `The package ${name} cannot say this.`, errors })
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

/** In the order they were declared. */
export async function listPackages(
  tx: Tx,
  page: { readonly after?: string; readonly limit: number },
): Promise<readonly store.PackageSummary[]> {
  return store.listPackages(tx, page.after ?? null, page.limit)
}

/** Every version of one, the newest first, with how many partners are on it now. Throws `packageNotFound`. */
export async function packageVersions(tx: Tx, name: string): Promise<readonly store.UsedVersion[]> {
  const versions = await store.listUsedVersions(tx, name)
  if (versions.length === 0) throw packageNotFound.with({ detail: `There is no package ${name}.` })
  return versions
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

/** Gives one capability to one partner beside its package, or takes it back. Changes nothing when it is so already. */
export async function grantCapability(
  tx: Tx,
  partnerId: string,
  grant: Grant,
  reason: string | null = null,
): Promise<void> {
  await store.lockAssignments(tx, partnerId)
  const { capabilityId, granted, source } = grant
  if ((await store.selectGranted(tx, partnerId, capabilityId)) === granted) return
  await store.insertGrant(tx, partnerId, { id: newId(), from: tx.now, ...grant })
  // A partner hears its own events and reads its own lines: of what it may not know of, both are the provider's alone.
  const whose = (await isKnown(tx, capabilityId)) ? partnerId : null
  tx.emit('access.grant_changed', { partnerId: whose, data: { partnerId, capabilityId, granted } })
  tx.audit({
    action: granted ? 'access.grant' : 'access.take_back',
    subject: { kind: 'capability', id: capabilityId },
    partnerId: whose,
    reason,
    changes: { source, partnerId },
  })
  tx.changed('partner', partnerId)
}

/** An operator's own grant. Throws `capabilityNotFound`, and `grantNotFound` when what was not given is taken back. */
export async function grantByName(
  tx: Tx,
  partnerId: string,
  name: string,
  { granted, reason }: { readonly granted: boolean; readonly reason: string },
): Promise<void> {
  const { id } = await findCapability(tx, name)
  if (!granted && (await store.selectGranted(tx, partnerId, id)) !== true) {
    throw grantNotFound.with({ detail: `The partner was not given ${name}.` })
  }
  await grantCapability(
    tx,
    partnerId,
    { capabilityId: id, granted, source: 'operator', sourceId: null },
    reason,
  )
}

/** Lines for `assignmentsOf`. `knownAt` null: as known now. */
export async function readAssignments(
  reader: Reader,
  partners: Partners,
  knownAt: Date | null,
): Promise<Lines> {
  return store.readAssignments(reader, partners, knownAt)
}

/** The id of the version that a partner is on. */
export function assignmentsOf(lines: string): Timeline<string> {
  return timelineIn(lines)
}

/** Lines for `grantsOf`. `knownAt` null: as known now. */
export async function readGrants(reader: Reader, partners: Partners, knownAt: Date | null): Promise<Lines> {
  return store.readGrants(reader, partners, knownAt)
}

/** By capability id: whether it was given to a partner beside its package. */
export function grantsOf(lines: string): ReadonlyMap<string, Timeline<boolean>> {
  return timelinesIn(lines)
}
