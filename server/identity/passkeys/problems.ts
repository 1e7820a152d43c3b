/** What can be refused about passkeys. */
import { problem } from '#/kernel/problem/problem.ts'
import type { Problem } from '#/kernel/problem/problem.ts'

/** One for every reason, so that it tells nobody anything; the reason is in `why`, for the log. */
export const passkeyRefused = problem('passkeys.refused', 422, 'The passkey was not accepted', {
  help: 'Try again: each attempt is good for five minutes and once. If it stays so, sign in another way and look at your passkeys; one that is out of use says so there.',
})
export const passkeyNotFound = problem('passkeys.not_found', 404, 'There is no such passkey', {
  help: 'The person has no passkey with this id. Check it against the list of passkeys.',
})
export const nonePasskey = problem('passkeys.none', 409, 'There is no passkey to ask for', {
  help: 'The person has no passkey that works. Register one, or use another way.',
})
export const tooMany = problem('passkeys.too_many', 409, 'There are enough passkeys', {
  help: 'A person has at most twenty passkeys. Remove one that is not used any more, then try again.',
})
export const lastWayIn = problem('passkeys.last_way_in', 409, 'This is the only way to sign in', {
  help: 'Set a password or register another passkey first, then remove this one.',
})

export const passkeysUnavailable = problem('passkeys.unavailable', 409, 'There are no passkeys here', {
  help: 'Browsers keep passkeys for a name, over HTTPS. Set `PUBLIC_URL` to an https:// address with a host name (on one’s own machine `http://localhost` serves as well).',
})

export type Why =
  | 'malformed'
  | 'challenge-unknown'
  | 'challenge-expired'
  | 'person'
  | 'ceremony'
  | 'registered-already'
  | 'no-user-handle'
  | 'unknown-passkey'
  | 'suspended'
  | 'copied'

export type Refused = {
  /** To be thrown once the transaction has committed. */
  readonly refused: Problem
  /** For the log. */
  readonly why: Why
}

export function refuse(why: Why, cause?: unknown): Refused {
  return { refused: passkeyRefused.with({ cause }), why }
}
