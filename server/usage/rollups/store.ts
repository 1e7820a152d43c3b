/** Reads the hourly counts. The partner comes first: there is no way to ask for everybody's. */
import type { Tx } from '#/kernel/db/db.ts'

export const statements = {
  /**
   * Sums the applications of a partner along the primary key, which is also the order of the answer, so a
   * page costs its own rows wherever it begins (rollups.test.ts looks at the plan).
   */
  listHours: `
    select hour, contract, operation, sum(calls)::float8 as calls, sum(metered)::float8 as metered,
      sum(client_errors)::float8 as "clientErrors", sum(server_errors)::float8 as "serverErrors",
      sum(broken_streams)::float8 as "brokenStreams", sum(request_bytes)::float8 as "requestBytes",
      sum(response_bytes)::float8 as "responseBytes", sum(duration_us)::float8 as "durationUs",
      max(duration_max_us)::float8 as "durationMaxUs"
    from usage_hour
    where partner_id = $1 /* owner */ and hour >= $2::timestamptz and hour < $3::timestamptz
      and ($4::text is null or operation = $4)
      and (hour, contract, operation) > ($5::timestamptz, $6::text collate "C", $7::text collate "C")
    group by hour, contract, operation
    order by hour, contract, operation
    limit $8`,
  /** A journal that has been silent for a day is a node that will not come back; it holds nobody up any more. */
  completeUntil: `
    select min(drained_until) as until from usage_journal where drained_until > $1::timestamptz`,
} as const

export type HourRow = {
  readonly hour: Date
  readonly contract: string
  readonly operation: string
  readonly calls: number
  readonly metered: number
  readonly clientErrors: number
  readonly serverErrors: number
  readonly brokenStreams: number
  readonly requestBytes: number
  readonly responseBytes: number
  readonly durationUs: number
  readonly durationMaxUs: number
}

/** The key of the last row that was shown. */
export type Place = { readonly hour: string; readonly contract: string; readonly operation: string }

/** Half-open, `[from, to)`. */
export type Filter = { readonly from: string; readonly to: string; readonly operation: string | null }

export async function listHours(
  tx: Tx,
  partnerId: string,
  filter: Filter,
  after: Place | null,
  limit: number,
): Promise<HourRow[]> {
  // Nothing is named by an empty text, so this stands before every row of the first hour.
  const { hour, contract, operation } = after ?? { hour: filter.from, contract: '', operation: '' }
  const { from, to } = filter
  return tx.rows(statements.listHours, [
    partnerId,
    from,
    to,
    filter.operation,
    hour,
    contract,
    operation,
    limit,
  ])
}

/** Null where no journal is known. */
export async function completeUntil(tx: Tx, notBefore: Date): Promise<Date | null> {
  const rows = await tx.rows<{ until: Date | null }>(statements.completeUntil, [notBefore])
  return rows[0]?.until ?? null
}
