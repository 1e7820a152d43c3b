/** What was said of capabilities, and the packages there are: the half of the facts that is no partner's. */
import { isVisible, ownCapability, readCapabilities } from '#/access/capabilities/capabilities.ts'
import type { CapabilityHistory, Exposure } from '#/access/capabilities/capabilities.ts'
import { at, earlier } from '#/access/history/history.ts'
import type { Timeline } from '#/access/history/history.ts'
import { listPackageVersions } from '#/access/packages/packages.ts'
import type { Environment, PackageVersion } from '#/access/packages/packages.ts'
import { readPilots } from '#/access/pilots/pilots.ts'
import type { PilotHistory } from '#/access/pilots/pilots.ts'
import { readGates, readinessAt } from '#/access/readiness/readiness.ts'
import type { GateHistory } from '#/access/readiness/readiness.ts'
import { readRollouts } from '#/access/rollouts/rollouts.ts'
import type { Rollout } from '#/access/rollouts/rollouts.ts'
import type { Tx } from '#/kernel/db/db.ts'

export type CapabilityFacts = Pick<CapabilityHistory, 'id' | 'name' | 'title' | 'exposures'> & {
  /** The capability of the Partner API, which is no row. */
  readonly isOwn: boolean
  readonly gates: readonly GateHistory[]
  readonly rollouts: Readonly<Record<Environment, Timeline<Rollout>>>
  readonly pilots: readonly PilotHistory[]
}

export type Catalogue = {
  /** By name, that of the Partner API among them. */
  readonly capabilities: ReadonlyMap<string, CapabilityFacts>
  /** By id. */
  readonly versions: ReadonlyMap<string, PackageVersion>
  /** Of each package the newest. */
  readonly newest: readonly PackageVersion[]
}

const always = <T>(value: T): Timeline<T> => [{ from: Number.NEGATIVE_INFINITY, value }]

const own: CapabilityFacts = {
  id: ownCapability,
  name: ownCapability,
  title: 'Partner API',
  isOwn: true,
  exposures: always<Exposure>('general'),
  gates: [],
  rollouts: { live: always({ kind: 'on' }), sandbox: always({ kind: 'on' }) },
  pilots: [],
}

/** `knownAt` null: as known now. */
export async function readCatalogue(reader: Pick<Tx, 'rows'>, knownAt: Date | null): Promise<Catalogue> {
  const histories = await readCapabilities(reader, knownAt)
  const gates = await readGates(reader, knownAt)
  const rollouts = await readRollouts(reader, knownAt)
  const pilots = await readPilots(reader, knownAt)
  const capabilities = histories.map(({ id, name, title, exposures }): CapabilityFacts => {
    const rolloutIn = (environment: Environment) => rollouts.get(`${id} ${environment}`) ?? []
    return {
      id,
      name,
      title,
      exposures,
      isOwn: false,
      gates: gates.get(id) ?? [],
      rollouts: {
        live: rolloutIn('live'),
        sandbox: rolloutIn('sandbox'),
      },
      pilots: pilots.get(id) ?? [],
    }
  })
  return catalogueOf(capabilities, await listPackageVersions(reader))
}

/** `versions`: by name of the package, the newest first. */
export function catalogueOf(
  capabilities: readonly CapabilityFacts[],
  versions: readonly PackageVersion[],
): Catalogue {
  return {
    capabilities: new Map([...capabilities, own].map((each) => [each.name, each])),
    versions: new Map(versions.map((version) => [version.id, version])),
    newest: versions.filter(({ packageId }, i) => versions[i - 1]?.packageId !== packageId),
  }
}

/** Names of the capabilities that a partner may know of, and until when that is so. */
export function visibleAt(catalogue: Catalogue, moment: number) {
  const names = new Set<string>()
  let until: number | null = null
  for (const { name, exposures, gates } of catalogue.capabilities.values()) {
    const exposure = at(exposures, moment)
    const readiness = readinessAt(gates, moment)
    until = [exposure.until, readiness.until].reduce(earlier, until)
    const isSeen = exposure.value !== null && isVisible(exposure.value)
    if (isSeen && !readiness.open.some((gate) => gate.onLapse === 'hide')) names.add(name)
  }
  return { names: names as ReadonlySet<string>, until }
}
