/** What must not be taken of an authenticator, whoever asks for it. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import {
  checkOptions,
  checkPasskey,
  listPasskeys,
  registerPasskey,
  signInOptions,
  signInWithPasskey,
} from '#/identity/passkeys/passkeys.ts'
import type { Occasion } from '#/identity/passkeys/passkeys.ts'
import { newId } from '#/kernel/id/id.ts'
import { cbor, createAuthenticator } from '../../../tests/support/passkeys/authenticator.ts'
import type { Bent } from '../../../tests/support/passkeys/authenticator.ts'
import { testDatabase } from '../../../tests/support/database.ts'
import { causeOf, origin, passkeyScene, site, start, whyOf } from '../../../tests/support/passkeys/scene.ts'
import type { Somebody } from '../../../tests/support/passkeys/scene.ts'

const { sealer, deps, inTx, somebody, begin, register, registered, signIn, check } = passkeyScene(
  await testDatabase(),
)

const badRegistrations: Readonly<Record<string, readonly [Bent, RegExp]>> = {
  'a page of another origin': [{ origin: `${origin}.evil.example` }, /response origin/],
  'another port': [{ origin: `${origin}:8443` }, /response origin/],
  'another relying party': [{ rpId: 'evil.example' }, /RP ID hash/],
  'an assertion': [{ type: 'webauthn.get' }, /response type/],
  'nobody there': [{ userPresent: false }, /presence/],
  'nobody verified': [{ userVerified: false }, /verification/],
  'a backup of what cannot be copied': [{ backedUp: true }, /backed up/],
  'a statement where none is named': [
    { attestation: { format: 'none', statement: new Map([['sig', Buffer.alloc(8)]]) } },
    /unexpected attestation statement/,
  ],
  'certificates, whose revocation list would be fetched': [
    {
      attestation: {
        format: 'packed',
        statement: new Map<string, unknown>([
          ['alg', -7],
          ['sig', Buffer.alloc(70)],
          ['x5c', [Buffer.alloc(300)]],
        ]),
      },
    },
    /not asked for/,
  ],
  'a format of certificates': [{ attestation: { format: 'tpm', statement: new Map() } }, /not asked for/],
}

for (const [name, [bent, cause]] of Object.entries(badRegistrations)) {
  test(`no passkey comes of ${name}`, async () => {
    const by = await somebody()
    const { result } = await register(by, createAuthenticator(origin), bent)
    assert.equal(whyOf(result), 'ceremony')
    assert.match(causeOf(result), cause)
    assert.deepEqual(await inTx((tx) => listPasskeys(tx, sealer, by.personId)), [])
  })
}

test('a registration is good once, for five minutes, and for its person and session', async () => {
  const by = await somebody()
  const device = createAuthenticator(origin)
  const { answer } = await register(by, device)
  const again = (who: Somebody) => inTx((tx) => registerPasskey(tx, deps(), who, { answer, name: 'again' }))
  assert.equal(whyOf(await again(by)), 'challenge-unknown')
  assert.equal(whyOf((await register(by, device, {}, start + 5 * 60_000)).result), 'challenge-expired')

  const options = await begin(by)
  const fresh = device.create(options).answer
  const other = await somebody()
  for (const who of [other, { ...by, sessionId: newId() }]) {
    const result = await inTx((tx) => registerPasskey(tx, deps(), who, { answer: fresh, name: 'x' }))
    assert.equal(whyOf(result), 'challenge-unknown')
  }
  // Nor does it serve another purpose.
  const occasion: Occasion = { use: 'step-up', personId: by.personId, secret: by.sessionId }
  const { credential } = await registered(by, device)
  const assertion = device.get(credential, { challenge: options.challenge, rpId: site.id })
  assert.equal(whyOf(await inTx((tx) => checkPasskey(tx, deps(), occasion, assertion))), 'challenge-unknown')
})

/** A reason for the log, or what the check of the ceremony said. */
const badSignIns: Readonly<Record<string, readonly [Bent, string | RegExp]>> = {
  'a page of another origin': [{ origin: 'https://evil.example' }, /response origin/],
  'plain HTTP': [{ origin: 'http://portal.provider.example' }, /response origin/],
  'another relying party': [{ rpId: 'evil.example' }, /RP ID hash/],
  'a registration': [{ type: 'webauthn.create' }, /response type/],
  'nobody there': [{ userPresent: false }, /not present/],
  'nobody verified': [{ userVerified: false }, /verification/],
  'another key': [{ foreignKey: true }, /signature/],
  'a frame of another site': [{ crossOrigin: true }, 'malformed'],
  'a frame that denies being one': [{ topOrigin: 'https://evil.example' }, /top origin/],
  'a challenge of nobody': [{ challenge: randomBytes(32).toString('base64url') }, 'challenge-unknown'],
  'no person named': [{ userHandle: null }, 'no-user-handle'],
  'another person named': [{ userHandle: randomBytes(32).toString('base64url') }, /another person/],
  'a passkey that could not be copied and was': [{ backedUp: true }, /backed up/],
  'a passkey that could not be copied and now can': [{ backupEligible: true }, /changed its kind/],
}

for (const [name, [bent, expected]] of Object.entries(badSignIns)) {
  test(`nobody signs in with ${name}`, async () => {
    const by = await somebody()
    const device = createAuthenticator(origin)
    const { credential } = await registered(by, device)
    const { result, attempt, options } = await signIn(device, credential, bent)
    const why = typeof expected === 'string' ? expected : 'ceremony'
    assert.equal(whyOf(result), why)
    if (typeof expected !== 'string') assert.match(causeOf(result), expected)
    assert.ok('refused' in result)
    assert.equal(result.refused.definition.code, 'passkeys.refused')
    if (why !== 'ceremony') return
    // The challenge went with the attempt.
    const right = device.get(credential, options)
    assert.equal(
      whyOf(await inTx((tx) => signInWithPasskey(tx, deps(), attempt, right))),
      'challenge-unknown',
    )
  })
}

test('a sign-in is good once, for five minutes, and in the hands that began it', async () => {
  const by = await somebody()
  const device = createAuthenticator(origin)
  const { credential } = await registered(by, device)
  const first = await signIn(device, credential)
  assert.equal(whyOf(first.result), 'taken')
  const replayed = await inTx((tx) => signInWithPasskey(tx, deps(), first.attempt, first.answer))
  assert.equal(whyOf(replayed), 'challenge-unknown')
  assert.equal(whyOf((await signIn(device, credential, {}, start + 5 * 60_000)).result), 'challenge-expired')

  const { options } = await inTx((tx) => signInOptions(tx, deps()))
  const elsewhere = await inTx((tx) => signInOptions(tx, deps()))
  const answer = device.get(credential, options)
  assert.equal(
    whyOf(await inTx((tx) => signInWithPasskey(tx, deps(), elsewhere.attempt, answer))),
    'challenge-unknown',
  )
})

test('of several answers to one challenge at once, one is taken', async () => {
  const by = await somebody()
  const device = createAuthenticator(origin)
  const { credential } = await registered(by, device)
  const { options, attempt } = await inTx((tx) => signInOptions(tx, deps()))
  const answers = [1, 2, 3].map(() => device.get(credential, options))
  const results = await Promise.all(
    answers.map((answer) => inTx((tx) => signInWithPasskey(tx, deps(), attempt, answer))),
  )
  assert.deepEqual(results.map(whyOf).sort(), ['challenge-unknown', 'challenge-unknown', 'taken'])
})

test('text that is no client data, and passkeys nobody knows, are refused alike', async () => {
  const by = await somebody()
  const device = createAuthenticator(origin)
  const { credential } = await registered(by, device)
  const { options, attempt } = await inTx((tx) => signInOptions(tx, deps()))
  const answer = device.get(credential, options)
  for (const text of ['', 'null', '"x"', '[]', '{}', '{"challenge":1}', '{"challenge":', '\u0000']) {
    const response = { ...answer.response, clientDataJSON: Buffer.from(text).toString('base64url') }
    const result = await inTx((tx) => signInWithPasskey(tx, deps(), attempt, { ...answer, response }))
    assert.match(whyOf(result), /malformed|challenge-unknown/, text)
  }
  for (const part of ['authenticatorData', 'signature'] as const) {
    const begun = await inTx((tx) => signInOptions(tx, deps()))
    const good = device.get(credential, begun.options)
    const response = { ...good.response, [part]: 'AAAA' }
    const result = await inTx((tx) => signInWithPasskey(tx, deps(), begun.attempt, { ...good, response }))
    assert.equal(whyOf(result), 'ceremony', part)
  }
  const stranger = device.create({ challenge: '', rp: {}, user: { id: credential.userHandle } }).credential
  assert.equal(whyOf((await signIn(device, stranger)).result), 'unknown-passkey')
})

test('another person’s passkey proves nothing, and a challenge serves its occasion alone', async () => {
  const [by, other] = [await somebody(), await somebody()]
  const device = createAuthenticator(origin)
  const { credential } = await registered(by, device)
  const theirs = await registered(other, device)
  const stepUp: Occasion = { use: 'step-up', personId: by.personId, secret: by.sessionId }
  assert.equal(whyOf(await check(stepUp, device, theirs.credential)), 'unknown-passkey')
  const options = await inTx((tx) => checkOptions(tx, deps(), stepUp))
  const answer = device.get(credential, options)
  for (const occasion of [
    { ...stepUp, secret: newId() },
    { ...stepUp, use: 'second-factor' as const },
    { ...stepUp, personId: other.personId },
  ]) {
    assert.equal(whyOf(await inTx((tx) => checkPasskey(tx, deps(), occasion, answer))), 'challenge-unknown')
  }
  assert.equal(
    whyOf(await inTx((tx) => signInWithPasskey(tx, deps(), by.sessionId, answer))),
    'challenge-unknown',
  )
  assert.equal(whyOf(await inTx((tx) => checkPasskey(tx, deps(), stepUp, answer))), 'taken')
})

test('the bytes of the little encoder are those of RFC 8949, appendix A', () => {
  const examples: readonly (readonly [unknown, string])[] = [
    [0, '00'],
    [23, '17'],
    [24, '1818'],
    [1000, '1903e8'],
    [-1, '20'],
    [-100, '3863'],
    [-1000, '3903e7'],
    [Buffer.from('01020304', 'hex'), '4401020304'],
    ['IETF', '6449455446'],
    [[1, [2, 3]], '8201820203'],
    [
      new Map([
        [1, 2],
        [3, 4],
      ]),
      'a201020304',
    ],
  ]
  for (const [value, hex] of examples) assert.equal(cbor(value).toString('hex'), hex)
})
