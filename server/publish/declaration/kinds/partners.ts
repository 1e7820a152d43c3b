/**
 * Partners as things. The file's word for a package is its name, for the newest version, or one of its versions; what
 * runs is always a version, so that its word depends on what the file said and when.
 */
import { assignPackage, findPackage, packageOf } from '#/access/packages/packages.ts'
import type { PackageVersion } from '#/access/packages/packages.ts'
import { attributesOf, setAttributes } from '#/access/rollouts/rollouts.ts'
import { createApplication, listApplications } from '#/identity/applications/applications.ts'
import {
  createPartner,
  findPartnerBySlug,
  listPartners,
  renamePartner,
} from '#/identity/partners/partners.ts'
import type { Partner } from '#/identity/partners/partners.ts'
import type { Tx } from '#/kernel/db/db.ts'
import type { Change } from '#/publish/declaration/compare.ts'
import type { Written, WrittenPartner } from '#/publish/declaration/file/shape.ts'
import { fieldsBelow, fieldsUnder, ofKind, pathOf } from '#/publish/declaration/things.ts'
import type { Fields, Thing, Things } from '#/publish/declaration/things.ts'

type Environment = 'live' | 'sandbox'

/** The newest version of each package by name. */
type Newest = ReadonlyMap<string, number>

export type Side = {
  readonly said: Things
  readonly last: Things
  /** The version a partner was put on when the file was last applied, by path: `pro@2`. */
  readonly put: ReadonlyMap<string, string>
  readonly newest: Newest
}

/** A partner that runs, and the version it is on. */
export type RunningPartner = { readonly partner: Partner; readonly on: string | null; readonly thing: Thing }

export function saidPartners({ partners = {} }: Written): readonly Thing[] {
  return Object.entries(partners).map(([slug, partner]) => {
    const attributes = Object.entries(partner.attributes ?? {}).map(([key, value]) => [
      `attributes.${key}`,
      value,
    ])
    const applications = (partner.applications ?? []).flatMap(({ name, environments }) =>
      environments.map((environment) => [`applications.${name}.${environment}`, true]),
    )
    const more = Object.fromEntries([...attributes, ...applications])
    return { kind: 'partners', name: slug, fields: { name: partner.name, package: partner.package, ...more } }
  })
}

/** Those that the file names or named. */
export async function readNamedPartners(tx: Tx, side: Side): Promise<readonly RunningPartner[]> {
  const slugs = new Set(
    [...ofKind(side.said, 'partners'), ...ofKind(side.last, 'partners')].map(({ name }) => name),
  )
  const found: RunningPartner[] = []
  for (const slug of slugs) {
    const partner = await findPartnerBySlug(tx, slug)
    if (partner) found.push(await readPartner(tx, partner, side))
  }
  return found
}

/** Every one there is, in the words of the last file where they are still true. */
export async function readEveryPartner(
  tx: Tx,
  { last, newest }: Pick<Side, 'last' | 'newest'>,
): Promise<readonly RunningPartner[]> {
  const side = { said: last, last: new Map(), put: new Map(), newest }
  const found: RunningPartner[] = []
  for (let after = ''; ;) {
    const page = await listPartners(tx, {}, { ...(after && { after }), limit: 500 })
    for (const partner of page) found.push(await readPartner(tx, partner, side, true))
    const end = page.at(-1)
    if (!end || page.length < 500) return found
    after = end.id
  }
}

/** `whole`: with the applications that no file names. */
async function readPartner(tx: Tx, partner: Partner, side: Side, whole = false): Promise<RunningPartner> {
  const version = await packageOf(tx, partner.id)
  const path = pathOf({ kind: 'partners', name: partner.slug })
  const said = side.said.get(path)?.fields
  const on = version && labelOf(version)
  const running = (await listApplications(tx, partner.id)).map(
    ({ name, environment }) => `applications.${name}.${environment}`,
  )
  // Partners make applications of their own; only those that the file names are its affair.
  const applications = said && !whole ? running.filter((field) => Object.hasOwn(said, field)) : running
  const fields = {
    name: partner.name,
    ...(on !== null && { package: wordOf(on, path, side) }),
    ...fieldsUnder('attributes', await attributesOf(tx, partner.id)),
    ...Object.fromEntries(applications.map((field) => [field, true])),
  }
  const subject = { kind: 'partner', id: partner.id }
  return { partner, on, thing: { kind: 'partners', name: partner.slug, fields, subject } }
}

/** How the file would say that a partner is on this version. */
function wordOf(on: string, path: string, { said, last, put, newest }: Side): string {
  const word = said.get(path)?.fields.package
  if (typeof word === 'string' && versionOf(word, newest) === on) return word
  const before = last.get(path)?.fields.package
  if (typeof before === 'string' && put.get(path) === on) return before
  const [name = ''] = on.split('@')
  return versionOf(name, newest) === on ? name : on
}

/** `pro@2`. */
export function labelOf({ name, number }: Pick<PackageVersion, 'name' | 'number'>): string {
  return `${name}@${number}`
}

/** The version that a word means. */
export function versionOf(word: string, newest: Newest): string {
  return word.includes('@') ? word : `${word}@${newest.get(word) ?? 0}`
}

/** All but the package, which it is put on when all else is done. */
export async function applyPartner(tx: Tx, { thing, fields, target }: Change): Promise<void> {
  const name = String(target.name)
  const partner =
    (await findPartnerBySlug(tx, thing.name)) ?? (await createPartner(tx, { slug: thing.name, name }))
  await renamePartner(tx, partner.id, name)
  if (fields.some(({ field }) => field.startsWith('attributes.'))) {
    await setAttributes(tx, partner.id, fieldsBelow(target, 'attributes') as Readonly<Record<string, string>>)
  }
  for (const { field, after } of fields) {
    const [, application, environment] = /^applications\.(.*)\.(live|sandbox)$/.exec(field) ?? []
    if (after !== true || application === undefined) continue
    await createApplication(tx, partner.id, { name: application, environment: environment as Environment })
  }
}

export async function putOn(tx: Tx, partnerId: string, version: string): Promise<void> {
  const [name = '', number] = version.split('@')
  await assignPackage(tx, partnerId, await findPackage(tx, name, Number(number)))
}

export function writtenPartner(fields: Fields): WrittenPartner {
  const names = Map.groupBy(Object.keys(fieldsBelow(fields, 'applications')), (field) =>
    field.slice(0, field.lastIndexOf('.')),
  )
  const applications = [...names].map(([name, own]) => ({
    name,
    environments: own.map((field) => field.slice(name.length + 1) as Environment).toSorted(),
  }))
  const attributes = fieldsBelow(fields, 'attributes') as Readonly<Record<string, string>>
  return {
    name: String(fields.name),
    package: String(fields.package),
    ...(Object.keys(attributes).length > 0 && { attributes }),
    ...(applications.length > 0 && { applications }),
  }
}
