/**
 * What an OpenID provider says about itself, read from where its issuer says (OpenID Connect Discovery 1.0) and kept
 * for ten minutes. Its keys are not kept: they are read at each sign-in, so that a key withdrawn there is good for
 * nothing here from that moment. Sign-ins are rare, and one more call takes a few milliseconds.
 */
import {
  allowInsecureRequests,
  ClientSecretBasic,
  ClientSecretPost,
  Configuration,
  customFetch,
  discovery,
  enableNonRepudiationChecks,
} from 'openid-client'
import type { CustomFetch, ServerMetadata } from 'openid-client'
import type { Clock } from '#/kernel/clock/clock.ts'
import type { Outbound } from '#/kernel/outbound/outbound.ts'
import { SsoRefusal } from '#/identity/sso/refusal.ts'

/** Milliseconds. A failure is kept for a moment too: whoever wants to be signed in cannot make us hammer anybody. */
const keptFor = 10 * 60_000
const failureKeptFor = 5000

/** More issuers than anybody has; beyond it the oldest goes. */
const mostKept = 1000

/** Documents and key sets of large providers have some 20 KiB. */
const maxBytes = 256 * 1024

/** Seconds; of each call. */
const timeout = 10

export type Client = { readonly issuer: string; readonly clientId: string; readonly clientSecret: string }

export type Discovery = {
  /** A fresh one, with an empty cache of keys. Throws `SsoRefusal`. */
  configurationOf(client: Client): Promise<Configuration>
}

export function createDiscovery(deps: {
  readonly outbound: Outbound
  readonly clock: Clock
  /** Plain HTTP, where the outbound guard lets it through (loopback). */
  readonly insecure: boolean
}): Discovery {
  const { outbound, clock, insecure } = deps
  const known = new Map<string, { metadata: Promise<ServerMetadata>; until: number }>()

  const fetch: CustomFetch = (url, { method, headers, body, signal }) =>
    outbound.fetch(url, {
      method,
      headers,
      // What this client sends is a form or nothing.
      body: body instanceof URLSearchParams ? body.toString() : null,
      maxBytes,
      ...(signal && { signal }),
    })

  const read = async (issuer: string): Promise<ServerMetadata> => {
    const found = await discovery(new URL(issuer), 'unnamed', undefined, undefined, {
      [customFetch]: fetch,
      timeout,
      execute: insecure ? [allowInsecureRequests] : [],
    }).catch((error: unknown) => {
      throw new SsoRefusal('provider-unreachable', error)
    })
    return checked(found.serverMetadata(), issuer, outbound)
  }

  const metadataOf = (issuer: string): Promise<ServerMetadata> => {
    const kept = known.get(issuer)
    if (kept && kept.until > clock.wall()) return kept.metadata
    const entry = { metadata: read(issuer), until: clock.wall() + keptFor }
    entry.metadata.catch(() => (entry.until = clock.wall() + failureKeptFor))
    known.delete(issuer)
    known.set(issuer, entry)
    if (known.size > mostKept) known.delete(known.keys().next().value!)
    return entry.metadata
  }

  return {
    async configurationOf({ issuer, clientId, clientSecret }) {
      const metadata = await metadataOf(issuer)
      // RFC 8414 §2: without a list it is Basic. Of what is listed, the two that take a secret as it is.
      const methods = metadata.token_endpoint_auth_methods_supported ?? ['client_secret_basic']
      const basic = methods.includes('client_secret_basic')
      if (!basic && !methods.includes('client_secret_post')) throw new SsoRefusal('provider-misconfigured')
      const authentication = (basic ? ClientSecretBasic : ClientSecretPost)(clientSecret)
      const configuration = new Configuration(metadata, clientId, undefined, authentication)
      configuration[customFetch] = fetch
      configuration.timeout = timeout
      if (insecure) allowInsecureRequests(configuration)
      // Signatures of ID tokens, which else are believed because of TLS (OpenID Connect Core §3.1.3.7, point 6).
      enableNonRepudiationChecks(configuration)
      return configuration
    },
  }
}

/**
 * The library makes exceptions for issuers that stand for many (`…/common/v2.0`): everybody can have an account at one
 * of those, so we make none. And the browser is sent only where we would go ourselves.
 */
function checked(metadata: ServerMetadata, issuer: string, outbound: Outbound): ServerMetadata {
  const { authorization_endpoint: page } = metadata
  const same = URL.canParse(metadata.issuer) && new URL(metadata.issuer).href === new URL(issuer).href
  if (!same || page === undefined || outbound.objection(page) !== null) {
    throw new SsoRefusal('provider-misconfigured')
  }
  // Without the library's functions on it.
  return { ...metadata }
}
