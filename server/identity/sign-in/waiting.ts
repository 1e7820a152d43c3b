/**
 * A sign-in that waits for its second factor: the password was right. What is known so far goes to the page, sealed,
 * and comes back with the code or the passkey; so nothing is kept here, the page need not keep the password, and it
 * is not hashed a second time.
 */
import { hash } from 'node:crypto'
import type { Sealer } from '#/kernel/crypto/crypto.ts'
import type { Account } from '#/identity/passwords/passwords.ts'
import type { Realm } from '#/identity/sessions/sessions.ts'

export type Waiting = {
  /** What a challenge for a passkey hangs on. */
  readonly id: string
  readonly personId: string
  readonly email: string
  readonly realm: Realm
  readonly partnerId: string | null
  /** Of the password that was right; with another one there is nothing to wait for. */
  readonly mark: string
  readonly since: number
}

const validFor = 5 * 60_000
const place = 'identity sign-in that waits'

export function writeWaiting(sealer: Sealer, waiting: Waiting): string {
  return sealer.seal(JSON.stringify(waiting), place).toString('base64url')
}

/** Null: not of our making, or too old. */
export function readWaiting(sealer: Sealer, ticket: string, wall: number): Waiting | null {
  let text: string
  try {
    text = sealer.open(Buffer.from(ticket, 'base64url'), place)
  } catch {
    return null
  }
  const waiting = JSON.parse(text) as Waiting
  return wall - waiting.since < validFor ? waiting : null
}

export function markOf(account: Account): string {
  return hash('sha256', account.sealed, 'base64url')
}
