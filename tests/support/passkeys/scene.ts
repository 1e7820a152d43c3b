/** A scene for passkeys: people, their devices, and each ceremony from its options to its result. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import {
  checkOptions,
  checkPasskey,
  registerPasskey,
  registrationOptions,
  signInOptions,
  signInWithPasskey,
} from '#/identity/passkeys/passkeys.ts'
import type { Occasion, PasskeyDeps, Proof, Refused } from '#/identity/passkeys/passkeys.ts'
import { createPerson } from '#/identity/people/people.ts'
import { createSealer } from '#/kernel/crypto/crypto.ts'
import { transact } from '#/kernel/db/db.ts'
import type { Database, Tx } from '#/kernel/db/db.ts'
import { newId } from '#/kernel/id/id.ts'
import type { Authenticator, Bent, Credential } from './authenticator.ts'

/** Whoever is signed in. */
export type Somebody = { readonly personId: string; readonly sessionId: string }

export const origin = 'https://portal.provider.example'
export const start = Date.parse('2026-11-20T10:00:00Z')
export const site = { id: 'portal.provider.example', origin, name: 'Provider' }

export function passkeyScene(database: Database) {
  const sealer = createSealer(randomBytes(32))
  const deps = (wall = start): PasskeyDeps => ({ sealer, site, wall })
  const inTx = <T>(work: (tx: Tx) => Promise<T>): Promise<T> =>
    transact(database.control, { kind: 'system', name: 'test' }, work)

  const somebody = async (): Promise<Somebody> => {
    const email = `${newId()}@provider.example`
    const { id } = await inTx((tx) => createPerson(tx, sealer, { email, name: 'Ada' }))
    return { personId: id, sessionId: newId() }
  }

  const begin = (by: Somebody) =>
    inTx((tx) => registrationOptions(tx, deps(), by, { email: 'ada@provider.example', name: 'Ada' }))

  const register = async (by: Somebody, device: Authenticator, bent?: Bent, wall?: number) => {
    const options = await begin(by)
    const { credential, answer } = device.create(options, bent)
    const result = await inTx((tx) => registerPasskey(tx, deps(wall), by, { answer, name: 'My phone' }))
    return { options, credential, answer, result }
  }

  const registered = async (by: Somebody, device: Authenticator) => {
    const { credential, result } = await register(by, device)
    assert.ok('id' in result)
    return { credential, passkey: result }
  }

  const signIn = async (device: Authenticator, credential: Credential, bent?: Bent, wall?: number) => {
    const { options, attempt } = await inTx((tx) => signInOptions(tx, deps()))
    const answer = device.get(credential, options, bent)
    const result = await inTx((tx) => signInWithPasskey(tx, deps(wall), attempt, answer))
    return { options, attempt, answer, result }
  }

  const check = async (
    occasion: Occasion,
    device: Authenticator,
    credential: Credential,
    bent?: Bent,
  ): Promise<Proof | Refused> => {
    const options = await inTx((tx) => checkOptions(tx, deps(), occasion))
    return inTx((tx) => checkPasskey(tx, deps(), occasion, device.get(credential, options, bent)))
  }

  return { sealer, deps, inTx, somebody, begin, register, registered, signIn, check }
}

export function whyOf(result: object | Refused): string {
  return 'why' in result ? result.why : 'taken'
}

/** What the log is told of a refusal. */
export function causeOf(result: object | Refused): string {
  return 'refused' in result && result.refused.cause instanceof Error ? result.refused.cause.message : ''
}
