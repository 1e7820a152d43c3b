/**
 * The session API of the portal and the console: what a person does with its own account from a browser. The browser
 * holds cookies it cannot read and never a token (RFC 10017, a backend for the frontend).
 */
import { addressRoutes } from '#/identity/account/address-routes.ts'
import { invitationRoutes } from '#/identity/account/invitation-routes.ts'
import { passkeyRoutes } from '#/identity/account/passkey-routes.ts'
import { recoveryRoutes } from '#/identity/account/recovery-routes.ts'
import { proofRoutes } from '#/identity/account/proof-routes.ts'
import { sessionRoutes } from '#/identity/account/session-routes.ts'
import type { Surface } from '#/identity/account/surface.ts'
import { ssoRoutes } from '#/identity/account/sso-routes.ts'
import type { Sso } from '#/identity/sso/sso.ts'
import type { Route } from '#/kernel/http/http.ts'

export { gatewayMembers } from '#/identity/account/members.ts'
export { createSessionGuard, operatorSessions } from '#/identity/account/surface.ts'
export type { Surface } from '#/identity/account/surface.ts'

export function accountRoutes(surface: Surface, sso: Sso): Route[] {
  return [
    ...sessionRoutes(surface),
    ...proofRoutes(surface),
    ...passkeyRoutes(surface),
    ...invitationRoutes(surface),
    ...recoveryRoutes(surface),
    ...addressRoutes(surface),
    ...ssoRoutes(surface, sso),
  ]
}
