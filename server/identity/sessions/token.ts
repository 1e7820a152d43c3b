/** A session's token: what the cookie holds. Nothing of it is kept but its SHA-256. */
import { createHmac, hash, randomBytes, timingSafeEqual } from 'node:crypto'

/** 256 bits, base64url. */
export function randomToken(): string {
  return randomBytes(32).toString('base64url')
}

/** What a session is found by, or null for what is no token. 256 random bits need no slow hash. */
export function tokenDigest(token: string): Buffer | null {
  return /^[A-Za-z0-9_-]{43}$/.test(token) ? hash('sha256', token, 'buffer') : null
}

/**
 * What a page sends with every change, to show that it may read its own session: derived from the token, so that
 * nothing is kept, and nothing leads back from it.
 */
export function csrfOf(token: string): string {
  return createHmac('sha256', token).update('portico csrf 1').digest('base64url')
}

/** In the same time whatever differs. */
export function matchesCsrf(expected: string, given: string | undefined): boolean {
  const [one, other] = [Buffer.from(expected), Buffer.from(given ?? '')]
  return one.length === other.length && timingSafeEqual(one, other)
}
