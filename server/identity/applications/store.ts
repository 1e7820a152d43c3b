/** Every statement on applications. The owner comes first: there is no other way to find one. */
import type { Tx } from '#/kernel/db/db.ts'

export type Environment = 'live' | 'sandbox'

export type Application = {
  readonly id: string
  readonly partnerId: string
  readonly environment: Environment
  readonly name: string
  /** Suspended: every call of it is refused, and its keys wait for the day it is resumed. */
  readonly state: 'active' | 'suspended'
  readonly createdAt: Date
  readonly archivedAt: Date | null
}

const columns = `
  id, partner_id as "partnerId", environment, name, state, created_at as "createdAt", archived_at as "archivedAt"`

export const statements = {
  insertApplication: `
    insert into identity_application (id, partner_id, environment, name) values ($2, $1, $3, $4)
    on conflict (partner_id, environment, name) do nothing returning ${columns}`,
  // The lock makes "how many active keys" and the insert of another one step.
  lockApplication: `
    select ${columns} from identity_application where partner_id = $1 /* owner */ and id = $2 for update`,
  selectApplication: `
    select ${columns} from identity_application where partner_id = $1 /* owner */ and id = $2`,
  listApplications: `
    select ${columns} from identity_application
    where partner_id = $1 /* owner */ and ($2::text is null or environment = $2) and ($3::uuid is null or id > $3)
    order by id limit $4`,
  renameApplication: `
    update identity_application set name = $3 where partner_id = $1 /* owner */ and id = $2 returning ${columns}`,
  // No row when it is in that state.
  setState: `
    update identity_application set state = $3 where partner_id = $1 /* owner */ and id = $2 and state <> $3
    returning ${columns}`,
  archiveApplication: `
    update identity_application set archived_at = clock_timestamp()
    where partner_id = $1 /* owner */ and id = $2 and archived_at is null returning ${columns}`,
} as const

/** No row when the partner has one of this name in this environment. */
export async function insertApplication(
  tx: Tx,
  partnerId: string,
  application: { id: string; environment: string; name: string },
) {
  const { id, environment, name } = application
  return (await tx.rows<Application>(statements.insertApplication, [partnerId, id, environment, name]))[0]
}

export async function lockApplication(tx: Tx, partnerId: string, applicationId: string) {
  return (await tx.rows<Application>(statements.lockApplication, [partnerId, applicationId]))[0]
}

export async function selectApplication(tx: Tx, partnerId: string, applicationId: string) {
  return (await tx.rows<Application>(statements.selectApplication, [partnerId, applicationId]))[0]
}

export type ListOptions = {
  readonly environment?: Environment
  readonly after?: string
  /** Without it all of them. */
  readonly limit?: number
}

export async function listApplications(tx: Tx, partnerId: string, options: ListOptions) {
  const { environment = null, after = null, limit = null } = options
  return tx.rows<Application>(statements.listApplications, [partnerId, environment, after, limit])
}

/** PostgreSQL refuses a name that is taken (23505). */
export async function renameApplication(tx: Tx, partnerId: string, applicationId: string, name: string) {
  return (await tx.rows<Application>(statements.renameApplication, [partnerId, applicationId, name]))[0]
}

export async function setState(
  tx: Tx,
  partnerId: string,
  applicationId: string,
  state: Application['state'],
) {
  return (await tx.rows<Application>(statements.setState, [partnerId, applicationId, state]))[0]
}

/** No row when it is archived already. */
export async function archiveApplication(tx: Tx, partnerId: string, applicationId: string) {
  return (await tx.rows<Application>(statements.archiveApplication, [partnerId, applicationId]))[0]
}
