/** Applications: what calls. Each belongs to one partner and stands in one environment. */
import type { Tx } from '#/kernel/db/db.ts'
import { newId } from '#/kernel/id/id.ts'
import { problem } from '#/kernel/problem/problem.ts'
import * as store from '#/identity/applications/store.ts'
import type { Environment, Application } from '#/identity/applications/store.ts'

export type { Environment, Application } from '#/identity/applications/store.ts'

export const applicationNotFound = problem('applications.not_found', 404, 'There is no such application', {
  help: 'You have no application with this id. Check it against the list of your applications.',
})
export const applicationExists = problem('applications.name_taken', 409, 'The application exists already', {
  help: 'You have an application of this name in this environment. Choose a different name.',
})

/** Throws `applicationExists`. */
export async function createApplication(
  tx: Tx,
  partnerId: string,
  application: { environment: Environment; name: string },
): Promise<Application> {
  const created = await store.insertApplication(tx, partnerId, { id: newId(), ...application })
  if (!created) throw applicationExists.with()
  const data = { applicationId: created.id, environment: created.environment }
  tx.emit('identity.application_created', { partnerId, data })
  tx.changed('application', created.id)
  return created
}

/** The oldest first, to the millisecond. */
export async function listApplications(tx: Tx, partnerId: string): Promise<readonly Application[]> {
  return store.listApplications(tx, partnerId)
}

/** The application, locked until the transaction ends, so that what it owns can be counted and added to. */
export async function lockApplication(
  tx: Tx,
  partnerId: string,
  applicationId: string,
): Promise<Application> {
  const found = await store.lockApplication(tx, partnerId, applicationId)
  if (!found) throw applicationNotFound.with()
  return found
}
