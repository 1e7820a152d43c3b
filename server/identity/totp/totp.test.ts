/** Codes are those of the RFCs, each is taken once, and the secret stays ours. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { describe, test } from 'node:test'
import { createPerson } from '#/identity/people/people.ts'
import { base32, codeAt, matchingStep, stepAt } from '#/identity/totp/code.ts'
import * as totp from '#/identity/totp/totp.ts'
import { createSealer } from '#/kernel/crypto/crypto.ts'
import { transact } from '#/kernel/db/db.ts'
import type { Tx } from '#/kernel/db/db.ts'
import { Problem } from '#/kernel/problem/problem.ts'
import { testDatabase } from '../../../tests/support/database.ts'

const database = await testDatabase()
const sealer = createSealer(randomBytes(32))
const within = <T>(work: (tx: Tx) => Promise<T>) =>
  transact(database.control, { kind: 'system', name: 'test' }, work)
const refused = (code: string) => (error: unknown) =>
  error instanceof Problem && error.definition.code === code

const rfcSecret = Buffer.from('12345678901234567890')
const step = 30_000
const noon = Date.UTC(2026, 10, 20, 12)

describe('codes', () => {
  test('RFC 4226 appendix D: the first ten counters', () => {
    const codes = Array.from({ length: 10 }, (_, counter) => codeAt(rfcSecret, counter))
    const expected = '755224 287082 359152 969429 338314 254676 287922 162583 399871 520489'
    assert.deepEqual(codes, expected.split(' '))
  })

  test('RFC 6238 appendix B: SHA-1, eight digits', () => {
    const vectors = [
      [59, '94287082'],
      [1111111109, '07081804'],
      [1111111111, '14050471'],
      [1234567890, '89005924'],
      [2000000000, '69279037'],
      [20000000000, '65353130'],
    ] as const
    for (const [seconds, code] of vectors) assert.equal(codeAt(rfcSecret, stepAt(seconds * 1000), 8), code)
  })

  test('RFC 4648 §10: base 32', () => {
    const vectors = {
      '': '',
      f: 'MY',
      fo: 'MZXQ',
      foo: 'MZXW6',
      foob: 'MZXW6YQ',
      fooba: 'MZXW6YTB',
      foobar: 'MZXW6YTBOI',
    }
    for (const [text, encoded] of Object.entries(vectors)) assert.equal(base32(Buffer.from(text)), encoded)
  })

  test('one step before and one after are taken, two are not', () => {
    const now = stepAt(noon)
    const taken = [-2, -1, 0, 1, 2].map((off) => matchingStep(rfcSecret, codeAt(rfcSecret, now + off), noon))
    assert.deepEqual(taken, [null, now - 1, now, now + 1, null])
    for (const text of ['', '12345', '1234567', 'abcdef'])
      assert.equal(matchingStep(rfcSecret, text, noon), null)
  })
})

let count = 0

async function begun() {
  count += 1
  const email = `person-${count}@example.com`
  const { id } = await within((tx) => createPerson(tx, sealer, { email, name: null }))
  const shown = { issuer: 'Solstice & Söhne', account: email }
  const enrolment = await within((tx) => totp.beginTotp(tx, sealer, id, shown))
  return { id, ...enrolment, codeAt: (wall: number) => codeAt(unbase32(enrolment.secret), stepAt(wall)) }
}

function unbase32(text: string): Buffer {
  const bits = Array.from(text).map((one) =>
    'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(one).toString(2).padStart(5, '0'),
  )
  return Buffer.from((bits.join('').match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)))
}

async function enrolled() {
  const person = await begun()
  const codes = await within((tx) => totp.confirmTotp(tx, sealer, person.id, person.codeAt(noon), noon))
  return { ...person, codes, verify: (text: string, wall: number) => verify(person.id, text, wall) }
}

const verify = (id: string, text: string, wall: number) =>
  within((tx) => totp.verifyTotp(tx, sealer, id, text, wall))

describe('enrolment', () => {
  test('shows what a generator reads, and keeps the secret sealed', async () => {
    const { id, secret, uri } = await begun()
    const read = new URL(uri)
    assert.equal(read.protocol + read.host, 'otpauth:totp')
    assert.equal(decodeURIComponent(read.pathname), `/Solstice & Söhne:person-${count}@example.com`)
    const { searchParams: query } = read
    assert.deepEqual(Object.fromEntries(query), {
      secret,
      issuer: 'Solstice & Söhne',
      algorithm: 'SHA1',
      digits: '6',
      period: '30',
    })
    assert.match(secret, /^[A-Z2-7]{32}$/)
    const text = 'select secret from identity_totp where person_id = $1'
    const { rows } = await database.control.pool.query<{ secret: Buffer }>(text, [id])
    assert.ok(!rows[0]!.secret.includes(secret) && !rows[0]!.secret.includes(unbase32(secret)))
  })

  test('nobody is asked for a code before one was right', async () => {
    const person = await begun()
    assert.equal(await within((tx) => totp.totpState(tx, person.id)), null)
    assert.equal(await verify(person.id, person.codeAt(noon), noon), null)
    const wrong = within((tx) =>
      totp.confirmTotp(tx, sealer, person.id, person.codeAt(noon + 5 * step), noon),
    )
    await assert.rejects(wrong, refused('totp.wrong_code'))
    const again = await within((tx) => totp.beginTotp(tx, sealer, person.id, { issuer: 'x', account: 'y' }))
    assert.notEqual(again.secret, person.secret)
    const old = within((tx) => totp.confirmTotp(tx, sealer, person.id, person.codeAt(noon), noon))
    await assert.rejects(old, refused('totp.wrong_code'))
  })

  test('409 for a second one while one is in use, and for confirming what was not begun', async () => {
    const person = await enrolled()
    const begin = within((tx) => totp.beginTotp(tx, sealer, person.id, { issuer: 'x', account: 'y' }))
    await assert.rejects(begin, refused('totp.already_enrolled'))
    const confirm = within((tx) => totp.confirmTotp(tx, sealer, person.id, '123456', noon))
    await assert.rejects(confirm, refused('totp.already_enrolled'))
    await within((tx) => totp.removeTotp(tx, person.id))
    const none = within((tx) => totp.confirmTotp(tx, sealer, person.id, '123456', noon))
    await assert.rejects(none, refused('totp.not_enrolled'))
    const renew = within((tx) => totp.renewRecoveryCodes(tx, sealer, person.id))
    await assert.rejects(renew, refused('totp.not_enrolled'))
  })
})

describe('a code', () => {
  test('is taken once, and with it all that came before; the one that confirmed is spent', async () => {
    const person = await enrolled()
    assert.equal(await person.verify(person.codeAt(noon), noon), null, 'confirmed with it')
    const later = noon + 4 * step
    assert.equal(await person.verify(person.codeAt(later + step), later), 'totp', 'a clock that is ahead')
    assert.equal(await person.verify(person.codeAt(later + step), later), null, 'replayed')
    assert.equal(
      await person.verify(person.codeAt(later + step), later + step),
      null,
      'replayed in its own time',
    )
    assert.equal(await person.verify(person.codeAt(later), later), null, 'an earlier one')
    const text = person.codeAt(later + 2 * step)
    assert.equal(await person.verify(` ${text.slice(0, 3)} ${text.slice(3)} `, later + 2 * step), 'totp')
  })

  test('brought by ten at once is taken from one', async () => {
    const person = await enrolled()
    const later = noon + 2 * step
    const tries = Array.from({ length: 10 }, () => person.verify(person.codeAt(later), later))
    assert.equal((await Promise.all(tries)).filter((taken) => taken === 'totp').length, 1)
  })

  test('of another person is not taken', async () => {
    const [mine, other] = [await enrolled(), await enrolled()]
    const later = noon + 2 * step
    assert.equal(await mine.verify(other.codeAt(later), later), null)
    assert.equal(await mine.verify(other.codes[0]!, later), null)
  })
})

describe('recovery codes', () => {
  test('ten of 60 bits, each good once, in any spelling; the rows show none', async () => {
    const person = await enrolled()
    assert.equal(new Set(person.codes).size, 10)
    for (const code of person.codes)
      assert.match(code, /^(?:[0-9A-HJKMNP-TV-Z]{4}-){2}[0-9A-HJKMNP-TV-Z]{4}$/)
    const first = person.codes[0]!
    const spelled = first.toLowerCase().replaceAll('-', ' ').replaceAll('0', 'o').replaceAll('1', 'l')
    assert.equal(await person.verify(spelled, noon), 'recovery')
    assert.equal(await person.verify(first, noon), null)
    assert.equal(await person.verify('0000-0000-0000', noon), null)
    const tries = Array.from({ length: 5 }, () => person.verify(person.codes[1]!, noon))
    assert.equal((await Promise.all(tries)).filter((taken) => taken === 'recovery').length, 1)
    assert.equal((await within((tx) => totp.totpState(tx, person.id)))!.codesLeft, 8)
    const text = 'select identity_recovery_code::text as all from identity_recovery_code where person_id = $1'
    const { rows } = await database.control.pool.query<{ all: string }>(text, [person.id])
    assert.equal(rows.length, 10)
    for (const code of person.codes) assert.ok(rows.every((row) => !row.all.includes(code)))
  })

  test('new ones end the old ones, and removing the generator ends all', async () => {
    const person = await enrolled()
    const renewed = await within((tx) => totp.renewRecoveryCodes(tx, sealer, person.id))
    assert.equal(await person.verify(person.codes[0]!, noon), null)
    assert.equal(await person.verify(renewed[0]!, noon), 'recovery')
    await within((tx) => totp.removeTotp(tx, person.id))
    assert.equal(await person.verify(renewed[1]!, noon), null)
    assert.equal(await person.verify(person.codeAt(noon + 2 * step), noon + 2 * step), null)
    assert.equal(await within((tx) => totp.totpState(tx, person.id)), null)
  })
})
