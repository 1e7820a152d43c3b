/**
 * Cookies, as browsers protect them best (RFC 6265bis): `__Host-` (only this host, only over TLS or loopback, every
 * path) and HttpOnly. SameSite is Lax and not Strict: with Strict, a link in a message or the way back from single
 * sign-on would arrive signed out. What Lax lets through are links (GET), and those change nothing here; every change
 * needs the CSRF token in a header besides.
 *
 * The two realms have cookies of different names because cookies do not know ports: on one host, the console's
 * would else replace the portal's.
 */
import type { Realm } from '#/identity/sessions/store.ts'

export const cookieNames: Readonly<Record<Realm, string>> = {
  portal: '__Host-portico',
  console: '__Host-portico-admin',
}

/** A `Set-Cookie` value. Ours hold base64url only, so nothing needs quoting. */
export function writeCookie(name: string, value: string, maxAgeSeconds: number): string {
  if (!/^[\w.-]*$/.test(value)) throw new Error('not a value for a cookie')
  return `${name}=${value}; Path=/; Max-Age=${Math.floor(maxAgeSeconds)}; HttpOnly; Secure; SameSite=Lax`
}

export function clearCookie(name: string): string {
  return writeCookie(name, '', 0)
}

/**
 * The cookie's value in a `Cookie` header, or null: absent, empty, or there more than once. Twice means that somebody
 * else could set one for this host as well (a neighbour's nameless cookie, an old browser without `__Host-`), and
 * which of the two is ours cannot be known.
 */
export function readCookie(header: string | undefined, name: string): string | null {
  const values = (header ?? '')
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${name}=`))
    .map((pair) => pair.slice(name.length + 1))
  return values.length === 1 && values[0] !== '' ? values[0]! : null
}
