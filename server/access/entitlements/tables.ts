/**
 * Tables of decisions, one for each distinct set of facts: partners that agree in all of them share one. A table is
 * made when it is first asked for, so that a change of a capability costs each partner its next call a look at its
 * facts, and no call the making of all tables.
 */
import type { Catalogue } from '#/access/entitlements/catalogue.ts'
import { asDecision, judge } from '#/access/entitlements/decide.ts'
import { factsOf, standingAt } from '#/access/entitlements/facts.ts'
import type { Asked, Facts, PartnerFacts } from '#/access/entitlements/facts.ts'
import { earlier } from '#/access/history/history.ts'
import type { Decision } from '#/gateway/gateway.ts'

export type DecisionTable = {
  /** By the name of the capability. What is not in it is `noDecision`. */
  readonly decisions: ReadonlyMap<string, Decision>
  /** Milliseconds of business time; infinity: until a change is announced. */
  readonly validUntil: number
}

export type Tables = {
  /** Of the moment asked for. */
  tableOf(partner: PartnerFacts, asked: Asked): DecisionTable
  size(): number
}

/** Tables of sets of facts that nobody has any more are let go with all others, and made again where they are needed. */
const mostKept = 100_000

export function createTables(catalogue: Catalogue, most = mostKept): Tables {
  const capabilities = [...catalogue.capabilities.values()]
  const tables = new Map<string, DecisionTable>()
  return {
    tableOf(partner, asked) {
      const standing = standingAt(catalogue, partner, asked)
      const all = capabilities.map((capability) => factsOf(standing, capability))
      const validUntil = all.reduce<number | null>((until, facts) => earlier(until, facts.validUntil), null)
      const name = `${validUntil} ${signatureOf(all)}`
      let table = tables.get(name)
      if (table === undefined) {
        if (tables.size >= most) tables.clear()
        table = {
          decisions: decisionsOf(all, validUntil),
          validUntil: validUntil ?? Number.POSITIVE_INFINITY,
        }
        tables.set(name, table)
      }
      return table
    },
    size: () => tables.size,
  }
}

/** All end with the table: of two partners who share it one may have later edges than the other, and none earlier. */
function decisionsOf(all: readonly Facts[], validUntil: number | null): ReadonlyMap<string, Decision> {
  return new Map(all.map((facts) => [facts.capability!.name, asDecision({ ...judge(facts), validUntil })]))
}

/** What two partners must agree in to share a table, where the catalogue and the end of the table are the same. */
function signatureOf(all: readonly Facts[]): string {
  const { environment, partner, application, package: on, agreement } = all[0]!
  let signature = `${environment} ${partner.value} ${application.value} ${on.value?.id}`
  signature += ` ${agreement.posture} ${agreement.version?.id}`
  for (const { granted, rollout, pilot } of all) {
    signature += ` ${granted.value ? 1 : 0}${rollout.included ? 1 : 0}${pilot.posture}${pilot.place.value}`
  }
  return signature
}
