/** What is written when somebody changes their e-mail address. None names the other address: mailboxes pass on. */
import type { Message } from '#/identity/notices/notices.ts'

export function confirmLetter(to: string, link: string): Message {
  return {
    to,
    subject: 'Confirm your new address',
    text: `Hello,

somebody wants to sign in with this address from now on. If it is you, open this link in the browser in which you are
signed in; it works once, for an hour:

${link}

If it was not you, there is nothing to do: without the link nothing changes.
`,
  }
}

export function takenLetter(to: string): Message {
  return {
    to,
    subject: 'You have an account with this address',
    text: `Hello,

somebody wants to sign in with this address from now on. You have an account with it already, so nothing changes.

If it was you, sign in with this address, or choose another one for the other account.
`,
  }
}

export function warningLetter(to: string): Message {
  return {
    to,
    subject: 'Another address was asked for',
    text: `Hello,

somebody who is signed in to your account asked to use another e-mail address. Nothing changes before that address is
confirmed.

If it was not you, set a new password now: that signs everybody out.
`,
  }
}

export function changedLetter(to: string): Message {
  return {
    to,
    subject: 'Your address was changed',
    text: `Hello,

your account has another e-mail address now, and this one opens it no longer. All other sessions were ended.

If it was not you, tell whoever looks after your organisation, or the provider, at once.
`,
  }
}
