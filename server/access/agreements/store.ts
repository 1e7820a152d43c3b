/** Every statement on agreements, their versions, and what happened to them. Events are only added (access/history). */
import type { AgreementTerms } from '#/access/agreements/terms.ts'
import type { Word } from '#/access/history/history.ts'
import type { Tx } from '#/kernel/db/db.ts'

type Reader = Pick<Tx, 'rows'>

export type AgreementState = 'draft' | 'sent' | 'signed' | 'ended' | 'withdrawn'

/** Times in milliseconds, business time. */
export type VersionRow = {
  readonly id: string
  readonly partnerId: string
  readonly agreementId: string
  readonly number: number
  readonly startsAt: number
  readonly endsAt: number | null
  readonly terms: AgreementTerms
}

export const statements = {
  readVersions: `
    select id, partner_id as "partnerId", agreement_id as "agreementId", number::int, terms,
           (extract(epoch from starts_at) * 1000)::float8 as "startsAt",
           (extract(epoch from ends_at) * 1000)::float8 as "endsAt"
    from access_agreement_version
    where partner_id = any ($1::uuid[]) /* owner */ and ($2::timestamptz is null or created_at <= $2)
    order by agreement_id, number`,
  readEvents: `
    select partner_id as "partnerId", version_id as "versionId", state as value, null::float8 as until,
           (extract(epoch from valid_from) * 1000)::float8 as from,
           (extract(epoch from recorded_at) * 1000)::float8 as "saidAt"
    from access_agreement_event
    where partner_id = any ($1::uuid[]) /* owner */ and ($2::timestamptz is null or recorded_at <= $2)`,
} as const

export async function readVersions(reader: Reader, partnerIds: readonly string[], knownAt: Date | null) {
  return reader.rows<VersionRow>(statements.readVersions, [partnerIds, knownAt])
}

export async function readEvents(reader: Reader, partnerIds: readonly string[], knownAt: Date | null) {
  type Row = Word<AgreementState> & { partnerId: string; versionId: string }
  return reader.rows<Row>(statements.readEvents, [partnerIds, knownAt])
}
