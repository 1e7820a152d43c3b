/** The state of the database as digests, one a table: a call that was refused has left all of them as they were. */
import type { TestDatabase } from '../database.ts'

/** Written when a credential is looked at, at most once a minute, whatever becomes of the call. */
const notes = ['last_seen_at', 'last_used_at']

const digests = new WeakMap<TestDatabase['owner'], Promise<string>>()

/** One statement over every table there is. */
async function statementFor(owner: TestDatabase['owner']): Promise<string> {
  const found = await owner.query<{ name: string }>(`
    select c.oid::regclass::text as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname in ('control', 'live', 'sandbox') and c.relkind in ('r', 'p') and not c.relispartition order by 1`)
  const without = notes.map((column) => ` - '${column}'`).join('')
  return found.rows
    .map(
      ({ name }) => `
        select '${name}' as name, md5(coalesce(string_agg(line, '|' order by line), '')) as digest
        from (select (to_jsonb(t)${without})::text as line from ${name} t) as lines`,
    )
    .join(' union all ')
}

export type State = ReadonlyMap<string, string>

export async function stateOf({ owner }: Pick<TestDatabase, 'owner'>): Promise<State> {
  if (!digests.has(owner)) digests.set(owner, statementFor(owner))
  const found = await owner.query<{ name: string; digest: string }>({
    name: 'digests',
    text: await digests.get(owner)!,
  })
  return new Map(found.rows.map(({ name, digest }) => [name, digest]))
}

/** Tables that are not what they were. */
export function changedTables(before: State, now: State): string[] {
  return [...now].filter(([name, digest]) => before.get(name) !== digest).map(([name]) => name)
}
