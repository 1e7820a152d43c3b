/**
 * Statements without their ownership: the condition in front of each `/* owner *` + `/` mark is replaced by one that is
 * always true, on its way to PostgreSQL. What is still right then, row-level security alone holds up.
 */
import type { TestDatabase } from '../database.ts'

const mark = '/* owner */'
const forms = [
  /(?<![\w.])(?:\w+\.)?partner_id (?:=|is not distinct from) (\$\d+)(?:::(uuid))? \/\* owner \*\//g,
  /(?<![\w.])(?:\w+\.)?partner_id = any \((\$\d+)::(uuid\[\])\) \/\* owner \*\//g,
]
const range = /(?<![\w.])(?:\w+\.)?partner_id between (\$\d+) and (\$\d+) \/\* owner \*\//g

type Row = { readonly partnerId?: string; readonly lines?: string | null }
type Found = { readonly rows: readonly Row[] }

/** The parameter stays in it, so that numbers and types of all others are what they were. */
export function withoutOwner(text: string): string {
  const always = (value: string, type = 'uuid') => `(${value}::${type} is not distinct from ${value})`
  const left = forms
    .reduce((rest, form) => rest.replaceAll(form, (_, value: string, type) => always(value, type)), text)
    .replaceAll(range, (_, first: string, last: string) => `(${always(first)} and ${always(last)})`)
  if (left.includes(mark)) {
    const known = '`is not distinct from`, nor `= any`, nor `between`'
    throw new Error(`this is not \`partner_id = $1 ${mark}\`, nor ${known}: ${text}`)
  }
  return left
}

/** Names another partner than the one who asks, as a column or at the beginning of a line (kernel/lines). */
export function isAnothers({ partnerId, lines }: Row, asking: string): boolean {
  const others = (lines ?? '').split('\n').filter((line) => line !== '' && !line.startsWith(asking))
  return others.length > 0 || (partnerId ?? asking) !== asking
}

export type Forgotten = {
  /** Statements that lost a condition, as they were. */
  readonly statements: ReadonlySet<string>
  /** Of those, the ones that read a row with the name of another partner in it: also where nothing comes of it later. */
  readonly strayed: Set<string>
}

/**
 * In the transactions of partners, from the first connection on: those of operators and of the system may touch
 * everybody's rows, and there the condition says which partner is meant.
 */
export function forgetOwners(database: TestDatabase): Forgotten {
  const statements = new Set<string>()
  const strayed = new Set<string>()
  for (const { pool } of [database.control, database.live, database.sandbox]) {
    if (pool.totalCount > 0) throw new Error('the pool has connections already')
    pool.on('connect', (client) => {
      const query = client.query.bind(client) as (...args: unknown[]) => unknown
      let partner = '*'
      const forgetful = (text: unknown, ...rest: unknown[]) => {
        if (typeof text !== 'string') return query(text, ...rest)
        partner = /^begin; set local portico\.partner = '(.*)'/.exec(text)?.[1] ?? partner
        if (partner === '*' || !text.includes(mark)) return query(text, ...rest)
        statements.add(text)
        const asking = partner
        return (query(withoutOwner(text), ...rest) as Promise<Found>).then((found) => {
          if (found.rows.some((row) => isAnothers(row, asking))) strayed.add(text)
          return found
        })
      }
      Object.assign(client, { query: forgetful })
    })
  }
  return { statements, strayed }
}
