/**
 * Who did what: collected on the transaction like events, and written with it. The kernel knows the shape of a
 * line and not what becomes of it; `governance/audit` provides the sink.
 */
import type { Actor } from '#/kernel/db/actor.ts'

/** Holds ids, enumerations and names of fields; no personal data and no secret. */
export type AuditLine = {
  /** Area and verb, `keys.revoke`. */
  readonly action: string
  readonly subject: { readonly kind: string; readonly id: string } | null
  /** Whose line it is as well; null: the provider's alone. */
  readonly partnerId: string | null
  readonly reason: string | null
  readonly changes: Readonly<Record<string, unknown>> | null
}

/** The little that writing needs of a database client. */
export type Queryable = { query(text: string, values: unknown[]): Promise<unknown> }

export type AuditSink = {
  /** `at` is wall time; `address` is where the actor called from, null for the system. */
  write(
    client: Queryable,
    at: Date,
    actor: Actor,
    address: string | null,
    lines: readonly AuditLine[],
  ): Promise<void>
}
