/** The parts of a proof by password: a counted try, the slow check outside of a transaction, the second factor. */
import type { Sealer } from '#/kernel/crypto/crypto.ts'
import { transact } from '#/kernel/db/db.ts'
import type { Actor, Tx, World } from '#/kernel/db/db.ts'
import type { Admission, Lockout, Subject } from '#/identity/lockout/lockout.ts'
import { hasPasskey } from '#/identity/passkeys/passkeys.ts'
import type { Account, Passwords } from '#/identity/passwords/passwords.ts'
import { actorOf, signInFailed } from '#/identity/sessions/sessions.ts'
import type { Session, Sessions } from '#/identity/sessions/sessions.ts'
import { totpState, verifyTotp } from '#/identity/totp/totp.ts'

export type SignInDeps = {
  /** People stand in `control`. */
  readonly world: World
  readonly sealer: Sealer
  readonly passwords: Passwords
  readonly sessions: Sessions
  readonly lockout: Lockout
}

/** Before anybody is known, transactions run in our own name. */
export const system: Actor = { kind: 'system', name: 'sign-in' }

export type Edge = <T>(work: (tx: Tx) => Promise<T>) => Promise<T>

export function edgeOf(world: World, actor: Actor, address: string): Edge {
  return (work) => transact(world, actor, work, address)
}

type Try = {
  readonly deps: SignInDeps
  readonly edge: Edge
  readonly subjects: readonly Subject[]
  readonly admission: Admission
  readonly account: Account
  readonly password: string
}

/** Returns when the try was let in and the password is right. Throws `signInFailed`, `busy`. */
export async function checkPassword(tried: Try): Promise<void> {
  const { deps, edge, subjects, admission, account, password } = tried
  if (!admission.admitted) throw failed(admission)
  const right = await deps.passwords.verify(account, password).catch(async (error: unknown) => {
    // That we were too busy is no failure of the person.
    await edge((tx) => deps.lockout.takeBack(tx, subjects))
    throw error
  })
  if (!right) throw failed(admission)
}

/** The password of somebody who is signed in, counted by the person: a stolen session is no place to guess it. */
export async function proveAgain(
  deps: SignInDeps,
  session: Session,
  { password, address }: { readonly password: string; readonly address: string },
) {
  const { world, lockout, passwords } = deps
  const subjects: Subject[] = [{ kind: 'person', value: session.personId }]
  const edge = edgeOf(world, actorOf(session), address)
  const { admission, account } = await edge(async (tx) => ({
    admission: await lockout.admit(tx, subjects, world.clock.wall()),
    account: await passwords.accountOf(tx, session.personId),
  }))
  await checkPassword({ deps, edge, subjects, admission, account, password })
  return { edge, subjects, admission }
}

export type SecondFactor = 'totp' | 'passkey'

export type Proof = { readonly needs: readonly SecondFactor[] } | { readonly factors: readonly string[] }

/** What is still asked for, or what was proved. Null: the code is wrong. */
export async function secondFactor(
  { sealer }: SignInDeps,
  tx: Tx,
  personId: string,
  code: string | undefined,
  wall: number,
): Promise<Proof | null> {
  const totp = (await totpState(tx, personId)) !== null
  if (totp && code !== undefined) {
    const factor = await verifyTotp(tx, sealer, personId, code, wall)
    return factor === null ? null : { factors: ['password', factor] }
  }
  const needs: SecondFactor[] = totp ? ['totp'] : []
  if (await hasPasskey(tx, personId)) needs.push('passkey')
  return needs.length > 0 ? { needs } : { factors: ['password'] }
}

/** Always the same, but for how long to wait; and that is counted for accounts that do not exist as well. */
export function failed({ waitSeconds }: Admission) {
  return signInFailed.with(waitSeconds > 0 ? { headers: { 'retry-after': String(waitSeconds) } } : {})
}
