/**
 * What leaves with a commit: domain events (the outbox) and changes of what the gateways hold in memory
 * (the change log). Both are collected on the transaction and written as its last statements.
 */

/** A domain event, `identity.key_revoked`. Holds ids, no personal data and no secret. */
export type Emitted = { readonly type: string; readonly partnerId: string | null; readonly data: object }

/** Something that a gateway's snapshot holds has changed: its kind and the row, or null for all of the kind. */
export type Change = { readonly topic: string; readonly id: string | null }

/** The little that writing needs of a database client. */
type Queryable = { query(text: string, values: unknown[]): Promise<unknown> }

export const statements = {
  emit: `
    insert into kernel_outbox (id, type, partner_id, data, occurred_at)
    select id, type, partner_id, data, $5
    from unnest($1::uuid[], $2::text[], $3::uuid[], $4::jsonb[]) as event (id, type, partner_id, data)`,
  // The counter row is locked from here to the commit, which is what makes the numbers stand in the order of
  // the commits and without gaps; so this is the transaction's last statement, and readers may trust "all
  // numbers above mine". A sequence gives neither.
  change: `
    with counter as (
      update control.kernel_change_counter set last = last + cardinality($1::text[]) returning last
    ), written as (
      insert into control.kernel_change (number, topic, row_id)
      select counter.last - cardinality($1::text[]) + changed.position, changed.topic, changed.row_id
      from counter, unnest($1::text[], $2::uuid[]) with ordinality as changed (topic, row_id, position)
    )
    select pg_notify('portico_change', counter.last::text) from counter`,
} as const

/** Writes what a transaction collected; called by `transact` alone, just before the commit. */
export async function writeCollected(
  client: Queryable,
  now: Date,
  emitted: readonly (Emitted & { id: string })[],
  changes: readonly Change[],
): Promise<void> {
  if (emitted.length > 0) {
    await client.query(statements.emit, [
      emitted.map((event) => event.id),
      emitted.map((event) => event.type),
      emitted.map((event) => event.partnerId),
      emitted.map((event) => JSON.stringify(event.data)),
      now,
    ])
  }
  if (changes.length > 0) {
    await client.query(statements.change, [
      changes.map((change) => change.topic),
      changes.map((change) => change.id),
    ])
  }
}
