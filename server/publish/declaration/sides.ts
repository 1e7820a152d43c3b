/** The three sides of a comparison: what the file says, what it said last, and what runs. */
import { listPackageVersions } from '#/access/packages/packages.ts'
import type { NewContract } from '#/contracts/published/published.ts'
import type { Tx } from '#/kernel/db/db.ts'
import type { Sides } from '#/publish/declaration/compare.ts'
import type { Written } from '#/publish/declaration/file/shape.ts'
import { readCapabilities, saidCapabilities } from '#/publish/declaration/kinds/capabilities.ts'
import { newestNumbers, readPackages, saidPackages } from '#/publish/declaration/kinds/packages.ts'
import {
  readEveryPartner,
  readNamedPartners,
  saidPartners,
  versionOf,
} from '#/publish/declaration/kinds/partners.ts'
import type { RunningPartner } from '#/publish/declaration/kinds/partners.ts'
import { readProvider, saidProvider } from '#/publish/declaration/kinds/provider.ts'
import {
  readContracts,
  readUpstreams,
  saidContracts,
  saidUpstreams,
} from '#/publish/declaration/kinds/upstreams.ts'
import { listDeclared } from '#/publish/declaration/store.ts'
import type { Declared } from '#/publish/declaration/store.ts'
import { ofKind, pathOf, thingsOf } from '#/publish/declaration/things.ts'
import type { Fields, Things } from '#/publish/declaration/things.ts'

export type Read = Sides & {
  /** By path. */
  readonly partners: ReadonlyMap<string, RunningPartner>
  /** When the file last said something new of a thing, by path. */
  readonly appliedAt: ReadonlyMap<string, Date>
}

export function saidOf(written: Written, contracts: readonly NewContract[]): Things {
  return thingsOf([
    ...saidProvider(written),
    ...saidUpstreams(written),
    ...saidContracts(contracts),
    ...saidCapabilities(written),
    ...saidPackages(written),
    ...saidPartners(written),
  ])
}

export async function readSides(tx: Tx, said: Things): Promise<Read> {
  const declared = await listDeclared(tx)
  const { last, put } = lastOf(declared)
  const { things, newest } = await readRunning(tx, last)
  const partners = await readNamedPartners(tx, { said, last, put, newest })
  const running = thingsOf([...things.values(), ...partners.map(({ thing }) => thing)])
  return {
    said,
    last,
    running,
    partners: new Map(partners.map((each) => [pathOf(each.thing), each])),
    appliedAt: new Map(declared.map((each) => [pathOf(each), each.appliedAt])),
  }
}

/** All there is, for a file that says it. */
export async function readEverything(tx: Tx): Promise<Things> {
  const { things, newest } = await readRunning(tx, lastOf(await listDeclared(tx)).last)
  const partners = await readEveryPartner(tx, newest)
  return thingsOf([...things.values(), ...partners.map(({ thing }) => thing)])
}

/** All but the partners. */
async function readRunning(tx: Tx, last: Things) {
  const versions = await listPackageVersions(tx)
  const things = thingsOf([
    ...readProvider(last),
    ...(await readUpstreams(tx)),
    ...(await readContracts(tx)),
    ...(await readCapabilities(tx)),
    ...readPackages(versions),
  ])
  return { things, newest: newestNumbers(versions) }
}

/** A partner's package is kept with the version that it meant. */
type Put = { readonly says: string; readonly on: string }

function lastOf(declared: readonly Declared[]): { last: Things; put: ReadonlyMap<string, string> } {
  const put = new Map<string, string>()
  const things = declared.map(({ kind, name, fields }) => {
    if (kind !== 'partners') return { kind, name, fields }
    const { says, on } = fields.package as Put
    put.set(pathOf({ kind, name }), on)
    return { kind, name, fields: { ...fields, package: says } }
  })
  return { last: thingsOf(things), put }
}

/** As it is kept for the next comparison. */
export function declaredOf(said: Things, newest: ReadonlyMap<string, number>): readonly Declared[] {
  const others = [...said.values()].filter(({ kind }) => kind !== 'partners')
  const partners = ofKind(said, 'partners').map((thing) => {
    const says = String(thing.fields.package)
    const fields: Fields = { ...thing.fields, package: { says, on: versionOf(says, newest) } satisfies Put }
    return { ...thing, fields }
  })
  return [...others, ...partners]
}
