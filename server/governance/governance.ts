/** What the governance area brings to the program. */
import { auditOperations } from '#/governance/audit/operations.ts'
import { auditRoutes } from '#/governance/audit/routes.ts'
import type { AuditRouteDeps } from '#/governance/audit/routes.ts'
import { proposalsJob } from '#/governance/proposals/jobs.ts'
import { proposalRoutes } from '#/governance/proposals/routes.ts'
import type { ProposalRouteDeps } from '#/governance/proposals/routes.ts'
import type { World } from '#/kernel/db/db.ts'
import type { PartnerOperation, Route, Signer } from '#/kernel/http/http.ts'
import type { Job } from '#/kernel/jobs/jobs.ts'

export type GovernanceRouteDeps = AuditRouteDeps & Omit<ProposalRouteDeps, 'signer'>

export function governanceRoutes(deps: GovernanceRouteDeps): Route[] {
  return [...auditRoutes(deps), ...proposalRoutes({ ...deps, signer: deps.sealer })]
}

/** What partners may read of it. */
export function governanceOperations(deps: { readonly sealer: Signer }): PartnerOperation[] {
  return auditOperations(deps)
}

export function governanceJobs(control: World): Job[] {
  return [proposalsJob(control)]
}
