/** Changing ones own password: the old one proves who asks, every other session ends, and a letter says so. */
import { sendMail } from '#/identity/notices/notices.ts'
import type { Message } from '#/identity/notices/notices.ts'
import { findPerson } from '#/identity/people/people.ts'
import type { Opened, Session } from '#/identity/sessions/sessions.ts'
import { proveAgain } from '#/identity/sign-in/proof.ts'
import type { SignInDeps } from '#/identity/sign-in/proof.ts'

export type PasswordChange = {
  readonly current: string
  readonly next: string
  /** Of the provider and of the product: not to be part of it. */
  readonly names: readonly string[]
  readonly address: string
}

/** This session goes on under another token. Throws `signInFailed`, `passwordRefused`, `sessionEnded`, `busy`. */
export async function changePassword(
  deps: SignInDeps,
  session: Session,
  change: PasswordChange,
): Promise<Opened> {
  const { passwords, lockout, sessions, sealer, world } = deps
  const { personId } = session
  const { current, next, names, address } = change
  const { edge, subjects } = await proveAgain(deps, session, { password: current, address })
  const person = await edge(async (tx) => {
    // Before the new one is judged: choosing a weak one is no failed proof.
    await lockout.succeed(tx, subjects)
    return findPerson(tx, sealer, personId)
  })
  passwords.refuseWeak(next, { email: person?.email ?? '', names })
  const hash = await passwords.hash(next)
  return edge(async (tx) => {
    const wall = world.clock.wall()
    await passwords.setPassword(tx, personId, hash, wall)
    if (person?.email) await sendMail(tx, sealer, 'password-changed', changedLetter(person.email))
    return sessions.keep(tx, session, wall)
  })
}

function changedLetter(to: string): Message {
  return {
    to,
    subject: 'Your password was changed',
    text: `Hello,

the password of your account was changed by somebody who was signed in and knew the old one. Everywhere else you were
signed out.

If it was not you, ask for a new password on the sign-in page: the link comes to this address.
`,
  }
}
