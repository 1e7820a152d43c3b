/**
 * Who acts, and what is written of it. The kernel knows ids, for row-level security the partner somebody acts for, and
 * the shape of a line in the audit; what becomes of lines `governance/audit` knows, which provides the sink.
 */
export type Actor =
  | { readonly kind: 'system'; readonly name: string }
  /** A person of the provider. */
  | { readonly kind: 'operator'; readonly id: string; readonly role: string }
  /** A service of the provider, by its service key. */
  | { readonly kind: 'service'; readonly id: string; readonly role: string }
  /** A person of a partner. */
  | { readonly kind: 'member'; readonly id: string; readonly partnerId: string; readonly role: string }
  /** An application of a partner, by its key. */
  | { readonly kind: 'application'; readonly id: string; readonly partnerId: string }

/** The partner whose rows the actor may touch; `*`: everyone's. */
export function partnerOf(actor: Actor): string {
  return 'partnerId' in actor ? actor.partnerId : '*'
}

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
