/** Forgetting a person whole: who it was, and everything that proved it. */
import type { Tx } from '#/kernel/db/db.ts'
import { erasePasskeys } from '#/identity/passkeys/passkeys.ts'
import { erasePerson } from '#/identity/people/people.ts'
import { eraseSubjects } from '#/identity/sso/sso.ts'
import { removeTotp } from '#/identity/totp/totp.ts'
import type { SignInDeps } from '#/identity/sign-in/proof.ts'

/** Not in a partner's own transaction (see `erasePerson`). Throws `personNotFound`, `lastAdmin`. */
export async function eraseAccount(
  deps: Pick<SignInDeps, 'passwords' | 'sessions'>,
  tx: Tx,
  personId: string,
  wall: number,
): Promise<void> {
  await erasePerson(tx, personId, wall)
  await deps.passwords.removePassword(tx, personId)
  await removeTotp(tx, personId)
  await erasePasskeys(tx, personId)
  await eraseSubjects(tx, personId)
  await deps.sessions.endAll(tx, personId)
}
