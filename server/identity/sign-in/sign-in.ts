/**
 * Signing in with a password, in its order: may somebody try, who is it, is the password right, is a second factor
 * asked for, then a session. Whatever goes wrong is answered by the same problem, and an account that does not exist
 * takes the same steps as one that does. No transaction is open while a password is hashed, so these verbs open their
 * own. A passkey of itself or single sign-on proves the person whole: then `sessions.open` or `sessions.stepUp` follows.
 */
import type { Tx } from '#/kernel/db/db.ts'
import { newId } from '#/kernel/id/id.ts'
import { newDevice } from '#/identity/lockout/lockout.ts'
import { memberships } from '#/identity/people/people.ts'
import type { Membership } from '#/identity/people/people.ts'
import { partnerNotYours, signInFailed } from '#/identity/sessions/sessions.ts'
import type { Opened, Realm, Session } from '#/identity/sessions/sessions.ts'
import { checkPassword, edgeOf, failed, proveAgain, secondFactor, system } from '#/identity/sign-in/proof.ts'
import type { SecondFactor, SignInDeps } from '#/identity/sign-in/proof.ts'
import { entering } from '#/identity/sign-in/own-name.ts'
import { markOf, readWaiting, writeWaiting } from '#/identity/sign-in/waiting.ts'
import type { Waiting } from '#/identity/sign-in/waiting.ts'
import { ssoRequired } from '#/identity/sso/sso.ts'
import { verifyTotp } from '#/identity/totp/totp.ts'
import { problem } from '#/kernel/problem/problem.ts'

export { seedDemoPeople } from '#/identity/sign-in/demo.ts'
export type { DemoCredentials, DemoPerson } from '#/identity/sign-in/demo.ts'
export { eraseAccount } from '#/identity/sign-in/erase.ts'
export { signInJob } from '#/identity/sign-in/jobs.ts'
export { entering, inNameFound, inNameOf } from '#/identity/sign-in/own-name.ts'
export { changePassword } from '#/identity/sign-in/own-password.ts'
export { refuseForeignPage, sessionOf } from '#/identity/sign-in/caller.ts'
export type { Asked } from '#/identity/sign-in/caller.ts'
export type { SecondFactor, SignInDeps } from '#/identity/sign-in/proof.ts'
export type { Waiting } from '#/identity/sign-in/waiting.ts'

export const ssoNeeded = problem('auth.sso_needed', 403, 'Sign in through your organisation', {
  help: 'Your organisation asks everybody but its owners to sign in through its own OpenID provider. Use “single sign-on” on the sign-in page.',
})

/** What the browser brought, and from where. */
export type From = {
  readonly address: string
  readonly userAgent?: string
  /** Value of the device cookie. */
  readonly device?: string | null
  /** Value of the session cookie, whoever's it is: it ends. */
  readonly replaces?: string | null
}

export type SignInRequest = From & {
  readonly email: string
  readonly password: string
  /** Of the code generator, or a recovery code, where the page knows that it will be asked for. */
  readonly code?: string
  readonly realm: Realm
  /** For whom to act; without it the first of the person's own. */
  readonly partnerId?: string
}

/** `device` goes into the device cookie. */
export type SignedIn = Opened & { readonly needs: null; readonly device: string }

/** The password is right; `ticket` comes back with one of these. */
export type Needs = { readonly needs: readonly SecondFactor[]; readonly ticket: string }

/** Throws `signInFailed`, and `busy` when more sign in than can be checked. */
export async function signIn(deps: SignInDeps, request: SignInRequest): Promise<SignedIn | Needs> {
  const { world, lockout, passwords, sealer } = deps
  const { email, password, realm, partnerId = null, address, device = null } = request
  const wall = world.clock.wall()
  const edge = edgeOf(world, system, address)
  const subjects = lockout.subjectsOf({ email, address, device }, wall)
  const { admission, account } = await edge(async (tx) => ({
    admission: await lockout.admit(tx, subjects, wall),
    account: await passwords.findAccount(tx, email),
  }))
  await checkPassword({ deps, edge, subjects, admission, account, password })
  const personId = account.personId!
  const stronger = await passwords.strengthen(account, password)
  const finish = async (tx: Tx): Promise<SignedIn | Needs> => {
    const proof = await secondFactor(deps, tx, personId, request.code, wall)
    if (proof === null) throw failed(admission)
    const waiting = { id: newId(), personId, email, realm, partnerId, mark: markOf(account), since: wall }
    if ('needs' in proof) {
      await lockout.takeBack(tx, subjects)
      return { ...proof, ticket: writeWaiting(sealer, waiting) }
    }
    const signedIn = await enter(deps, tx, waiting, proof.factors, request)
    await lockout.succeed(tx, subjects)
    if (stronger !== null) await passwords.replaceHash(tx, account, stronger)
    return signedIn
  }
  return entering(world, finish, address)
}

/** The second step, with a code. Counted by the person. Throws `signInFailed`. */
export async function finishSignIn(
  deps: SignInDeps,
  request: From & { readonly ticket: string; readonly code: string },
): Promise<SignedIn> {
  const { world, lockout, sealer } = deps
  const wall = world.clock.wall()
  const waiting = readWaiting(sealer, request.ticket, wall)
  if (!waiting) throw signInFailed.with()
  const { personId } = waiting
  const edge = edgeOf(world, system, request.address)
  const admission = await edge((tx) => lockout.admit(tx, [{ kind: 'person', value: personId }], wall))
  if (!admission.admitted) throw failed(admission)
  const finish = async (tx: Tx): Promise<SignedIn> => {
    const factor = await verifyTotp(tx, sealer, personId, request.code, wall)
    if (factor === null) throw failed(admission)
    return admitWaiting(deps, tx, request.ticket, [factor], request)
  }
  return entering(world, finish, request.address)
}

/** Who waits, for the options of a passkey (`use: 'second-factor'`, `secret: id`). Throws `signInFailed`. */
export function waitingSignIn(deps: Pick<SignInDeps, 'sealer' | 'world'>, ticket: string): Waiting {
  const waiting = readWaiting(deps.sealer, ticket, deps.world.clock.wall())
  if (!waiting) throw signInFailed.with()
  return waiting
}

/**
 * The end of a sign-in that waited, in a transaction of our own name, after the second factor was checked in it.
 * Throws `signInFailed`, also when the password is another one by now.
 */
export async function admitWaiting(
  deps: SignInDeps,
  tx: Tx,
  ticket: string,
  factors: readonly string[],
  from: From,
): Promise<SignedIn> {
  const waiting = waitingSignIn(deps, ticket)
  const { personId, email, mark, since } = waiting
  if (markOf(await deps.passwords.accountOf(tx, personId)) !== mark) throw signInFailed.with()
  const tried = deps.lockout.subjectsOf({ email, address: from.address, device: from.device ?? null }, since)
  // The first step gave the network its try back already.
  const forgiven = tried.filter(({ kind }) => kind !== 'address')
  await deps.lockout.succeed(tx, [...forgiven, { kind: 'person', value: personId }])
  return enter(deps, tx, waiting, ['password', ...factors], from)
}

async function enter(
  { sessions, sealer, world }: SignInDeps,
  tx: Tx,
  { personId, realm, partnerId, email }: Waiting,
  factors: readonly string[],
  { address, userAgent, replaces = null }: From,
): Promise<SignedIn> {
  const wall = world.clock.wall()
  const partner = partnerId === null ? {} : { partnerId }
  const brought = { address, replaces, ...(userAgent !== undefined && { userAgent }) }
  const opening = { personId, realm, method: 'password' as const, factors, ...partner, ...brought }
  const opened = await sessions.open(tx, opening, wall)
  await refuseWhereSsoIsNeeded(tx, opened.session)
  return { ...opened, needs: null, device: newDevice(sealer, email, wall) }
}

/** Where single sign-on is the only way in, a session by any other is not opened. Throws `ssoNeeded`. */
export async function refuseWhereSsoIsNeeded(tx: Tx, { method, partnerId, role }: Session): Promise<void> {
  if (method !== 'sso' && (await ssoRequired(tx, partnerId, role))) throw ssoNeeded.with()
}

/**
 * The person proves again who it is; the session gets another token. Where a second factor is used it is asked for
 * here too: a code comes along with the password, a passkey stands alone. Throws `signInFailed`, `sessionEnded`,
 * `busy`.
 */
export async function stepUp(
  deps: SignInDeps,
  session: Session,
  given: { readonly password: string; readonly code?: string; readonly address: string },
): Promise<(Opened & { readonly needs: null }) | Pick<Needs, 'needs'>> {
  const { edge, subjects, admission } = await proveAgain(deps, session, given)
  const wall = deps.world.clock.wall()
  return edge(async (tx) => {
    const proof = await secondFactor(deps, tx, session.personId, given.code, wall)
    if (proof === null) throw failed(admission)
    if ('needs' in proof) {
      await deps.lockout.takeBack(tx, subjects)
      return proof
    }
    await deps.lockout.succeed(tx, subjects)
    return { ...(await deps.sessions.stepUp(tx, session, proof.factors, wall)), needs: null }
  })
}

/**
 * The person acts for another partner of its own; the session gets another token. In our own name: a transaction of
 * the partner it acts for sees no place in another. Throws `partnerNotYours`, `sessionEnded`.
 */
export async function switchPartner(
  deps: Pick<SignInDeps, 'world' | 'sessions'>,
  session: Session,
  to: { readonly partnerId: string; readonly address: string },
): Promise<Opened> {
  const { world, sessions } = deps
  // What one partner's OpenID provider says is good for that partner alone.
  if (session.method === 'sso') throw partnerNotYours.with()
  const switched = async (tx: Tx): Promise<Opened> => {
    const opened = await sessions.switchPartner(tx, session, to.partnerId, world.clock.wall())
    await refuseWhereSsoIsNeeded(tx, opened.session)
    return opened
  }
  return entering(world, switched, to.address)
}

/** Between which partners the person may switch. */
export async function ownPlaces(
  deps: Pick<SignInDeps, 'world'>,
  session: Session,
  address: string,
): Promise<Membership[]> {
  return edgeOf(deps.world, system, address)((tx) => memberships(tx, session.personId))
}
