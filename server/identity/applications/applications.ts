/** Applications: what calls. Each belongs to one partner and stands in one environment. */
import { recordStanding } from '#/identity/partners/partners.ts'
import type { Tx } from '#/kernel/db/db.ts'
import { newId } from '#/kernel/id/id.ts'
import { problem } from '#/kernel/problem/problem.ts'
import * as store from '#/identity/applications/store.ts'
import type { Application, Environment, ListOptions } from '#/identity/applications/store.ts'

export type { Environment, Application } from '#/identity/applications/store.ts'

export const applicationNotFound = problem('applications.not_found', 404, 'There is no such application', {
  help: 'You have no application with this id. Check it against the list of your applications.',
})
export const applicationExists = problem('applications.name_taken', 409, 'The application exists already', {
  help: 'You have an application of this name in this environment. Choose a different name.',
})

export const applicationArchived = problem('applications.archived', 409, 'The application is archived', {
  help: 'An archived application stays in the list, and nothing can be done with it any more. Create a new one.',
})

/** Throws `applicationExists`. */
export async function createApplication(
  tx: Tx,
  partnerId: string,
  application: { environment: Environment; name: string },
): Promise<Application> {
  const created = await store.insertApplication(tx, partnerId, { id: newId(), ...application })
  if (!created) throw applicationExists.with()
  announce(tx, 'created', created)
  tx.changed('application', created.id)
  return created
}

/** The oldest first, to the millisecond. */
export async function listApplications(
  tx: Tx,
  partnerId: string,
  options: ListOptions = {},
): Promise<readonly Application[]> {
  return store.listApplications(tx, partnerId, options)
}

/** Another partner's is answered like one that does not exist. Throws `applicationNotFound`. */
export async function findApplication(
  tx: Tx,
  partnerId: string,
  applicationId: string,
): Promise<Application> {
  const found = await store.selectApplication(tx, partnerId, applicationId)
  if (!found) throw applicationNotFound.with()
  return found
}

/** Throws `applicationNotFound`, `applicationArchived`, `applicationExists`. */
export async function renameApplication(
  tx: Tx,
  partnerId: string,
  applicationId: string,
  name: string,
): Promise<Application> {
  const before = await lockApplication(tx, partnerId, applicationId)
  if (before.archivedAt !== null) throw applicationArchived.with()
  if (before.name === name) return before
  const renamed = await store
    .renameApplication(tx, partnerId, applicationId, name)
    .catch((error: unknown) => {
      throw (error as { code?: string }).code === '23505' ? applicationExists.with({ cause: error }) : error
    })
  if (!renamed) throw new Error('a locked application is gone')
  announce(tx, 'renamed', renamed)
  return renamed
}

/** Keeps its name and its past; what it had is ended by whoever owns that. Doing it again changes nothing. */
export async function markArchived(tx: Tx, partnerId: string, applicationId: string): Promise<Application> {
  const archived = await store.archiveApplication(tx, partnerId, applicationId)
  if (!archived) return findApplication(tx, partnerId, applicationId)
  announce(tx, 'archived', archived)
  return archived
}

/**
 * From the next second on every call of it is refused; its keys stay valid for the day it is resumed. Doing it again
 * changes nothing. Throws `applicationNotFound`, `applicationArchived`.
 */
export async function suspendApplication(
  tx: Tx,
  partnerId: string,
  applicationId: string,
  reason: string,
): Promise<Application> {
  return setState(tx, partnerId, applicationId, 'suspended', reason)
}

/** Throws `applicationNotFound`, `applicationArchived`. */
export async function resumeApplication(
  tx: Tx,
  partnerId: string,
  applicationId: string,
  reason: string,
): Promise<Application> {
  return setState(tx, partnerId, applicationId, 'active', reason)
}

async function setState(
  tx: Tx,
  partnerId: string,
  applicationId: string,
  state: Application['state'],
  reason: string,
): Promise<Application> {
  const before = await lockApplication(tx, partnerId, applicationId)
  if (before.archivedAt !== null) throw applicationArchived.with()
  const changed = await store.setState(tx, partnerId, applicationId, state)
  if (!changed) return before
  await recordStanding(tx, partnerId, { applicationId, state, reason })
  announce(tx, state === 'active' ? 'resumed' : 'suspended', changed, reason)
  tx.changed('application', applicationId)
  return changed
}

const verbs = {
  created: 'create',
  renamed: 'rename',
  suspended: 'suspend',
  resumed: 'resume',
  archived: 'archive',
} as const

function announce(
  tx: Tx,
  happened: keyof typeof verbs,
  application: Application,
  reason: string | null = null,
): void {
  const { id, partnerId, environment } = application
  const data = { applicationId: id, environment, ...(reason !== null && { reason }) }
  tx.emit(`identity.application_${happened}`, { partnerId, data })
  const subject = { kind: 'application', id }
  tx.audit({
    action: `applications.${verbs[happened]}`,
    subject,
    partnerId,
    reason,
    changes: { environment },
  })
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
