/** Ceremonies that others recorded: the bytes of the specification, and not of an authenticator that we wrote ourselves. */
import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { challengeOf } from '#/identity/passkeys/ceremony.ts'
import { checkOptions, checkPasskey, registerPasskey } from '#/identity/passkeys/passkeys.ts'
import type { Occasion } from '#/identity/passkeys/passkeys.ts'
import { testDatabase } from '../../../tests/support/database.ts'
import { causeOf, passkeyScene, start, whyOf } from '../../../tests/support/passkeys/scene.ts'
import type { Somebody } from '../../../tests/support/passkeys/scene.ts'

type Recorded = {
  readonly credentialId: string
  readonly clientDataJSON: string
  readonly attestationObject: string
}
type Assertion = Readonly<Record<'clientDataJSON' | 'authenticatorData' | 'signature', string>>
type Vectors = Readonly<Record<'none' | 'crossOrigin', Recorded>> & {
  readonly self: Recorded & { readonly assertion: Assertion }
}

const file = join(import.meta.dirname, '..', '..', '..', 'tests', 'data', 'webauthn', 'level-3.json')
const vectors = JSON.parse(readFileSync(file, 'utf8')) as Vectors

const database = await testDatabase()
const scene = passkeyScene(database)
const { sealer, inTx, somebody } = scene
const deps = {
  sealer,
  site: { id: 'example.org', origin: 'https://example.org', name: 'Example' },
  wall: start,
}
const text = (hex: string) => Buffer.from(hex, 'hex').toString('base64url')

/** Ours is random; from now on the one challenge of the person is the recorded one. */
async function challengeBecomes(personId: string, clientDataJSON: string): Promise<void> {
  const challenge = challengeOf(text(clientDataJSON))
  if (!challenge) return
  const { rowCount } = await database.owner.query(
    'update control.identity_passkey_challenge set digest = $2 where person_id = $1',
    [personId, hash('sha256', challenge, 'buffer')],
  )
  assert.equal(rowCount, 1)
}

async function register(by: Somebody, recorded: Recorded, bend: (answer: string) => string = (same) => same) {
  await scene.begin(by)
  await challengeBecomes(by.personId, recorded.clientDataJSON)
  const id = text(recorded.credentialId)
  const response = {
    clientDataJSON: text(recorded.clientDataJSON),
    attestationObject: text(bend(recorded.attestationObject)),
  }
  const answer = { id, rawId: id, type: 'public-key' as const, response }
  return inTx((tx) => registerPasskey(tx, deps, by, { answer, name: 'Recorded' }))
}

async function assertWith(occasion: Occasion, { credentialId, assertion }: Vectors['self'], bend = '') {
  await inTx((tx) => checkOptions(tx, deps, occasion))
  await challengeBecomes(occasion.personId, assertion.clientDataJSON)
  const id = text(credentialId)
  const response = {
    clientDataJSON: text(assertion.clientDataJSON),
    authenticatorData: text(assertion.authenticatorData),
    signature: text(assertion.signature.slice(0, assertion.signature.length - bend.length) + bend),
  }
  return inTx((tx) => checkPasskey(tx, deps, occasion, { id, rawId: id, type: 'public-key', response }))
}

test('§16.3: a credential that signs for itself is registered, and its assertion is a second factor', async () => {
  const by = await somebody()
  const changed = await register(by, vectors.self, (hex) => hex.replace('3ac54', '3ac55'))
  assert.match(whyOf(changed), /ceremony/)
  const made = await register(by, vectors.self)
  assert.ok('id' in made, causeOf(made))
  assert.equal(made.model, 'df850e09-db6a-fbdf-ab51-697791506cfc')
  const occasion = { use: 'second-factor', personId: by.personId, secret: by.sessionId } as const
  assert.equal(whyOf(await assertWith(occasion, vectors.self, '45')), 'ceremony')
  const proof = await assertWith(occasion, vectors.self)
  assert.ok('personId' in proof, causeOf(proof))
  assert.deepEqual([proof.personId, proof.userVerified], [by.personId, false])
  // The device did not ask for the person, so it stands for nobody alone.
  const stepUp = { use: 'step-up', personId: by.personId, secret: by.sessionId } as const
  const refused = await assertWith(stepUp, vectors.self)
  assert.match(causeOf(refused), /[Uu]ser verification/)
})

test('§16.2: a device that did not ask for the person makes no passkey', async () => {
  const made = await register(await somebody(), vectors.none)
  assert.match(causeOf(made), /[Uu]ser verification/)
})

test('§16.4: nor does a ceremony in a frame of another site', async () => {
  assert.equal(whyOf(await register(await somebody(), vectors.crossOrigin)), 'malformed')
})
