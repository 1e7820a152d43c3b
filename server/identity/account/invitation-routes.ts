/** The page that an invitation's link opens: what it is for, and taking it. */
import { Type } from 'typebox'
import { broughtBy, enter, inSystem, refuseForeign } from '#/identity/account/surface.ts'
import type { Surface } from '#/identity/account/surface.ts'
import { acceptInvitation, readInvitation } from '#/identity/invitations/invitations.ts'
import { route } from '#/kernel/http/http.ts'
import type { Route } from '#/kernel/http/http.ts'

const token = Type.Object({ token: Type.String({ pattern: '^[A-Za-z0-9_-]{43}$' }) })

export function invitationRoutes(surface: Surface): Route[] {
  const { deps, realm, prefix, provider } = surface
  const { sealer, passwords, sessions, world } = deps
  return [
    route({
      method: 'GET',
      path: `${prefix}/invitations/:token`,
      permission: 'public',
      summary: 'What an invitation is for',
      params: token,
      handle: async (call) => {
        const read = await inSystem(
          surface,
          (tx) => readInvitation(tx, sealer, call.params.token),
          call.caller.address,
        )
        const { email, role, expiresAt } = read
        return { status: 200, body: { email, role, expiresAt } }
      },
    }),
    route({
      method: 'POST',
      path: `${prefix}/invitations/:token`,
      permission: 'public',
      action: 'team.accept',
      summary: 'Take an invitation: with a name and a password for somebody new, who is then signed in',
      params: token,
      body: Type.Object(
        {
          name: Type.String({ minLength: 1, maxLength: 200 }),
          password: Type.String({ minLength: 1, maxLength: 1024 }),
        },
        { additionalProperties: false },
      ),
      handle: async (call) => {
        refuseForeign(surface, call)
        const { address } = call.caller
        const { name, password } = call.body
        const { email } = await inSystem(
          surface,
          (tx) => readInvitation(tx, sealer, call.params.token),
          address,
        )
        passwords.refuseWeak(password, { email, names: [provider, 'portico'] })
        const hash = await passwords.hash(password)
        const opened = await inSystem(
          surface,
          async (tx) => {
            const { person, created } = await acceptInvitation(tx, sealer, call.params.token, name)
            // Whoever is known keeps the password there is, and signs in with it.
            if (!created) return null
            const wall = world.clock.wall()
            await passwords.setPassword(tx, person.id, hash, wall)
            const opening = { personId: person.id, realm, method: 'password' as const, factors: ['password'] }
            return sessions.open(tx, { ...opening, ...broughtBy(surface, call) }, wall)
          },
          address,
        )
        return opened === null ? { status: 200, body: { signedIn: false } } : enter(surface, opened, address)
      },
    }),
  ]
}
