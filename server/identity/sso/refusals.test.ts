/** What nobody gets in with: answers that were bent, mixed up, seen before, or meant for others. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testDatabase } from '../../../tests/support/database.ts'
import { signingKey } from '../../../tests/support/openid/provider.ts'
import type { Account, Setting } from '../../../tests/support/openid/provider.ts'
import { ssoScene, startOpenIdProvider } from '../../../tests/support/openid/scene.ts'

const scene = ssoScene(await testDatabase())
const { clock, somebody, partnerWith, start, finish, signIn, failsWith } = scene
const openid = await startOpenIdProvider()
const evil = await startOpenIdProvider()
const { partnerId, provider } = await partnerWith(openid, 'first.example')
const other = await partnerWith(evil, 'evil.example')
await somebody('ada@first.example', { partnerId })
const ada: Account = { email: 'ada@first.example', email_verified: true }
await openid.configure({ accounts: { ada } })
await evil.configure({ accounts: { ada } })

const seconds = () => Math.floor(Date.now() / 1000)
const { clientId } = openid

const bentTokens: Readonly<Record<string, readonly [NonNullable<Setting['bent']>, RegExp]>> = {
  'another audience': [{ claims: { aud: 'somebody-else' } }, /"aud"/],
  'no audience': [{ without: ['aud'] }, /"aud"/],
  'several audiences, and nobody it was made for': [{ claims: { aud: [clientId, 'other'] } }, /audiences/],
  'several audiences, made for another': [{ claims: { aud: [clientId, 'other'], azp: 'other' } }, /"azp"/],
  'one audience, made for another': [{ claims: { azp: 'other' } }, /^token-invalid/],
  'another issuer': [{ claims: { iss: 'https://evil.example' } }, /"iss"/],
  'another nonce': [{ claims: { nonce: 'x'.repeat(43) } }, /"nonce"/],
  'no nonce': [{ without: ['nonce'] }, /nonce/],
  'a time that is over': [{ claims: { exp: seconds() - 60 } }, /"exp"/],
  'no end': [{ without: ['exp'] }, /"exp"/],
  'a time to come': [{ claims: { nbf: seconds() + 3600 } }, /"nbf"/],
  'no subject': [{ without: ['sub'] }, /"sub"/],
  'another subject than under /me': [{ claims: { sub: 'eve' } }, /"sub"/],
  'a signature of another key': [{ key: signingKey() }, /signature/],
  'a key that is nowhere': [{ header: { kid: 'unknown' } }, /key/],
  'no signature': [{ header: { alg: 'none' }, unsigned: true }, /alg/],
  'a signature with our own secret': [{ header: { alg: 'HS256' } }, /alg/],
}

for (const [name, [bent, why]] of Object.entries(bentTokens)) {
  test(`nobody comes in with an ID token of ${name}`, async () => {
    await openid.configure({ bent })
    await assert.rejects(signIn(openid, provider, 'ada'), failsWith(why))
    await openid.configure({ bent: {} })
    await signIn(openid, provider, 'ada')
  })
}

const badAccounts: Readonly<Record<string, readonly [Account, string]>> = {
  'an address that is not verified': [{ ...ada, email_verified: false }, 'email-unverified'],
  'an address of which nothing is said': [{ email: 'ada@first.example' }, 'email-unverified'],
  'the text "true"': [{ ...ada, email_verified: 'true' }, 'email-unverified'],
  'no address': [{ email_verified: true }, 'email-missing'],
  'an address with more behind its domain': [{ ...ada, email: 'ada@first.example/x' }, 'email-foreign'],
  'something that is no address': [{ ...ada, email: 'ada@first.example,eve@evil.example' }, 'email-foreign'],
}

for (const idTokenEmail of [false, true]) {
  for (const [name, [account, why]] of Object.entries(badAccounts)) {
    test(`nobody comes in with ${name} ${idTokenEmail ? 'in the ID token' : 'under /me'}`, async () => {
      await openid.configure({ accounts: { ada: account }, idTokenEmail })
      await assert.rejects(signIn(openid, provider, 'ada'), failsWith(why))
      await openid.configure({ accounts: { ada }, idTokenEmail: false })
    })
  }
}

/** To the provider and back, up to the last step. */
async function away(more = {}) {
  const { location, browser } = await start(provider, { email: 'ada', ...more })
  return { location, browser, back: await openid.walk(location) }
}

function changed(url: URL | string, changes: Readonly<Record<string, string | null>>): URL {
  const copy = new URL(url)
  for (const [name, value] of Object.entries(changes)) {
    if (value === null) copy.searchParams.delete(name)
    else copy.searchParams.set(name, value)
  }
  return copy
}

test('a nonce of somebody else is in the ID token, and found', async () => {
  const { location, browser } = await start(provider, { email: 'ada' })
  const back = await openid.walk(changed(location, { nonce: 'n'.repeat(43) }).href)
  await assert.rejects(finish(provider, back, browser), failsWith(/"nonce"/))
})

test('an answer is good once, whether it was taken or not', async () => {
  const { back, browser } = await away()
  await finish(provider, back, browser)
  await assert.rejects(finish(provider, back, browser), failsWith('state-unknown'))

  const second = await away()
  await assert.rejects(
    finish(provider, changed(second.back, { code: 'guessed' }), second.browser),
    failsWith('code-refused'),
  )
  await assert.rejects(finish(provider, second.back, second.browser), failsWith('state-unknown'))
})

test('a code is good once, and in the sign-in it was given to', async () => {
  const first = await away()
  await finish(provider, first.back, first.browser)
  const code = first.back.searchParams.get('code')
  const second = await away()
  await assert.rejects(
    finish(provider, changed(second.back, { code }), second.browser),
    failsWith('code-refused'),
  )

  // Two that nobody has used, changed over: the verifier of one does not fit the code of the other.
  const [mine, theirs] = [await away(), await away()]
  const stolen = theirs.back.searchParams.get('code')
  await assert.rejects(
    finish(provider, changed(mine.back, { code: stolen }), mine.browser),
    failsWith('code-refused'),
  )
})

test('an answer comes home to the browser that left, within ten minutes', async () => {
  const [mine, theirs] = [await away(), await away()]
  await assert.rejects(finish(provider, mine.back, theirs.browser), failsWith('state-unknown'))
  await assert.rejects(finish(provider, mine.back, null), failsWith('state-missing'))
  // That somebody else tried does not take it away from whom it belongs to.
  await finish(provider, mine.back, mine.browser)
  clock.forward(10 * 60_000)
  await assert.rejects(finish(provider, theirs.back, theirs.browser), failsWith('state-expired'))
})

test('without its state, or with a made-up one, an answer is nothing', async () => {
  const { back, browser } = await away()
  await assert.rejects(finish(provider, changed(back, { state: null }), browser), failsWith('state-missing'))
  for (const state of ['', 'made-up', 'x'.repeat(10_000)]) {
    await assert.rejects(finish(provider, changed(back, { state }), browser), failsWith('state-unknown'))
  }
  const twice = new URL(back)
  twice.searchParams.append('state', 'made-up')
  await assert.rejects(finish(provider, twice, browser), failsWith(/"state"/))
})

test('who says no at the provider is told so here', async () => {
  const { location, browser } = await start(provider, { email: 'nobody' })
  await assert.rejects(finish(provider, await openid.walk(location), browser), failsWith('denied'))
})

test('a code of another provider is not spent at this one (mix-up)', async () => {
  const mine = await away()
  const theirs = await start(other.provider, { email: 'ada' })
  const theirBack = await evil.walk(theirs.location)
  // RFC 9207: the answer says whose it is.
  const iss = theirBack.searchParams.get('iss')
  assert.equal(iss, evil.issuer)
  const code = theirBack.searchParams.get('code')
  await assert.rejects(finish(provider, changed(mine.back, { code, iss }), mine.browser), failsWith(/"iss"/))
  const unsaid = await away()
  await assert.rejects(
    finish(provider, changed(unsaid.back, { code, iss: null }), unsaid.browser),
    failsWith(/"iss"/),
  )
})

test('the answer of one provider does not come in by the way of another, also where it does not say whose it is', async () => {
  await evil.configure({ silentIss: true })
  await openid.configure({ silentIss: true })
  // What is known of both is older than this by now.
  clock.forward(11 * 60_000)
  const { browser, back } = await away()
  assert.equal((await finish(provider, changed(back, { iss: null }), browser)).partnerId, partnerId)
  const mine = await away()
  await assert.rejects(
    finish(other.provider, changed(mine.back, { iss: null }), mine.browser),
    failsWith('provider-other'),
  )
  await evil.configure({ silentIss: false })
  await openid.configure({ silentIss: false })
  clock.forward(11 * 60_000)
})
