/**
 * The database roles of the worlds. Each may use its own schema and `control`, and has no grant on the other
 * world's: code of the sandbox cannot read a live row, whatever it is made to execute.
 */
import { randomBytes } from 'node:crypto'
import type pg from 'pg'
import { searchPaths } from '#/kernel/db/migrations.ts'
import type { Schema } from '#/kernel/db/migrations.ts'

export type Roles = { readonly prefix: string; readonly password: string; readonly demoSecret: string }

export const schemas: readonly Schema[] = ['control', 'live', 'sandbox']

/** Tables of `control` that only the owner may touch. */
const ownerOnly = ['kernel_installation', 'kernel_migration']

export function roleName(roles: Roles, schema: Schema): string {
  return `${roles.prefix}_${schema}`
}

/** Reads the installation's roles, or decides them at the first start. */
export async function readRoles(client: pg.ClientBase): Promise<Roles> {
  await client.query(
    `insert into control.kernel_installation (role_prefix, role_password, demo_secret)
     values ($1, $2, $3) on conflict do nothing`,
    [
      `portico_${randomBytes(4).toString('hex')}`,
      randomBytes(24).toString('hex'),
      randomBytes(24).toString('hex'),
    ],
  )
  const found = await client.query<Roles>(
    `select role_prefix as prefix, role_password as password, demo_secret as "demoSecret"
     from control.kernel_installation`,
  )
  const roles = found.rows[0]
  if (!roles) throw new Error('control.kernel_installation is empty')
  return roles
}

/** Creates missing roles and gives each its grants, also on tables that the owner makes later. Idempotent. */
export async function ensureRoles(
  client: pg.ClientBase,
  roles: Roles,
  extraSchemas: readonly string[],
): Promise<void> {
  for (const schema of schemas) {
    const name = client.escapeIdentifier(roleName(roles, schema))
    const exists = await client.query('select 1 from pg_roles where rolname = $1', [roleName(roles, schema)])
    if (exists.rowCount === 0) {
      // Identifiers and passwords cannot be parameters of DDL; both are ours and are quoted.
      await client.query(`create role ${name} login password ${client.escapeLiteral(roles.password)}`)
    }
    await client.query(`alter role ${name} set search_path to ${searchPaths[schema]}`)
    const own = schema === 'control' ? ['control'] : ['control', schema]
    for (const granted of [...own, ...extraSchemas]) {
      await client.query(`${grants(granted, name)}; ${await withdrawals(client, granted, name)}`)
    }
  }
  for (const table of ownerOnly) {
    for (const schema of schemas) {
      await client.query(
        `revoke all on control.${table} from ${client.escapeIdentifier(roleName(roles, schema))}`,
      )
    }
  }
}

function grants(schema: string, role: string): string {
  const rights = 'select, insert, update, delete'
  return `
    grant usage on schema ${schema} to ${role};
    grant ${rights} on all tables in schema ${schema} to ${role};
    grant usage, select on all sequences in schema ${schema} to ${role};
    grant execute on all functions in schema ${schema} to ${role};
    alter default privileges in schema ${schema} grant ${rights} on tables to ${role};
    alter default privileges in schema ${schema} grant usage, select on sequences to ${role}`
}

/**
 * Takes from the role what the grants above give it too much: a table whose comment begins with `append-only` is
 * written once. Sent with the grants, so in their transaction: at no moment does the role have those rights.
 */
async function withdrawals(client: pg.ClientBase, schema: string, role: string): Promise<string> {
  const found = await client.query<{ name: string }>(
    `select c.oid::regclass::text as name from pg_class as c
     where c.relnamespace = to_regnamespace($1) and c.relkind in ('r', 'p')
       and starts_with(obj_description(c.oid, 'pg_class'), 'append-only')`,
    [schema],
  )
  return found.rows.map(({ name }) => `revoke update, delete on ${name} from ${role}`).join('; ')
}
