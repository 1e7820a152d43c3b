/** What proves a person: the password and the code generator. Changing either asks for a fresh proof. */
import { Type } from 'typebox'
import { enter, inOwnName, sessionIn } from '#/identity/account/surface.ts'
import type { Surface } from '#/identity/account/surface.ts'
import { findPerson } from '#/identity/people/people.ts'
import { requireOwnProof } from '#/identity/sessions/sessions.ts'
import { changePassword } from '#/identity/sign-in/sign-in.ts'
import { beginTotp, confirmTotp, removeTotp, renewRecoveryCodes, totpState } from '#/identity/totp/totp.ts'
import { route } from '#/kernel/http/http.ts'
import type { Call, Route } from '#/kernel/http/http.ts'

const strict = { additionalProperties: false } as const
const password = Type.String({ minLength: 1, maxLength: 1024 })

export function proofRoutes(surface: Surface): Route[] {
  const { deps, prefix, provider } = surface
  return [
    route({
      method: 'POST',
      path: `${prefix}/password`,
      permission: 'session',
      action: 'passwords.change',
      summary: 'Change ones own password; every other session ends',
      body: Type.Object({ current: password, next: password }, strict),
      handle: async (call) => {
        const { address } = call.caller
        const change = { ...call.body, names: [provider, 'portico'], address }
        return enter(surface, await changePassword(deps, sessionIn(call), change), address)
      },
    }),
    ...generatorRoutes(surface),
    ...afterwards(surface),
  ]
}

/** A proof of the person's own that is recent enough, or `auth.step_up_required`. */
function freshly(surface: Surface, call: Pick<Call, 'caller'>) {
  const session = sessionIn(call)
  requireOwnProof(session, surface.deps.world.clock.wall())
  return session
}

function generatorRoutes(surface: Surface): Route[] {
  const { deps, prefix, provider } = surface
  const { sealer } = deps
  const wall = () => deps.world.clock.wall()
  return [
    route({
      method: 'GET',
      path: `${prefix}/totp`,
      permission: 'session',
      summary: 'Whether a code generator is in use',
      handle: async (call) => {
        const state = await inOwnName(surface, call, (tx) => totpState(tx, sessionIn(call).personId))
        return { status: 200, body: { enrolled: state !== null, ...state } }
      },
    }),
    route({
      method: 'POST',
      path: `${prefix}/totp`,
      permission: 'session',
      action: 'totp.begin',
      summary: 'Begin to use a code generator',
      handle: async (call) => {
        const { personId } = freshly(surface, call)
        const begin = async (tx: Parameters<typeof beginTotp>[0]) => {
          const person = await findPerson(tx, sealer, personId)
          return beginTotp(tx, sealer, personId, { issuer: provider, account: person?.email ?? '' })
        }
        return { status: 200, body: await inOwnName(surface, call, begin) }
      },
    }),
    route({
      method: 'POST',
      path: `${prefix}/totp/confirm`,
      permission: 'session',
      action: 'totp.enrol',
      summary: 'Confirm the code generator; gives the recovery codes, once',
      body: Type.Object({ code: Type.String({ minLength: 6, maxLength: 16 }) }, strict),
      handle: async (call) => {
        const { personId } = freshly(surface, call)
        const confirm = (tx: Parameters<typeof confirmTotp>[0]) =>
          confirmTotp(tx, sealer, personId, call.body.code, wall())
        return { status: 200, body: { recoveryCodes: await inOwnName(surface, call, confirm) } }
      },
    }),
  ]
}

function afterwards(surface: Surface): Route[] {
  const { deps, prefix } = surface
  return [
    route({
      method: 'POST',
      path: `${prefix}/totp/recovery-codes`,
      permission: 'session',
      action: 'totp.renew-recovery-codes',
      summary: 'New recovery codes; the old ones are good no more',
      handle: async (call) => {
        const { personId } = freshly(surface, call)
        const recoveryCodes = await inOwnName(surface, call, (tx) =>
          renewRecoveryCodes(tx, deps.sealer, personId),
        )
        return { status: 200, body: { recoveryCodes } }
      },
    }),
    route({
      method: 'DELETE',
      path: `${prefix}/totp`,
      permission: 'session',
      action: 'totp.remove',
      summary: 'Stop using the code generator',
      handle: async (call) => {
        const { personId } = freshly(surface, call)
        await inOwnName(surface, call, (tx) => removeTotp(tx, personId))
        return { status: 200, body: { enrolled: false } }
      },
    }),
  ]
}
