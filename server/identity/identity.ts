/** What the identity area brings to the program. */
import type { ProposalActions } from '#/governance/proposals/proposals.ts'
import { applicationOperations } from '#/identity/applications/operations.ts'
import { applicationRoutes } from '#/identity/applications/routes.ts'
import { invitationRoutes } from '#/identity/invitations/routes.ts'
import type { InvitationRouteDeps } from '#/identity/invitations/routes.ts'
import { keyOperations } from '#/identity/keys/operations.ts'
import { keyRoutes } from '#/identity/keys/routes.ts'
import { partnerActions, partnerRoutes } from '#/identity/partners/routes.ts'
import type { PartnerRouteDeps } from '#/identity/partners/routes.ts'
import { peopleRoutes } from '#/identity/people/routes.ts'
import { profileOperations } from '#/identity/profile/operations.ts'
import { partnerPageRoutes } from '#/identity/profile/routes.ts'
import type { PartnerPageDeps } from '#/identity/profile/routes.ts'
import { serviceKeyRoutes } from '#/identity/service-keys/routes.ts'
import { ssoOperations } from '#/identity/sso/operations.ts'
import { ssoRoutes } from '#/identity/sso/routes.ts'
import type { SsoRouteDeps } from '#/identity/sso/routes.ts'
import { teamOperations } from '#/identity/team/team.ts'
import type { TeamDeps } from '#/identity/team/team.ts'
import type { PartnerOperation, Route } from '#/kernel/http/http.ts'

export type IdentityRouteDeps = InvitationRouteDeps & PartnerPageDeps & PartnerRouteDeps & SsoRouteDeps

/** What needs a second person. */
export const identityActions: ProposalActions = partnerActions

/** The management API of the admin port. */
export function identityRoutes(deps: IdentityRouteDeps): Route[] {
  return [
    ...partnerRoutes({ ...deps, signer: deps.sealer }),
    ...applicationRoutes(),
    ...partnerPageRoutes(deps),
    ...invitationRoutes(deps),
    ...peopleRoutes(deps),
    ...keyRoutes(),
    ...serviceKeyRoutes(deps),
    ...ssoRoutes(deps),
  ]
}

/** What partners look after themselves, with a key or signed in. */
export function identityOperations(deps: TeamDeps & SsoRouteDeps): PartnerOperation[] {
  return [
    ...applicationOperations(deps),
    ...keyOperations(deps),
    ...teamOperations(deps),
    ...profileOperations(deps),
    ...ssoOperations(deps),
  ]
}
