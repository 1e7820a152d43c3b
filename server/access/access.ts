/** What the access area brings to the program. */
import { agreementsJob } from '#/access/agreements/jobs.ts'
import { agreementOperations } from '#/access/agreements/operations.ts'
import { agreementActions, agreementRoutes } from '#/access/agreements/routes.ts'
import { openAction } from '#/access/capabilities/capabilities.ts'
import { capabilityRoutes } from '#/access/capabilities/routes.ts'
import { pilotsJob } from '#/access/pilots/jobs.ts'
import { pilotOperations } from '#/access/pilots/operations.ts'
import { pilotRoutes } from '#/access/pilots/routes.ts'
import { packageRoutes } from '#/access/packages/routes.ts'
import { readinessJob } from '#/access/readiness/jobs.ts'
import { gateRoutes } from '#/access/readiness/routes.ts'
import { overdueRequestsJob } from '#/access/requests/jobs.ts'
import { requestOperations } from '#/access/requests/operations.ts'
import { requestRoutes } from '#/access/requests/routes.ts'
import { rolloutRoutes, showRollouts } from '#/access/rollouts/routes.ts'
import { checkRoutes } from '#/access/decisions/check.ts'
import type { CheckDeps } from '#/access/decisions/check.ts'
import { whileUsable } from '#/access/decisions/decisions.ts'
import { explainRoute } from '#/access/decisions/explain.ts'
import { ofrepRoutes } from '#/access/decisions/ofrep.ts'
import { accessOperation } from '#/access/decisions/operations.ts'
import { decisionRoute } from '#/access/decisions/routes.ts'
import type { DecisionDeps } from '#/access/decisions/routes.ts'
import type { ProposalActions } from '#/governance/proposals/proposals.ts'
import type { Clock } from '#/kernel/clock/clock.ts'
import type { Sealer } from '#/kernel/crypto/crypto.ts'
import type { World } from '#/kernel/db/db.ts'
import type { PartnerOperation, Route } from '#/kernel/http/http.ts'
import type { Job } from '#/kernel/jobs/jobs.ts'

export type AccessDeps = { readonly sealer: Sealer; readonly clock: Clock }

/** What needs a second person. */
export const accessActions: ProposalActions = { 'capabilities.open': openAction, ...agreementActions }

/** The management API of the admin port. */
export function accessRoutes(deps: AccessDeps & { readonly actions: ProposalActions }): Route[] {
  return [
    ...gateRoutes(),
    ...capabilityRoutes({ ...deps, rolloutsOf: showRollouts }),
    ...rolloutRoutes(),
    ...pilotRoutes({ signer: deps.sealer }),
    ...agreementRoutes(deps),
    ...packageRoutes({ signer: deps.sealer }),
    ...requestRoutes(deps),
  ]
}

/**
 * Decisions for those who ask beside the calls; they need the snapshot, which the gateway looks at. `usable`: it is not
 * too old to decide by.
 */
export function decisionRoutes(deps: DecisionDeps & CheckDeps & { readonly usable: () => boolean }): Route[] {
  const { deciding, usable } = deps
  const made = [decisionRoute(deps), ...checkRoutes(deps), ...ofrepRoutes(deciding)]
  return [...whileUsable(made, usable), explainRoute(deciding)]
}

/** What partners see of their access, and ask for. */
export function accessOperations(deps: AccessDeps): PartnerOperation[] {
  return [accessOperation(), ...requestOperations(deps), ...pilotOperations(), ...agreementOperations(deps)]
}

export function accessJobs(control: World): Job[] {
  return [readinessJob(control), overdueRequestsJob(control), pilotsJob(control), agreementsJob(control)]
}
