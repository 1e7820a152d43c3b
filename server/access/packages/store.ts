/** Every statement on packages and on who is on which. Facts are only added, as in capabilities/store.ts. */
import type { Tx } from '#/kernel/db/db.ts'

export type Package = {
  readonly id: string
  readonly name: string
  readonly title: string
  /** Names, in order. */
  readonly capabilities: readonly string[]
}

export const statements = {
  upsertPackage: `
    insert into access_package (id, name, title) values ($1, $2, $3)
    on conflict (name) do update set title = excluded.title where access_package.title <> excluded.title
    returning id`,
  // Serialises changes of one package, so that the later commit is the later fact.
  lockPackage: `select id from access_package where name = $1 for update`,
  selectPackage: `select id from access_package where name = $1`,
  // All that was ever in the package, with what is true of it now.
  selectContents: `
    select distinct on (capability.name) capability.name, fact.included
    from access_package_capability as fact join access_capability as capability on capability.id = fact.capability_id
    where fact.package_id = $1
    order by capability.name, fact.valid_from desc, fact.recorded_at desc`,
  insertContents: `
    insert into access_package_capability (id, package_id, capability_id, included)
    select fact.id, $1, capability.id, fact.included
    from unnest($2::uuid[], $3::text[], $4::boolean[]) as fact (id, name, included)
    join access_capability as capability on capability.name = fact.name`,
  listPackages: `
    select package.id, package.name, package.title,
           coalesce(array_agg(fact.name order by fact.name) filter (where fact.included), '{}') as capabilities
    from access_package as package left join (
      select distinct on (content.package_id, content.capability_id)
             content.package_id, content.included, capability.name
      from access_package_capability as content
      join access_capability as capability on capability.id = content.capability_id
      order by content.package_id, content.capability_id, content.valid_from desc, content.recorded_at desc
    ) as fact on fact.package_id = package.id
    group by package.id order by package.name`,
  insertAssignment: `insert into access_assignment (id, partner_id, package_id) values ($2, $1, $3)`,
  selectAssignment: `
    select package.id, package.name, package.title from access_assignment as assignment
    join access_package as package on package.id = assignment.package_id
    where assignment.partner_id = $1 /* owner */
    order by assignment.valid_from desc, assignment.recorded_at desc limit 1`,
} as const

/** True when the package is new or its title another. */
export async function upsertPackage(tx: Tx, id: string, name: string, title: string): Promise<boolean> {
  return (await tx.rows(statements.upsertPackage, [id, name, title])).length > 0
}

export async function lockPackage(tx: Tx, name: string) {
  return (await tx.rows<{ id: string }>(statements.lockPackage, [name]))[0]
}

export async function selectPackage(tx: Tx, name: string) {
  return (await tx.rows<{ id: string }>(statements.selectPackage, [name]))[0]
}

export async function selectContents(tx: Tx, packageId: string) {
  return tx.rows<{ name: string; included: boolean }>(statements.selectContents, [packageId])
}

export type Content = { readonly id: string; readonly name: string; readonly included: boolean }

export async function insertContents(tx: Tx, packageId: string, contents: readonly Content[]): Promise<void> {
  await tx.rows(statements.insertContents, [
    packageId,
    contents.map((content) => content.id),
    contents.map((content) => content.name),
    contents.map((content) => content.included),
  ])
}

export async function listPackages(tx: Pick<Tx, 'rows'>) {
  return tx.rows<Package>(statements.listPackages)
}

export async function insertAssignment(
  tx: Tx,
  partnerId: string,
  id: string,
  packageId: string,
): Promise<void> {
  await tx.rows(statements.insertAssignment, [partnerId, id, packageId])
}

export async function selectAssignment(tx: Tx, partnerId: string) {
  return (
    await tx.rows<{ id: string; name: string; title: string }>(statements.selectAssignment, [partnerId])
  )[0]
}
