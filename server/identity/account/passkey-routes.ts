/** Passkeys: adding and removing them, and signing in or proving oneself with one (WebAuthn Level 3). */
import { Type } from 'typebox'
import {
  broughtBy,
  enter,
  inOwnName,
  inSystem,
  refuseForeign,
  sessionIn,
} from '#/identity/account/surface.ts'
import type { Surface } from '#/identity/account/surface.ts'
import {
  AssertionAnswer,
  RegistrationAnswer,
  checkOptions,
  checkPasskey,
  listPasskeys,
  passkeyNotFound,
  passkeySite,
  registerPasskey,
  registrationOptions,
  removePasskey,
  signInOptions,
  signInWithPasskey,
} from '#/identity/passkeys/passkeys.ts'
import type { PasskeyDeps, Proof, Refused } from '#/identity/passkeys/passkeys.ts'
import { findPerson } from '#/identity/people/people.ts'
import { requireOwnProof } from '#/identity/sessions/sessions.ts'
import { admitWaiting, entering, refuseWhereSsoIsNeeded, waitingSignIn } from '#/identity/sign-in/sign-in.ts'
import type { Tx } from '#/kernel/db/db.ts'
import { route } from '#/kernel/http/http.ts'
import type { Route } from '#/kernel/http/http.ts'
import { parseId, publicId } from '#/kernel/id/id.ts'

const strict = { additionalProperties: false } as const
const ticket = Type.String({ maxLength: 2000 })

/** What a ceremony works with now. Throws `passkeysUnavailable` where browsers keep none for our address. */
function ceremony({ deps, origin, provider }: Surface): PasskeyDeps {
  return { sealer: deps.sealer, site: passkeySite(origin(), provider), wall: deps.world.clock.wall() }
}

export function passkeyRoutes(surface: Surface): Route[] {
  return [
    ...own(surface),
    ...removing(surface),
    ...signingIn(surface),
    ...secondFactor(surface),
    ...steppingUp(surface),
  ]
}

function own(surface: Surface): Route[] {
  const { deps, prefix } = surface
  return [
    route({
      method: 'GET',
      path: `${prefix}/passkeys`,
      permission: 'session',
      summary: 'Ones own passkeys',
      handle: async (call) => {
        const { personId } = sessionIn(call)
        const found = await inOwnName(surface, call, (tx) => listPasskeys(tx, deps.sealer, personId))
        return { status: 200, body: { data: found.map((one) => ({ ...one, id: publicId('psk', one.id) })) } }
      },
    }),
    route({
      method: 'POST',
      path: `${prefix}/passkeys/options`,
      permission: 'session',
      action: 'passkeys.begin',
      summary: 'Begin to add a passkey',
      handle: async (call) => {
        const session = sessionIn(call)
        requireOwnProof(session, deps.world.clock.wall())
        const by = { personId: session.personId, sessionId: session.id }
        const begin = async (tx: Tx) => {
          const person = await findPerson(tx, deps.sealer, by.personId)
          const shown = { email: person?.email ?? '', name: person?.name ?? person?.email ?? '' }
          return registrationOptions(tx, ceremony(surface), by, shown)
        }
        return { status: 200, body: await inOwnName(surface, call, begin) }
      },
    }),
    route({
      method: 'POST',
      path: `${prefix}/passkeys`,
      permission: 'session',
      action: 'passkeys.add',
      summary: 'Add the passkey that the browser made',
      body: Type.Object(
        { name: Type.String({ minLength: 1, maxLength: 100 }), answer: RegistrationAnswer },
        strict,
      ),
      handle: async (call) => {
        const session = sessionIn(call)
        requireOwnProof(session, deps.world.clock.wall())
        const by = { personId: session.personId, sessionId: session.id }
        const add = (tx: Tx) => registerPasskey(tx, ceremony(surface), by, call.body)
        const added = await inOwnName(surface, call, add)
        if ('refused' in added) throw added.refused
        return { status: 201, body: { ...added, id: publicId('psk', added.id) } }
      },
    }),
  ]
}

function removing(surface: Surface): Route[] {
  const { deps, prefix } = surface
  return [
    route({
      method: 'DELETE',
      path: `${prefix}/passkeys/:id`,
      permission: 'session',
      action: 'passkeys.remove',
      summary: 'Remove a passkey',
      params: Type.Object({ id: Type.String({ maxLength: 64 }) }),
      handle: async (call) => {
        const session = sessionIn(call)
        requireOwnProof(session, deps.world.clock.wall())
        const id = parseId('psk', call.params.id)
        if (id === null) throw passkeyNotFound.with()
        await inOwnName(surface, call, (tx) => removePasskey(tx, session.personId, id))
        return { status: 200, body: { removed: true } }
      },
    }),
  ]
}

/** Somebody we do not know yet: the passkey alone says who it is, and its device has checked the person. */
function signingIn(surface: Surface): Route[] {
  const { deps, prefix, realm } = surface
  return [
    route({
      method: 'POST',
      path: `${prefix}/session/passkey/options`,
      permission: 'public',
      action: 'passkeys.begin',
      summary: 'Begin to sign in with a passkey',
      handle: async (call) => {
        refuseForeign(surface, call)
        const begun = await inSystem(
          surface,
          (tx) => signInOptions(tx, ceremony(surface)),
          call.caller.address,
        )
        return { status: 200, body: begun }
      },
    }),
    route({
      method: 'POST',
      path: `${prefix}/session/passkey`,
      permission: 'public',
      action: 'sessions.open',
      summary: 'Sign in with a passkey',
      body: Type.Object({ attempt: Type.String({ maxLength: 64 }), answer: AssertionAnswer }, strict),
      handle: async (call) => {
        refuseForeign(surface, call)
        const { attempt, answer } = call.body
        const { address } = call.caller
        // The challenge is spent also when the proof fails, so the refusal comes after the commit.
        const proof = await inSystem(
          surface,
          (tx) => signInWithPasskey(tx, ceremony(surface), attempt, answer),
          address,
        )
        const { personId } = proven(proof)
        const opening = {
          personId,
          realm,
          method: 'passkey' as const,
          factors: ['passkey'],
          ...broughtBy(surface, call),
        }
        const open = async (tx: Tx) => {
          const entered = await deps.sessions.open(tx, opening, deps.world.clock.wall())
          await refuseWhereSsoIsNeeded(tx, entered.session)
          return entered
        }
        const opened = await entering(deps.world, open, address)
        return enter(surface, opened, address)
      },
    }),
  ]
}

/** After a password that was right. */
function secondFactor(surface: Surface): Route[] {
  const { deps, prefix } = surface
  const occasion = (given: string) => {
    const { id, personId } = waitingSignIn(deps, given)
    return { use: 'second-factor', personId, secret: id } as const
  }
  return [
    route({
      method: 'POST',
      path: `${prefix}/session/second-passkey/options`,
      permission: 'public',
      action: 'passkeys.begin',
      summary: 'Begin the second step of a sign-in, with a passkey',
      body: Type.Object({ ticket }, strict),
      handle: async (call) => {
        refuseForeign(surface, call)
        const begin = (tx: Tx) => checkOptions(tx, ceremony(surface), occasion(call.body.ticket))
        return { status: 200, body: await inSystem(surface, begin, call.caller.address) }
      },
    }),
    route({
      method: 'POST',
      path: `${prefix}/session/second-passkey`,
      permission: 'public',
      action: 'sessions.open',
      summary: 'The second step of a sign-in, with a passkey',
      body: Type.Object({ ticket, answer: AssertionAnswer }, strict),
      handle: async (call) => {
        refuseForeign(surface, call)
        const { address } = call.caller
        const check = (tx: Tx) =>
          checkPasskey(tx, ceremony(surface), occasion(call.body.ticket), call.body.answer)
        proven(await inSystem(surface, check, address))
        const admit = (tx: Tx) =>
          admitWaiting(deps, tx, call.body.ticket, ['passkey'], broughtBy(surface, call))
        return enter(surface, await entering(deps.world, admit, address), address)
      },
    }),
  ]
}

function steppingUp(surface: Surface): Route[] {
  const { deps, prefix } = surface
  return [
    route({
      method: 'POST',
      path: `${prefix}/session/step-up/passkey/options`,
      permission: 'session',
      action: 'passkeys.begin',
      summary: 'Begin to prove again who one is, with a passkey',
      handle: async (call) => {
        const { id, personId } = sessionIn(call)
        const begin = (tx: Tx) =>
          checkOptions(tx, ceremony(surface), { use: 'step-up', personId, secret: id })
        return { status: 200, body: await inOwnName(surface, call, begin) }
      },
    }),
    route({
      method: 'POST',
      path: `${prefix}/session/step-up/passkey`,
      permission: 'session',
      action: 'sessions.step_up',
      summary: 'Prove again who one is, with a passkey',
      body: Type.Object({ answer: AssertionAnswer }, strict),
      handle: async (call) => {
        const session = sessionIn(call)
        const { address } = call.caller
        const occasion = { use: 'step-up', personId: session.personId, secret: session.id } as const
        const check = (tx: Tx) => checkPasskey(tx, ceremony(surface), occasion, call.body.answer)
        proven(await inOwnName(surface, call, check))
        const up = (tx: Tx) => deps.sessions.stepUp(tx, session, ['passkey'], deps.world.clock.wall())
        return enter(surface, await inOwnName(surface, call, up), address)
      },
    }),
  ]
}

/** The refusal is thrown only now: the challenge is spent also by an answer that is not good. */
function proven(proof: Proof | Refused): Proof {
  if ('refused' in proof) throw proof.refused
  return proof
}
