/** What the access area brings to the program. */
import { checkRoutes } from '#/access/decisions/check.ts'
import type { CheckDeps } from '#/access/decisions/check.ts'
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
export const accessActions: ProposalActions = {}

/** The management API of the admin port. */
export function accessRoutes(_deps: AccessDeps & { readonly actions: ProposalActions }): Route[] {
  return []
}

/** Decisions for those who ask beside the calls; they need the snapshot, which the gateway looks at. */
export function decisionRoutes(deps: DecisionDeps & CheckDeps): Route[] {
  const { deciding } = deps
  return [decisionRoute(deps), ...checkRoutes(deps), ...ofrepRoutes(deciding), explainRoute(deciding)]
}

/** What partners see of their access, and ask for. */
export function accessOperations(_deps: AccessDeps): PartnerOperation[] {
  return [accessOperation()]
}

export function accessJobs(_control: World): Job[] {
  return []
}
