/** What the routes of an account share: the session behind a call, its cookies, and how a person is shown. */
import { deviceCookie, deviceLifetime } from '#/identity/lockout/lockout.ts'
import { findPerson } from '#/identity/people/people.ts'
import {
  clearCookie,
  cookieNames,
  readCookie,
  sessionEnded,
  writeCookie,
} from '#/identity/sessions/sessions.ts'
import type { Opened, Realm, Session } from '#/identity/sessions/sessions.ts'
import { inNameOf, ownPlaces, refuseForeignPage, sessionOf } from '#/identity/sign-in/sign-in.ts'
import type { From, SignInDeps } from '#/identity/sign-in/sign-in.ts'
import type { Asked } from '#/identity/sign-in/sign-in.ts'
import { transact } from '#/kernel/db/db.ts'
import type { Tx } from '#/kernel/db/db.ts'
import type { Call, Caller, Guard, Reply } from '#/kernel/http/http.ts'
import { publicId } from '#/kernel/id/id.ts'

/** One of the two doors people come in by. */
export type Surface = {
  readonly deps: SignInDeps
  readonly realm: Realm
  /** Where its routes stand: `/portal/api`, `/v1`. */
  readonly prefix: string
  /** Address its pages stand under. */
  readonly origin: () => string
  /** The provider's name, for letters and for what a device lists us under. */
  readonly provider: string
}

/** A session is read by the guard and needed by the handler. */
const sessions = new WeakMap<Caller, Session>()

function callerOf(session: Session, asked: Asked): Caller {
  const { id, personId, partnerId, role, steppedUpAt } = session
  const actor =
    partnerId === null
      ? ({ kind: 'operator', id: personId, role } as const)
      : ({ kind: 'member', id: personId, partnerId, role } as const)
  const caller = { actor, address: asked.address, session: { id, personId, steppedUpAt } }
  sessions.set(caller, session)
  return caller
}

/** The guard of routes that only people call. */
export function createSessionGuard(surface: Surface): Guard {
  return async (knock) => {
    const session = await sessionOf(surface.deps, surface.realm, knock, surface.origin())
    if (!session) throw sessionEnded.with()
    return callerOf(session, knock)
  }
}

/** The operator behind a cookie, for the guard of the management API; null: nobody is signed in. */
export function operatorSessions(surface: Surface) {
  return async (asked: Asked): Promise<Caller | null> => {
    const session = await sessionOf(surface.deps, surface.realm, asked, surface.origin())
    return session && callerOf(session, asked)
  }
}

export function sessionIn(call: Pick<Call, 'caller'>): Session {
  const session = sessions.get(call.caller)
  if (!session) throw sessionEnded.with()
  return session
}

/** Before anybody is signed in there is no token; the browser's own word where the request comes from has to do. */
export function refuseForeign(surface: Surface, call: Call): void {
  refuseForeignPage({ method: 'POST', address: call.caller.address, header: call.header }, surface.origin())
}

export function broughtBy(surface: Surface, call: Call): From {
  const userAgent = call.header('user-agent')
  const cookies = call.header('cookie')
  return {
    address: call.caller.address,
    ...(userAgent !== undefined && { userAgent: userAgent.slice(0, 300) }),
    device: readCookie(cookies, deviceCookie),
    replaces: readCookie(cookies, cookieNames[surface.realm]),
  }
}

/** The answer that opens or changes a session: who it is, and the cookies. */
export async function enter(
  surface: Surface,
  opened: Opened & { readonly device?: string },
  address: string,
): Promise<Reply> {
  const { session, token } = opened
  const age = (session.expiresAt.getTime() - surface.deps.world.clock.wall()) / 1000
  const cookies = [writeCookie(cookieNames[surface.realm], token, age)]
  if (opened.device) cookies.push(writeCookie(deviceCookie, opened.device, deviceLifetime / 1000))
  return { status: 200, headers: { 'set-cookie': cookies }, body: await present(surface, session, address) }
}

export function leave(surface: Surface): Reply {
  return {
    status: 200,
    headers: { 'set-cookie': [clearCookie(cookieNames[surface.realm])] },
    body: { signedIn: false },
  }
}

/** As the page needs it. The CSRF token is the session's; a page of another origin cannot read it. */
export async function present(surface: Surface, session: Session, address: string): Promise<object> {
  const { deps } = surface
  const person = await inSystem(surface, (tx) => findPerson(tx, deps.sealer, session.personId), address)
  const places = session.realm === 'portal' ? await ownPlaces(deps, session, address) : []
  return {
    signedIn: true,
    csrf: session.csrf,
    person: { id: publicId('per', session.personId), email: person?.email ?? '', name: person?.name ?? null },
    partnerId: session.partnerId === null ? null : publicId('ptn', session.partnerId),
    role: session.role,
    organisations: places.map(({ partner, role }) => ({
      id: publicId('ptn', partner.id),
      name: partner.name,
      role,
    })),
    method: session.method,
    factors: session.factors,
    steppedUpAt: session.steppedUpAt === null ? null : new Date(session.steppedUpAt).toISOString(),
    expiresAt: session.expiresAt.toISOString(),
  }
}

/** What concerns a person as such and no partner: its own credentials and places. Nobody is signed in. */
export function inSystem<T>(surface: Surface, work: (tx: Tx) => Promise<T>, address: string): Promise<T> {
  return transact(surface.deps.world, { kind: 'system', name: 'account' }, work, address)
}

/** The same of who is signed in: what is their own stands across partners, and the audit says who it was. */
export function inOwnName<T>(
  surface: Surface,
  call: Pick<Call, 'caller'>,
  work: (tx: Tx) => Promise<T>,
): Promise<T> {
  return inNameOf(surface.deps.world, sessionIn(call), work, call.caller.address)
}
