/** Single sign-on from a browser: which provider an address has, the way there, and the way back. */
import { Type } from 'typebox'
import { broughtBy, enter, inSystem, refuseForeign, sessionIn } from '#/identity/account/surface.ts'
import type { Surface } from '#/identity/account/surface.ts'
import { findPerson } from '#/identity/people/people.ts'
import { clearCookie, readCookie, writeCookie } from '#/identity/sessions/sessions.ts'
import type { Opened } from '#/identity/sessions/sessions.ts'
import { entering, inNameOf, sessionOf } from '#/identity/sign-in/sign-in.ts'
import {
  providerForEmail,
  providerVouching,
  safeReturnPath,
  ssoCookie,
  ssoFailed,
  ssoNotLinked,
} from '#/identity/sso/sso.ts'
import type { Edge, Sso, SsoProof } from '#/identity/sso/sso.ts'
import { pageOfProblem, route } from '#/kernel/http/http.ts'
import type { Call, Reply, Route } from '#/kernel/http/http.ts'
import { parseId, publicId } from '#/kernel/id/id.ts'
import { Problem } from '#/kernel/problem/problem.ts'

const email = Type.String({ maxLength: 320 })
const providerId = Type.String({ maxLength: 64 })
const ByProvider = Type.Object({ providerId })

export function ssoRoutes(surface: Surface, sso: Sso): Route[] {
  return [finding(surface), going(surface, sso), steppingUp(surface, sso), comingBack(surface, sso)]
}

/** Answers by the domain alone, so that it does not tell whether somebody has the address. */
function finding(surface: Surface): Route {
  const { realm, prefix } = surface
  return route({
    method: 'GET',
    path: `${prefix}/sso`,
    permission: 'public',
    summary: 'The single sign-on of an e-mail address',
    query: Type.Object({ email }),
    handle: async (call) => {
      const found = await inSystem(
        surface,
        (tx) => providerForEmail(tx, realm, call.query.email),
        call.caller.address,
      )
      return { status: 200, body: { provider: found && { ...found, id: publicId('sso', found.id) } } }
    },
  })
}

function going(surface: Surface, sso: Sso): Route {
  const { realm, prefix } = surface
  return route({
    method: 'POST',
    path: `${prefix}/sso`,
    permission: 'public',
    action: 'sso.begin',
    summary: 'Begin to sign in through an OpenID provider; gives where the browser goes',
    body: Type.Object(
      {
        providerId,
        email: Type.Optional(email),
        returnTo: Type.Optional(Type.String({ maxLength: 2000 })),
      },
      { additionalProperties: false },
    ),
    handle: async (call) => {
      refuseForeign(surface, call)
      const { providerId: wanted, email: typed, returnTo = '' } = call.body
      const begun = await sso.start(edgeOf(surface, call.caller.address), {
        realm,
        providerId: parseId('sso', wanted) ?? '00000000-0000-0000-0000-000000000000',
        browser: readCookie(call.header('cookie'), ssoCookie.name),
        returnTo: safeReturnPath(returnTo, home(surface)),
        requestId: call.requestId,
        ...(typed !== undefined && { email: typed }),
      })
      return leaving(begun)
    },
  })
}

/** For who has nothing else, and for secrets of the organisation alone: not for the person's own (`requireOwnProof`). */
function steppingUp(surface: Surface, sso: Sso): Route {
  const { deps, realm, prefix } = surface
  return route({
    method: 'POST',
    path: `${prefix}/session/step-up/sso`,
    permission: 'session',
    action: 'sso.begin',
    summary: 'Begin to prove again who one is, at the OpenID provider; gives where the browser goes',
    body: Type.Object(
      { returnTo: Type.Optional(Type.String({ maxLength: 2000 })) },
      { additionalProperties: false },
    ),
    handle: async (call) => {
      const { personId, partnerId } = sessionIn(call)
      const edge = edgeOf(surface, call.caller.address)
      const [providerId, person] = await edge(async (tx) => [
        await providerVouching(tx, partnerId, personId),
        await findPerson(tx, deps.sealer, personId),
      ])
      if (providerId === null) throw ssoNotLinked.with()
      const begun = await sso.start(edge, {
        realm,
        providerId,
        browser: readCookie(call.header('cookie'), ssoCookie.name),
        returnTo: safeReturnPath(call.body.returnTo ?? '', home(surface)),
        again: personId,
        requestId: call.requestId,
        ...(person?.email && { email: person.email }),
      })
      return leaving(begun)
    },
  })
}

function leaving({ location, browser }: { readonly location: string; readonly browser: string }): Reply {
  const cookie = writeCookie(ssoCookie.name, browser, ssoCookie.seconds)
  return { status: 200, headers: { 'set-cookie': [cookie] }, body: { location } }
}

/** A link from another site, so GET; what it may do is bound to the cookie of the browser that began. */
function comingBack(surface: Surface, sso: Sso): Route {
  const { prefix } = surface
  return route({
    method: 'GET',
    path: `${prefix}/sso/:providerId/callback`,
    permission: 'public',
    summary: 'The way back from an OpenID provider',
    params: ByProvider,
    handle: async (call) => {
      try {
        return await cameBack(surface, sso, call)
      } catch (error) {
        // The browser itself stands here, and no page of ours that could show a problem.
        const reads = call.header('accept')?.includes('text/html') ?? false
        if (!reads || !(error instanceof Problem)) throw error
        return pageOfProblem(error, call.requestId)
      }
    },
  })
}

async function cameBack(surface: Surface, sso: Sso, call: Call<typeof ByProvider>): Promise<Reply> {
  const { address } = call.caller
  const proof = await sso.finish(edgeOf(surface, address), {
    realm: surface.realm,
    providerId: parseId('sso', call.params.providerId) ?? '',
    query: call.target.split('?').slice(1).join('?'),
    browser: readCookie(call.header('cookie'), ssoCookie.name),
    requestId: call.requestId,
  })
  const opened = proof.again ? await provenAgain(surface, call, proof) : await signedIn(surface, call, proof)
  const { headers } = await enter(surface, opened, address)
  const cookies = [...[headers?.['set-cookie'] ?? []].flat(), clearCookie(ssoCookie.name)]
  return { status: 303, headers: { location: proof.returnTo, 'set-cookie': cookies }, body: '' }
}

async function signedIn(surface: Surface, call: Call, proof: SsoProof): Promise<Opened> {
  const { deps, realm } = surface
  const { personId, partnerId } = proof
  const partner = partnerId === null ? {} : { partnerId }
  const opening = { personId, realm, method: 'sso' as const, factors: ['sso'], ...partner }
  return entering(
    deps.world,
    (tx) => deps.sessions.open(tx, { ...opening, ...broughtBy(surface, call) }, deps.world.clock.wall()),
    call.caller.address,
  )
}

/** The session of this browser, if it is still the person's, and acts for whom the provider vouches. Throws `ssoFailed`. */
async function provenAgain(surface: Surface, call: Call, proof: SsoProof): Promise<Opened> {
  const { deps, realm, origin } = surface
  const { address } = call.caller
  const asked = { method: 'GET', address, header: call.header }
  const session = await sessionOf(deps, realm, asked, origin())
  if (session?.personId !== proof.personId || session.partnerId !== proof.partnerId) throw ssoFailed.with()
  return inNameOf(
    deps.world,
    session,
    (tx) => deps.sessions.stepUp(tx, session, ['sso'], deps.world.clock.wall()),
    address,
  )
}

function home({ realm }: Surface): string {
  return realm === 'portal' ? '/portal/' : '/console/'
}

function edgeOf(surface: Surface, address: string): Edge {
  return (work) => inSystem(surface, work, address)
}
