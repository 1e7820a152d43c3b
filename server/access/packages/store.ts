/** Every statement on packages, who is on which, and what was given beside them. Facts are only added (access/history). */
import { wordLines } from '#/access/history/history.ts'
import type { PackageTerms } from '#/access/packages/terms.ts'
import type { Tx } from '#/kernel/db/db.ts'
import { ofPartners, readLines } from '#/kernel/lines/lines.ts'
import type { Partners } from '#/kernel/lines/lines.ts'

type Reader = Pick<Tx, 'rows'>

export type PackageVersion = {
  readonly id: string
  readonly packageId: string
  readonly name: string
  readonly title: string
  /** From 1 on. */
  readonly number: number
  readonly terms: PackageTerms
}

/** A package and how many partners are on any version of it now. */
export type PackageSummary = {
  readonly id: string
  readonly name: string
  readonly title: string
  readonly newest: number
  readonly partners: number
}

export type UsedVersion = PackageVersion & { readonly recordedAt: Date; readonly partners: number }

const version = `version.id, version.package_id as "packageId", package.name, package.title, version.number::int, version.terms`

/** How many partners are on each version: of each partner the word about its package that counts at the moment. */
const current = (moment: string) => `
  current as materialized (
    select version_id, count(*) as partners from (
      select distinct on (partner_id) version_id from access_assignment
      where valid_from <= ${moment} and (valid_until is null or valid_until > ${moment})
      order by partner_id, recorded_at desc, valid_from desc
    ) as assigned group by version_id
  )`

export const statements = {
  upsertPackage: `
    insert into access_package (id, name, title) values ($1, $2, $3)
    on conflict (name) do update set title = excluded.title where access_package.title <> excluded.title
    returning id`,
  // Serialises changes of one package, so that versions are numbered without gaps.
  lockPackage: `select id from access_package where name = $1 for update`,
  insertVersion: `insert into access_package_version (id, package_id, number, terms) values ($1, $2, $3, $4)`,
  selectNewest: `
    select ${version} from access_package_version as version join access_package as package on package.id = version.package_id
    where version.package_id = $1 order by version.number desc limit 1`,
  selectVersion: `
    select ${version} from access_package_version as version join access_package as package on package.id = version.package_id
    where package.name = $1 and ($2::int is null or version.number = $2) order by version.number desc limit 1`,
  listVersions: `
    select ${version} from access_package_version as version join access_package as package on package.id = version.package_id
    order by package.name, version.number desc`,
  listPackages: `
    with ${current('$1')}
    select package.id, package.name, package.title, max(version.number)::int as newest,
           coalesce(sum(current.partners), 0)::int as partners
    from access_package as package join access_package_version as version on version.package_id = package.id
    left join current on current.version_id = version.id
    where $2::uuid is null or package.id > $2 group by package.id order by package.id limit $3`,
  listUsedVersions: `
    with ${current('$2')}
    select ${version}, version.recorded_at as "recordedAt", coalesce(current.partners, 0)::int as partners
    from access_package_version as version join access_package as package on package.id = version.package_id
    left join current on current.version_id = version.id
    where package.name = $1 order by version.number desc`,
  // Serialises what is said of one partner, so that the later commit is the later word.
  lockAssignments: `select pg_advisory_xact_lock(hashtextextended('access_assignment ' || $1::text, 0))`,
  insertAssignment: `
    insert into access_assignment (id, partner_id, version_id, valid_from) values ($2, $1, $3, $4)`,
  selectAssigned: `
    select ${version} from (
      select version_id from access_assignment
      where partner_id = $1 /* owner */ and valid_from <= $2 and (valid_until is null or valid_until > $2)
      order by recorded_at desc, valid_from desc limit 1
    ) as assigned
    join access_package_version as version on version.id = assigned.version_id
    join access_package as package on package.id = version.package_id`,
  selectGranted: `
    select granted from access_grant
    where partner_id = $1 /* owner */ and capability_id = $2
      and valid_from <= $3 and (valid_until is null or valid_until > $3)
    order by recorded_at desc, valid_from desc limit 1`,
  insertGrant: `
    insert into access_grant (id, partner_id, capability_id, granted, source, source_id, valid_from)
    values ($2, $1, $3, $4, $5, $6, $7)`,
  readAssignments: `
    select ${wordLines('version_id')} from access_assignment
    where ${ofPartners} and ($4::timestamptz is null or recorded_at <= $4)`,
  readGrants: `
    select ${wordLines('capability_id, granted')} from access_grant
    where ${ofPartners} and ($4::timestamptz is null or recorded_at <= $4)`,
} as const

/** True when the package is new or its title another. */
export async function upsertPackage(tx: Tx, id: string, name: string, title: string): Promise<boolean> {
  return (await tx.rows(statements.upsertPackage, [id, name, title])).length > 0
}

export async function lockPackage(tx: Tx, name: string) {
  return (await tx.rows<{ id: string }>(statements.lockPackage, [name]))[0]
}

export async function insertVersion(tx: Tx, added: Omit<PackageVersion, 'name' | 'title'>): Promise<void> {
  const { id, packageId, number, terms } = added
  await tx.rows(statements.insertVersion, [id, packageId, number, terms])
}

export async function selectNewest(tx: Tx, packageId: string) {
  return (await tx.rows<PackageVersion>(statements.selectNewest, [packageId]))[0]
}

/** `number` null: the newest. */
export async function selectVersion(reader: Reader, name: string, number: number | null) {
  return (await reader.rows<PackageVersion>(statements.selectVersion, [name, number]))[0]
}

export async function listVersions(reader: Reader) {
  return reader.rows<PackageVersion>(statements.listVersions)
}

export async function listPackages(tx: Tx, after: string | null, limit: number) {
  return tx.rows<PackageSummary>(statements.listPackages, [tx.now, after, limit])
}

export async function listUsedVersions(tx: Tx, name: string) {
  return tx.rows<UsedVersion>(statements.listUsedVersions, [name, tx.now])
}

export async function lockAssignments(tx: Tx, partnerId: string): Promise<void> {
  await tx.rows(statements.lockAssignments, [partnerId])
}

export async function insertAssignment(
  tx: Tx,
  partnerId: string,
  { id, versionId, from }: { readonly id: string; readonly versionId: string | null; readonly from: Date },
): Promise<void> {
  await tx.rows(statements.insertAssignment, [partnerId, id, versionId, from])
}

export async function selectAssigned(tx: Tx, partnerId: string, moment: Date) {
  return (await tx.rows<PackageVersion>(statements.selectAssigned, [partnerId, moment]))[0]
}

/** Null: nothing was said. */
export async function selectGranted(tx: Tx, partnerId: string, capabilityId: string) {
  const values = [partnerId, capabilityId, tx.now]
  return (await tx.rows<{ granted: boolean }>(statements.selectGranted, values))[0]?.granted ?? null
}

export async function insertGrant(
  tx: Tx,
  partnerId: string,
  grant: {
    readonly id: string
    readonly capabilityId: string
    readonly granted: boolean
    readonly source: string
    readonly sourceId: string | null
    readonly from: Date
  },
): Promise<void> {
  const { id, capabilityId, granted, source, sourceId, from } = grant
  await tx.rows(statements.insertGrant, [partnerId, id, capabilityId, granted, source, sourceId, from])
}

export async function readAssignments(reader: Reader, partners: Partners, knownAt: Date | null) {
  return readLines(reader, statements.readAssignments, partners, knownAt)
}

export async function readGrants(reader: Reader, partners: Partners, knownAt: Date | null) {
  return readLines(reader, statements.readGrants, partners, knownAt)
}
