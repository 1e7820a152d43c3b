/** Changing ones own e-mail address: asked for with a fresh proof, and done by the link that was sent there. */
import { Type } from 'typebox'
import { enter, inOwnName, sessionIn } from '#/identity/account/surface.ts'
import type { Surface } from '#/identity/account/surface.ts'
import { askForAddress, confirmAddress, dropAddress } from '#/identity/new-address/new-address.ts'
import { route } from '#/kernel/http/http.ts'
import type { Route } from '#/kernel/http/http.ts'

const strict = { additionalProperties: false } as const
const token = Type.Object({ token: Type.String({ pattern: '^[A-Za-z0-9_-]{43}$' }) })

export function addressRoutes(surface: Surface): Route[] {
  const { deps, realm, prefix, origin } = surface
  return [
    route({
      method: 'POST',
      path: `${prefix}/new-address`,
      permission: 'session',
      action: 'people.ask_email',
      summary:
        'Ask for another e-mail address; a link to confirm it is sent there, and word of it to the old one',
      body: Type.Object({ email: Type.String({ minLength: 3, maxLength: 320 }) }, strict),
      handle: async (call) => {
        const session = sessionIn(call)
        const { address } = call.caller
        const asked = { email: call.body.email, address, page: `${origin()}/${realm}/new-address` }
        await inOwnName(surface, call, (tx) => askForAddress(tx, deps, session, asked))
        return { status: 202, body: { sent: true } }
      },
    }),
    route({
      method: 'DELETE',
      path: `${prefix}/new-address`,
      permission: 'session',
      action: 'people.drop_email',
      summary: 'Keep the address there is; the link is good no more',
      handle: async (call) => {
        const { personId } = sessionIn(call)
        await inOwnName(surface, call, (tx) => dropAddress(tx, personId))
        return { status: 200, body: { dropped: true } }
      },
    }),
    route({
      method: 'POST',
      path: `${prefix}/new-address/:token`,
      permission: 'session',
      action: 'people.change_email',
      summary: 'Confirm the new address with the link of the letter; every other session ends',
      params: token,
      handle: async (call) => {
        const session = sessionIn(call)
        const { address } = call.caller
        const confirm = inOwnName(surface, call, (tx) => confirmAddress(tx, deps, session, call.params.token))
        return enter(surface, await confirm, address)
      },
    }),
  ]
}
