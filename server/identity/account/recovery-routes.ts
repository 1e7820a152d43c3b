/** A forgotten password: asking for a letter, and setting another with the link in it. For whoever is not signed in. */
import { Type } from 'typebox'
import { inSystem, refuseForeign } from '#/identity/account/surface.ts'
import type { Surface } from '#/identity/account/surface.ts'
import { deviceCookie, deviceLifetime } from '#/identity/lockout/lockout.ts'
import { askForPassword, recoverPassword } from '#/identity/recovery/recovery.ts'
import { clearCookie, cookieNames, writeCookie } from '#/identity/sessions/sessions.ts'
import { route } from '#/kernel/http/http.ts'
import type { Route } from '#/kernel/http/http.ts'

const strict = { additionalProperties: false } as const
const token = Type.Object({ token: Type.String({ pattern: '^[A-Za-z0-9_-]{43}$' }) })

export function recoveryRoutes(surface: Surface): Route[] {
  const { deps, realm, prefix, provider } = surface
  return [
    route({
      method: 'POST',
      path: `${prefix}/recovery`,
      permission: 'public',
      action: 'passwords.ask',
      summary: 'Ask for a letter with a link to set a password; the answer is the same for every address',
      body: Type.Object({ email: Type.String({ minLength: 1, maxLength: 320 }) }, strict),
      handle: async (call) => {
        refuseForeign(surface, call)
        const { address } = call.caller
        const asked = { email: call.body.email, realm, address }
        await inSystem(surface, (tx) => askForPassword(tx, deps, asked), address)
        return { status: 202, body: { sent: 'if somebody has the address' } }
      },
    }),
    route({
      method: 'POST',
      path: `${prefix}/recovery/:token`,
      permission: 'public',
      action: 'passwords.recover',
      summary: 'Set a password with the link of a letter; every session ends, and one signs in with it',
      params: token,
      body: Type.Object({ password: Type.String({ minLength: 1, maxLength: 1024 }) }, strict),
      handle: async (call) => {
        refuseForeign(surface, call)
        const { address } = call.caller
        const given = { token: call.params.token, ...call.body, names: [provider, 'portico'] }
        const { device } = await recoverPassword((work) => inSystem(surface, work, address), deps, given)
        const cookies = [
          clearCookie(cookieNames[realm]),
          writeCookie(deviceCookie, device, deviceLifetime / 1000),
        ]
        return { status: 200, headers: { 'set-cookie': cookies }, body: { signedIn: false } }
      },
    }),
  ]
}
