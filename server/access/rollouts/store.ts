/** Every statement on rollouts and on the attributes of partners. Facts are only added (access/history). */
import { forGood, wordLines } from '#/access/history/history.ts'
import type { Word } from '#/access/history/history.ts'
import type { Rollout } from '#/access/rollouts/rule.ts'
import type { Environment } from '#/access/packages/packages.ts'
import type { Tx } from '#/kernel/db/db.ts'
import { ofPartners, readLines } from '#/kernel/lines/lines.ts'
import type { Partners } from '#/kernel/lines/lines.ts'

type Reader = Pick<Tx, 'rows'>

export const statements = {
  // Serialises changes of the rollouts of one capability, so that the later commit is the later word.
  lockCapability: `select id from access_capability where id = $1 for no key update`,
  insertRollout: `
    insert into access_rollout (id, capability_id, environment, rollout, valid_from, restores)
    values ($1, $2, $3, $4, $5, $6)`,
  readWords: `
    select id, rollout, restores, (extract(epoch from valid_from) * 1000)::float8 as from,
           (extract(epoch from valid_until) * 1000)::float8 as until,
           (extract(epoch from recorded_at) * 1000)::float8 as "saidAt"
    from access_rollout where capability_id = $1 and environment = $2`,
  selectUnknown: `
    select asked.id from unnest($1::uuid[]) as asked (id)
    where not exists (select from identity_partner as partner where partner.id = asked.id) limit 1`,
  readRollouts: `
    select capability_id as "capabilityId", environment, rollout as value,
           (extract(epoch from valid_from) * 1000)::float8 as from,
           (extract(epoch from valid_until) * 1000)::float8 as until,
           (extract(epoch from recorded_at) * 1000)::float8 as "saidAt"
    from access_rollout where $1::timestamptz is null or recorded_at <= $1`,
  // Serialises what is said of one partner, so that the later commit is the later word.
  lockAttributes: `select pg_advisory_xact_lock(hashtextextended('access_attribute ' || $1::text, 0))`,
  insertAttribute: `
    insert into access_attribute (id, partner_id, name, value, valid_from) values ($2, $1, $3, $4, $5)`,
  readAttributes: `
    select ${wordLines('name, value', forGood)} from access_attribute
    where ${ofPartners} and ($4::timestamptz is null or recorded_at <= $4)`,
} as const

export async function lockCapability(tx: Tx, capabilityId: string): Promise<void> {
  await tx.rows(statements.lockCapability, [capabilityId])
}

export type NewRollout = {
  readonly id: string
  readonly capabilityId: string
  readonly environment: Environment
  readonly rollout: Rollout
  readonly from: Date
  /** The id of the word that a roll-back went back to. */
  readonly restores: string | null
}

export async function insertRollout(tx: Tx, added: NewRollout): Promise<void> {
  const { id, capabilityId, environment, rollout, from, restores } = added
  await tx.rows(statements.insertRollout, [id, capabilityId, environment, rollout, from, restores])
}

export type RolloutWord = Omit<Word<Rollout>, 'value'> & {
  readonly id: string
  readonly rollout: Rollout
  readonly restores: string | null
}

/** Everything that was said of one environment. */
export async function readWords(reader: Reader, capabilityId: string, environment: Environment) {
  return reader.rows<RolloutWord>(statements.readWords, [capabilityId, environment])
}

/** The first id that no partner has. */
export async function selectUnknown(tx: Tx, partnerIds: readonly string[]): Promise<string | undefined> {
  return (await tx.rows<{ id: string }>(statements.selectUnknown, [partnerIds]))[0]?.id
}

export async function readRollouts(reader: Reader, knownAt: Date | null) {
  type Row = Word<Rollout> & { capabilityId: string; environment: Environment }
  return reader.rows<Row>(statements.readRollouts, [knownAt])
}

export async function lockAttributes(tx: Tx, partnerId: string): Promise<void> {
  await tx.rows(statements.lockAttributes, [partnerId])
}

export async function insertAttribute(
  tx: Tx,
  partnerId: string,
  added: { readonly id: string; readonly name: string; readonly value: string | null },
): Promise<void> {
  await tx.rows(statements.insertAttribute, [partnerId, added.id, added.name, added.value, tx.now])
}

export async function readAttributes(reader: Reader, partners: Partners, knownAt: Date | null) {
  return readLines(reader, statements.readAttributes, partners, knownAt)
}
