/** Sign-ins through a real OpenID provider that is a process of its own. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { addMember, addOperator, disablePerson, findMember, findPerson } from '#/identity/people/people.ts'
import { unlinkPerson } from '#/identity/sso/sso.ts'
import { testDatabase } from '../../../tests/support/database.ts'
import { signingKey } from '../../../tests/support/openid/provider.ts'
import { ssoScene, startOpenIdProvider } from '../../../tests/support/openid/scene.ts'

const database = await testDatabase()
const scene = ssoScene(database)
const { sealer, edge, somebody, partnerWith, providerFor, start, finish, signIn, failsWith } = scene
const openid = await startOpenIdProvider()
const account = (email: string) => ({ email, email_verified: true })

for (const idTokenEmail of [false, true]) {
  test(`a member signs in for the partner, the address ${idTokenEmail ? '' : 'not '}in the ID token`, async () => {
    const domain = `first-${idTokenEmail}.example`
    const { partnerId, provider } = await partnerWith(openid, domain)
    const personId = await somebody(`ada@${domain}`, { partnerId })
    await openid.configure({ accounts: { u1: account(`Ada@${domain.toUpperCase()}`) }, idTokenEmail })
    const proof = await signIn(openid, provider, 'u1')
    const expected = { personId, providerId: provider.id, partnerId, again: false, returnTo: '/portal/usage' }
    assert.deepEqual(proof, expected)
    scene.clock.forward(1000)
    assert.deepEqual(await signIn(openid, provider, 'u1'), expected)
    const pinned = await database.owner.query<{ seconds: number }>(
      `select round(extract(epoch from last_at - first_at))::int as seconds from identity_provider_subject
       where person_id = $1`,
      [personId],
    )
    assert.ok(pinned.rowCount === 1 && pinned.rows[0]!.seconds >= 1)
    await openid.configure({ idTokenEmail: false })
  })
}

test('the request holds a code challenge, a state and a nonce, and what is kept of them tells none', async () => {
  const { provider } = await partnerWith(openid, 'request.example')
  const { location, browser } = await start(provider, { email: 'ada@request.example' })
  const { origin, searchParams } = new URL(location)
  assert.equal(origin, openid.issuer)
  const { state = '', nonce = '', code_challenge: challenge = '', ...rest } = Object.fromEntries(searchParams)
  assert.deepEqual(rest, {
    client_id: openid.clientId,
    redirect_uri: `https://portal.example/sso/${provider.id}/callback`,
    response_type: 'code',
    scope: 'openid email profile',
    code_challenge_method: 'S256',
    login_hint: 'ada@request.example',
  })
  for (const one of [state, nonce, challenge, browser]) assert.match(one, /^[\w-]{43}$/)
  assert.equal(new Set([state, nonce, challenge, browser]).size, 4)

  const { rows } = await database.owner.query<Record<string, unknown>>(
    'select * from identity_provider_attempt where digest = $1',
    [createHash('sha256').update(state).digest()],
  )
  assert.equal(rows.length, 1)
  const kept = Object.values(rows[0] ?? {}).map((value) =>
    Buffer.isBuffer(value) ? value.toString('latin1') : String(value),
  )
  for (const secret of [state, nonce, browser]) assert.ok(!kept.join('\n').includes(secret))
})

test('an operator signs in to the console, and no partner’s provider leads there', async () => {
  const provider = await providerFor(openid, null, 'provider.example')
  const personId = await somebody('op@provider.example')
  await openid.configure({ accounts: { op: account('op@provider.example') } })
  await assert.rejects(signIn(openid, provider, 'op'), failsWith('place-missing'))
  await edge((tx) => addOperator(tx, personId, 'finance'))
  const proof = await signIn(openid, provider, 'op')
  assert.deepEqual([proof.personId, proof.partnerId], [personId, null])

  const partner = await partnerWith(openid, 'provider.example')
  await assert.rejects(start(partner.provider, { realm: 'console' }), failsWith('provider-unknown'))
  await assert.rejects(start(provider, { realm: 'portal' }), failsWith('provider-unknown'))
  const { location, browser } = await start(partner.provider, { email: 'op' })
  const back = await openid.walk(location)
  await assert.rejects(
    finish(partner.provider, back, browser, { realm: 'console' }),
    failsWith('provider-unknown'),
  )
})

test('once somebody is known, an address that changes or passes on takes nobody over', async () => {
  const { partnerId, provider } = await partnerWith(openid, 'pinned.example')
  const ada = await somebody('ada@pinned.example', { partnerId })
  const bob = await somebody('bob@pinned.example', { partnerId })
  await openid.configure({ accounts: { a: account('ada@pinned.example') } })
  assert.equal((await signIn(openid, provider, 'a')).personId, ada)

  // She is called otherwise now, or like somebody else: it is still her.
  for (const email of ['ada.new@pinned.example', 'bob@pinned.example']) {
    await openid.configure({ accounts: { a: account(email) } })
    assert.equal((await signIn(openid, provider, 'a')).personId, ada)
  }
  // Somebody else has her old address: not her, and nobody.
  await openid.configure({ accounts: { x: account('ada@pinned.example'), b: account('bob@pinned.example') } })
  await assert.rejects(signIn(openid, provider, 'x'), failsWith('subject-changed'))
  assert.equal((await signIn(openid, provider, 'b')).personId, bob)

  await edge((tx) => unlinkPerson(tx, partnerId, provider.id, ada))
  assert.equal((await signIn(openid, provider, 'x')).personId, ada)
})

test('two first sign-ins at once pin one name, twice the same or the first of two', async () => {
  const { partnerId, provider } = await partnerWith(openid, 'atonce.example')
  await somebody('ada@atonce.example', { partnerId })
  await openid.configure({ accounts: { a: account('ada@atonce.example'), b: account('ada@atonce.example') } })
  const same = await Promise.allSettled(['a', 'a'].map((login) => signIn(openid, provider, login)))
  assert.deepEqual(
    same.map(({ status }) => status),
    ['fulfilled', 'fulfilled'],
  )
  await assert.rejects(signIn(openid, provider, 'b'), failsWith('subject-changed'))
})

test('who is no member comes in only where the partner says so, with the role it says', async () => {
  const closed = await partnerWith(openid, 'closed.example')
  const open = await partnerWith(openid, 'open.example', 'viewer')
  await openid.configure({
    accounts: {
      c: account('new@closed.example'),
      o: { ...account('new@open.example'), name: 'New One' },
      m: account('elsewhere@open.example'),
    },
  })
  await assert.rejects(signIn(openid, closed.provider, 'c'), failsWith('person-unknown'))
  const elsewhere = await somebody('new@closed.example')
  await assert.rejects(signIn(openid, closed.provider, 'c'), failsWith('place-missing'))
  await edge((tx) => addMember(tx, open.partnerId, elsewhere, 'owner'))
  await assert.rejects(signIn(openid, closed.provider, 'c'), failsWith('place-missing'))

  const { personId } = await signIn(openid, open.provider, 'o')
  assert.equal((await edge((tx) => findMember(tx, open.partnerId, personId)))?.role, 'viewer')
  assert.equal((await edge((tx) => findPerson(tx, sealer, personId)))?.name, 'New One')
  const known = await somebody('elsewhere@open.example')
  assert.equal((await signIn(openid, open.provider, 'm')).personId, known)
  assert.equal((await edge((tx) => findMember(tx, open.partnerId, known)))?.role, 'viewer')
})

test('a disabled person, and an address of another domain, stay outside', async () => {
  const { partnerId, provider } = await partnerWith(openid, 'outside.example')
  const personId = await somebody('ada@outside.example', { partnerId })
  await somebody('eve@elsewhere.example', { partnerId })
  await openid.configure({
    accounts: { a: account('ada@outside.example'), e: account('eve@elsewhere.example') },
  })
  await assert.rejects(signIn(openid, provider, 'e'), failsWith('email-foreign'))
  await signIn(openid, provider, 'a')
  // Also who is known already, once the address has left the domain.
  await openid.configure({ accounts: { a: account('ada@elsewhere.example') } })
  await assert.rejects(signIn(openid, provider, 'a'), failsWith('email-foreign'))
  await openid.configure({ accounts: { a: account('ada@outside.example') } })
  await edge((tx) => disablePerson(tx, personId, 'left'))
  await assert.rejects(signIn(openid, provider, 'a'), failsWith('person-disabled'))
})

test('who is signed in proves again who it is, freshly and as nobody else', async () => {
  const { partnerId, provider } = await partnerWith(openid, 'again.example')
  const ada = await somebody('ada@again.example', { partnerId })
  await somebody('bob@again.example', { partnerId })
  await openid.configure({ accounts: { a: account('ada@again.example'), b: account('bob@again.example') } })
  const proof = await signIn(openid, provider, 'a', { again: ada })
  assert.deepEqual([proof.personId, proof.again], [ada, true])
  await assert.rejects(signIn(openid, provider, 'b', { again: ada }), failsWith('person-other'))

  const seconds = Math.floor(Date.now() / 1000)
  for (const auth_time of [seconds - 3600, null, 'now']) {
    await openid.configure({ bent: { claims: { auth_time } } })
    await assert.rejects(
      signIn(openid, provider, 'a', { again: ada }),
      failsWith(/auth_time|max_age|JWT timestamp/),
    )
  }
  await openid.configure({ bent: { without: ['auth_time'] } })
  await assert.rejects(signIn(openid, provider, 'a', { again: ada }), failsWith(/auth_time/))
  await openid.configure({ bent: { claims: { auth_time: seconds - 200 } } })
  await signIn(openid, provider, 'a', { again: ada })
  await openid.configure({ bent: {} })
})

test('keys that change on the way are read anew, and one that was withdrawn is good no more', async () => {
  const { partnerId, provider } = await partnerWith(openid, 'keys.example')
  await somebody('ada@keys.example', { partnerId })
  const [first, second] = [signingKey(), signingKey()]
  await openid.configure({ keys: [first], accounts: { a: account('ada@keys.example') } })
  await signIn(openid, provider, 'a')
  const { location, browser } = await start(provider, { email: 'a' })
  const back = await openid.walk(location)
  await openid.configure({ keys: [second] })
  await finish(provider, back, browser)
  await openid.configure({ bent: { key: first, header: { kid: first.kid } } })
  await assert.rejects(signIn(openid, provider, 'a'), failsWith('token-invalid'))
  await openid.configure({ bent: {} })
  await signIn(openid, provider, 'a')
})

test('a browser has several sign-ins on their way, and each comes home', async () => {
  const { partnerId, provider } = await partnerWith(openid, 'tabs.example')
  await somebody('ada@tabs.example', { partnerId })
  await openid.configure({ accounts: { a: account('ada@tabs.example') } })
  const first = await start(provider, { email: 'a', returnTo: '/portal/keys' })
  const second = await start(provider, { email: 'a', browser: first.browser })
  assert.equal(second.browser, first.browser)
  assert.notEqual((await start(provider, { browser: 'planted' })).browser, 'planted')
  const home = async ({ location, browser }: typeof first) => {
    return (await finish(provider, await openid.walk(location), browser)).returnTo
  }
  assert.equal(await home(second), '/portal/usage')
  assert.equal(await home(first), '/portal/keys')
})
