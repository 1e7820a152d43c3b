/**
 * Who calls and what they may: keys, applications, the facts of partners, and the tables of decisions made of them.
 *
 * A key is one small object that shares its application's. A partner's table is made when it is first asked for, is
 * shared by all partners that agree in every fact, and is made again when its time is over, so that what was planned
 * takes effect at its moment without anything being announced. Figures: bench/access.bench.ts.
 */
import {
  catalogueOf,
  createTables,
  factsAt,
  noDecision,
  visibleAt,
} from '#/access/entitlements/entitlements.ts'
import type {
  Catalogue,
  DecisionTable,
  Facts,
  PartnerFacts,
  Tables,
} from '#/access/entitlements/entitlements.ts'
import type { Application, Credential, Decision, Environment } from '#/gateway/gateway.ts'
import { networkCheck } from '#/identity/keys/keys.ts'
import type { Clock } from '#/kernel/clock/clock.ts'
import type { ApplicationRow, KeyRow } from '#/publish/snapshot/store.ts'

/** A partner, and the tables that were made of its facts. */
type Standing = {
  readonly facts: PartnerFacts
  live: Made | null
  sandbox: Made | null
  /** Of applications that were ever suspended, each its own; null: there was none. */
  readonly apart: Map<string, Made> | null
}

/** `by`: the tables of which catalogue. */
type Made = { readonly table: DecisionTable; readonly by: Tables }

/** Business time of each world. */
export type Clocks = Readonly<Record<Environment, Clock>>

export type Directory = {
  readonly credential: (digest: string) => Credential | undefined
  application(id: string): Application | undefined
  /** Names of all that was declared, and that of the Partner API. */
  capabilities(): Iterable<string>
  /** As of now; null: there is no such partner. */
  facts(application: Application, capability: string | null): Facts | null
  decide(application: Application, capability: string | null): Decision
  /** May anyone at all know of it, in any world or in every one? */
  visible(capability: string | null, where: 'anywhere' | 'everywhere'): boolean
  setCatalogue(catalogue: Catalogue): void
  putPartners(partners: readonly PartnerFacts[]): void
  putApplications(rows: readonly ApplicationRow[]): void
  /** Their applications are in it. `now`: wall clock, milliseconds. */
  putKeys(rows: readonly KeyRow[], now: number): void
  size(): Readonly<Record<'partners' | 'applications' | 'keys' | 'tables', number>>
}

export function createDirectory(clocks: Clocks): Directory {
  const keys = new Map<string, Credential>()
  const applications = new Map<string, Application>()
  const partners = new Map<string, Standing>()
  let catalogue = catalogueOf([], [])
  let tables = createTables(catalogue)
  let sights = createSights(catalogue, clocks)

  /** The clock is only read for what ends: the plain case allocates nothing. */
  function isOver({ table: { validUntil }, by }: Made, environment: Environment): boolean {
    if (by !== tables) return true
    return validUntil !== Number.POSITIVE_INFINITY && nowOf(clocks[environment]) >= validUntil
  }

  function tableOf(standing: Standing, { id, environment }: Application): DecisionTable {
    const { facts } = standing
    const apart = facts.applications.has(id) ? standing.apart : null
    const known = apart === null ? standing[environment] : apart.get(id)
    if (known && !isOver(known, environment)) return known.table
    const moment = nowOf(clocks[environment])
    const asked = { environment, applicationId: apart === null ? null : id, moment }
    const made = { table: tables.tableOf(facts, asked), by: tables }
    if (apart === null) standing[environment] = made
    else apart.set(id, made)
    return made.table
  }

  return {
    credential: (digest) => keys.get(digest),
    application: (id) => applications.get(id),
    capabilities: () => catalogue.capabilities.keys(),
    facts({ id, partnerId, environment }, capability) {
      const standing = partners.get(partnerId)
      if (standing === undefined) return null
      const asked = { environment, applicationId: id, moment: nowOf(clocks[environment]) }
      return factsAt(catalogue, catalogue.capabilities.get(capability ?? '') ?? null, standing.facts, asked)
    },
    decide(application, capability) {
      const standing = capability === null ? undefined : partners.get(application.partnerId)
      if (standing === undefined) return noDecision
      return tableOf(standing, application).decisions.get(capability!) ?? noDecision
    },
    visible(capability, where) {
      if (capability === null) return false
      const live = sights.live().has(capability)
      const sandbox = sights.sandbox().has(capability)
      return where === 'anywhere' ? live || sandbox : live && sandbox
    },
    setCatalogue(next) {
      catalogue = next
      tables = createTables(next)
      sights = createSights(next, clocks)
    },
    putPartners(all) {
      for (const facts of all) partners.set(facts.id, standingOf(facts))
    },
    putApplications(rows) {
      for (const { id, partnerId, environment } of rows) applications.set(id, { id, partnerId, environment })
    },
    putKeys(rows, now) {
      for (const row of rows) keys.set(row.digest, credentialOf(row, applications, now))
    },
    size: () => {
      const all = { partners: partners.size, applications: applications.size, keys: keys.size }
      return { ...all, tables: tables.size() }
    },
  }
}

function standingOf(facts: PartnerFacts): Standing {
  return { facts, live: null, sandbox: null, apart: facts.applications.size > 0 ? new Map() : null }
}

/** What partners may know of in each world, looked at again when that may be otherwise. */
function createSights(catalogue: Catalogue, clocks: Clocks): Record<Environment, () => ReadonlySet<string>> {
  const sightIn = (environment: Environment) => {
    let seen: ReturnType<typeof visibleAt> | null = null
    return () => {
      if (seen !== null && seen.until === null) return seen.names
      const now = nowOf(clocks[environment])
      if (seen === null || now >= seen.until!) seen = visibleAt(catalogue, now)
      return seen.names
    }
  }
  return { live: sightIn('live'), sandbox: sightIn('sandbox') }
}

function nowOf(clock: Clock): number {
  return clock.business().getTime()
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
