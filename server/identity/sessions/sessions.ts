/**
 * Sessions: what a person who is signed in holds. The browser has a random token in a cookie and nothing else. The token
 * changes with every change of what it is worth: at the sign-in, at a step-up and when the person acts for another
 * partner; so a token that somebody planted or saw before is worth nothing after (session fixation).
 */
import type { Sealer } from '#/kernel/crypto/crypto.ts'
import type { Actor, Tx } from '#/kernel/db/db.ts'
import { newId } from '#/kernel/id/id.ts'
import { memberships } from '#/identity/people/people.ts'
import {
  partnerNotYours,
  sessionEnded,
  sessionNotFound,
  signInFailed,
  stepUpRequired,
} from '#/identity/sessions/problems.ts'
import { openSeenFrom, sealSeenFrom, seenFrom } from '#/identity/sessions/seen-from.ts'
import type { SeenFrom } from '#/identity/sessions/seen-from.ts'
import * as store from '#/identity/sessions/store.ts'
import type { ListedRow, Method, Realm, Rotation, SessionRow } from '#/identity/sessions/store.ts'
import { csrfOf, randomToken, tokenDigest } from '#/identity/sessions/token.ts'

export { clearCookie, cookieNames, readCookie, writeCookie } from '#/identity/sessions/cookies.ts'
export * from '#/identity/sessions/problems.ts'
export { networkOf } from '#/identity/sessions/seen-from.ts'
export type { Method, Realm } from '#/identity/sessions/store.ts'
export { matchesCsrf } from '#/identity/sessions/token.ts'

export type Session = {
  readonly id: string
  readonly personId: string
  readonly realm: Realm
  /** Whom the person acts for; null in the console. */
  readonly partnerId: string | null
  /** In that partner, or among the operators. */
  readonly role: string
  readonly method: Method
  /** What was proved: `password`, `totp`, `recovery`, `passkey`, `sso`. */
  readonly factors: readonly string[]
  /** Wall clock, milliseconds: the last full proof; null: none but single sign-on, which may have been silent. */
  readonly steppedUpAt: number | null
  /** The last full proof with a credential of the person's own, and not by somebody who vouches for them. */
  readonly ownProofAt: number | null
  readonly createdAt: Date
  readonly expiresAt: Date
  /** What the page sends with every change. */
  readonly csrf: string
}

/** `token` goes into the cookie and nowhere else. */
export type Opened = { readonly token: string; readonly session: Session }

export type Opening = {
  readonly personId: string
  readonly realm: Realm
  /** Without it: the first of the person's own. */
  readonly partnerId?: string
  readonly method: Method
  readonly factors: readonly string[]
  readonly address: string
  readonly userAgent?: string
  /** What the browser held before, of whoever: it is worth nothing from now on. */
  readonly replaces?: string | null
}

export type ListedSession = Omit<ListedRow, 'seenFrom'> & SeenFrom

/** Milliseconds. */
export type Lifetimes = Readonly<Record<Realm, { readonly idle: number; readonly absolute: number }>>

const hour = 3_600_000

export const defaultLifetimes: Lifetimes = {
  portal: { idle: 12 * hour, absolute: 7 * 24 * hour },
  console: { idle: hour, absolute: 12 * hour },
}

const stepUpLifetime = 10 * 60_000

/** Written at most this often: a session may end this much before its idle time is over, never after. */
const touchEvery = 60_000

export type Sessions = {
  /** Throws `signInFailed` when the person is disabled or has no place in the realm. */
  open(tx: Tx, opening: Opening, wall: number): Promise<Opened>
  authenticate(tx: Tx, realm: Realm, token: string, wall: number): Promise<Session | null>
  /** After the person proved again who it is. The old token is over. Throws `sessionEnded`. */
  stepUp(tx: Tx, session: Session, factors: readonly string[], wall: number): Promise<Opened>
  /** The old token is over. Throws `partnerNotYours`, `sessionEnded`. */
  switchPartner(tx: Tx, session: Session, partnerId: string, wall: number): Promise<Opened>
  /** After a change of the person's own that ended all sessions: this one goes on. Throws `sessionEnded`. */
  keep(tx: Tx, session: Session, wall: number): Promise<Opened>
  /** A person's own, the last seen first. */
  list(tx: Tx, personId: string, wall: number): Promise<ListedSession[]>
  /** Throws `sessionNotFound`. */
  end(tx: Tx, personId: string, sessionId: string): Promise<void>
  /** Signs out everywhere, but for the session given. Returns how many were ended. */
  endAll(tx: Tx, personId: string, except?: string): Promise<number>
  /** Deletes what is over; returns how many. */
  prune(tx: Tx, wall: number): Promise<number>
}

type Deps = { readonly sealer: Sealer; readonly lifetimes?: Lifetimes }

export function createSessions(deps: Deps): Sessions {
  const { sealer, lifetimes = defaultLifetimes } = deps
  const seenAfter = (wall: number) => ({
    portal: new Date(wall - lifetimes.portal.idle),
    console: new Date(wall - lifetimes.console.idle),
  })

  async function read(tx: Tx, realm: Realm, token: string, wall: number) {
    const digest = tokenDigest(token)
    if (digest === null) return null
    const row = await store.selectSession(tx, digest, realm, new Date(wall), seenAfter(wall)[realm])
    return row ? { row, session: sessionFrom(row, token) } : null
  }

  async function rotate(tx: Tx, session: Session, change: Partial<Rotation>, wall: number): Promise<Opened> {
    const token = randomToken()
    const rotation = { ...unchanged, ...change, digest: tokenDigest(token)!, at: new Date(wall) }
    const rotated = await store.rotateSession(tx, session.id, rotation)
    const found = rotated && (await read(tx, session.realm, token, wall))
    if (!found) throw sessionEnded.with()
    return { token, session: found.session }
  }

  return {
    open: (tx, opening, wall) => open(tx, deps, lifetimes, opening, wall),
    async authenticate(tx, realm, token, wall) {
      const found = await read(tx, realm, token, wall)
      if (!found) return null
      if (wall - found.row.lastSeenAt.getTime() >= touchEvery) {
        await store.touchSession(tx, found.row.id, new Date(wall))
      }
      return found.session
    },
    async stepUp(tx, session, factors, wall) {
      const opened = await rotate(tx, session, proven(session, factors, wall), wall)
      tell(tx, 'sessions.step_up', opened.session, { factors })
      return opened
    },
    async switchPartner(tx, session, partnerId, wall) {
      const places = session.realm === 'portal' ? await memberships(tx, session.personId) : []
      if (!places.some(({ partner }) => partner.id === partnerId)) throw partnerNotYours.with()
      const opened = await rotate(tx, session, { partnerId }, wall)
      tell(tx, 'sessions.switch_partner', opened.session)
      return opened
    },
    keep: (tx, session, wall) => rotate(tx, session, { takeEpoch: true }, wall),
    async list(tx, personId, wall) {
      const rows = await store.listSessions(tx, personId, new Date(wall), seenAfter(wall))
      return rows.map(({ seenFrom, ...row }) => ({ ...row, ...openSeenFrom(sealer, row.id, seenFrom) }))
    },
    async end(tx, personId, sessionId) {
      if (!(await store.deleteSession(tx, personId, sessionId))) throw sessionNotFound.with()
      tx.audit({ action: 'sessions.end', subject: { kind: 'session', id: sessionId } })
    },
    async endAll(tx, personId, except) {
      const ended = await store.deleteSessions(tx, personId, except ?? null)
      const subject = { kind: 'person', id: personId }
      tx.audit({ action: 'sessions.end_all', subject, changes: { ended } })
      return ended
    },
    prune: (tx, wall) => store.pruneSessions(tx, new Date(wall), seenAfter(wall)),
  }
}

const unchanged = {
  steppedUpAt: null,
  factors: null,
  partnerId: null,
  takeEpoch: false,
  ownProofAt: null,
} as const

function proven(session: Session, factors: readonly string[], wall: number): Partial<Rotation> {
  const at = new Date(wall)
  return {
    steppedUpAt: at,
    ownProofAt: factors.includes('sso') ? null : at,
    factors: [...new Set([...session.factors, ...factors])],
  }
}

async function open(
  tx: Tx,
  { sealer }: Deps,
  lifetimes: Lifetimes,
  opening: Opening,
  wall: number,
): Promise<Opened> {
  const { personId, realm, method, factors } = opening
  const stale = opening.replaces ? tokenDigest(opening.replaces) : null
  if (stale) await store.deleteByToken(tx, stale)
  const partnerId =
    realm === 'console' ? null : (opening.partnerId ?? (await memberships(tx, personId))[0]?.partner.id)
  if (partnerId === undefined) throw signInFailed.with()
  const [id, token] = [newId(), randomToken()]
  const inserted = await store.insertSession(tx, {
    id,
    personId,
    realm,
    partnerId,
    method,
    factors,
    digest: tokenDigest(token)!,
    seenFrom: sealSeenFrom(sealer, id, seenFrom(opening.address, opening.userAgent)),
    at: new Date(wall),
    expiresAt: new Date(wall + lifetimes[realm].absolute),
    steppedUpAt: method === 'sso' ? null : new Date(wall),
  })
  const row =
    inserted && (await store.selectSession(tx, tokenDigest(token)!, realm, new Date(wall), new Date(0)))
  if (!row) throw signInFailed.with()
  const session = sessionFrom(row, token)
  tell(tx, 'sessions.open', session, { realm, method, factors })
  return { token, session }
}

function sessionFrom({ lastSeenAt: _seen, ...row }: SessionRow, token: string): Session {
  const { steppedUpAt, ownProofAt } = row
  const times = { steppedUpAt: steppedUpAt?.getTime() ?? null, ownProofAt: ownProofAt?.getTime() ?? null }
  return { ...row, ...times, csrf: csrfOf(token) }
}

function tell(
  tx: Tx,
  action: string,
  session: Session,
  changes: Record<string, unknown> | null = null,
): void {
  const { personId, partnerId } = session
  tx.audit({ action, subject: { kind: 'person', id: personId }, partnerId, changes })
}

/** Throws `stepUpRequired` when the last full proof is too old. Before secrets are shown or money moves. */
export function requireStepUp(session: { readonly steppedUpAt: number | null }, wall: number): void {
  const { steppedUpAt } = session
  if (steppedUpAt !== null && wall - steppedUpAt < stepUpLifetime) return
  throw stepUpRequired.with({
    next: [{ action: 'step_up', detail: 'Prove again that it is you, then repeat the request.' }],
  })
}

/**
 * The same for what belongs to the person and not to an organisation, the credentials and the address: what a partner's
 * OpenID provider vouches for is good for that partner alone, and a passkey made on it would open the others too.
 */
export function requireOwnProof(session: Pick<Session, 'ownProofAt'>, wall: number): void {
  const { ownProofAt } = session
  if (ownProofAt !== null && wall - ownProofAt < stepUpLifetime) return
  throw stepUpRequired.with({
    detail: 'Single sign-on does not do here: prove it with your password or passkey.',
    next: [
      {
        action: 'step_up',
        detail:
          'Use your password or passkey, then repeat the request. Without one, set a password by e-mail.',
      },
    ],
  })
}

/** Who was vouched for by an OpenID provider that speaks no longer signs in again. `partnerId` null: the operators. */
export async function endSsoSessions(tx: Tx, partnerId: string | null): Promise<number> {
  return store.deleteSsoSessions(tx, partnerId)
}

/** Where single sign-on is the only way in from now on, who came in another way signs in again, but for one role. */
export async function endOtherSessions(tx: Tx, partnerId: string | null, exempt: string): Promise<number> {
  return store.deleteOtherSessions(tx, partnerId, exempt)
}

/** In whose name the person's requests run. */
export function actorOf(session: Session): Actor {
  const { personId: id, partnerId, role } = session
  return partnerId === null ? { kind: 'operator', id, role } : { kind: 'member', id, partnerId, role }
}
