/** Every statement on applications. The owner comes first: there is no other way to find one. */
import type { Tx } from '#/kernel/db/db.ts'

export type Environment = 'live' | 'sandbox'

export type Application = {
  readonly id: string
  readonly partnerId: string
  readonly environment: Environment
  readonly name: string
}

const columns = 'id, partner_id as "partnerId", environment, name'

export const statements = {
  insertApplication: `
    insert into identity_application (id, partner_id, environment, name) values ($2, $1, $3, $4)
    on conflict (partner_id, environment, name) do nothing returning ${columns}`,
  // The lock makes "how many active keys" and the insert of another one step.
  lockApplication: `select ${columns} from identity_application where partner_id = $1 and id = $2 for update`,
  listApplications: `select ${columns} from identity_application where partner_id = $1 order by id`,
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

export async function listApplications(tx: Tx, partnerId: string) {
  return tx.rows<Application>(statements.listApplications, [partnerId])
}
