/** Rows in memory: those that everyone sees and those of each partner, which no other partner ever sees. */
import type { Row } from './model.ts'

export type Page<R> = { readonly rows: readonly R[]; readonly more: boolean }

export type Shelf<R extends Row> = {
  /** A row of another partner is answered like an absent one. */
  find(partner: string, id: string): R | undefined
  /** Newest first; `before` is the number of the last row of the page before. */
  page(partner: string, before: number, limit: number, matches: (row: R) => boolean): Page<R>
  add(partner: string, make: (id: string) => R): R
  /** Only a partner's own row can be replaced. */
  replace(partner: string, row: R): void
}

/** A demonstration must not grow without end under a load test: the oldest row of a partner makes room. */
const rowsPerPartner = 5000

export function numberOf(id: string): number {
  return Number(id.slice(id.indexOf('_') + 1))
}

export function createShelf<R extends Row>(prefix: string, seeds: readonly R[]): Shelf<R> {
  const shared = new Map(seeds.map((row) => [row.id, row]))
  const owned = new Map<string, Map<string, R>>()
  let last = Math.max(0, ...seeds.map((row) => numberOf(row.id)))

  function newestFirst(partner: string): R[] {
    return [...shared.values(), ...(owned.get(partner)?.values() ?? [])].toReversed()
  }

  return {
    find: (partner, id) => owned.get(partner)?.get(id) ?? shared.get(id),
    page: (partner, before, limit, matches) => {
      const rows: R[] = []
      for (const row of newestFirst(partner)) {
        if (numberOf(row.id) >= before || !matches(row)) continue
        if (rows.length === limit) return { rows, more: true }
        rows.push(row)
      }
      return { rows, more: false }
    },
    add: (partner, make) => {
      last += 1
      const row = make(`${prefix}_${last}`)
      const mine = owned.get(partner) ?? new Map<string, R>()
      owned.set(partner, mine.set(row.id, row))
      for (const oldest of mine.keys()) {
        if (mine.size <= rowsPerPartner) break
        mine.delete(oldest)
      }
      return row
    },
    replace: (partner, row) => {
      const mine = owned.get(partner)
      if (!mine?.has(row.id)) throw new Error(`${row.id} is not ${partner}'s`)
      mine.set(row.id, row)
    },
  }
}
