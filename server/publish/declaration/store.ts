/** What the file said when it was last applied. All else that a declaration writes goes through the doors of those who own it. */
import type { Tx } from '#/kernel/db/db.ts'
import type { Fields, Kind } from '#/publish/declaration/things.ts'

export const statements = {
  // Any number of our own. Two that apply at once would each compare with what the other is about to change.
  lockDeclaration: `select pg_advisory_xact_lock(7301942514)`,
  listDeclared: `select kind, name, fields, applied_at as "appliedAt" from publish_declared order by kind, name`,
  upsertDeclared: `
    insert into publish_declared as kept (kind, name, fields, applied_at)
    select kind, name, fields, $2 from jsonb_to_recordset($1::jsonb) as said (kind text, name text, fields jsonb)
    on conflict (kind, name) do update set fields = excluded.fields, applied_at = excluded.applied_at
    where kept.fields <> excluded.fields`,
  deleteOthers: `
    delete from publish_declared as kept where not exists (
      select from jsonb_to_recordset($1::jsonb) as said (kind text, name text)
      where said.kind = kept.kind and said.name = kept.name)`,
  listOperations: `select method, path, capability from publish_operation order by method, path`,
  // None is taken away: what a contract drops may come back.
  upsertOperations: `
    insert into publish_operation as kept (method, path, capability)
    select method, path, capability
    from jsonb_to_recordset($1::jsonb) as said (method text, path text, capability text)
    on conflict (method, path) do update set capability = excluded.capability
    where kept.capability <> excluded.capability`,
} as const

export type Declared = { readonly kind: Kind; readonly name: string; readonly fields: Fields }

/** The tables of what people change by hand of the things that a file names. */
const lockTables = `
  lock table identity_partner, identity_application, access_capability, access_exposure, access_gate, access_gate_need,
    access_gate_policy, access_evidence, access_rollout, access_attribute, access_package, access_package_version,
    access_assignment
  in share row exclusive mode`

/**
 * Until the end of the transaction nobody else applies a file, and nobody changes by hand what is about to be compared:
 * a change between the comparison and the writing would be overwritten without a word. Reading goes on. Apart from the
 * other statements: `lock` cannot be prepared.
 */
export async function lockDeclaration(tx: Tx): Promise<void> {
  await tx.rows(statements.lockDeclaration)
  await tx.rows(lockTables)
}

export async function listDeclared(tx: Tx) {
  return tx.rows<Declared & { readonly appliedAt: Date }>(statements.listDeclared)
}

/** Keeps these and no others. */
export async function keepDeclared(tx: Tx, declared: readonly Declared[]): Promise<void> {
  const text = JSON.stringify(declared.map(({ kind, name, fields }) => ({ kind, name, fields })))
  await tx.rows(statements.upsertDeclared, [text, tx.now])
  await tx.rows(statements.deleteOthers, [text])
}

export type KeptOperation = { readonly method: string; readonly path: string; readonly capability: string }

export async function listOperations(tx: Tx) {
  return tx.rows<KeptOperation>(statements.listOperations)
}

/** Each method and path once. */
export async function keepOperations(tx: Tx, operations: readonly KeptOperation[]): Promise<void> {
  await tx.rows(statements.upsertOperations, [JSON.stringify(operations)])
}
