/**
 * Passkeys: a person registers some, signs in with one and nothing else, or shows one as a second factor or before
 * something that matters. Each way has two halves, options for the browser and the check of what came back.
 *
 * A refusal of a check is returned, not thrown: the challenge is used up and a copied passkey is out of use in any
 * case, so the transaction commits before the edge throws what is in `refused`.
 */
import { randomBytes } from 'node:crypto'
import type {
  PublicKeyCredentialCreationOptionsJSON,
  PublicKeyCredentialRequestOptionsJSON,
} from '@simplewebauthn/server'
import type { Sealer } from '#/kernel/crypto/crypto.ts'
import type { Tx } from '#/kernel/db/db.ts'
import { newId } from '#/kernel/id/id.ts'
import {
  algorithms,
  challengeOf,
  checkRegistration,
  userHandle,
  webAuthn,
} from '#/identity/passkeys/ceremony.ts'
import type { AssertionAnswer, RegistrationAnswer } from '#/identity/passkeys/ceremony.ts'
import { makeChallenge, takeChallenge, validFor } from '#/identity/passkeys/challenge.ts'
import type { Holder } from '#/identity/passkeys/challenge.ts'
import { place, readPasskey } from '#/identity/passkeys/passkey.ts'
import type { Passkey } from '#/identity/passkeys/passkey.ts'
import { nonePasskey, refuse, tooMany } from '#/identity/passkeys/problems.ts'
import type { Refused } from '#/identity/passkeys/problems.ts'
import { proveWith, tell } from '#/identity/passkeys/proof.ts'
import type { Proof } from '#/identity/passkeys/proof.ts'
import type { Site } from '#/identity/passkeys/site.ts'
import * as store from '#/identity/passkeys/store.ts'

export { AssertionAnswer, RegistrationAnswer } from '#/identity/passkeys/ceremony.ts'
export { erasePasskeys, listPasskeys, removePasskey, renamePasskey } from '#/identity/passkeys/passkey.ts'
export type { Passkey } from '#/identity/passkeys/passkey.ts'
export * from '#/identity/passkeys/problems.ts'
export type { Proof } from '#/identity/passkeys/proof.ts'
export { passkeySite } from '#/identity/passkeys/site.ts'
export type { Site } from '#/identity/passkeys/site.ts'

export type PasskeyDeps = {
  readonly sealer: Sealer
  readonly site: Site
  /** Wall clock, milliseconds. */
  readonly wall: number
}

/** More than anybody has devices. */
const mostPasskeys = 20

/**
 * What a ceremony of a known person hangs on: `second-factor` after a password, `secret` being the id of the waiting
 * sign-in; `step-up` of a session, `secret` being its id. Only the same may end it.
 */
export type Occasion = {
  readonly use: 'second-factor' | 'step-up'
  readonly personId: string
  readonly secret: string
}

/** For `navigator.credentials.create()`. `shown` is what the device lists the passkey under. Throws `tooMany`. */
export async function registrationOptions(
  tx: Tx,
  deps: PasskeyDeps,
  by: { readonly personId: string; readonly sessionId: string },
  shown: { readonly email: string; readonly name: string },
): Promise<PublicKeyCredentialCreationOptionsJSON> {
  const known = await store.listPasskeys(tx, by.personId)
  if (known.length >= mostPasskeys) throw tooMany.with()
  const { generateRegistrationOptions } = await webAuthn()
  return generateRegistrationOptions({
    rpName: deps.site.name,
    rpID: deps.site.id,
    userID: userHandle(by.personId),
    userName: shown.email,
    userDisplayName: shown.name,
    challenge: await makeChallenge(tx, registering(by), deps.wall),
    timeout: validFor,
    attestationType: 'none',
    excludeCredentials: known.map(naming),
    // Discoverable, so that it signs in without a name; verified, so that the device alone is not enough.
    authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
    supportedAlgorithmIDs: algorithms,
  })
}

/** Throws `tooMany`. */
export async function registerPasskey(
  tx: Tx,
  deps: PasskeyDeps,
  by: { readonly personId: string; readonly sessionId: string },
  given: { readonly answer: RegistrationAnswer; readonly name: string },
): Promise<Passkey | Refused> {
  const { answer, name } = given
  const challenge = challengeOf(answer.response.clientDataJSON)
  if (!challenge) return refuse('malformed')
  const taken = await takeChallenge(tx, challenge, registering(by), deps.wall)
  if (taken !== 'taken') return refuse(`challenge-${taken}`)
  if (!(await store.lockPerson(tx, by.personId))) return refuse('person')
  const checked = await checkRegistration(deps.site, answer, challenge).catch((error: unknown) =>
    refuse('ceremony', error),
  )
  if ('refused' in checked) return checked
  if ((await store.listPasskeys(tx, by.personId)).length >= mostPasskeys) throw tooMany.with()
  const id = newId()
  const row = await store.insertPasskey(tx, {
    ...checked,
    id,
    personId: by.personId,
    name: deps.sealer.seal(name, place(id)),
    createdAt: new Date(deps.wall),
  })
  if (!row) return refuse('registered-already')
  tell(tx, row, 'added', 'add')
  return readPasskey(deps.sealer, row)
}

/** For `navigator.credentials.get()` of somebody we do not know yet. `attempt` comes back with the answer. */
export async function signInOptions(
  tx: Tx,
  deps: PasskeyDeps,
): Promise<{ readonly options: PublicKeyCredentialRequestOptionsJSON; readonly attempt: string }> {
  const attempt = randomBytes(32).toString('base64url')
  const { generateAuthenticationOptions } = await webAuthn()
  const options = await generateAuthenticationOptions({
    rpID: deps.site.id,
    challenge: await makeChallenge(tx, anonymous(attempt), deps.wall),
    timeout: validFor,
    userVerification: 'required',
  })
  return { options, attempt }
}

/** Who it is: two factors in one, since the device verified the person. */
export async function signInWithPasskey(
  tx: Tx,
  deps: PasskeyDeps,
  attempt: string,
  answer: AssertionAnswer,
): Promise<Proof | Refused> {
  // §7.2: without a name given before, the authenticator says whose the passkey is.
  if (answer.response.userHandle == null) return refuse('no-user-handle')
  return proveWith(tx, deps, anonymous(attempt), answer)
}

/** For `navigator.credentials.get()` of somebody we know. Throws `nonePasskey`. */
export async function checkOptions(
  tx: Tx,
  deps: PasskeyDeps,
  occasion: Occasion,
): Promise<PublicKeyCredentialRequestOptionsJSON> {
  const usable = await usableOf(tx, occasion.personId)
  if (usable.length === 0) throw nonePasskey.with()
  const { generateAuthenticationOptions } = await webAuthn()
  return generateAuthenticationOptions({
    rpID: deps.site.id,
    challenge: await makeChallenge(tx, holderOf(occasion), deps.wall),
    timeout: validFor,
    userVerification: occasion.use === 'step-up' ? 'required' : 'preferred',
    allowCredentials: usable.map(naming),
  })
}

/** As a second factor having the device is enough; a step-up asks for the person. */
export async function checkPasskey(
  tx: Tx,
  deps: PasskeyDeps,
  occasion: Occasion,
  answer: AssertionAnswer,
): Promise<Proof | Refused> {
  return proveWith(tx, deps, holderOf(occasion), answer)
}

/** Does the person have one that works? */
export async function hasPasskey(tx: Tx, personId: string): Promise<boolean> {
  return (await usableOf(tx, personId)).length > 0
}

async function usableOf(tx: Tx, personId: string) {
  return (await store.listPasskeys(tx, personId)).filter((row) => row.suspendedAt === null)
}

function naming(row: store.PasskeyRow) {
  return { id: row.credentialId.toString('base64url'), transports: row.transports }
}

function registering(by: { readonly personId: string; readonly sessionId: string }): Holder {
  return { purpose: 'register', personId: by.personId, secret: by.sessionId }
}

function anonymous(attempt: string): Holder {
  return { purpose: 'sign-in', personId: null, secret: attempt }
}

function holderOf({ use, personId, secret }: Occasion): Holder {
  return { purpose: use, personId, secret }
}
