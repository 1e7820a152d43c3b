/** The three sides of a comparison: what the file says, what it said last, and what runs. */
import { listPackageVersions } from '#/access/packages/packages.ts'
import type { NewContract } from '#/contracts/published/published.ts'
import type { Sealer } from '#/kernel/crypto/crypto.ts'
import type { Tx } from '#/kernel/db/db.ts'
import type { Sides } from '#/publish/declaration/compare.ts'
import type { Written } from '#/publish/declaration/file/shape.ts'
import { readCapabilities, saidCapabilities } from '#/publish/declaration/kinds/capabilities.ts'
import { alignEvidence, withDigests, withKnownNames } from '#/publish/declaration/kinds/evidence.ts'
import { readGates, saidGates } from '#/publish/declaration/kinds/gates.ts'
import { newestNumbers, readPackages, saidPackages } from '#/publish/declaration/kinds/packages.ts'
import {
  readEveryPartner,
  readNamedPartners,
  saidPartners,
  versionOf,
} from '#/publish/declaration/kinds/partners.ts'
import type { RunningPartner } from '#/publish/declaration/kinds/partners.ts'
import { readProvider, saidProvider } from '#/publish/declaration/kinds/provider.ts'
import { rolloutsAt } from '#/publish/declaration/kinds/rollouts.ts'
import {
  readContracts,
  readUpstreams,
  saidContracts,
  saidUpstreams,
} from '#/publish/declaration/kinds/upstreams.ts'
import { listDeclared } from '#/publish/declaration/store.ts'
import type { Declared } from '#/publish/declaration/store.ts'
import { pathOf, thingsOf } from '#/publish/declaration/things.ts'
import type { Thing, Things } from '#/publish/declaration/things.ts'

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
    ...saidGates(written),
    ...saidCapabilities(written),
    ...saidPackages(written),
    ...saidPartners(written),
  ])
}

/** Each in the words of the file, as of now. */
export async function readSides(tx: Tx, written: Things, sealer: Sealer): Promise<Read> {
  const declared = await listDeclared(tx)
  const { things, newest } = await readRunning(tx, sealer)
  const { last: kept, put } = lastOf(declared, [written, things], sealer)
  const partners = await readNamedPartners(tx, { said: written, last: kept, put, newest })
  const found = [...things.values(), ...readProvider(kept), ...partners.map(({ thing }) => thing)]
  const last = thingsOf([...kept.values()].map((thing) => rolloutsAt(thing, tx.now)))
  const aligned = align({ said: written, last, running: thingsOf(found) }, tx.now)
  return {
    ...aligned,
    partners: new Map(partners.map((each) => [pathOf(each.thing), each])),
    appliedAt: new Map(declared.map((each) => [pathOf(each), each.appliedAt])),
  }
}

function align({ said, last, running }: Sides, now: Date): Sides {
  const pairs = [...said].map(([path, thing]) => {
    return alignEvidence(rolloutsAt(thing, now), last.get(path), running.get(path), { gates: said, now })
  })
  const known = pairs.flatMap((pair) => pair.running ?? [])
  return {
    said: thingsOf(pairs.map((pair) => pair.said)),
    last,
    running: thingsOf([...running.values(), ...known]),
  }
}

/** All there is, for a file that says it. */
export async function readEverything(tx: Tx, sealer: Sealer): Promise<Things> {
  const { things, newest } = await readRunning(tx, sealer)
  const { last } = lastOf(await listDeclared(tx), [], sealer)
  const partners = await readEveryPartner(tx, { last, newest })
  return thingsOf([...readProvider(last), ...things.values(), ...partners.map(({ thing }) => thing)])
}

/** All but the provider and the partners. */
async function readRunning(tx: Tx, sealer: Sealer) {
  const versions = await listPackageVersions(tx)
  const things = thingsOf([
    ...(await readUpstreams(tx)),
    ...(await readContracts(tx)),
    ...(await readGates(tx)),
    ...(await readCapabilities(tx, sealer)),
    ...readPackages(versions),
  ])
  return { things, newest: newestNumbers(versions) }
}

/** A partner's package is kept with the version that it meant. */
type Put = { readonly says: string; readonly on: string }

/** `known`: where the names may stand for which digests are kept. */
function lastOf(declared: readonly Declared[], known: readonly Things[], sealer: Sealer) {
  const put = new Map<string, string>()
  const things = declared.map(({ kind, name, fields }): Thing => {
    const path = pathOf({ kind, name })
    if (kind === 'capabilities') {
      const sides = known.map((side) => side.get(path)?.fields ?? {})
      return { kind, name, fields: withKnownNames(fields, sides, digester(sealer)) }
    }
    if (kind !== 'partners') return { kind, name, fields }
    const { says, on } = fields.package as Put
    put.set(path, on)
    return { kind, name, fields: { ...fields, package: says } }
  })
  return { last: thingsOf(things), put }
}

/** As it is kept for the next comparison: the names of people only as digests. */
export function declaredOf(
  said: Things,
  newest: ReadonlyMap<string, number>,
  sealer: Sealer,
): readonly Declared[] {
  return [...said.values()].map(({ kind, name, fields }) => {
    if (kind === 'capabilities') return { kind, name, fields: withDigests(fields, digester(sealer)) }
    if (kind !== 'partners') return { kind, name, fields }
    const says = String(fields.package)
    return { kind, name, fields: { ...fields, package: { says, on: versionOf(says, newest) } satisfies Put } }
  })
}

function digester(sealer: Sealer): (name: string) => string {
  return (name) => sealer.digest(name, 'publish_declared.signed_by').toString('base64url')
}
