/**
 * From the address that somebody came back with to who they are at the OpenID provider. The library checks `iss` of the
 * answer (RFC 9207), `state`, and of the ID token signature, `iss`, `aud`, `azp`, `exp`, `nonce` and `auth_time`.
 */
import {
  AuthorizationResponseError,
  authorizationCodeGrant,
  fetchUserInfo,
  ResponseBodyError,
} from 'openid-client'
import type { Configuration } from 'openid-client'
import { OutboundError } from '#/kernel/outbound/outbound.ts'
import { SsoRefusal } from '#/identity/sso/refusal.ts'
import type { SsoFailure } from '#/identity/sso/refusal.ts'

/** Seconds: how long ago somebody who proves again who it is may have proved it to the OpenID provider. */
export const freshness = 300

export type Claims = {
  /** The provider's name for the person. */
  readonly subject: string
  /** Verified by the provider. */
  readonly email: string
  readonly name: string | null
}

export type Expected = {
  readonly state: string
  readonly nonce: string
  readonly verifier: string
  /** Somebody proves again who it is. */
  readonly fresh: boolean
}

/** Throws `SsoRefusal`. */
export async function exchange(
  configuration: Configuration,
  cameBackTo: URL,
  expected: Expected,
): Promise<Claims> {
  try {
    const tokens = await authorizationCodeGrant(configuration, cameBackTo, {
      expectedState: expected.state,
      expectedNonce: expected.nonce,
      pkceCodeVerifier: expected.verifier,
      idTokenExpected: true,
      ...(expected.fresh && { maxAge: freshness }),
    })
    const token = tokens.claims()
    if (!token) throw new SsoRefusal('token-invalid')
    const { client_id: clientId } = configuration.clientMetadata()
    // The library asks for `azp` where there are several audiences; where it is, it is us (Core §3.1.3.7, point 5).
    if (token.azp !== undefined && token.azp !== clientId) throw new SsoRefusal('token-invalid')
    if (typeof token.email === 'string') return claimsFrom(token.sub, token)
    // Core §5.4: with a code, what `scope=email` asks for may stand there and nowhere else.
    return claimsFrom(token.sub, await fetchUserInfo(configuration, tokens.access_token, token.sub))
  } catch (error) {
    throw error instanceof SsoRefusal ? error : new SsoRefusal(failureOf(error), error)
  }
}

function claimsFrom(subject: string, found: Readonly<Record<string, unknown>>): Claims {
  const { email, email_verified: verified, name } = found
  if (typeof email !== 'string') throw new SsoRefusal('email-missing')
  // `true` and not "true": a provider that does not know its own types has verified nothing we can rely on.
  if (verified !== true) throw new SsoRefusal('email-unverified')
  return { subject, email, name: typeof name === 'string' && name !== '' ? name.slice(0, 200) : null }
}

function failureOf(error: unknown): SsoFailure {
  if (error instanceof AuthorizationResponseError) return 'denied'
  if (error instanceof ResponseBodyError) return 'code-refused'
  const { code = '', cause } = error as { code?: string; cause?: unknown }
  if (error instanceof OutboundError || cause instanceof OutboundError) return 'provider-unreachable'
  if (/TIMEOUT|ABORT|NOT_CONFORM|NOT_JSON/.test(code)) return 'provider-unreachable'
  return /JWT|CLAIM|KEY|UNSUPPORTED/.test(code) ? 'token-invalid' : 'answer-invalid'
}
