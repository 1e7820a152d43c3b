/**
 * What callers may: the facts of partners, and the tables of decisions made of them.
 *
 * Facts stay lines as they were read. A partner's table is made of them when it is first asked for, is shared by all
 * partners that agree in every fact, and is made again when its time is over, so that what was planned takes effect at
 * its moment without anything being announced. Figures: bench/access.bench.ts.
 */
import {
  catalogueOf,
  createTables,
  factsAt,
  factsIn,
  noDecision,
  visibleAt,
} from '#/access/entitlements/entitlements.ts'
import type {
  Catalogue,
  DecisionTable,
  Facts,
  Tables,
  WrittenFacts,
} from '#/access/entitlements/entitlements.ts'
import type { Application, Decision, Environment } from '#/gateway/gateway.ts'
import type { Clock } from '#/kernel/clock/clock.ts'

/** A partner, and the tables that were made of its facts. */
type Standing = {
  readonly written: WrittenFacts
  live: Made | null
  sandbox: Made | null
  /** Of applications that were ever suspended, each its own. */
  apart: Map<string, Made | null> | null
}

/** `by`: the tables of which catalogue. */
type Made = { readonly table: DecisionTable; readonly by: Tables }

/** Business time of each world. */
export type Clocks = Readonly<Record<Environment, Clock>>

export type Directory = {
  /** Names of all that was declared, and that of the Partner API. */
  capabilities(): Iterable<string>
  /** As of now; null: there is no such partner. */
  facts(application: Application, capability: string | null): Facts | null
  decide(application: Application, capability: string | null): Decision
  /** May anyone at all know of it, in any world or in every one? */
  visible(capability: string | null, where: 'anywhere' | 'everywhere'): boolean
  setCatalogue(catalogue: Catalogue): void
  putPartners(partners: readonly WrittenFacts[]): void
}

export function createDirectory(clocks: Clocks): Directory {
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
    const known = standing.apart?.has(id) ? standing.apart.get(id)! : standing[environment]
    if (known !== null && !isOver(known, environment)) return known.table
    const facts = factsIn(standing.written)
    if (facts.applications.size > 0)
      standing.apart ??= new Map([...facts.applications.keys()].map((each) => [each, null]))
    const isApart = facts.applications.has(id)
    const moment = nowOf(clocks[environment])
    const asked = { environment, applicationId: isApart ? id : null, moment }
    const made = { table: tables.tableOf(facts, asked), by: tables }
    if (isApart) standing.apart!.set(id, made)
    else standing[environment] = made
    return made.table
  }

  return {
    capabilities: () => catalogue.capabilities.keys(),
    facts({ id, partnerId, environment }, capability) {
      const standing = partners.get(partnerId)
      if (standing === undefined) return null
      const asked = { environment, applicationId: id, moment: nowOf(clocks[environment]) }
      const found = catalogue.capabilities.get(capability ?? '') ?? null
      return factsAt(catalogue, found, factsIn(standing.written), asked)
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
      for (const written of all) partners.set(written.id, { written, live: null, sandbox: null, apart: null })
    },
  }
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
