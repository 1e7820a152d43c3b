/** A signed-in person as the gateway knows a caller of the Partner API. */
import type { Surface } from '#/identity/account/surface.ts'
import { cookieNames } from '#/identity/sessions/sessions.ts'
import { sessionOf } from '#/identity/sign-in/sign-in.ts'
import type { Asked } from '#/identity/sign-in/sign-in.ts'
import { problem } from '#/kernel/problem/problem.ts'

export const environmentUnknown = problem('auth.environment_unknown', 400, 'There is no such environment', {
  help: 'A signed-in person names the environment in `Portico-Environment`: `live`, which is the default, or `sandbox`.',
})

/** What the gateway takes for its members: the name of the cookie, and the credential behind it. */
export function gatewayMembers(surface: Surface) {
  return {
    cookie: cookieNames.portal,
    of: async (request: Asked) => {
      const session = await sessionOf(surface.deps, 'portal', request, surface.origin())
      if (!session || session.partnerId === null) return null
      const environment = request.header('portico-environment') ?? 'live'
      if (environment !== 'live' && environment !== 'sandbox') throw environmentUnknown.with()
      const { id, personId, partnerId, role, steppedUpAt } = session
      return {
        id,
        // A person has no application; the Partner API asks for the partner alone.
        application: { id: personId, partnerId, environment } as const,
        expiresAt: null,
        revokedAt: null,
        scopes: null,
        usableFrom: null,
        member: { id: personId, role, steppedUpAt },
      }
    },
  }
}
