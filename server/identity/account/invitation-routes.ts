/** The page that an invitation's link opens: what it is for, and taking it. */
import { Type } from 'typebox'
import { broughtBy, enter, inSystem, refuseForeign } from '#/identity/account/surface.ts'
import type { Surface } from '#/identity/account/surface.ts'
import { acceptInvitation, readInvitation } from '#/identity/invitations/invitations.ts'
import type { Accepted } from '#/identity/invitations/invitations.ts'
import { inNameFound } from '#/identity/sign-in/sign-in.ts'
import type { From } from '#/identity/sign-in/sign-in.ts'
import { ssoRequired } from '#/identity/sso/sso.ts'
import type { Actor, Tx } from '#/kernel/db/db.ts'
import { route } from '#/kernel/http/http.ts'
import type { Route } from '#/kernel/http/http.ts'

const token = Type.Object({ token: Type.String({ pattern: '^[A-Za-z0-9_-]{43}$' }) })

export function invitationRoutes(surface: Surface): Route[] {
  const { deps, prefix, provider } = surface
  const { sealer, passwords, world } = deps
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
        const { token: link } = call.params
        const { email } = await inSystem(surface, (tx) => readInvitation(tx, sealer, link), address)
        passwords.refuseWeak(password, { email, names: [provider, 'portico'] })
        const hash = await passwords.hash(password)
        const accept = (tx: Tx) => accepted(surface, tx, { link, name, hash, from: broughtBy(surface, call) })
        const { opened } = await inNameFound(world, accept, actorOf, address)
        return opened === null ? { status: 200, body: { signedIn: false } } : enter(surface, opened, address)
      },
    }),
  ]
}

type Taking = { readonly link: string; readonly name: string; readonly hash: string; readonly from: From }

/** Whoever is known keeps the password there is, and signs in with it; whom single sign-on is asked of, by that. */
async function accepted({ deps, realm }: Surface, tx: Tx, { link, name, hash, from }: Taking) {
  const { passwords, sessions, sealer } = deps
  const taken = await acceptInvitation(tx, sealer, link, name)
  if (!taken.created) return { ...taken, opened: null }
  const wall = deps.world.clock.wall()
  const { person, partnerId, role } = taken
  await passwords.setPassword(tx, person.id, hash, wall)
  if (await ssoRequired(tx, partnerId, role)) return { ...taken, opened: null }
  const opening = { personId: person.id, realm, method: 'password' as const, factors: ['password'] }
  return { ...taken, opened: await sessions.open(tx, { ...opening, ...from }, wall) }
}

function actorOf({ person, partnerId, role }: Accepted): Actor {
  const { id } = person
  return partnerId === null ? { kind: 'operator', id, role } : { kind: 'member', id, partnerId, role }
}
