/** Passkeys from registration to removal, with an authenticator in software. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  checkOptions,
  erasePasskeys,
  hasPasskey,
  listPasskeys,
  registerPasskey,
  registrationOptions,
  removePasskey,
  renamePasskey,
  signInOptions,
} from '#/identity/passkeys/passkeys.ts'
import type { Occasion } from '#/identity/passkeys/passkeys.ts'
import { createPasswords } from '#/identity/passwords/passwords.ts'
import { disablePerson } from '#/identity/people/people.ts'
import { newId } from '#/kernel/id/id.ts'
import { createAuthenticator } from '../../../tests/support/passkeys/authenticator.ts'
import { testDatabase } from '../../../tests/support/database.ts'
import { origin, passkeyScene, site, start, whyOf } from '../../../tests/support/passkeys/scene.ts'

const database = await testDatabase()
const { sealer, deps, inTx, somebody, begin, register, registered, signIn, check } = passkeyScene(database)

test('a passkey is registered for its person, without a name it then signs in alone', async () => {
  const by = await somebody()
  const device = createAuthenticator(origin)
  const { options, credential, result } = await register(by, device)
  assert.deepEqual(options.rp, { id: site.id, name: 'Provider' })
  assert.equal(options.attestation, 'none')
  assert.equal(options.authenticatorSelection?.residentKey, 'required')
  assert.equal(options.authenticatorSelection?.userVerification, 'required')
  assert.ok('id' in result)
  assert.equal(result.name, 'My phone')

  const signed = await signIn(device, credential, {}, start + 1000)
  assert.equal(signed.options.allowCredentials?.length ?? 0, 0)
  assert.equal(signed.options.userVerification, 'required')
  assert.deepEqual(signed.result, { personId: by.personId, passkeyId: result.id, userVerified: true })
  const [listed] = await inTx((tx) => listPasskeys(tx, sealer, by.personId))
  assert.deepEqual(listed?.lastUsedAt, new Date(start + 1000))
})

test('what is at rest tells neither the challenge nor the name', async () => {
  const by = await somebody()
  await register(by, createAuthenticator(origin))
  const { options } = await inTx((tx) => signInOptions(tx, deps()))
  const rows = await database.owner.query<{ all: string }>(
    `select coalesce(string_agg(k::text, ''), '') || (select string_agg(c::text, '') from identity_passkey_challenge c) as all
     from identity_passkey k where person_id = $1`,
    [by.personId],
  )
  const text = rows.rows[0]?.all ?? ''
  assert.ok(!text.includes(Buffer.from('My phone').toString('hex')))
  assert.ok(!text.includes(Buffer.from(options.challenge, 'base64url').toString('hex')))
  assert.ok(text.length > 100)
})

test('a credential belongs to whom it was registered for first', async () => {
  const [first, second] = [await somebody(), await somebody()]
  const device = createAuthenticator(origin)
  const { credential } = await registered(first, device)
  const options = await inTx((tx) =>
    registrationOptions(tx, deps(), second, { email: 'b@b.example', name: 'B' }),
  )
  // The same id again, as whoever saw it could send it.
  const made = device.create(options)
  const bytes = Buffer.from(made.answer.response.attestationObject, 'base64url')
  bytes.set(credential.id, bytes.indexOf(made.credential.id))
  const answer = {
    ...made.answer,
    response: { ...made.answer.response, attestationObject: bytes.toString('base64url') },
  }
  const result = await inTx((tx) => registerPasskey(tx, deps(), second, { answer, name: 'stolen' }))
  assert.equal(whyOf(result), 'registered-already')
})

test('a counter that does not grow puts the passkey out of use, and says so', async () => {
  const by = await somebody()
  const device = createAuthenticator(origin)
  const { credential, passkey } = await registered(by, device)
  assert.equal(whyOf((await signIn(device, credential, { counter: 7 })).result), 'taken')
  // Whoever does not hold the key cannot bring it about.
  assert.equal(whyOf((await signIn(device, credential, { counter: 3, foreignKey: true })).result), 'ceremony')
  assert.equal(whyOf((await signIn(device, credential, { counter: 7 })).result), 'copied')
  assert.equal(whyOf((await signIn(device, credential, { counter: 900 })).result), 'suspended')
  assert.equal(await inTx((tx) => hasPasskey(tx, by.personId)), false)
  const [listed] = await inTx((tx) => listPasskeys(tx, sealer, by.personId))
  assert.deepEqual(listed?.suspendedAt, new Date(start))
  const events = await database.owner.query<{ data: object }>(
    `select data from kernel_outbox where type = 'identity.passkey_suspended' and data ->> 'passkeyId' = $1`,
    [passkey.id],
  )
  assert.deepEqual(events.rows, [{ data: { personId: by.personId, passkeyId: passkey.id } }])
  await inTx((tx) => removePasskey(tx, by.personId, passkey.id))
})

test('one that keeps no counter is taken again and again, backed up or not', async () => {
  const by = await somebody()
  const device = createAuthenticator(origin, false, true)
  const { credential } = await registered(by, device)
  for (const backedUp of [true, false, true]) {
    assert.equal(whyOf((await signIn(device, credential, { backedUp })).result), 'taken')
    const [listed] = await inTx((tx) => listPasskeys(tx, sealer, by.personId))
    assert.equal(listed?.backedUp, backedUp)
  }
  assert.equal(whyOf((await signIn(device, credential, { counter: 5 })).result), 'taken')
  assert.equal(whyOf((await signIn(device, credential, { counter: 0 })).result), 'copied')
})

test('as a second factor the device is enough; a step-up asks for the person', async () => {
  const by = await somebody()
  const device = createAuthenticator(origin)
  const { credential, passkey } = await registered(by, device)
  const stepUp: Occasion = { use: 'step-up', personId: by.personId, secret: by.sessionId }
  const second: Occasion = { use: 'second-factor', personId: by.personId, secret: newId() }
  const options = await inTx((tx) => checkOptions(tx, deps(), second))
  assert.deepEqual(
    options.allowCredentials?.map(({ id }) => id),
    [credential.id.toString('base64url')],
  )
  const unverified = { userVerified: false, userHandle: null }
  assert.deepEqual(await check(second, device, credential, unverified), {
    personId: by.personId,
    passkeyId: passkey.id,
    userVerified: false,
  })
  assert.equal(whyOf(await check(stepUp, device, credential, unverified)), 'ceremony')
  assert.equal(whyOf(await check(stepUp, device, credential)), 'taken')
})

test('who is disabled neither signs in nor registers', async () => {
  const by = await somebody()
  const device = createAuthenticator(origin)
  const { credential } = await registered(by, device)
  await inTx((tx) => disablePerson(tx, by.personId, 'lost'))
  assert.equal(whyOf((await signIn(device, credential)).result), 'unknown-passkey')
  assert.equal(whyOf((await register(by, device)).result), 'person')
})

test('a passkey is renamed and removed by its person alone, and never the last way in', async () => {
  const [by, other] = [await somebody(), await somebody()]
  const device = createAuthenticator(origin)
  const first = (await registered(by, device)).passkey
  await assert.rejects(
    inTx((tx) => renamePasskey(tx, sealer, other.personId, first.id, 'mine')),
    /passkeys\.not_found/,
  )
  await assert.rejects(
    inTx((tx) => removePasskey(tx, other.personId, first.id)),
    /passkeys\.not_found/,
  )
  await assert.rejects(
    inTx((tx) => removePasskey(tx, by.personId, first.id)),
    /passkeys\.last_way_in/,
  )
  const renamed = await inTx((tx) => renamePasskey(tx, sealer, by.personId, first.id, 'Blue key'))
  assert.equal(renamed.name, 'Blue key')

  const second = (await registered(by, device)).passkey
  const removals = await Promise.allSettled(
    [first, second].map(({ id }) => inTx((tx) => removePasskey(tx, by.personId, id))),
  )
  assert.deepEqual(removals.map(({ status }) => status).sort(), ['fulfilled', 'rejected'])

  const [left] = await inTx((tx) => listPasskeys(tx, sealer, by.personId))
  assert.ok(left)
  const passwords = createPasswords({ sealer, parameters: { memory: 64, passes: 1, parallelism: 1 } })
  const hash = await passwords.hash('correct horse battery staple')
  await inTx((tx) => passwords.setPassword(tx, by.personId, hash, start))
  await inTx((tx) => removePasskey(tx, by.personId, left.id))
  await assert.rejects(
    inTx((tx) => checkOptions(tx, deps(), { use: 'step-up', personId: by.personId, secret: by.sessionId })),
    /passkeys\.none/,
  )
})

test('nobody hoards passkeys, nor leaves challenges for ever', async () => {
  const by = await somebody()
  const device = createAuthenticator(origin)
  const early = await begin(by)
  for (let i = 0; i < 20; i += 1) await registered(by, device)
  await assert.rejects(register(by, device), /passkeys\.too_many/)
  const { answer } = device.create(early)
  await assert.rejects(
    inTx((tx) => registerPasskey(tx, deps(), by, { answer, name: 'one more' })),
    /passkeys\.too_many/,
  )
  await inTx((tx) => erasePasskeys(tx, by.personId))
  const count = async () =>
    (
      await database.owner.query('select from identity_passkey_challenge where expires_at < $1', [
        new Date(start + 3_600_000),
      ])
    ).rowCount
  for (let i = 0; i < 20 && (await count()) !== 0; i += 1) {
    await inTx((tx) => signInOptions(tx, deps(start + 2 * 3_600_000)))
  }
  assert.equal(await count(), 0)
})
