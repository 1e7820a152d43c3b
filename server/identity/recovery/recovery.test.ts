/** A forgotten password is set by whoever reads the mailbox, once and soon; who else asks learns and changes nothing. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { addOperator, changeEmail, disablePerson } from '#/identity/people/people.ts'
import { dropLinks } from '#/identity/recovery/recovery.ts'
import { confirmTotp, beginTotp } from '#/identity/totp/totp.ts'
import { testDatabase } from '../../../tests/support/database.ts'
import { doors, linkIn, origins } from '../../../tests/support/identity/doors.ts'
import { codeShown } from '../../../tests/support/identity/people.ts'
import { within as soon } from '../../../tests/support/waiting.ts'

const database = await testDatabase()
const scene = await doors(database)
const { browser, letters, member, operator, clock, deps, within, sealer, password } = scene
const minute = 60_000
const another = 'nine purple kettles sing'

async function linkFor(email: string, realm: 'portal' | 'console' = 'portal') {
  assert.equal((await browser(realm).ask('POST /recovery', { email })).status, 202)
  return linkIn((await letters()).find(({ text }) => text.includes('/recovery/')))
}

const set = (token: string, text = another, page = browser()) =>
  page.ask(`POST /recovery/${token}`, { password: text })

const signIn = (email: string, text: string, page = browser()) =>
  page.ask('POST /session', { email, password: text })

describe('asking', () => {
  test('403 for a page of another site', async () => {
    const foreign = { 'sec-fetch-site': 'cross-site' }
    const answer = await browser().ask('POST /recovery', { email: 'a@b.example' }, foreign)
    assert.deepEqual([answer.status, answer.body.code], [403, 'auth.foreign_page'])
  })

  test('the same 202 whoever has the address, and a letter only to whom it leads somewhere', async () => {
    const known = await member('viewer')
    const gone = await member('viewer')
    await within((tx) => disablePerson(tx, gone.id, 'left'))
    const homeless = await member()
    const shapes = []
    for (const email of [known.email, gone.email, homeless.email, 'nobody@example.com', 'no address']) {
      const { status, body, headers } = await browser().ask('POST /recovery', { email })
      shapes.push(JSON.stringify([status, body, Object.keys(headers).toSorted()]))
    }
    assert.equal(new Set(shapes).size, 1, shapes.join('\n'))
    assert.equal(JSON.parse(shapes[0]!)[0], 202)
    assert.deepEqual(
      (await letters()).map(({ to }) => to),
      [known.email],
    )
  })

  test('leaves the digest of the address until the letter is written, and then nothing', async () => {
    await browser().ask('POST /recovery', { email: 'somebody@example.com' })
    const rows = async () =>
      (await database.owner.query('select * from control.identity_recovery_request')).rows
    const waiting = JSON.stringify(await rows())
    assert.ok(waiting.length > 2 && !waiting.includes('somebody'))
    await letters()
    assert.deepEqual(await rows(), [])
  })

  test('429 alike for a known and an unknown address, and for a network that asks for everybody', async () => {
    const { email } = await member('viewer')
    const waits: unknown[] = []
    for (const asked of [email, 'unknown@example.com']) {
      for (let i = 0; i < 3; i += 1) {
        assert.equal(
          (await browser('portal', `198.51.100.${i}`).ask('POST /recovery', { email: asked })).status,
          202,
        )
      }
      const answer = await browser('portal', '198.51.100.9').ask('POST /recovery', { email: asked })
      assert.deepEqual([answer.status, answer.body.code], [429, 'auth.letters_too_many'])
      waits.push(answer.headers['retry-after'])
    }
    assert.deepEqual(waits, ['60', '60'])
    assert.equal((await letters()).filter(({ to }) => to === email).length, 3)

    const office = browser('portal', '192.0.2.1')
    const statuses: number[] = []
    for (let i = 0; i < 31; i += 1) {
      statuses.push((await office.ask('POST /recovery', { email: `u${i}@example.com` })).status)
    }
    assert.deepEqual([statuses.lastIndexOf(202), statuses.indexOf(429)], [29, 30])
  })

  test('the link leads to our own address, whatever the request calls us', async () => {
    const { email } = await member('viewer')
    const lies = {
      host: 'evil.example',
      'x-forwarded-host': 'evil.example',
      'x-forwarded-proto': 'http',
      forwarded: 'host=evil.example',
      'x-original-url': 'https://evil.example/',
    }
    assert.equal((await browser().ask('POST /recovery', { email }, lies)).status, 202)
    const letter = (await letters()).find(({ to }) => to === email)
    assert.equal(linkIn(letter).page, `${origins.portal}/portal/recovery`)
    assert.ok(!JSON.stringify(letter).includes('evil.example'))
  })

  test('at the console, operators alone get a letter, with a link to the console', async () => {
    const stranger = await member('owner')
    assert.deepEqual(await linkFor(stranger.email, 'console'), { page: '', token: '' })
    const { email } = await operator('support')
    const { page, token } = await linkFor(email, 'console')
    assert.equal(page, `${origins.console}/console/recovery`)
    assert.equal((await set(token, another, browser('console'))).status, 200)
    assert.equal((await signIn(email, another, browser('console'))).status, 200)
  })
})

describe('the link', () => {
  test('404 for one that was made up; 403 for a page of another site, which spends nothing', async () => {
    assert.equal((await set('A'.repeat(43))).body.code, 'recovery.not_found')
    const { email } = await member('viewer')
    const { token } = await linkFor(email)
    assert.match(token, /^.{43}$/)
    const foreign = await browser().ask(
      `POST /recovery/${token}`,
      { password: another },
      { origin: 'https://e.example' },
    )
    assert.equal(foreign.status, 403)
    assert.equal((await set(token)).status, 200)
  })

  test('sets the password, signs nobody in, ends every session, and says so in a letter', async () => {
    const { id, email } = await member('viewer')
    const before = browser()
    assert.equal((await signIn(email, password, before)).status, 200)
    const { token } = await linkFor(email)
    const kept = JSON.stringify(
      (await database.owner.query('select * from control.identity_recovery_link where person_id = $1', [id]))
        .rows,
    )
    assert.ok(!kept.includes(token))
    const page = browser()
    const answer = await set(token, another, page)
    assert.deepEqual([answer.status, answer.body], [200, { signedIn: false }])
    assert.equal((await page.ask('GET /session')).status, 401)
    assert.equal((await before.ask('GET /session')).status, 401)
    const notice = (await letters()).find(({ to }) => to === email)
    assert.deepEqual([notice?.to, notice?.subject], [email, 'Your password was changed'])
    assert.equal((await signIn(email, password)).status, 401)
    assert.equal((await signIn(email, another)).status, 200)
  })

  test('is not written to an address that is given up at this very moment', async () => {
    const { id, email } = await member('viewer')
    await browser().ask('POST /recovery', { email })
    let writing: ReturnType<typeof letters> | undefined
    await within(async (tx) => {
      await changeEmail(tx, sealer, id, `moved-${email}`)
      await dropLinks(tx, id)
      writing = letters()
      await soon(5000, async () => {
        const waiting = await database.owner.query(
          `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
        )
        return waiting.rowCount === 1
      })
    })
    assert.deepEqual(await writing, [])
    const left = await database.owner.query(
      'select from control.identity_recovery_link where person_id = $1',
      [id],
    )
    assert.equal(left.rowCount, 0)
  })

  test('is good once, also for two at once, and ends the others of the person', async () => {
    const { email } = await member('viewer')
    const [first, second] = [await linkFor(email), await linkFor(email)]
    const both = await Promise.all([set(first.token), set(first.token, 'seven quiet anvils hum')])
    assert.deepEqual(
      both.map(({ status }) => status).toSorted((a, b) => a - b),
      [200, 404],
    )
    for (const { token } of [first, second]) assert.equal((await set(token)).status, 404)
  })

  test('is good for thirty minutes, and not for a person who was disabled', async () => {
    const { id, email } = await member('viewer')
    const late = await linkFor(email)
    clock.forward(30 * minute)
    assert.equal((await set(late.token)).status, 404)
    const soon = await linkFor(email)
    clock.forward(30 * minute - 1)
    await within((tx) => disablePerson(tx, id, 'left'))
    assert.equal((await set(soon.token)).status, 404)
  })

  test('is good no more when the password was changed meanwhile', async () => {
    const { id, email } = await member('viewer')
    const { token } = await linkFor(email)
    clock.forward(1)
    const hash = await deps.passwords.hash('six other words entirely')
    await within((tx) => deps.passwords.setPassword(tx, id, hash, clock.wall()))
    assert.equal((await set(token)).status, 404)
    assert.equal((await signIn(email, 'six other words entirely')).status, 200)
  })

  test('422 for a common password and for one with the own address in it; the link stays good', async () => {
    const { email } = await member('viewer')
    const { token } = await linkFor(email)
    for (const text of ['password1234', `${email.split('@')[0]} and more`, 'short']) {
      assert.equal((await set(token, text)).body.code, 'passwords.refused', text)
    }
    assert.equal((await set(token)).status, 200)
  })

  test('does not stand for the second factor, which is asked for at the next sign-in', async () => {
    const { id, email } = await member('viewer')
    const { uri } = await within((tx) => beginTotp(tx, sealer, id, { issuer: 'Solstice', account: email }))
    await within((tx) => confirmTotp(tx, sealer, id, codeShown(uri, clock.wall()), clock.wall()))
    assert.equal((await set((await linkFor(email)).token)).status, 200)
    const answer = await signIn(email, another)
    assert.deepEqual([answer.body.signedIn, answer.body.needs], [false, ['totp']])
  })

  test('gives a person without a password a first one', async () => {
    const { id, email } = await member('viewer')
    await within((tx) => deps.passwords.removePassword(tx, id))
    await within((tx) => addOperator(tx, id, 'support'))
    assert.equal((await set((await linkFor(email)).token)).status, 200)
    assert.equal((await signIn(email, another)).status, 200)
  })

  test('makes the browser one that the account knows, so that a lock-out by strangers keeps nobody waiting', async () => {
    const { email } = await member('viewer')
    for (let i = 0; i < 6; i += 1)
      await signIn(email, 'not the password', browser('portal', `192.0.2.${50 + i}`))
    const page = browser()
    assert.equal((await set((await linkFor(email)).token, another, page)).status, 200)
    assert.equal((await signIn(email, another, browser('portal', '192.0.2.90'))).status, 401)
    assert.equal((await signIn(email, another, page)).status, 200)
  })
})
