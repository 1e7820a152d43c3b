/** What an authenticator answered, checked: WebAuthn Level 3, §7.1 (registration) and §7.2 (assertion). */
import { hash } from 'node:crypto'
import { Type } from 'typebox'
import type { Static } from 'typebox'
import type { Site } from '#/identity/passkeys/site.ts'
import type { PasskeyRow } from '#/identity/passkeys/store.ts'

/** Its readers of certificates are 260 files: loaded by whoever first uses a passkey, not by every start. */
export const webAuthn = async () => import('@simplewebauthn/server')

/** EdDSA, ES256, RS256 (COSE numbers): what authenticators of today make. */
export const algorithms = [-8, -7, -257]

const base64url = (maxLength: number) => Type.String({ pattern: '^[A-Za-z0-9_-]+$', maxLength })

/** §4: a credential id has at most 1023 bytes. */
const head = { id: base64url(1364), rawId: base64url(1364), type: Type.Literal('public-key') }

/** The body a browser sends: `PublicKeyCredential.toJSON()` of a new credential. */
export const RegistrationAnswer = Type.Object({
  ...head,
  response: Type.Object({
    clientDataJSON: base64url(8192),
    attestationObject: base64url(16_384),
    transports: Type.Optional(Type.Array(Type.String({ maxLength: 32 }), { maxItems: 16 })),
  }),
})
export type RegistrationAnswer = Static<typeof RegistrationAnswer>

/** The body a browser sends: `PublicKeyCredential.toJSON()` of an assertion. */
export const AssertionAnswer = Type.Object({
  ...head,
  response: Type.Object({
    clientDataJSON: base64url(8192),
    authenticatorData: base64url(8192),
    signature: base64url(8192),
    userHandle: Type.Optional(Type.Union([base64url(128), Type.Null()])),
  }),
})
export type AssertionAnswer = Static<typeof AssertionAnswer>

/**
 * The bytes by which an authenticator knows the person (§5.4.3): the same for all of a person's passkeys, so that a
 * new one takes the place of an old one on the same device, and telling nothing to whoever holds the device.
 */
export function userHandle(personId: string): Buffer<ArrayBuffer> {
  return Buffer.from(hash('sha256', `portico passkey 1:${personId}`, 'buffer'))
}

/** The challenge an answer is about; null when it is about none. Nothing of it is believed yet. */
export function challengeOf(clientDataJSON: string): Buffer | null {
  try {
    const data = JSON.parse(Buffer.from(clientDataJSON, 'base64url').toString('utf8')) as unknown
    if (typeof data !== 'object' || data === null || !('challenge' in data)) return null
    // §5.8.1: true inside a frame of another site. Nobody else shows our pages.
    if ('crossOrigin' in data && data.crossOrigin === true) return null
    return typeof data.challenge === 'string' ? Buffer.from(data.challenge, 'base64url') : null
  } catch {
    return null
  }
}

/** Throws an `Error` that says what is wrong, for the log. The challenge has been taken by now. */
export async function checkRegistration(site: Site, answer: RegistrationAnswer, challenge: Buffer) {
  const { verifyRegistrationResponse } = await webAuthn()
  await refuseAttestation(answer.response.attestationObject)
  const { transports, ...response } = answer.response
  const result = await verifyRegistrationResponse({
    response: { ...answer, response, clientExtensionResults: {} },
    expectedChallenge: challenge.toString('base64url'),
    expectedOrigin: site.origin,
    expectedRPID: site.id,
    requireUserVerification: true,
    supportedAlgorithmIDs: algorithms,
  })
  if (!result.verified) throw new Error('the attestation is not good')
  const { credential, credentialDeviceType, credentialBackedUp, aaguid } = result.registrationInfo
  const credentialId = Buffer.from(credential.id, 'base64url')
  if (credentialId.length < 16 || credentialId.length > 1023)
    throw new Error('a credential id of an odd length')
  return {
    credentialId,
    publicKey: Buffer.from(credential.publicKey),
    counter: credential.counter,
    transports: [...new Set(transports)].filter((name) => /^[a-z-]{2,32}$/.test(name)),
    backupEligible: credentialDeviceType === 'multiDevice',
    backedUp: credentialBackedUp,
    model: aaguid,
  }
}

/**
 * We ask for no attestation and believe none, so an answer brings none, or signs for itself as some do unasked. One
 * with certificates is refused unread: reading it means fetching the revocation list from an address the
 * certificate names, and the certificate is whatever the caller sent.
 */
async function refuseAttestation(attestationObject: string): Promise<void> {
  const { decodeAttestationObject } = await import('@simplewebauthn/server/helpers')
  const attestation = decodeAttestationObject(Buffer.from(attestationObject, 'base64url'))
  const format = attestation.get('fmt')
  const itself = format === 'packed' && attestation.get('attStmt').get('x5c') === undefined
  if (format !== 'none' && !itself) throw new Error(`an attestation was not asked for (${format})`)
}

export type Assertion = {
  readonly counter: number
  readonly backedUp: boolean
  readonly userVerified: boolean
}

/** Throws an `Error` that says what is wrong, for the log. The challenge has been taken by now. */
export async function checkAssertion(
  site: Site,
  passkey: PasskeyRow,
  answer: AssertionAnswer,
  challenge: Buffer,
  requireUserVerification: boolean,
): Promise<Assertion> {
  const { userHandle: handle, ...response } = answer.response
  if (handle != null && handle !== userHandle(passkey.personId).toString('base64url')) {
    throw new Error('the passkey says it is another person’s')
  }
  const { verifyAuthenticationResponse } = await webAuthn()
  const { verified, authenticationInfo } = await verifyAuthenticationResponse({
    response: { ...answer, response, clientExtensionResults: {} },
    expectedChallenge: challenge.toString('base64url'),
    expectedOrigin: site.origin,
    expectedRPID: site.id,
    // 0 leaves the counter to `isCopy`: it is compared once the signature is known to be good, since before that
    // anybody could have a passkey suspended who knows its id.
    credential: {
      id: passkey.credentialId.toString('base64url'),
      publicKey: new Uint8Array(passkey.publicKey),
      counter: 0,
    },
    requireUserVerification,
  })
  if (!verified) throw new Error('the signature is not good')
  const { newCounter, credentialDeviceType, credentialBackedUp, userVerified } = authenticationInfo
  // §7.2: whether a passkey can be copied is settled when it is made.
  if ((credentialDeviceType === 'multiDevice') !== passkey.backupEligible) {
    throw new Error('the passkey changed its kind')
  }
  return { counter: newCounter, backedUp: credentialBackedUp, userVerified }
}

/** §6.1.1: a counter that does not grow, where one is kept, means that the key is in two places. */
export function isCopy(before: number, after: number): boolean {
  return (before > 0 || after > 0) && after <= before
}
