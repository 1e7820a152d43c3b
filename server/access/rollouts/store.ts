/** Every statement on rollouts and on the attributes of partners. Facts are only added (access/history). */
import type { Word } from '#/access/history/history.ts'
import type { Rollout } from '#/access/rollouts/rule.ts'
import type { Tx } from '#/kernel/db/db.ts'

type Reader = Pick<Tx, 'rows'>

export const statements = {
  insertRollout: `
    insert into access_rollout (id, capability_id, environment, rollout, valid_from) values ($1, $2, $3, $4, $5)`,
  readRollouts: `
    select capability_id as "capabilityId", environment, rollout as value,
           (extract(epoch from valid_from) * 1000)::float8 as from,
           (extract(epoch from valid_until) * 1000)::float8 as until,
           (extract(epoch from recorded_at) * 1000)::float8 as "saidAt"
    from access_rollout where $1::timestamptz is null or recorded_at <= $1`,
  readAttributes: `
    select partner_id as "partnerId", name, value, null::float8 as until,
           (extract(epoch from valid_from) * 1000)::float8 as from,
           (extract(epoch from recorded_at) * 1000)::float8 as "saidAt"
    from access_attribute
    where partner_id = any ($1::uuid[]) /* owner */ and ($2::timestamptz is null or recorded_at <= $2)`,
} as const

export async function insertRollout(
  tx: Tx,
  added: {
    readonly id: string
    readonly capabilityId: string
    readonly environment: string
    readonly rollout: Rollout
    readonly from: Date
  },
): Promise<void> {
  const { id, capabilityId, environment, rollout, from } = added
  await tx.rows(statements.insertRollout, [id, capabilityId, environment, rollout, from])
}

export async function readRollouts(reader: Reader, knownAt: Date | null) {
  type Row = Word<Rollout> & { capabilityId: string; environment: 'live' | 'sandbox' }
  return reader.rows<Row>(statements.readRollouts, [knownAt])
}

export async function readAttributes(reader: Reader, partnerIds: readonly string[], knownAt: Date | null) {
  type Row = Word<string | null> & { partnerId: string; name: string }
  return reader.rows<Row>(statements.readAttributes, [partnerIds, knownAt])
}
