/**
 * Who calls and what they may: keys, applications, partners and decisions, in memory.
 *
 * A key is one small object that shares its application's; all partners on one package and in one state share
 * one table of decisions. 100,000 partners with 300,000 keys: 116 MiB, loaded in 2.3 s, and 1.1 µs to parse a
 * key, find it and look its decision up (bench/access.bench.ts, two busy cores).
 */
import { isVisible, ownCapability } from '#/access/capabilities/capabilities.ts'
import type { Capability } from '#/access/capabilities/capabilities.ts'
import { compileDecisions, noDecision } from '#/access/entitlements/entitlements.ts'
import type { PackageVersion } from '#/access/packages/packages.ts'
import type { Application, Credential, Decision } from '#/gateway/gateway.ts'
import { networkCheck } from '#/identity/keys/keys.ts'
import type { ApplicationRow, KeyRow, PartnerRow } from '#/publish/snapshot/store.ts'

/** Shared by all partners of whom both are true. */
type Standing = {
  readonly state: PartnerRow['state']
  readonly versionId: string | null
  decisions: ReadonlyMap<string, Decision>
}

export type Grants = {
  readonly capabilities: readonly Capability[]
  /** By name, the newest version of each first. */
  readonly packages: readonly PackageVersion[]
}

export type Directory = {
  readonly credential: (digest: string) => Credential | undefined
  decide(application: Application, capability: string | null): Decision
  /** May anyone at all know of it? */
  visible(capability: string | null): boolean
  setGrants(grants: Grants): void
  putPartners(rows: readonly PartnerRow[]): void
  putApplications(rows: readonly ApplicationRow[]): void
  /** Their applications are in it. `now`: wall clock, milliseconds. */
  putKeys(rows: readonly KeyRow[], now: number): void
  size(): { readonly partners: number; readonly applications: number; readonly keys: number }
}

export function createDirectory(): Directory {
  const keys = new Map<string, Credential>()
  const applications = new Map<string, Application>()
  const partners = new Map<string, Standing>()
  const standings = new Map<string, Standing>()
  let grants: Grants = { capabilities: [], packages: [] }
  let known: ReadonlySet<string> = new Set()

  function decisionsOf({ state, versionId }: Pick<Standing, 'state' | 'versionId'>) {
    const found = grants.packages.find((each) => each.id === versionId) ?? null
    const newest = grants.packages.filter(({ name }, i, all) => all[i - 1]?.name !== name)
    const facts = { partnerState: state, package: found, packages: newest }
    return compileDecisions(facts, grants.capabilities)
  }

  function standingOf({ state, versionId }: PartnerRow): Standing {
    const name = `${state} ${versionId}`
    let standing = standings.get(name)
    if (standing === undefined) {
      standing = { state, versionId, decisions: decisionsOf({ state, versionId }) }
      standings.set(name, standing)
    }
    return standing
  }

  return {
    credential: (digest) => keys.get(digest),
    decide(application, capability) {
      if (capability === null) return noDecision
      return partners.get(application.partnerId)?.decisions.get(capability) ?? noDecision
    },
    visible: (capability) => capability !== null && known.has(capability),
    setGrants(next) {
      grants = next
      const visible = next.capabilities.filter((each) => isVisible(each.exposure)).map((each) => each.name)
      known = new Set([...visible, ownCapability])
      for (const standing of standings.values()) standing.decisions = decisionsOf(standing)
    },
    putPartners(rows) {
      for (const row of rows) partners.set(row.id, standingOf(row))
    },
    putApplications(rows) {
      for (const { id, partnerId, environment } of rows) applications.set(id, { id, partnerId, environment })
    },
    putKeys(rows, now) {
      for (const row of rows) keys.set(row.digest, credentialOf(row, applications, now))
    },
    size: () => ({ partners: partners.size, applications: applications.size, keys: keys.size }),
  }
}

function credentialOf(row: KeyRow, applications: ReadonlyMap<string, Application>, now: number): Credential {
  const application = applications.get(row.applicationId)
  if (!application) throw new Error(`the application ${row.applicationId} of a key is not in the snapshot`)
  // A revocation is never in the future, whatever the clock of the database's machine says.
  const revokedAt = row.revokedAt === null ? null : Math.min(row.revokedAt, now)
  return {
    id: row.id,
    application,
    expiresAt: row.expiresAt,
    revokedAt,
    scopes: row.scopes === null ? null : sharedScopes(row.scopes),
    usableFrom: row.networks === null ? null : networkCheck(row.networks),
    member: null,
  }
}

/** Keys with the same scopes, and most have a few usual ones, share one set. */
const scopeSets = new Map<string, ReadonlySet<string>>()

function sharedScopes(scopes: readonly string[]): ReadonlySet<string> {
  const name = scopes.toSorted().join(' ')
  let set = scopeSets.get(name)
  if (set === undefined) scopeSets.set(name, (set = new Set(scopes)))
  return set
}
