/** Packages as things: their newest versions. Other terms become a new version. */
import { declarePackage, plainTerms } from '#/access/packages/packages.ts'
import type { Entitlement, PackageTerms, PackageVersion } from '#/access/packages/packages.ts'
import type { Tx } from '#/kernel/db/db.ts'
import type { Change } from '#/publish/declaration/compare.ts'
import type { Written, WrittenEntitlement, WrittenPackage } from '#/publish/declaration/file/shape.ts'
import { fieldsBelow, fieldsUnder } from '#/publish/declaration/things.ts'
import type { Fields, Thing } from '#/publish/declaration/things.ts'

export function saidPackages({ packages }: Written): readonly Thing[] {
  return Object.entries(packages).map(([name, written]) => {
    return { kind: 'packages', name, fields: fieldsOf(written.title, termsOf(written)) }
  })
}

/** `versions`: every one, of each package the newest first. */
export function readPackages(versions: readonly PackageVersion[]): readonly Thing[] {
  return newestOf(versions).map(({ name, title, terms, packageId }) => ({
    kind: 'packages',
    name,
    fields: fieldsOf(title, terms),
    subject: { kind: 'package', id: packageId },
  }))
}

function newestOf(versions: readonly PackageVersion[]): readonly PackageVersion[] {
  return [...Map.groupBy(versions, ({ name }) => name).values()].flatMap(([newest]) => newest ?? [])
}

/** By name the number of its newest version. */
export function newestNumbers(versions: readonly PackageVersion[]): ReadonlyMap<string, number> {
  return new Map(newestOf(versions).map(({ name, number }) => [name, number]))
}

export async function applyPackage(tx: Tx, { thing, target }: Change): Promise<void> {
  const { title, limits, environments, webhooks, support, sla, agreement } = target as PackageFields
  const terms: PackageTerms = {
    entitlements: fieldsBelow(target, 'entitlements') as PackageTerms['entitlements'],
    limits: limits ?? null,
    environments,
    webhooks,
    support,
    sla: sla ?? null,
    agreement,
  }
  await declarePackage(tx, { name: thing.name, title, terms })
}

type PackageFields = Omit<PackageTerms, 'entitlements'> & { readonly title: string }

/** What the file leaves out is as in a package that only names capabilities. */
function termsOf({ title: _, capabilities = [], entitlements = {}, ...said }: WrittenPackage): PackageTerms {
  const plain = plainTerms(capabilities)
  const more = Object.entries(entitlements).map(([name, each]) => [name, entitlementOf(each)] as const)
  const environments = (said.environments ?? plain.environments).toSorted()
  return {
    ...plain,
    ...said,
    environments,
    entitlements: { ...plain.entitlements, ...Object.fromEntries(more) },
  }
}

function entitlementOf(written: WrittenEntitlement): Entitlement {
  if (typeof written === 'boolean') return { kind: 'boolean' }
  const { value, quota } = written
  return { kind: quota ? 'metered' : value === undefined ? 'boolean' : 'static', ...written }
}

function fieldsOf(title: string, { entitlements, ...terms }: PackageTerms): Fields {
  const said = Object.entries(terms).filter(([, value]) => value !== null)
  const fields: Record<string, unknown> = { title, ...Object.fromEntries(said) }
  return {
    ...fields,
    environments: terms.environments.toSorted(),
    ...fieldsUnder('entitlements', entitlements),
  }
}

export function writtenPackage(fields: Fields): WrittenPackage {
  const entitlements = Object.entries(fieldsBelow(fields, 'entitlements') as PackageTerms['entitlements'])
  const isPlain = ([, each]: (typeof entitlements)[number]) =>
    each.kind === 'boolean' && Object.keys(each).length === 1
  const more = entitlements
    .filter((each) => !isPlain(each))
    .map(([name, { kind: _, ...rest }]) => [name, rest])
  const terms = Object.entries(fields).filter(([field]) => !field.startsWith('entitlements.'))
  return {
    ...Object.fromEntries(terms),
    capabilities: entitlements.filter(isPlain).map(([name]) => name),
    ...(more.length > 0 && { entitlements: Object.fromEntries(more) }),
  } as WrittenPackage
}
