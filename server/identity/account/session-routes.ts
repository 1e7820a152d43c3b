/** Signing in and out, proving again who one is, and the list of ones own sessions. */
import { Type } from 'typebox'
import {
  broughtBy,
  enter,
  inOwnName,
  leave,
  present,
  refuseForeign,
  sessionIn,
} from '#/identity/account/surface.ts'
import type { Surface } from '#/identity/account/surface.ts'
import { sessionNotFound } from '#/identity/sessions/sessions.ts'
import { finishSignIn, signIn, stepUp, switchPartner } from '#/identity/sign-in/sign-in.ts'
import { route } from '#/kernel/http/http.ts'
import type { Route } from '#/kernel/http/http.ts'
import { parseId, publicId } from '#/kernel/id/id.ts'

const strict = { additionalProperties: false } as const
const password = Type.String({ minLength: 1, maxLength: 1024 })
const code = Type.String({ minLength: 1, maxLength: 64 })
const partnerId = Type.String({ maxLength: 64 })

export function sessionRoutes(surface: Surface): Route[] {
  return [...signingIn(surface), ...signedIn(surface), ...ownSessions(surface)]
}

function signingIn(surface: Surface): Route[] {
  const { deps, realm, prefix } = surface
  return [
    route({
      method: 'POST',
      path: `${prefix}/session`,
      permission: 'public',
      action: 'sessions.open',
      summary: 'Sign in with a password',
      body: Type.Object(
        {
          email: Type.String({ maxLength: 320 }),
          password,
          code: Type.Optional(code),
          partnerId: Type.Optional(partnerId),
        },
        strict,
      ),
      handle: async (call) => {
        refuseForeign(surface, call)
        const { partnerId: named, ...given } = call.body
        const partner = named === undefined ? null : parseId('ptn', named)
        const wanted = partner === null ? {} : { partnerId: partner }
        const result = await signIn(deps, { ...given, ...wanted, ...broughtBy(surface, call), realm })
        if (result.needs !== null) return { status: 200, body: { signedIn: false, ...result } }
        return enter(surface, result, call.caller.address)
      },
    }),
    route({
      method: 'POST',
      path: `${prefix}/session/code`,
      permission: 'public',
      action: 'sessions.open',
      summary: 'The second step of a sign-in, with a code',
      body: Type.Object({ ticket: Type.String({ maxLength: 2000 }), code }, strict),
      handle: async (call) => {
        refuseForeign(surface, call)
        const result = await finishSignIn(deps, { ...call.body, ...broughtBy(surface, call) })
        return enter(surface, result, call.caller.address)
      },
    }),
  ]
}

function signedIn(surface: Surface): Route[] {
  const { deps, prefix } = surface
  return [
    route({
      method: 'GET',
      path: `${prefix}/session`,
      permission: 'session',
      summary: 'Who is signed in',
      handle: async (call) => ({
        status: 200,
        body: await present(surface, sessionIn(call), call.caller.address),
      }),
    }),
    route({
      method: 'DELETE',
      path: `${prefix}/session`,
      permission: 'session',
      action: 'sessions.end',
      summary: 'Sign out',
      handle: async (call) => {
        const { id, personId } = sessionIn(call)
        await inOwnName(surface, call, (tx) => deps.sessions.end(tx, personId, id))
        return leave(surface)
      },
    }),
    route({
      method: 'POST',
      path: `${prefix}/session/step-up`,
      permission: 'session',
      action: 'sessions.step_up',
      summary: 'Prove again who one is',
      body: Type.Object({ password, code: Type.Optional(code) }, strict),
      handle: async (call) => {
        const { address } = call.caller
        const result = await stepUp(deps, sessionIn(call), { ...call.body, address })
        return result.needs === null ? enter(surface, result, address) : { status: 200, body: result }
      },
    }),
    route({
      method: 'POST',
      path: `${prefix}/session/organisation`,
      permission: 'session',
      action: 'sessions.switch_partner',
      summary: 'Act for another organisation of ones own',
      body: Type.Object({ partnerId }, strict),
      handle: async (call) => {
        const { address } = call.caller
        const wanted = parseId('ptn', call.body.partnerId) ?? ''
        return enter(
          surface,
          await switchPartner(deps, sessionIn(call), { partnerId: wanted, address }),
          address,
        )
      },
    }),
  ]
}

function ownSessions(surface: Surface): Route[] {
  const { deps, prefix } = surface
  return [
    route({
      method: 'GET',
      path: `${prefix}/sessions`,
      permission: 'session',
      summary: 'Where one is signed in',
      handle: async (call) => {
        const own = sessionIn(call)
        const wall = deps.world.clock.wall()
        const found = await inOwnName(surface, call, (tx) => deps.sessions.list(tx, own.personId, wall))
        const data = found.map((one) => ({
          ...one,
          id: publicId('ses', one.id),
          partnerId: one.partnerId && publicId('ptn', one.partnerId),
          current: one.id === own.id,
        }))
        return { status: 200, body: { data } }
      },
    }),
    route({
      method: 'DELETE',
      path: `${prefix}/sessions`,
      permission: 'session',
      action: 'sessions.end_all',
      summary: 'Sign out everywhere else',
      handle: async (call) => {
        const { id, personId } = sessionIn(call)
        const ended = await inOwnName(surface, call, (tx) => deps.sessions.endAll(tx, personId, id))
        return { status: 200, body: { ended } }
      },
    }),
    route({
      method: 'DELETE',
      path: `${prefix}/sessions/:id`,
      permission: 'session',
      action: 'sessions.end',
      summary: 'Sign out elsewhere',
      params: Type.Object({ id: Type.String({ maxLength: 64 }) }),
      handle: async (call) => {
        const wanted = parseId('ses', call.params.id)
        if (wanted === null) throw sessionNotFound.with()
        const { personId } = sessionIn(call)
        await inOwnName(surface, call, (tx) => deps.sessions.end(tx, personId, wanted))
        return { status: 200, body: { ended: 1 } }
      },
    }),
  ]
}
