/** A sign-in on its way to an OpenID provider and back: good once, for ten minutes, in the browser that left. */
import { hash, randomBytes } from 'node:crypto'
import type { Sealer } from '#/kernel/crypto/crypto.ts'
import type { Tx } from '#/kernel/db/db.ts'
import { SsoRefusal } from '#/identity/sso/refusal.ts'
import * as store from '#/identity/sso/store.ts'

/** Milliseconds. */
export const validFor = 10 * 60_000

export type Secrets = { readonly nonce: string; readonly verifier: string }

export type Begun = Secrets & { readonly state: string }

/** What a browser has in its cookie; another one where it has none. */
export function browserToken(given: string | null): string {
  return given !== null && /^[\w-]{43}$/.test(given) ? given : random()
}

export async function makeAttempt(
  tx: Tx,
  { sealer, wall }: { readonly sealer: Sealer; readonly wall: number },
  attempt: Pick<store.NewAttempt, 'providerId' | 'personId' | 'returnTo'> & { readonly browser: string },
): Promise<Begun> {
  const { browser, ...kept } = attempt
  const [state, secrets] = [random(), { nonce: random(), verifier: random() }]
  const digest = digestOf(state)
  await store.sweepAttempts(tx, new Date(wall))
  await store.insertAttempt(tx, {
    ...kept,
    digest,
    browser: digestOf(browser),
    secrets: sealer.seal(JSON.stringify(secrets), place(digest)),
    expiresAt: new Date(wall + validFor),
  })
  return { ...secrets, state }
}

/** Afterwards it is gone. A refusal is returned, not thrown: the transaction commits in any case. */
export async function takeAttempt(
  tx: Tx,
  { sealer, wall }: { readonly sealer: Sealer; readonly wall: number },
  state: string,
  browser: string,
) {
  const digest = digestOf(state)
  const row = await store.takeAttempt(tx, digest, digestOf(browser))
  if (!row) return new SsoRefusal('state-unknown')
  if (row.expiresAt.getTime() <= wall) return new SsoRefusal('state-expired')
  const { providerId, personId, returnTo } = row
  const secrets = JSON.parse(sealer.open(row.secrets, place(digest))) as Secrets
  return { providerId, personId, returnTo, ...secrets, state }
}

function place(digest: Buffer): string {
  return `identity_provider_attempt.secrets:${digest.toString('hex')}`
}

/** 256 bits: as a verifier within what RFC 7636 §4.1 allows. */
function random(): string {
  return randomBytes(32).toString('base64url')
}

function digestOf(text: string): Buffer {
  return hash('sha256', text, 'buffer')
}
