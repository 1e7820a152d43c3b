/**
 * Single sign-on through an OpenID provider: code flow with PKCE (RFC 9700 §2.1), bound to the browser that began.
 * The provider's answer is worked on between two transactions, since no transaction is open while we call others.
 *
 * What a partner's OpenID provider says is good for that partner alone: a session opened on it acts for `partnerId` and
 * must not be switched to another.
 */
import { buildAuthorizationUrl, calculatePKCECodeChallenge } from 'openid-client'
import type { Clock } from '#/kernel/clock/clock.ts'
import type { Sealer } from '#/kernel/crypto/crypto.ts'
import type { Tx } from '#/kernel/db/db.ts'
import type { Log } from '#/kernel/log/log.ts'
import type { Outbound } from '#/kernel/outbound/outbound.ts'
import { Problem } from '#/kernel/problem/problem.ts'
import type { Realm } from '#/identity/sessions/sessions.ts'
import { admit } from '#/identity/sso/admit.ts'
import { browserToken, makeAttempt, takeAttempt, validFor } from '#/identity/sso/attempt.ts'
import { createDiscovery } from '#/identity/sso/discovery.ts'
import { exchange, freshness } from '#/identity/sso/exchange.ts'
import { ssoFailed } from '#/identity/sso/problems.ts'
import { SsoRefusal } from '#/identity/sso/refusal.ts'
import { place } from '#/identity/sso/providers.ts'
import * as store from '#/identity/sso/store.ts'
import type { ProviderRow } from '#/identity/sso/store.ts'

export * from '#/identity/sso/problems.ts'
export {
  createProvider,
  eraseSubjects,
  listProviders,
  providerForEmail,
  providerVouching,
  removeProvider,
  setDomains,
  setEnforced,
  ssoRequired,
  unlinkPerson,
  updateProvider,
} from '#/identity/sso/providers.ts'
export type { NewSsoProvider, ProviderChanges, SsoDeps, SsoProvider } from '#/identity/sso/providers.ts'
export { safeReturnPath } from '#/identity/sso/return-path.ts'

/** Holds `browser`, for ten minutes. `SameSite=Lax`: the way back is a link from another site. */
export const ssoCookie = { name: '__Host-portico-sso', seconds: validFor / 1000 } as const

/** Opens transactions of the system, as `call.transact` of a public route does. */
export type Edge = <T>(work: (tx: Tx) => Promise<T>) => Promise<T>

export type SsoStart = {
  readonly realm: Realm
  readonly providerId: string
  /** What `ssoCookie` holds. */
  readonly browser: string | null
  /** Has passed `safeReturnPath`. */
  readonly returnTo: string
  /** What the person typed, so that it need not be typed again. */
  readonly email?: string
  /** The person of a session who is to prove again who it is; without it, it is a sign-in. */
  readonly again?: string
  /** What the log calls the request by. */
  readonly requestId?: string
}

export type SsoReturn = {
  readonly realm: Realm
  /** From the path: each provider has a way back of its own, so one cannot pass off its answer as another's. */
  readonly providerId: string
  /** Everything behind the `?`. */
  readonly query: string
  readonly browser: string | null
  readonly requestId?: string
}

export type SsoProof = {
  readonly personId: string
  readonly providerId: string
  /** For whom a session on this may act; null: the console. */
  readonly partnerId: string | null
  /** The person of a session proved again who it is. */
  readonly again: boolean
  readonly returnTo: string
}

export type Sso = {
  /** `location` is where the browser goes, `browser` what its cookie holds from now on. Throws `ssoFailed`. */
  start(edge: Edge, request: SsoStart): Promise<{ readonly location: string; readonly browser: string }>
  /** Throws `ssoFailed`, whatever was wrong; the log knows. */
  finish(edge: Edge, request: SsoReturn): Promise<SsoProof>
}

export type SsoOptions = {
  readonly sealer: Sealer
  readonly clock: Clock
  readonly log: Log
  readonly outbound: Outbound
  /** OpenID providers on this very machine are spoken to over plain HTTP; for development and tests. */
  readonly insecure: boolean
  /** Where a provider sends browsers back to: whole, without a query, and from our settings, not from a request. */
  readonly callback: (realm: Realm, providerId: string) => string
}

export function createSso(options: SsoOptions): Sso {
  const { sealer, clock, callback } = options
  const discovery = createDiscovery(options)
  const now = () => ({ sealer, wall: clock.wall() })

  const known = async (edge: Edge, realm: Realm, id: string): Promise<ProviderRow> => {
    const row = await edge((tx) => store.selectForSignIn(tx, id))
    if (!row || (row.partnerId === null) !== (realm === 'console')) throw new SsoRefusal('provider-unknown')
    return row
  }

  const configurationOf = ({ id, issuer, clientId, clientSecret }: ProviderRow) =>
    discovery.configurationOf({ issuer, clientId, clientSecret: sealer.open(clientSecret, place(id)) })

  const start = async (edge: Edge, request: SsoStart) => {
    const { realm, providerId, returnTo, email, again = null } = request
    const configuration = await configurationOf(await known(edge, realm, providerId))
    const browser = browserToken(request.browser)
    const begun = await edge((tx) =>
      makeAttempt(tx, now(), { providerId, personId: again, returnTo, browser }),
    )
    const location = buildAuthorizationUrl(configuration, {
      redirect_uri: callback(realm, providerId),
      scope: 'openid email profile',
      state: begun.state,
      nonce: begun.nonce,
      code_challenge: await calculatePKCECodeChallenge(begun.verifier),
      code_challenge_method: 'S256',
      ...(email !== undefined && { login_hint: email }),
      ...(again !== null && { max_age: String(freshness) }),
    })
    return { location: location.href, browser }
  }

  const finish = async (edge: Edge, request: SsoReturn): Promise<SsoProof> => {
    const { realm, providerId, browser } = request
    const cameBackTo = new URL(callback(realm, providerId))
    cameBackTo.search = request.query
    const state = cameBackTo.searchParams.get('state')
    if (state === null || browser === null) throw new SsoRefusal('state-missing')
    const attempt = await edge((tx) => takeAttempt(tx, now(), state, browser))
    if (attempt instanceof SsoRefusal) throw attempt
    if (attempt.providerId !== providerId) throw new SsoRefusal('provider-other')
    const provider = await known(edge, realm, providerId)
    const { personId: again, returnTo } = attempt
    const configuration = await configurationOf(provider)
    const claims = await exchange(configuration, cameBackTo, { ...attempt, fresh: again !== null })
    const person = await edge((tx) => admit(tx, now(), provider, claims, again))
    return {
      personId: person.id,
      providerId,
      partnerId: provider.partnerId,
      again: again !== null,
      returnTo,
    }
  }

  return {
    start: (edge, request) => told(options.log, request, start(edge, request)),
    finish: (edge, request) => told(options.log, request, finish(edge, request)),
  }
}

/** One problem for the person; which it was, for us. Claims of anybody stay out of the log. */
async function told<T>(log: Log, asked: SsoStart | SsoReturn, work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (thrown) {
    // What else can be refused here came of two at once (an address that was nobody's a moment ago).
    const error = thrown instanceof Problem ? new SsoRefusal('at-once', thrown) : thrown
    if (!(error instanceof SsoRefusal)) throw error
    const { providerId, requestId } = asked
    log.warn({ event: 'sso.failed', requestId, providerId, code: error.code, ...detailOf(error.cause) })
    throw ssoFailed.with({ cause: error })
  }
}

/** Sentences of the library, and the code that the provider gave (RFC 6749 §5.2), which is the first thing to look at. */
function detailOf(cause: unknown): { detail?: string; deeper?: string; error?: string } {
  if (!(cause instanceof Error)) return {}
  return {
    detail: cause.message,
    ...(cause.cause instanceof Error && { deeper: cause.cause.message }),
    ...('error' in cause && { error: String(cause.error).slice(0, 100) }),
  }
}
