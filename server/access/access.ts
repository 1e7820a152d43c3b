/** What the access area brings to the program. */
import { packageRoutes } from '#/access/packages/routes.ts'
import { overdueRequestsJob } from '#/access/requests/jobs.ts'
import { requestOperations } from '#/access/requests/operations.ts'
import { requestRoutes } from '#/access/requests/routes.ts'
import type { ProposalActions } from '#/governance/proposals/proposals.ts'
import type { Clock } from '#/kernel/clock/clock.ts'
import type { Sealer } from '#/kernel/crypto/crypto.ts'
import type { World } from '#/kernel/db/db.ts'
import type { PartnerOperation, Route } from '#/kernel/http/http.ts'
import type { Job } from '#/kernel/jobs/jobs.ts'

export type AccessDeps = { readonly sealer: Sealer; readonly clock: Clock }

/** What needs a second person. */
export const accessActions: ProposalActions = {}

/** The management API of the admin port. */
export function accessRoutes(deps: AccessDeps & { readonly actions: ProposalActions }): Route[] {
  return [...packageRoutes({ signer: deps.sealer }), ...requestRoutes(deps)]
}

/** What partners see of their access, and ask for. */
export function accessOperations(deps: AccessDeps): PartnerOperation[] {
  return [...requestOperations(deps)]
}

export function accessJobs(control: World): Job[] {
  return [overdueRequestsJob(control)]
}
