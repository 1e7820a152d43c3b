/** What can be refused about signing in and about sessions. */
import { problem } from '#/kernel/problem/problem.ts'

export const signInFailed = problem('auth.sign_in_failed', 401, 'The sign-in was refused', {
  help: 'Address, password or code is wrong, or the account may not sign in here, or there were too many tries: which of them is never said. After several tries wait for the seconds in `Retry-After`; each further failure doubles them. A passkey, single sign-on or the reset of the password works meanwhile.',
})
export const sessionEnded = problem('auth.session_ended', 401, 'The session is over', {
  help: 'It was ended, by you or by a change of your role or password. Sign in again.',
})
export const stepUpRequired = problem('auth.step_up_required', 403, 'Prove again that it is you', {
  help: 'What you want to do needs a proof that is at most ten minutes old. Enter your password (and code) or use your passkey again, then repeat it.',
})
export const sessionNotFound = problem('sessions.not_found', 404, 'There is no such session', {
  help: 'It is over already, or it is not one of yours.',
})
export const partnerNotYours = problem('sessions.partner_not_found', 404, 'There is no such organisation', {
  help: 'You do not belong to an organisation with this id. Choose one of yours.',
})
