/** Which tables partners own, as the schema says: those with the policy of ownership. */
import type { TestDatabase } from '../database.ts'

/** With the schema in front where it is not `control`; a table of the worlds as it stands in `live`. */
export async function ownedTables(owner: TestDatabase['owner']): Promise<string[]> {
  const found = await owner.query<{ name: string }>(`
    select polrelid::regclass::text as name from pg_policy join pg_class c on c.oid = polrelid
    join pg_namespace n on n.oid = c.relnamespace
    where polname = 'portico_owner' and n.nspname in ('control', 'live') order by 1`)
  return found.rows.map(({ name }) => name)
}
