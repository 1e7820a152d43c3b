/** Single sign-on through the doors: in, proving it again, what that is good for, and an end when it is switched off. */
import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { invite } from '#/identity/invitations/invitations.ts'
import { createPartner } from '#/identity/partners/partners.ts'
import { addMember, addOperator, createPerson } from '#/identity/people/people.ts'
import { createProvider, setDomains, setEnforced, updateProvider } from '#/identity/sso/sso.ts'
import { newId, publicId } from '#/kernel/id/id.ts'
import { testDatabase } from '../../../tests/support/database.ts'
import { doors, linkIn, origins } from '../../../tests/support/identity/doors.ts'
import { movedClock, startOpenIdProvider } from '../../../tests/support/openid/scene.ts'

const database = await testDatabase()
const openid = await startOpenIdProvider()
const scene = await doors(database, { clock: movedClock() })
const { browser, within, sealer, outbound, clock, deps, callback, password } = scene
const minute = 60_000
const callbacks: string[] = []

type Page = ReturnType<typeof browser>

/** A provider that speaks for a domain of its own; `partnerId` null: for operators. */
async function providerAt(partnerId: string | null) {
  const { issuer, clientId, clientSecret } = openid
  const domain = `d${newId().slice(-12)}.example`
  const given = { name: 'Staff', issuer, clientId, clientSecret }
  const { id } = await within((tx) =>
    createProvider(tx, { sealer, outbound, wall: clock.wall() }, partnerId, given),
  )
  await within((tx) => setDomains(tx, partnerId, id, [domain]))
  callbacks.push(callback(partnerId === null ? 'console' : 'portal', id))
  return { id, domain }
}

async function partner() {
  const { id } = await within((tx) => createPartner(tx, { slug: `p-${newId()}`, name: 'Partner' }))
  return { partnerId: id, provider: await providerAt(id) }
}

async function somebody(email: string, partnerId: string | null): Promise<string> {
  const { id } = await within((tx) => createPerson(tx, sealer, { email, name: null }))
  await within((tx) =>
    partnerId === null ? addOperator(tx, id, 'support') : addMember(tx, partnerId, id, 'admin'),
  )
  return id
}

const accounts: Record<string, object> = {}
const knownThere = (login: string, email: string) => {
  accounts[login] = { email, email_verified: true }
  return openid.configure({ callbacks, accounts })
}

/** Follows the location to the provider and back again. */
async function walk(page: Page, location: string) {
  const back = await openid.walk(location)
  const path = back.pathname.replace(/^\/(?:portal\/api|v1)/, '')
  const answer = await page.ask(`GET ${path}${back.search}` as `GET /${string}`)
  // The page reads its session, and with it the token for changes.
  if (answer.status === 303) await page.ask('GET /session')
  return answer
}

async function enter(page: Page, providerId: string, login: string) {
  const begun = await page.ask('POST /sso', { providerId: publicId('sso', providerId), email: login })
  assert.equal(begun.status, 200, JSON.stringify(begun.body))
  return walk(page, begun.body.location)
}

const again = (page: Page, body: object = {}) => page.ask('POST /session/step-up/sso', body)
const who = async (page: Page) => (await page.ask('GET /session')).body

async function member() {
  const { partnerId, provider } = await partner()
  const login = `ada@${provider.domain}`
  const email = login
  const id = await somebody(email, partnerId)
  await knownThere(login, email)
  const page = browser()
  assert.equal((await enter(page, provider.id, login)).status, 303)
  return { id, email, login, page, partnerId, provider }
}

before(() => openid.configure({ callbacks, accounts }))

describe('proving it again by single sign-on', () => {
  test('401 for who is not signed in; 403 from another site; 409 for whom nobody vouches', async () => {
    assert.equal((await again(browser())).status, 401)
    const { page } = await member()
    const foreign = await page.ask('POST /session/step-up/sso', {}, { origin: 'https://evil.example' })
    assert.deepEqual([foreign.status, foreign.body.code], [403, 'auth.foreign_page'])
    const { email } = await scene.member('viewer')
    const other = browser()
    await other.ask('POST /session', { email, password })
    const none = await again(other)
    assert.deepEqual([none.status, none.body.code], [409, 'auth.sso_not_linked'])
  })

  test('steps a session up that has nothing else, gives it another token, and leads back into our pages', async () => {
    const { page } = await member()
    assert.equal((await who(page)).steppedUpAt, null)
    const kept = page.cookies.get('__Host-portico')
    const begun = await again(page, { returnTo: '/portal/keys' })
    assert.ok(new URL(begun.body.location).searchParams.has('max_age'))
    const back = await walk(page, begun.body.location)
    assert.deepEqual([back.status, back.headers.location], [303, '/portal/keys'])
    assert.notEqual(page.cookies.get('__Host-portico'), kept)
    const session = await who(page)
    assert.deepEqual([session.method, session.factors], ['sso', ['sso']])
    assert.ok(session.steppedUpAt)
    const old = browser()
    old.cookies.set('__Host-portico', kept ?? '')
    assert.equal((await old.ask('GET /session')).status, 401)
  })

  test('and an operator at the console', async () => {
    const provider = await providerAt(null)
    const email = `op@${provider.domain}`
    const login = email
    await somebody(email, null)
    await knownThere(login, email)
    const page = browser('console')
    assert.equal((await enter(page, provider.id, login)).status, 303)
    const back = await walk(page, (await again(page)).body.location)
    assert.deepEqual([back.status, back.headers.location], [303, '/console/'])
    assert.ok((await who(page)).steppedUpAt)
  })

  test('leads nowhere else, whatever address is given to return to', async () => {
    const { page } = await member()
    for (const returnTo of [
      'https://evil.example/',
      '//evil.example',
      '/\\evil.example',
      '/portal/..//evil',
    ]) {
      const { body } = await again(page, { returnTo })
      assert.equal((await walk(page, body.location)).headers.location, '/portal/')
    }
  })

  test('401 when the session is over, is somebody else’s, or began in another browser; nothing is stepped up', async () => {
    const { page } = await member()
    const begun = await again(page)
    await page.ask('DELETE /session')
    const over = await walk(page, begun.body.location)
    assert.deepEqual([over.status, over.body.code], [401, 'auth.sso_failed'])

    const first = await member()
    const begunFirst = await again(first.page)
    const stranger = browser()
    assert.equal((await walk(stranger, begunFirst.body.location)).status, 401)
    assert.equal((await who(first.page)).steppedUpAt, null)

    const mixed = await member()
    const bob = `bob@${mixed.provider.domain}`
    await somebody(bob, mixed.partnerId)
    await knownThere(bob, bob)
    const begunMixed = await again(mixed.page)
    const bobs = browser()
    await enter(bobs, mixed.provider.id, bob)
    mixed.page.cookies.set('__Host-portico', bobs.cookies.get('__Host-portico') ?? '')
    assert.equal((await walk(mixed.page, begunMixed.body.location)).status, 401)
    assert.equal((await who(bobs)).steppedUpAt, null)
  })

  test('a session that acts for another partner meanwhile is not stepped up', async () => {
    const { id, email, page, partnerId } = await member()
    const other = await partner()
    await within((tx) => addMember(tx, other.partnerId, id, 'viewer'))
    const hash = await deps.passwords.hash(password)
    await within((tx) => deps.passwords.setPassword(tx, id, hash, clock.wall()))
    // The same browser, signed in with the password now.
    await page.ask('POST /session', { email, password, partnerId: publicId('ptn', partnerId) })
    const begun = await again(page)
    assert.equal(begun.status, 200)
    clock.forward(minute)
    const switched = { partnerId: publicId('ptn', other.partnerId) }
    assert.equal((await page.ask('POST /session/organisation', switched)).status, 200)
    const before = (await who(page)).steppedUpAt
    assert.equal((await walk(page, begun.body.location)).status, 401)
    assert.equal((await who(page)).steppedUpAt, before)
    assert.equal((await again(page)).body.code, 'auth.sso_not_linked')
  })

  test('403: it does not open the person’s own credentials, which are good for other organisations too', async () => {
    const { page } = await member()
    await walk(page, (await again(page)).body.location)
    await who(page)
    const own = [
      ['POST /totp', undefined],
      ['POST /passkeys/options', undefined],
      ['DELETE /totp', undefined],
      ['DELETE /passkeys/psk_x', undefined],
      ['POST /totp/recovery-codes', undefined],
      ['POST /new-address', { email: 'ada@elsewhere.example' }],
    ] as const
    for (const [request, body] of own) {
      const answer = await page.ask(request, body)
      assert.deepEqual([answer.status, answer.body.code], [403, 'auth.step_up_required'], request)
      assert.match(answer.body.detail, /Single sign-on does not do here/)
    }
  })

  test('a changed e-mail address leaves the person known to the provider', async () => {
    const { id, email, login, provider } = await member()
    const hash = await deps.passwords.hash(password)
    await within((tx) => deps.passwords.setPassword(tx, id, hash, clock.wall()))
    const page = browser()
    await page.ask('POST /session', { email, password })
    const wanted = `${newId()}@elsewhere.example`
    await page.ask('POST /new-address', { email: wanted })
    const letter = (await scene.letters()).find(({ to }) => to === wanted)
    const [token] = /[\w-]{43}$/m.exec(letter?.text ?? '') ?? []
    assert.equal((await page.ask(`POST /new-address/${token}`)).status, 200)
    const next = browser()
    assert.equal((await enter(next, provider.id, login)).status, 303)
    assert.equal((await who(next)).person.id, publicId('per', id))
  })
})

test('the way there and back ignores what a request calls us', async () => {
  const { provider, login } = await member()
  const lies = { host: 'evil.example', 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'http' }
  const page = browser()
  const wanted = { providerId: publicId('sso', provider.id), email: login, returnTo: 'https://evil.example/' }
  const begun = await page.ask('POST /sso', wanted, lies)
  const sentTo = new URL(begun.body.location).searchParams.get('redirect_uri') ?? ''
  assert.equal(new URL(sentTo).origin, origins.portal)
  assert.equal((await walk(page, begun.body.location)).headers.location, '/portal/')
})

test('where it becomes the only way in, who came in another way is signed out, but for owners', async () => {
  const { partnerId, provider, page: vouched } = await member()
  const came = async (role: 'admin' | 'owner') => {
    const email = `${newId()}@elsewhere.example`
    const { id } = await within((tx) => createPerson(tx, sealer, { email, name: null }))
    const hash = await deps.passwords.hash(password)
    await within((tx) => deps.passwords.setPassword(tx, id, hash, clock.wall()))
    await within((tx) => addMember(tx, partnerId, id, role))
    const page = browser()
    assert.equal((await page.ask('POST /session', { email, password })).status, 200)
    return page
  }
  const stranger = browser()
  await stranger.ask('POST /session', { email: (await scene.member('viewer')).email, password })
  const pages = [await came('admin'), await came('owner'), vouched, stranger]
  await within((tx) => setEnforced(tx, partnerId, provider.id, true))
  const statuses = await Promise.all(pages.map(async (page) => (await page.ask('GET /session')).status))
  assert.deepEqual(statuses, [401, 200, 200, 200])
})

test('where it is the only way in, an invitation gives the place and no session', async () => {
  const { partnerId, provider } = await member()
  await within((tx) => setEnforced(tx, partnerId, provider.id, true))
  for (const [role, signedIn] of [
    ['developer', false],
    ['owner', true],
  ] as const) {
    const email = `${newId()}@elsewhere.example`
    const place = { partnerId, role, organisation: 'Partner' }
    await within((tx) =>
      invite(tx, { sealer, wall: Date.now(), page: 'https://portal.test/portal/invitations' }, email, place),
    )
    const { token } = linkIn((await scene.letters()).find(({ to }) => to === email))
    const page = browser()
    const taken = await page.ask(`POST /invitations/${token}`, { name: 'Ada', password })
    assert.deepEqual([taken.status, taken.body.signedIn], [200, signedIn])
    assert.equal((await page.ask('GET /session')).status, signedIn ? 200 : 401)
    const later = await browser().ask('POST /session', { email, password })
    assert.equal(later.status, signedIn ? 200 : 403)
  }
})

test('a domain taken away from it ends the sessions that rest on it', async () => {
  const { partnerId, provider, page } = await member()
  const more = [provider.domain, `${newId()}.example`]
  await within((tx) => setDomains(tx, partnerId, provider.id, more))
  assert.equal((await page.ask('GET /session')).status, 200)
  await within((tx) => setDomains(tx, partnerId, provider.id, more.slice(1)))
  assert.equal((await page.ask('GET /session')).status, 401)
})

test('switched off, it signs nobody in, ends its sessions, and comes back as it was', async () => {
  const { page, partnerId, provider, login, email } = await member()
  const change = (active: boolean) =>
    within((tx) => updateProvider(tx, sealer, partnerId, provider.id, { active }))
  await change(false)
  assert.equal((await page.ask('GET /session')).status, 401)
  assert.equal((await page.ask(`GET /sso?email=${encodeURIComponent(email)}`)).body.provider, null)
  const refused = await browser().ask('POST /sso', { providerId: publicId('sso', provider.id) })
  assert.deepEqual([refused.status, refused.body.code], [401, 'auth.sso_failed'])
  await change(true)
  assert.equal((await enter(browser(), provider.id, login)).status, 303)
})
