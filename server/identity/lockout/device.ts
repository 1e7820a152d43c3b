/**
 * Browsers an account signed in from before. Theirs are counted on their own: whoever tries an account from elsewhere
 * makes strangers wait, and not the person who works with it every day. The value says nothing about the person,
 * can be made only by us, and stands for one account; with it one may try, not enter.
 */
import { randomBytes } from 'node:crypto'
import type { Sealer } from '#/kernel/crypto/crypto.ts'
import { emailDigest } from '#/identity/people/people.ts'

export const deviceCookie = '__Host-portico-device'

/** Half a year, renewed by every sign-in. */
export const deviceLifetime = 182 * 24 * 3_600_000

/** For the cookie, after a proof that it is the account's person. */
export function newDevice(sealer: Sealer, email: string, wall: number): string {
  return sealer.sign(`${randomBytes(16).toString('hex')}.${wall}`, place(sealer, email))
}

/** Which browser of this account it is, or null: none, another account's, too old, or not of our making. */
export function knownDevice(
  sealer: Sealer,
  email: string,
  value: string | null,
  wall: number,
): string | null {
  const [id, since] = (sealer.verify(value ?? '', place(sealer, email)) ?? '').split('.')
  return id && since && wall - Number(since) < deviceLifetime ? id : null
}

function place(sealer: Sealer, email: string): string {
  return `identity device:${emailDigest(sealer, email).toString('base64url')}`
}
