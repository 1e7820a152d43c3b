/** What the access area brings to the program. */
import { openAction } from '#/access/capabilities/capabilities.ts'
import { capabilityRoutes } from '#/access/capabilities/routes.ts'
import { packageRoutes } from '#/access/packages/routes.ts'
import { readinessJob } from '#/access/readiness/jobs.ts'
import { gateRoutes } from '#/access/readiness/routes.ts'
import { overdueRequestsJob } from '#/access/requests/jobs.ts'
import { requestOperations } from '#/access/requests/operations.ts'
import { requestRoutes } from '#/access/requests/routes.ts'
import { rolloutRoutes, showRollouts } from '#/access/rollouts/routes.ts'
import type { ProposalActions } from '#/governance/proposals/proposals.ts'
import type { Clock } from '#/kernel/clock/clock.ts'
import type { Sealer } from '#/kernel/crypto/crypto.ts'
import type { World } from '#/kernel/db/db.ts'
import type { PartnerOperation, Route } from '#/kernel/http/http.ts'
import type { Job } from '#/kernel/jobs/jobs.ts'

export type AccessDeps = { readonly sealer: Sealer; readonly clock: Clock }

/** What needs a second person. */
export const accessActions: ProposalActions = { 'capabilities.open': openAction }

/** The management API of the admin port. */
export function accessRoutes(deps: AccessDeps & { readonly actions: ProposalActions }): Route[] {
  return [
    ...gateRoutes(),
    ...capabilityRoutes({ ...deps, rolloutsOf: showRollouts }),
    ...rolloutRoutes(),
    ...packageRoutes({ signer: deps.sealer }),
    ...requestRoutes(deps),
  ]
}

/** What partners see of their access, and ask for. */
export function accessOperations(deps: AccessDeps): PartnerOperation[] {
  return [...requestOperations(deps)]
}

export function accessJobs(control: World): Job[] {
  return [readinessJob(control), overdueRequestsJob(control)]
}
