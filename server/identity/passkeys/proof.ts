/** A passkey shown: which it is, whether its signature is good, and whether it is still the only one of its kind. */
import type { Tx } from '#/kernel/db/db.ts'
import { challengeOf, checkAssertion, isCopy } from '#/identity/passkeys/ceremony.ts'
import type { AssertionAnswer } from '#/identity/passkeys/ceremony.ts'
import { takeChallenge } from '#/identity/passkeys/challenge.ts'
import type { Holder } from '#/identity/passkeys/challenge.ts'
import { refuse } from '#/identity/passkeys/problems.ts'
import type { Refused } from '#/identity/passkeys/problems.ts'
import type { Site } from '#/identity/passkeys/site.ts'
import * as store from '#/identity/passkeys/store.ts'
import type { PasskeyRow } from '#/identity/passkeys/store.ts'

export type Proof = {
  readonly personId: string
  readonly passkeyId: string
  /** The device asked for a finger, a face or a PIN. */
  readonly userVerified: boolean
}

export async function proveWith(
  tx: Tx,
  { site, wall }: { readonly site: Site; readonly wall: number },
  holder: Holder,
  answer: AssertionAnswer,
): Promise<Proof | Refused> {
  const challenge = challengeOf(answer.response.clientDataJSON)
  if (!challenge) return refuse('malformed')
  const taken = await takeChallenge(tx, challenge, holder, wall)
  if (taken !== 'taken') return refuse(`challenge-${taken}`)
  const row = await store.selectByCredential(tx, Buffer.from(answer.id, 'base64url'))
  if (!row || (holder.personId !== null && row.personId !== holder.personId)) return refuse('unknown-passkey')
  const verified = holder.purpose !== 'second-factor'
  const checked = await checkAssertion(site, row, answer, challenge, verified).catch((error: unknown) =>
    refuse('ceremony', error),
  )
  if ('refused' in checked) return checked
  if (row.suspendedAt !== null) return refuse('suspended')
  if (isCopy(row.counter, checked.counter)) {
    // Nobody can tell the copy from the original, so neither is good any more.
    await store.suspendPasskey(tx, row.id, new Date(wall))
    tell(tx, row, 'suspended', 'suspend')
    return refuse('copied')
  }
  await store.markUsed(tx, row.id, checked.counter, checked.backedUp, new Date(wall))
  return { personId: row.personId, passkeyId: row.id, userVerified: checked.userVerified }
}

export function tell(tx: Tx, row: PasskeyRow, event: string, verb: string): void {
  tx.emit(`identity.passkey_${event}`, {
    partnerId: null,
    data: { personId: row.personId, passkeyId: row.id },
  })
  tx.audit({
    action: `passkeys.${verb}`,
    subject: { kind: 'passkey', id: row.id },
    changes: { personId: row.personId },
  })
}
