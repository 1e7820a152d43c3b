/** The second step of a sign-in, the step-up, the own password, and leaving. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { beginTotp, confirmTotp, totpState } from '#/identity/totp/totp.ts'
import * as people from '#/identity/people/people.ts'
import * as sessions from '#/identity/sessions/sessions.ts'
import * as verbs from '#/identity/sign-in/sign-in.ts'
import { newId } from '#/kernel/id/id.ts'
import { testDatabase } from '../../../tests/support/database.ts'
import { codeShown, people as scene } from '../../../tests/support/identity/people.ts'

const stage = scene(await testDatabase())
const { deps, within, member, request, refused, clock, password, sealer } = stage
const failed = refused('auth.sign_in_failed')
const step = 30_000
const address = '203.0.113.9'

/** A member with a code generator: the code of now, each time a new one. */
async function guarded(role: people.MemberRole = 'owner') {
  const person = await member(role)
  const { uri, codes } = await within(async (tx) => {
    const begun = await beginTotp(tx, sealer, person.id, { issuer: 'Portico', account: person.email })
    const code = codeShown(begun.uri, clock.wall())
    return { ...begun, codes: await confirmTotp(tx, sealer, person.id, code, clock.wall()) }
  })
  const code = () => {
    clock.forward(step)
    return codeShown(uri, clock.wall())
  }
  return { ...person, codes, code, stale: () => codeShown(uri, clock.wall() - 10 * step) }
}

async function waiting(email: string): Promise<string> {
  const result = await verbs.signIn(deps, request(email))
  assert.ok(result.needs !== null)
  return result.ticket
}

async function entered(email: string, more = {}) {
  const result = await verbs.signIn(deps, request(email, more))
  assert.ok(result.needs === null)
  return result
}

const finish = (ticket: string, code: string) => verbs.finishSignIn(deps, { ticket, code, address })
const known = (token: string) => within((tx) => deps.sessions.authenticate(tx, 'portal', token, clock.wall()))

describe('a code', () => {
  test('is asked for after the right password only, and enters in the second step or at once', async () => {
    const person = await guarded('finance')
    const first = await verbs.signIn(deps, request(person.email))
    assert.ok(first.needs !== null)
    assert.deepEqual(first.needs, ['totp'])
    assert.ok(!Buffer.from(first.ticket, 'base64url').includes(person.email), 'the ticket tells nothing')
    await assert.rejects(verbs.signIn(deps, request(person.email, { password: 'wrong' })), failed)
    const second = await finish(first.ticket, person.code())
    assert.deepEqual([second.session.role, second.session.factors], ['finance', ['password', 'totp']])
    assert.equal((await known(second.token))?.personId, person.id)
    const atOnce = await entered(person.email, { code: person.code() })
    assert.deepEqual(atOnce.session.factors, ['password', 'totp'])
    const recovered = await entered(person.email, { code: person.codes[0] })
    assert.deepEqual(recovered.session.factors, ['password', 'recovery'])
  })

  test('that was used is refused, in either step', async () => {
    const person = await guarded()
    const ticket = await waiting(person.email)
    const code = person.code()
    await finish(ticket, code)
    await assert.rejects(finish(ticket, code), failed)
    await assert.rejects(verbs.signIn(deps, request(person.email, { code })), failed)
    await entered(person.email, { code: person.codes[0] })
    await assert.rejects(verbs.signIn(deps, request(person.email, { code: person.codes[0]! })), failed)
  })

  test('cannot be guessed: after five the right one waits too, whatever ticket it comes with', async () => {
    const person = await guarded()
    const ticket = await waiting(person.email)
    const guesses = Array.from({ length: 30 }, () => finish(ticket, person.stale()))
    const results = await Promise.allSettled(guesses)
    assert.ok(results.every((result) => result.status === 'rejected' && failed(result.reason)))
    const fresh = await waiting(person.email)
    // The wait is a second by now, so the next code's thirty are long over it: stand still instead.
    const now = codeOfNow(person)
    await assert.rejects(finish(fresh, now), failed)
    clock.forward(1000)
    assert.ok(await finish(fresh, now))
  })

  test('enters no more when five minutes are over, the password is another one, or the person is disabled', async () => {
    const person = await guarded()
    const late = await waiting(person.email)
    clock.forward(5 * 60_000)
    await assert.rejects(finish(late, person.code()), failed)
    const changed = await waiting(person.email)
    const hash = await deps.passwords.hash('kettle orbit fennel')
    await within((tx) => deps.passwords.setPassword(tx, person.id, hash, clock.wall()))
    await assert.rejects(finish(changed, person.code()), failed)
    const other = await guarded()
    const disabled = await waiting(other.email)
    await within((tx) => people.disablePerson(tx, other.id, 'left'))
    await assert.rejects(finish(disabled, other.code()), failed)
    for (const forged of ['', 'x', disabled.slice(0, -2), newId()]) {
      await assert.rejects(finish(forged, other.code()), failed)
    }
  })

  test('a second factor checked elsewhere enters with the ticket, and clears the count of the account', async () => {
    const person = await guarded()
    for (let i = 0; i < 4; i += 1) {
      await assert.rejects(verbs.signIn(deps, request(person.email, { password: 'wrong' })), failed)
    }
    const ticket = await waiting(person.email)
    assert.equal(verbs.waitingSignIn(deps, ticket).personId, person.id)
    const from = { address, userAgent: 'Firefox/143.0' }
    const admitted = await within((tx) => verbs.admitWaiting(deps, tx, ticket, ['passkey'], from))
    assert.deepEqual(admitted.session.factors, ['password', 'passkey'])
    for (let i = 0; i < 4; i += 1) {
      await assert.rejects(verbs.signIn(deps, request(person.email, { password: 'wrong' })), failed)
    }
    await waiting(person.email)
    assert.throws(() => verbs.waitingSignIn(deps, 'x'), failed)
  })
})

/** Without moving the clock: the one a step ahead, which is taken as well. */
function codeOfNow(person: { code: () => string }): string {
  const code = person.code()
  clock.forward(-step)
  return code
}

describe('a step-up', () => {
  const up = (session: sessions.Session, more = {}) =>
    verbs.stepUp(deps, session, { password, address, ...more })

  test('takes the password, gives another token, and lasts ten minutes', async () => {
    const { session, token } = await entered((await member('owner')).email)
    clock.forward(11 * 60_000)
    assert.throws(() => sessions.requireStepUp(session, clock.wall()), refused('auth.step_up_required'))
    const result = await up(session)
    assert.ok(result.needs === null)
    sessions.requireStepUp(result.session, clock.wall())
    assert.equal(await known(token), null)
    assert.equal((await known(result.token))?.id, session.id)
  })

  test('asks for the code as well where there is one', async () => {
    const person = await guarded()
    const { session } = await entered(person.email, { code: person.code() })
    assert.deepEqual(await up(session), { needs: ['totp'] })
    await assert.rejects(up(session, { code: person.stale() }), failed)
    const result = await up(session, { code: person.code() })
    assert.ok(result.needs === null && result.session.factors.includes('totp'))
  })

  test('is no place to guess the password: after five the right one waits, in every session', async () => {
    const { email } = await member('owner')
    const [one, other] = [await entered(email), await entered(email)]
    for (let i = 0; i < 5; i += 1) await assert.rejects(up(one.session, { password: `guess ${i}` }), failed)
    await assert.rejects(up(other.session), failed)
    clock.forward(1000)
    assert.ok((await up(other.session)).needs === null)
  })
})

describe('the own password', () => {
  const change = (session: sessions.Session, current: string, next: string) =>
    verbs.changePassword(deps, session, { current, next, names: ['Solstice'], address })

  test('is changed by who knows it; this session goes on under another token, all others end', async () => {
    const { email } = await member('owner')
    const [mine, other] = [await entered(email), await entered(email)]
    await assert.rejects(change(mine.session, 'wrong', 'kettle orbit fennel'), failed)
    const kept = await change(mine.session, password, 'kettle orbit fennel')
    assert.equal((await known(kept.token))?.id, mine.session.id)
    for (const token of [mine.token, other.token]) assert.equal(await known(token), null)
    await assert.rejects(verbs.signIn(deps, request(email)), failed)
    await entered(email, { password: 'kettle orbit fennel' })
  })

  test('422 for a weak one, as often as one likes', async () => {
    const { email } = await member('owner')
    const { session } = await entered(email)
    for (const next of [
      'short',
      'Password1234',
      `${email.split('@')[0]} tarn`,
      'the Solstice of tarns',
      'x',
      'y',
      'z',
    ]) {
      await assert.rejects(change(session, password, next), refused('passwords.refused'), next)
    }
    assert.ok(await change(session, password, 'kettle orbit fennel'))
  })
})

test('between ones own partners one switches, though a transaction of one sees no place in the other', async () => {
  const { id, email } = await member('owner')
  const other = await stage.partner()
  await within((tx) => people.addMember(tx, other, id, 'viewer'))
  const { session, token } = await entered(email)
  const places = await verbs.ownPlaces(deps, session, address)
  assert.deepEqual(
    places.map(({ partner }) => partner.id).toSorted((one, next) => one.localeCompare(next)),
    [session.partnerId!, other].toSorted((one, next) => one.localeCompare(next)),
  )
  const target = places.find(({ partner }) => partner.id !== session.partnerId)!.partner.id
  const switched = await verbs.switchPartner(deps, session, { partnerId: target, address })
  assert.equal(switched.session.partnerId, target)
  assert.equal(await known(token), null)
})

test('a person who is forgotten leaves nothing that proves who it was', async () => {
  const person = await guarded()
  const { token } = await entered(person.email, { code: person.code() })
  await within((tx) => verbs.eraseAccount(deps, tx, person.id, clock.wall()))
  assert.equal(await known(token), null)
  assert.equal(await within((tx) => totpState(tx, person.id)), null)
  for (const table of ['password', 'totp', 'recovery_code', 'session', 'membership']) {
    const text = `select count(*)::int as n from identity_${table} where person_id = $1`
    const [row] = await within((tx) => tx.rows<{ n: number }>(text, [person.id]))
    assert.equal(row!.n, 0, table)
  }
  await assert.rejects(verbs.signIn(deps, request(person.email)), failed)
})

test("the demo's people sign in with the same passwords at every start, until they choose others", async () => {
  const partnerId = await stage.partner()
  const names = [
    { email: 'operator@solstice.example', name: 'Olga Operator', partnerId: null },
    { email: 'owner@brightside.example', name: 'Bruno Owner', partnerId },
  ]
  const seed = () => verbs.seedDemoPeople(deps, 'secret', names)
  const first = await seed()
  const realms = ['console', 'portal'] as const
  for (const [i, { email, password }] of first.entries()) {
    const { session } = await entered(email, { password, realm: realms[i]! })
    assert.equal(session.role, ['admin', 'owner'][i])
  }
  assert.deepEqual(await seed(), first)
  const owner = await entered(first[1]!.email, first[1])
  const next = 'kettle orbit fennel'
  const given = { current: first[1]!.password, next, names: [], address }
  await verbs.changePassword(deps, owner.session, given)
  await seed()
  await entered(first[1]!.email, { password: next })
})
