/** Every statement that writes usage. They are idempotent: a journal may be read twice, by anyone, at any time. */
import type { ExchangeRecord, StreamEnd } from '#/gateway/gateway.ts'
import type { Tx } from '#/kernel/db/db.ts'
import type { RefusalCount } from '#/usage/journal/journal.ts'

const hourColumns = `partner_id, hour, contract, operation, application_id, calls, metered, client_errors,
      server_errors, broken_streams, request_bytes, response_bytes, duration_us, duration_max_us, upstream_us`

/** In the order of the key: two processes that count the same hours wait for each other instead of locking up. */
const keyOrder = 'order by partner_id, hour, contract, operation, application_id'

export const statements = {
  /**
   * Only rows that were really inserted are counted, so a line read twice counts once. Hours are cut from
   * text-free arithmetic, as date_trunc would follow the session's time zone.
   */
  insertExchanges: `
    with fresh as (
      insert into usage_exchange (id, received_at, partner_id, application_id, credential_id, contract,
        api_version, operation, method, status, code, metered, duration_us, upstream_us, request_bytes,
        response_bytes)
      select *
      from unnest($1::uuid[], $2::timestamptz[], $3::uuid[], $4::uuid[], $5::uuid[], $6::text[], $7::text[],
        $8::text[], $9::text[], $10::bigint[], $11::text[], $12::boolean[], $13::bigint[], $14::bigint[],
        $15::bigint[], $16::bigint[])
      on conflict (id) do nothing
      returning *
    ), counted as (
      insert into usage_hour as total (${hourColumns})
      select partner_id, date_bin('1 hour', received_at, 'epoch') as hour, contract, operation, application_id,
        count(*), count(*) filter (where metered), count(*) filter (where status between 400 and 499),
        count(*) filter (where status >= 500), 0, sum(request_bytes), coalesce(sum(response_bytes), 0),
        sum(duration_us), max(duration_us), sum(upstream_us)
      from fresh
      group by 1, 2, 3, 4, 5
      ${keyOrder}
      on conflict (partner_id, hour, contract, operation, application_id) do update set
        calls = total.calls + excluded.calls,
        metered = total.metered + excluded.metered,
        client_errors = total.client_errors + excluded.client_errors,
        server_errors = total.server_errors + excluded.server_errors,
        request_bytes = total.request_bytes + excluded.request_bytes,
        response_bytes = total.response_bytes + excluded.response_bytes,
        duration_us = total.duration_us + excluded.duration_us,
        duration_max_us = greatest(total.duration_max_us, excluded.duration_max_us),
        upstream_us = total.upstream_us + excluded.upstream_us
    )
    select count(*)::int as inserted from fresh`,
  /** The bounds keep the planner to the partitions that can hold the ids. A stream ends once. */
  endStreams: `
    with ended as (
      update usage_exchange as exchange
      set response_bytes = stream.response_bytes, ended_us = stream.ended_us, ended_code = stream.ended_code
      from unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::text[])
        as stream (id, response_bytes, ended_us, ended_code)
      where exchange.id = stream.id and exchange.response_bytes is null
        and exchange.id between $5::uuid and $6::uuid
      returning exchange.*
    ), counted as (
      insert into usage_hour as total (${hourColumns})
      select partner_id, date_bin('1 hour', received_at, 'epoch') as hour, contract, operation, application_id,
        0, 0, 0, 0, count(ended_code), 0, sum(response_bytes), 0, 0, 0
      from ended
      group by 1, 2, 3, 4, 5
      ${keyOrder}
      on conflict (partner_id, hour, contract, operation, application_id) do update set
        broken_streams = total.broken_streams + excluded.broken_streams,
        response_bytes = total.response_bytes + excluded.response_bytes
    )
    select count(*)::int as ended from ended`,
  insertRefusals: `
    insert into control.usage_refusal (id, minute, status, code, operation, count)
    select * from unnest($1::uuid[], $2::timestamptz[], $3::bigint[], $4::text[], $5::text[], $6::bigint[])
    on conflict (id) do nothing`,
  ensureDay: 'select usage_ensure_day($1::date) as made',
  savePosition: `
    insert into usage_journal as journal (id, segment, position, drained_until)
    values ($1::uuid, $2::bigint, $3::bigint, $4::timestamptz)
    on conflict (id) do update set
      segment = excluded.segment,
      position = excluded.position,
      drained_until = greatest(journal.drained_until, excluded.drained_until)`,
  findPosition:
    'select segment::float8 as segment, position::float8 as position from usage_journal where id = $1::uuid',
  forgetJournal: 'delete from usage_journal where id = $1::uuid',
} as const

/** Returns how many were new. */
export async function insertExchanges(tx: Tx, list: readonly ExchangeRecord[]): Promise<number> {
  const rows = await tx.rows<{ inserted: number }>(statements.insertExchanges, [
    list.map((one) => one.id),
    list.map((one) => new Date(one.receivedAt).toISOString()),
    list.map((one) => one.partnerId),
    list.map((one) => one.applicationId),
    list.map((one) => one.credentialId),
    list.map((one) => one.contract),
    list.map((one) => one.apiVersion),
    list.map((one) => one.operation),
    list.map((one) => one.method),
    list.map((one) => one.status),
    list.map((one) => one.code),
    list.map((one) => one.metered),
    list.map((one) => one.durationUs),
    list.map((one) => one.upstreamUs),
    list.map((one) => one.requestBytes),
    list.map((one) => one.responseBytes),
  ])
  return rows[0]?.inserted ?? 0
}

/** Returns how many had been open. */
export async function endStreams(tx: Tx, ends: readonly StreamEnd[]): Promise<number> {
  const ids = ends.map((end) => end.id)
  const sorted = ids.toSorted()
  const rows = await tx.rows<{ ended: number }>(statements.endStreams, [
    ids,
    ends.map((end) => end.responseBytes),
    ends.map((end) => end.durationUs),
    ends.map((end) => end.code),
    sorted[0],
    sorted.at(-1),
  ])
  return rows[0]?.ended ?? 0
}

export async function insertRefusals(tx: Tx, counts: readonly RefusalCount[]): Promise<void> {
  await tx.rows(statements.insertRefusals, [
    counts.map((one) => one.id),
    counts.map((one) => new Date(one.minute).toISOString()),
    counts.map((one) => one.status),
    counts.map((one) => one.code),
    counts.map((one) => one.operation),
    counts.map((one) => one.count),
  ])
}

/** `2026-11-01`, UTC. True when it was missing. */
export async function ensureDay(tx: Tx, day: string): Promise<boolean> {
  const rows = await tx.rows<{ made: boolean }>(statements.ensureDay, [day])
  return rows[0]?.made ?? false
}

export type Position = { readonly segment: number; readonly position: number }

/** `drainedUntil`: everything answered before it is in; null when that is not known to have moved. */
export async function savePosition(
  tx: Tx,
  journal: string,
  at: Position,
  drainedUntil: Date | null,
): Promise<void> {
  await tx.rows(statements.savePosition, [journal, at.segment, at.position, drainedUntil])
}

export async function findPosition(tx: Tx, journal: string): Promise<Position | undefined> {
  const rows = await tx.rows<Position>(statements.findPosition, [journal])
  return rows[0]
}

export async function forgetJournal(tx: Tx, journal: string): Promise<void> {
  await tx.rows(statements.forgetJournal, [journal])
}
