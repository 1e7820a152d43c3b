/** The state of the database in a line for each table: a call that was refused has left all of them as they were. */
import type { TestDatabase } from '../database.ts'

/** Written when a credential is looked at, at most once a minute, whatever becomes of the call. */
const notes = ['last_seen_at', 'last_used_at']

type Table = { readonly name: string; readonly noted: boolean }

/**
 * How many rows and, summed, the transactions that wrote them: whatever is written has another writer. Rows that notes
 * are written into are compared whole but for those, which takes longer.
 */
function lineFor({ name, noted }: Table): string {
  const without = notes.map((column) => ` - '${column}'`).join('')
  const digest = noted
    ? `md5(coalesce(string_agg((to_jsonb(t)${without})::text, '|' order by t::text), ''))`
    : `count(*) || ' ' || coalesce(sum(t.xmin::text::bigint), 0)`
  return `select '${name}' as name, ${digest} as state from ${name} t`
}

const statements = new WeakMap<TestDatabase['owner'], Promise<string>>()

/** One over every table there is. */
async function statementFor(owner: TestDatabase['owner']): Promise<string> {
  const found = await owner.query<Table>(
    `
    select c.oid::regclass::text as name, exists (
      select from pg_attribute a where a.attrelid = c.oid and a.attname = any($1) and not a.attisdropped
    ) as noted
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname in ('control', 'live', 'sandbox') and c.relkind = 'r' order by 1`,
    [notes],
  )
  return found.rows.map(lineFor).join(' union all ')
}

export type State = ReadonlyMap<string, string>

export async function stateOf({ owner }: Pick<TestDatabase, 'owner'>): Promise<State> {
  if (!statements.has(owner)) statements.set(owner, statementFor(owner))
  const text = await statements.get(owner)!
  const found = await owner.query<{ name: string; state: string }>({ name: 'state', text })
  return new Map(found.rows.map(({ name, state }) => [name, state]))
}

/** Tables that are not what they were. */
export function changedTables(before: State, now: State): string[] {
  return [...now].filter(([name, state]) => before.get(name) !== state).map(([name]) => name)
}
