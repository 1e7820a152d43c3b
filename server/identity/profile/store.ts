/** Every statement on onboarding facts. */
import type { Tx } from '#/kernel/db/db.ts'

export type ProfileRow = {
  readonly version: number
  readonly sealed: Buffer
  readonly recordedAt: Date
}

export const statements = {
  currentProfile: `
    select version::float8 as version, sealed, recorded_at as "recordedAt" from identity_profile
    where partner_id = $1 /* owner */ order by version desc limit 1`,
  listProfiles: `
    select version::float8 as version, sealed, recorded_at as "recordedAt" from identity_profile
    where partner_id = $1 /* owner */ and ($2::integer is null or version < $2)
    order by version desc limit $3`,
  // The number is the writer's: of two that began from the same version, the second finds its number taken.
  insertProfile: `
    insert into identity_profile (partner_id, version, country, currency, time_zone, sealed)
    values ($1, $2, $3, $4, $5, $6) on conflict do nothing returning version::float8 as version, sealed, recorded_at as "recordedAt"`,
} as const

export async function currentProfile(tx: Tx, partnerId: string) {
  return (await tx.rows<ProfileRow>(statements.currentProfile, [partnerId]))[0]
}

/** Without a limit all of them. */
export function listProfiles(
  tx: Tx,
  partnerId: string,
  before: number | null,
  limit: number | null,
): Promise<ProfileRow[]> {
  return tx.rows<ProfileRow>(statements.listProfiles, [partnerId, before, limit])
}

export type NewProfile = {
  readonly version: number
  readonly country: string | null
  readonly currency: string | null
  readonly timeZone: string | null
  readonly sealed: Buffer
}

export async function insertProfile(tx: Tx, partnerId: string, profile: NewProfile) {
  const { version, country, currency, timeZone, sealed } = profile
  const values = [partnerId, version, country, currency, timeZone, sealed]
  return (await tx.rows<ProfileRow>(statements.insertProfile, values))[0]
}
