/** Every statement on partners. */
import type { Tx } from '#/kernel/db/db.ts'
import { inMilliseconds, lines, ofPartners, readLines } from '#/kernel/lines/lines.ts'
import type { Partners } from '#/kernel/lines/lines.ts'

export type Partner = {
  readonly id: string
  /** Short name for files, addresses and the command line: `helio-works`. Never changes. */
  readonly slug: string
  readonly name: string
  readonly state: 'active' | 'suspended'
  readonly createdAt: Date
}

const columns = 'id, slug, name, state, created_at as "createdAt"'

export const statements = {
  insertPartner: `
    insert into identity_partner (id, slug, name) values ($1, $2, $3) on conflict (slug) do nothing
    returning ${columns}`,
  selectPartner: `select ${columns} from identity_partner where id = $1`,
  selectPartnerBySlug: `select ${columns} from identity_partner where slug = $1`,
  listPartners: `
    select ${columns} from identity_partner
    where ($1::text is null or state = $1) and ($2::uuid is null or id > $2) order by id limit $3`,
  renamePartner: `update identity_partner set name = $2 where id = $1 and name <> $2 returning ${columns}`,
  setPartnerState: `update identity_partner set state = $2 where id = $1 and state <> $2 returning ${columns}`,
  insertStanding: `
    insert into identity_standing (id, partner_id, application_id, state, reason, valid_from)
    values ($2, $1, $3, $4, $5, $6)`,
  readStandings: `
    select ${lines('partner_id', 'application_id', 'state', inMilliseconds('valid_from'), inMilliseconds('recorded_at'))}
    from identity_standing where ${ofPartners} and ($4::timestamptz is null or recorded_at <= $4)`,
} as const

/** No row when the slug is taken. */
export async function insertPartner(tx: Tx, id: string, slug: string, name: string) {
  return (await tx.rows<Partner>(statements.insertPartner, [id, slug, name]))[0]
}

export async function selectPartner(tx: Tx, partnerId: string) {
  return (await tx.rows<Partner>(statements.selectPartner, [partnerId]))[0]
}

export async function selectPartnerBySlug(tx: Tx, slug: string) {
  return (await tx.rows<Partner>(statements.selectPartnerBySlug, [slug]))[0]
}

export async function listPartners(
  tx: Tx,
  state: Partner['state'] | null,
  after: string | null,
  limit: number,
) {
  return tx.rows<Partner>(statements.listPartners, [state, after, limit])
}

/** No row when the name is the one it has. */
export async function renamePartner(tx: Tx, partnerId: string, name: string) {
  return (await tx.rows<Partner>(statements.renamePartner, [partnerId, name]))[0]
}

/** No row when the partner is in that state. */
export async function setPartnerState(tx: Tx, partnerId: string, state: Partner['state']) {
  return (await tx.rows<Partner>(statements.setPartnerState, [partnerId, state]))[0]
}

export type Standing = {
  readonly id: string
  /** Null: the organisation as a whole. */
  readonly applicationId: string | null
  readonly state: Partner['state']
  readonly reason: string | null
  readonly from: Date
}

export async function insertStanding(tx: Tx, partnerId: string, standing: Standing): Promise<void> {
  const { id, applicationId, state, reason, from } = standing
  await tx.rows(statements.insertStanding, [partnerId, id, applicationId, state, reason, from])
}

/** One word on a standing, as its line has it: milliseconds, from when it is true and when it was said. */
export type StandingFields = readonly [
  applicationId: string | null,
  state: Partner['state'],
  from: number,
  saidAt: number,
]

export async function readStandings(reader: Pick<Tx, 'rows'>, partners: Partners, knownAt: Date | null) {
  return readLines(reader, statements.readStandings, partners, knownAt)
}
