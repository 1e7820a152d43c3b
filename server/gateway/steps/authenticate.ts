/** Step 2: whose request this is. A key is checked for typing errors first, which costs the store nothing. */
import { headerCount, headerOf } from '#/gateway/exchange.ts'
import type { Exchange, RawHeaders, Refused } from '#/gateway/exchange.ts'
import {
  addressNotAllowed,
  credentialAmbiguous,
  credentialInUrl,
  credentialMissing,
  keyExpired,
  keyMalformed,
  keyMistyped,
  keyRevoked,
  keyUnknown,
} from '#/gateway/problems.ts'
import type { Credential } from '#/gateway/snapshot.ts'
import { refuse, wait } from '#/gateway/step.ts'
import type { Inside, Verdict } from '#/gateway/step.ts'
import { Problem } from '#/kernel/problem/problem.ts'
import type { ProblemDefinition } from '#/kernel/problem/problem.ts'

/** No error code when nothing was sent (RFC 6750 §3.1). */
const challenge = 'Bearer realm="portico"'
const invalidToken = `${challenge}, error="invalid_token"`

/** What the step looks at. */
export type Authenticating = Pick<Inside, 'snapshot' | 'parseKey' | 'members' | 'clock' | 'resume' | 'crash'>

export function authenticate(exchange: Exchange, gateway: Authenticating): Verdict {
  const { headers, reading, target } = exchange.request
  let key = reading?.key ?? null
  if (key === null) {
    if (isSession(headers, gateway)) return whoIsSignedIn(exchange, gateway)
    const sent = readCredential(headers)
    if (typeof sent !== 'string') return sent
    const parsed = gateway.parseKey(sent)
    if (!parsed.ok) return invalid(parsed.reason === 'mistyped' ? keyMistyped : keyMalformed)
    key = { sent, digest: parsed.digest }
    if (reading !== null) reading.key = key
  }
  if (target.includes(key.sent)) {
    exchange.path = ''
    return refuse(credentialInUrl)
  }
  return accept(exchange, gateway, key, exchange.receivedAt)
}

/** For an exchange that was authenticated a while ago: is its key still what it was? */
export function authenticateAgain(exchange: Exchange, gateway: Authenticating): Verdict {
  // A session was looked up a moment ago, and its calls are served here, where nothing waits for an upstream.
  if (exchange.credential !== null && exchange.credential.member !== null) return null
  const sent = exchange.secret
  const parsed = gateway.parseKey(sent)
  if (!parsed.ok) throw new Error('a key that was read cannot be read again')
  return accept(exchange, gateway, { sent, digest: parsed.digest }, gateway.clock.wall())
}

type SentKey = { readonly sent: string; readonly digest: string }

/** `at`: wall clock, milliseconds. */
function accept(exchange: Exchange, gateway: Authenticating, { sent, digest }: SentKey, at: number): Verdict {
  const credential = gateway.snapshot().credential(digest)
  if (credential === undefined) return invalid(keyUnknown)
  const refusal = credentialRefusal(credential, at, exchange.request.remote)
  if (refusal !== null) return refusal === addressNotAllowed ? refuse(refusal) : invalid(refusal)
  exchange.secret = sent
  exchange.credential = credential
  return null
}

/** Why a key of ours is not accepted; null: it is. `at`: wall clock, milliseconds. */
export function credentialRefusal(
  { revokedAt, expiresAt, usableFrom }: Credential,
  at: number,
  address: string,
): ProblemDefinition | null {
  if (revokedAt !== null && revokedAt <= at) return keyRevoked
  if (expiresAt !== null && expiresAt <= at) return keyExpired
  return usableFrom === null || usableFrom(address) ? null : addressNotAllowed
}

/** A key counts before a cookie: a program that has both means its key. */
function isSession(headers: RawHeaders, { members }: Authenticating): boolean {
  if (members === null || headerOf(headers, 'authorization') !== undefined) return false
  if (headerOf(headers, 'x-api-key') !== undefined) return false
  return headerOf(headers, 'cookie')?.includes(`${members.cookie}=`) ?? false
}

/** The one credential that is looked up in the database: people are few and slow, and a sign-out counts at once. */
function whoIsSignedIn(exchange: Exchange, gateway: Authenticating): Verdict {
  const { request } = exchange
  const { method, headers, remote: address } = request
  const asked = { method, address, header: (name: string) => headerOf(headers, name) }
  gateway.members!.of(asked).then(
    (credential) => {
      exchange.credential = credential
      const challenged = { headers: { 'WWW-Authenticate': challenge } }
      gateway.resume(exchange, credential === null ? refuse(credentialMissing, challenged) : null)
    },
    (error: unknown) => {
      if (!(error instanceof Problem)) return gateway.crash(exchange, error)
      gateway.resume(exchange, { definition: error.definition, occurrence: error.occurrence })
    },
  )
  return wait
}

/** The text of the one credential that was sent, in either place. */
function readCredential(headers: RawHeaders): string | Refused {
  const authorization = headerOf(headers, 'authorization')
  const apiKey = headerOf(headers, 'x-api-key')
  if (authorization === undefined && apiKey === undefined) {
    return refuse(credentialMissing, { headers: { 'WWW-Authenticate': challenge } })
  }
  // A joined value could pass for one key or the other, depending on who reads it (RFC 9110 §5.3).
  if (authorization !== undefined && headerCount(headers, 'authorization') > 1)
    return refuse(credentialAmbiguous)
  if (apiKey !== undefined && headerCount(headers, 'x-api-key') > 1) return refuse(credentialAmbiguous)
  if (authorization === undefined) return apiKey as string
  const bearer = bearerOf(authorization)
  if (apiKey === undefined) return bearer ?? invalid(keyMalformed)
  return bearer === apiKey ? apiKey : refuse(credentialAmbiguous)
}

/** RFC 9110 §11.1: the scheme's case does not matter; RFC 6750 §2.1: one space, then the token. */
function bearerOf(authorization: string): string | null {
  if (authorization.charCodeAt(6) !== 0x20) return null
  const scheme = authorization.slice(0, 6)
  if (scheme !== 'Bearer' && scheme.toLowerCase() !== 'bearer') return null
  return authorization.slice(7).trim()
}

function invalid(definition: ProblemDefinition): Refused {
  return refuse(definition, { headers: { 'WWW-Authenticate': invalidToken } })
}
