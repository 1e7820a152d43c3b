/** People of the demo at both doors: signing in, what a role may, what a foreign page may not, and signing out. */
import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { browser, letterTo } from '../support/identity/browser.ts'
import { startPortico } from '../support/portico.ts'

const portico = await startPortico()
after(() => portico.stop())
const { facts } = portico
const { publicUrl, adminUrl } = facts

const portal = () => browser(publicUrl, '/portal/api')

describe('the portal', () => {
  test('200 for a member, with a cookie that no script reads, and the Partner API open by the role', async () => {
    const page = portal()
    const entered = await page.signIn(facts.partners.pro.member)
    assert.equal(entered.status, 200)
    assert.equal(entered.json.partnerId, facts.partners.pro.id)
    const [session] = entered.cookies
    assert.match(
      session ?? '',
      /^__Host-portico=[\w-]{43}; Path=\/; Max-Age=\d+; HttpOnly; Secure; SameSite=Lax$/,
    )
    for (const path of ['/partner/usage', '/partner/team', '/partner/profile', '/partner/audit']) {
      assert.equal((await page.ask('GET', path)).status, 200, path)
    }
    const called = await page.ask('GET', '/api/products')
    assert.equal(called.json.code, 'auth.session_not_served')
  })

  test('the same 401 for an unknown address and a wrong password', async () => {
    const answers = await Promise.all([
      portal().signIn({ email: 'nobody@nowhere.example', password: 'whatever it is' }),
      portal().signIn({ ...facts.partners.pro.member, password: 'whatever it is' }),
    ])
    const shapes = answers.map(({ status, json: { requestId: _, ...rest }, headers }) => ({
      status,
      rest,
      names: [...headers.keys()].toSorted(),
    }))
    assert.equal(shapes[0]?.status, 401)
    assert.deepEqual(shapes[0], shapes[1])
  })

  test('403 for a change without the token, from another site, or with the token of another session', async () => {
    const page = portal()
    await page.signIn(facts.partners.starter.member)
    const other = portal()
    const theirs = (await other.signIn(facts.partners.pro.member)).json.csrf as string
    const profile = { facts: { legalName: 'Stolen GmbH' } }
    for (const headers of [
      { 'portico-csrf': '' },
      { 'portico-csrf': theirs },
      { origin: 'https://evil.example' },
      { 'sec-fetch-site': 'cross-site' },
    ]) {
      const answer = await page.ask('PATCH', '/partner/profile', profile, headers)
      assert.equal(answer.status, 403, JSON.stringify(headers))
      assert.equal(answer.json.code, 'auth.foreign_page')
    }
    const login = await portal().ask('POST', '/portal/api/session', facts.partners.pro.member, {
      origin: 'https://evil.example',
    })
    assert.equal(login.status, 403)
  })

  test('a token that was planted before the sign-in, or kept after the sign-out, is worth nothing', async () => {
    const page = portal()
    page.cookies.set('__Host-portico', 'A'.repeat(43))
    await page.signIn(facts.partners.pro.member)
    const kept = page.cookies.get('__Host-portico') ?? ''
    assert.notEqual(kept, 'A'.repeat(43))
    assert.equal((await page.ask('DELETE', '/portal/api/session')).status, 200)
    page.cookies.set('__Host-portico', kept)
    assert.equal((await page.ask('GET', '/portal/api/session')).status, 401)
    assert.equal((await page.ask('GET', '/partner/team')).status, 401)
  })

  test('a cookie that is there twice is nobody’s', async () => {
    const page = portal()
    await page.signIn(facts.partners.pro.member)
    const mine = page.cookies.get('__Host-portico') ?? ''
    const twice = { cookie: `__Host-portico=${mine}; __Host-portico=${mine}` }
    assert.equal((await page.ask('GET', '/portal/api/session', undefined, twice)).status, 401)
  })

  test('an invitation lies in the mailbox and makes a member who is signed in', async () => {
    const page = portal()
    await page.signIn(facts.partners.pro.member)
    const invited = await page.ask('POST', '/partner/team/invitations', {
      email: 'kim@helio.example',
      role: 'viewer',
    })
    assert.equal(invited.status, 201, JSON.stringify(invited.json))
    const link = await letterTo(portico.data, 'kim@helio.example')
    const guest = portal()
    const taken = await guest.ask('POST', `/portal/api/invitations/${link}`, {
      name: 'Kim',
      password: 'nine purple kettles sing',
    })
    assert.equal(taken.json.role, 'viewer', JSON.stringify(taken.json))
    assert.equal((await guest.ask('GET', '/partner/team')).status, 200)
    const beyond = await guest.ask('POST', '/partner/team/invitations', {
      email: 'x@y.example',
      role: 'viewer',
    })
    assert.equal(beyond.status, 403)
  })
})

test('the console: an operator signs in at the admin port, and a member does not', async () => {
  const office = browser(adminUrl, '/v1')
  assert.equal((await office.ask('GET', '/v1/partners')).status, 401)
  assert.equal((await office.signIn(facts.partners.pro.member)).status, 401)
  assert.equal((await office.signIn(facts.operator)).status, 200)
  const partners = await office.ask('GET', '/v1/partners')
  assert.equal((partners.json.data as unknown[]).length, 3)
  assert.equal(
    (
      await office.ask(
        'POST',
        `/v1/partners/${facts.partners.starter.id}/suspend`,
        { reason: 'test' },
        { 'portico-csrf': '' },
      )
    ).status,
    403,
  )
})
