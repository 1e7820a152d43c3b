/** What is written to somebody who forgot a password. */
import type { Message } from '#/identity/notices/notices.ts'

export function passwordLetter(to: string, link: string): Message {
  return {
    to,
    subject: 'Set a new password',
    text: `Hello,

somebody asked for a new password for your account. Open this link to set one; it works once, for thirty minutes:

${link}

If it was not you, there is nothing to do: without the link nothing changes.
`,
  }
}

export function changedLetter(to: string): Message {
  return {
    to,
    subject: 'Your password was changed',
    text: `Hello,

the password of your account was set anew with a link that we sent to this address, and you were signed out everywhere.

If it was not you, somebody else reads this mailbox: secure it, then ask for a new password on the sign-in page.
`,
  }
}
