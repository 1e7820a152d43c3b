/** An address is changed by its person alone, once the new mailbox has answered; nobody learns whose an address is. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { findPerson } from '#/identity/people/people.ts'
import { newId } from '#/kernel/id/id.ts'
import { testDatabase } from '../../../tests/support/database.ts'
import { doors, linkIn, origins } from '../../../tests/support/identity/doors.ts'
import type { Message } from '../../../tests/support/identity/doors.ts'

const database = await testDatabase()
const scene = await doors(database)
const { browser, letters, member, operator, clock, within, sealer, password } = scene
const minute = 60_000

const freshEmail = () => `new-${newId()}@example.com`
const to = (sent: readonly Message[], email: string) => sent.filter((letter) => letter.to === email)
const emailOf = (id: string) => within(async (tx) => (await findPerson(tx, sealer, id))?.email)

async function signedIn(realm: 'portal' | 'console' = 'portal') {
  const person = realm === 'portal' ? await member('viewer') : await operator('support')
  const page = browser(realm)
  const entered = await page.ask('POST /session', { email: person.email, password })
  assert.equal(entered.status, 200)
  return { ...person, page }
}

type Page = Awaited<ReturnType<typeof signedIn>>['page']
const ask = (page: Page, email: string) => page.ask('POST /new-address', { email })
const confirm = (page: Page, token: string) => page.ask(`POST /new-address/${token}`)

async function tokenFor(page: Page, email: string): Promise<string> {
  assert.equal((await ask(page, email)).status, 202)
  return linkIn(to(await letters(), email)[0]).token
}

describe('asking for another address', () => {
  test('401 for who is not signed in; 403 from another site, without the token, and without a fresh proof', async () => {
    assert.equal((await ask(browser(), freshEmail())).status, 401)
    const { page } = await signedIn()
    const body = { email: freshEmail() }
    for (const headers of [{ 'sec-fetch-site': 'cross-site' }, { 'portico-csrf': '' }]) {
      const answer = await page.ask('POST /new-address', body, headers)
      assert.deepEqual([answer.status, answer.body.code], [403, 'auth.foreign_page'])
    }
    clock.forward(10 * minute)
    const late = await ask(page, freshEmail())
    assert.deepEqual([late.status, late.body.code], [403, 'auth.step_up_required'])
    assert.equal((await page.ask('POST /session/step-up', { password })).status, 200)
    assert.equal((await ask(page, freshEmail())).status, 202)
    await letters()
  })

  test('422 for what is no address', async () => {
    const { page } = await signedIn()
    assert.equal((await ask(page, 'no address')).body.code, 'people.email_invalid')
  })

  test('202: a link goes to the new address, word of it to the old one, and nothing changes', async () => {
    const { id, email, page } = await signedIn()
    const wanted = freshEmail()
    assert.equal((await ask(page, wanted.toUpperCase())).status, 202)
    const sent = await letters()
    assert.equal(linkIn(to(sent, wanted)[0]).page, `${origins.portal}/portal/new-address`)
    assert.deepEqual(
      to(sent, email).map(({ subject }) => subject),
      ['Another address was asked for'],
    )
    assert.ok(!JSON.stringify(to(sent, email)).includes(wanted))
    assert.equal(await emailOf(id), email)
    const rows = await database.owner.query(
      'select * from control.identity_new_address where person_id = $1',
      [id],
    )
    assert.ok(!JSON.stringify(rows.rows).includes(wanted))
  })

  test('the link leads to our own address, whatever the request calls us', async () => {
    const { page } = await signedIn('console')
    const wanted = freshEmail()
    const lies = { host: 'evil.example', 'x-forwarded-host': 'evil.example' }
    assert.equal((await page.ask('POST /new-address', { email: wanted }, lies)).status, 202)
    assert.equal(linkIn(to(await letters(), wanted)[0]).page, `${origins.console}/console/new-address`)
  })

  test('an address that is somebody’s is answered and kept alike; only its owner reads of it', async () => {
    const owner = await member('viewer')
    const { id, email, page } = await signedIn()
    const shapes: string[] = []
    for (const wanted of [owner.email, freshEmail()]) {
      const { status, body, headers } = await ask(page, wanted)
      const sent = (await letters()).map((letter) => `${letter.to === email} ${letter.to === wanted}`)
      const rows = await database.owner.query(
        'select octet_length(token_digest), expires_at from control.identity_new_address where person_id = $1',
        [id],
      )
      shapes.push(JSON.stringify([status, body, Object.keys(headers).toSorted(), sent.toSorted(), rows.rows]))
    }
    assert.equal(shapes[0], shapes[1])
    assert.equal((await ask(page, owner.email)).status, 202)
    const [letter] = to(await letters(), owner.email)
    assert.equal(letter?.subject, 'You have an account with this address')
    assert.deepEqual(linkIn(letter), { page: '', token: '' })
  })

  test('429 for one address after three letters, whoever asks', async () => {
    const wanted = freshEmail()
    for (let i = 0; i < 3; i += 1) assert.equal((await ask((await signedIn()).page, wanted)).status, 202)
    const answer = await ask((await signedIn()).page, wanted)
    assert.deepEqual([answer.status, answer.body.code], [429, 'auth.letters_too_many'])
    await letters()
  })
})

describe('confirming it', () => {
  test('401 for who is not signed in, 404 for somebody else and for a link that was made up', async () => {
    const { id, email, page } = await signedIn()
    const token = await tokenFor(page, freshEmail())
    assert.equal((await confirm(browser(), token)).status, 401)
    assert.equal((await confirm((await signedIn()).page, token)).body.code, 'new_address.not_found')
    assert.equal((await confirm(page, 'A'.repeat(43))).body.code, 'new_address.not_found')
    assert.equal(await emailOf(id), email)
  })

  test('200: one signs in with the new address, every other session ends, and the old mailbox hears of it', async () => {
    const { id, email, page } = await signedIn()
    const other = browser()
    await other.ask('POST /session', { email, password })
    const wanted = freshEmail()
    const token = await tokenFor(page, wanted)
    const before = page.cookies.get('__Host-portico')
    const answer = await confirm(page, token)
    assert.deepEqual([answer.status, answer.body.person.email], [200, wanted])
    assert.notEqual(page.cookies.get('__Host-portico'), before)
    assert.equal(await emailOf(id), wanted)
    assert.equal((await page.ask('GET /session')).status, 200)
    assert.equal((await other.ask('GET /session')).status, 401)
    const [notice] = to(await letters(), email)
    assert.equal(notice?.subject, 'Your address was changed')
    assert.ok(!notice?.text.includes(wanted))
    assert.equal((await browser().ask('POST /session', { email, password })).status, 401)
    assert.equal((await browser().ask('POST /session', { email: wanted, password })).status, 200)
    assert.equal((await confirm(page, token)).status, 404)
  })

  test('a link for a new password that lies in the old mailbox is good no more', async () => {
    const { email, page } = await signedIn()
    await browser().ask('POST /recovery', { email })
    const reset = linkIn(to(await letters(), email)[0]).token
    assert.equal((await confirm(page, await tokenFor(page, freshEmail()))).status, 200)
    const late = await browser().ask(`POST /recovery/${reset}`, { password: 'nine purple kettles sing' })
    assert.equal(late.body.code, 'recovery.not_found')
  })

  test('404 after an hour, after another was asked for, and after it was dropped', async () => {
    const { id, email, page } = await signedIn()
    const first = await tokenFor(page, freshEmail())
    const second = await tokenFor(page, freshEmail())
    assert.equal((await confirm(page, first)).status, 404)
    assert.equal((await page.ask('DELETE /new-address')).status, 200)
    assert.equal((await page.ask('DELETE /new-address')).status, 404)
    assert.equal((await confirm(page, second)).status, 404)
    const third = await tokenFor(page, freshEmail())
    clock.forward(60 * minute)
    assert.equal((await confirm(page, third)).status, 404)
    assert.equal(await emailOf(id), email)
  })

  test('of two who confirm the same address, one gets it, and the other hears that the link is not good', async () => {
    const [one, other] = [await signedIn(), await signedIn()]
    const wanted = freshEmail()
    const tokens = [await tokenFor(one.page, wanted), await tokenFor(other.page, wanted)]
    const answers = await Promise.all([confirm(one.page, tokens[0]!), confirm(other.page, tokens[1]!)])
    assert.deepEqual(
      answers.map(({ status }) => status).toSorted((a, b) => a - b),
      [200, 404],
    )
    const emails = [await emailOf(one.id), await emailOf(other.id)]
    assert.equal(emails.filter((email) => email === wanted).length, 1)
  })
})
