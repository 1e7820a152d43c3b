/** An e-mail address as we compare it. */
import type { Sealer } from '#/kernel/crypto/crypto.ts'

/** RFC 5321 §4.5.3.1.3: a path of 256 characters, two of them its brackets. */
const longest = 254

/**
 * The one spelling of an address, or null when it is none. Only what cannot be an address is refused: one `@`,
 * something on both sides, no space and nothing unprintable. Whether it reaches somebody, a message tells.
 */
export function normaliseEmail(text: string): string | null {
  const email = text.trim().normalize('NFC').toLowerCase()
  return email.length <= longest && /^[^\s@\p{C}<>",;:()[\]\\]+@[^\s@\p{C}<>",;:()[\]\\]+$/u.test(email)
    ? email
    : null
}

/** By which a person is found. Takes any text, so that a mistyped address is looked up like a right one. */
export function emailDigest(sealer: Sealer, text: string): Buffer {
  const email = normaliseEmail(text) ?? text.trim().normalize('NFC').toLowerCase()
  return sealer.digest(email, 'identity_person.email')
}
