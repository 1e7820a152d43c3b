/** A session stands only while all it rests on holds, and its token changes with what it is worth. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { describe, test } from 'node:test'
import { createPartner } from '#/identity/partners/partners.ts'
import * as people from '#/identity/people/people.ts'
import { actorOf, createSessions, requireStepUp } from '#/identity/sessions/sessions.ts'
import type { Opening, Realm } from '#/identity/sessions/sessions.ts'
import { createSealer } from '#/kernel/crypto/crypto.ts'
import { transact } from '#/kernel/db/db.ts'
import type { Tx } from '#/kernel/db/db.ts'
import { newId } from '#/kernel/id/id.ts'
import { Problem } from '#/kernel/problem/problem.ts'
import { testDatabase } from '../../../tests/support/database.ts'

const database = await testDatabase()
const sealer = createSealer(randomBytes(32))
const sessions = createSessions({ sealer })
const within = <T>(work: (tx: Tx) => Promise<T>) =>
  transact(database.control, { kind: 'system', name: 'test' }, work)
const refused = (code: string) => (error: unknown) =>
  error instanceof Problem && error.definition.code === code

const noon = Date.UTC(2026, 10, 20, 12)
const minute = 60_000
const hour = 60 * minute

let count = 0

async function member(...roles: people.MemberRole[]) {
  count += 1
  const email = `person-${count}@example.com`
  return within(async (tx) => {
    const { id } = await people.createPerson(tx, sealer, { email, name: null })
    const partnerIds: string[] = []
    for (const [i, role] of roles.entries()) {
      const slug = `p-${count}-${i}`
      const partner = await createPartner(tx, { slug, name: slug })
      await people.addMember(tx, partner.id, id, role)
      partnerIds.push(partner.id)
    }
    return { id, partnerIds }
  })
}

async function operator(role: people.OperatorRole = 'support') {
  const { id } = await member()
  await within((tx) => people.addOperator(tx, id, role))
  return id
}

const open = (personId: string, more: Partial<Opening> = {}, wall = noon) =>
  within((tx) =>
    sessions.open(
      tx,
      {
        personId,
        realm: 'portal',
        method: 'password',
        factors: ['password'],
        address: '203.0.113.77',
        userAgent: 'Firefox/143.0 (Linux)',
        ...more,
      },
      wall,
    ),
  )

const known = (token: string, wall = noon, realm: Realm = 'portal') =>
  within((tx) => sessions.authenticate(tx, realm, token, wall))

describe('opening', () => {
  test('gives a token whose digest alone stays, and says who acts for whom', async () => {
    const { id, partnerIds } = await member('finance')
    const { token, session } = await open(id)
    assert.equal(session.partnerId, partnerIds[0])
    assert.deepEqual(actorOf(session), { kind: 'member', id, partnerId: partnerIds[0], role: 'finance' })
    assert.deepEqual(await known(token), session)
    const { rows } = await database.control.pool.query<{ all: string }>(
      'select identity_session::text as all from identity_session where id = $1',
      [session.id],
    )
    const hex = (text: string) => Buffer.from(text).toString('hex')
    for (const secret of [
      token,
      Buffer.from(token, 'base64url').toString('hex'),
      session.csrf,
      hex('203.0.113'),
      hex('Firefox'),
    ]) {
      assert.ok(!rows[0]!.all.includes(secret), secret)
    }
  })

  test('401 for whoever has no place in the realm, is disabled, or names a partner of others', async () => {
    const nobody = await member()
    await assert.rejects(open(nobody.id), refused('auth.sign_in_failed'))
    const owner = await member('owner')
    await assert.rejects(open(owner.id, { realm: 'console' }), refused('auth.sign_in_failed'))
    const foreign = (await member('owner')).partnerIds[0]!
    await assert.rejects(open(owner.id, { partnerId: foreign }), refused('auth.sign_in_failed'))
    await assert.rejects(open(await operator()), refused('auth.sign_in_failed'))
    await within((tx) => people.disablePerson(tx, owner.id, 'left'))
    await assert.rejects(open(owner.id), refused('auth.sign_in_failed'))
  })

  test('an operator acts for no partner; a token of one realm is nothing in the other', async () => {
    const id = await operator('auditor')
    const { token, session } = await open(id, { realm: 'console' })
    assert.deepEqual(actorOf(session), { kind: 'operator', id, role: 'auditor' })
    assert.equal(await known(token, noon, 'portal'), null)
    assert.equal((await known(token, noon, 'console'))?.id, session.id)
  })

  test('what the browser held before is worth nothing after, whoever put it there', async () => {
    const [victim, attacker] = [await member('owner'), await member('owner')]
    const planted = await open(attacker.id)
    const opened = await open(victim.id, { replaces: planted.token })
    assert.notEqual(opened.token, planted.token)
    assert.equal(await known(planted.token), null)
    assert.equal((await known(opened.token))?.personId, victim.id)
    await open(victim.id, { replaces: 'no token' })
  })

  test('a text that is no token, and a token that was never given, are nobody', async () => {
    for (const text of ['', 'x', randomBytes(32).toString('base64url'), "' or 1=1 --"]) {
      assert.equal(await known(text), null)
    }
  })
})

describe('the end', () => {
  test('comes after idle time: twelve hours in the portal, one in the console', async () => {
    const cases = [
      ['portal', (await member('viewer')).id, 12 * hour],
      ['console', await operator(), hour],
    ] as const
    for (const [realm, id, idle] of cases) {
      const { token } = await open(id, { realm })
      assert.ok(await known(token, noon + idle - 1, realm), realm)
      assert.ok(await known(token, noon + 2 * idle - 2, realm), `${realm}, seen in between`)
      assert.equal(await known(token, noon + 3 * idle - 2, realm), null, realm)
    }
  })

  test('comes at last however busy the person is: after seven days, after twelve hours', async () => {
    const cases = [
      ['portal', (await member('viewer')).id, 7 * 24 * hour],
      ['console', await operator(), 12 * hour],
    ] as const
    for (const [realm, id, absolute] of cases) {
      const { token, session } = await open(id, { realm })
      for (let at = noon; at < noon + absolute; at += hour / 2)
        assert.ok(await known(token, at, realm), realm)
      assert.equal(await known(token, noon + absolute, realm), null, realm)
      assert.deepEqual(session.expiresAt, new Date(noon + absolute))
    }
  })

  test('is written down at most once a minute', async () => {
    const { token, session } = await open((await member('viewer')).id)
    const lastSeen = async () => {
      const text = 'select last_seen_at as at, xmin::text as version from identity_session where id = $1'
      return (await database.control.pool.query<{ at: Date; version: string }>(text, [session.id])).rows[0]!
    }
    const before = await lastSeen()
    for (let at = 0; at < minute; at += 10_000) await known(token, noon + at)
    assert.deepEqual(await lastSeen(), before)
    await known(token, noon + minute)
    assert.deepEqual((await lastSeen()).at, new Date(noon + minute))
  })

  test('comes with a new role, a removal, a disabled person and an ended lot, and does not go back', async () => {
    const ends: ((tx: Tx, id: string, partnerId: string) => Promise<unknown>)[] = [
      (tx, id, partnerId) => people.setRole(tx, partnerId, id, 'admin'),
      (tx, id, partnerId) => people.removeMember(tx, partnerId, id),
      (tx, id) => people.disablePerson(tx, id, 'left'),
      (tx, id) => people.erasePerson(tx, id, noon),
      (tx, id) => people.endSessions(tx, id),
      (tx, id) => sessions.endAll(tx, id),
    ]
    for (const [i, end] of ends.entries()) {
      const { id, partnerIds } = await member('viewer')
      const { token } = await open(id)
      await within((tx) => end(tx, id, partnerIds[0]!))
      assert.equal(await known(token), null, `case ${i}`)
      if (i === 0) await within((tx) => people.setRole(tx, partnerIds[0]!, id, 'viewer'))
      if (i === 2) await within((tx) => people.enablePerson(tx, id, 'back'))
      assert.equal(await known(token), null, `case ${i}, undone`)
    }
    const id = await operator()
    const { token } = await open(id, { realm: 'console' })
    await within((tx) => people.removeOperator(tx, id))
    assert.equal(await known(token, noon, 'console'), null)
  })
})

describe('a new token', () => {
  test('comes with a step-up, which is good for ten minutes', async () => {
    const { id } = await member('owner')
    const first = await open(id, { method: 'sso', factors: ['sso'] })
    assert.throws(() => requireStepUp(first.session, noon), refused('auth.step_up_required'))
    const second = await within((tx) => sessions.stepUp(tx, first.session, ['passkey'], noon + hour))
    assert.equal(await known(first.token, noon + hour), null)
    assert.notEqual(second.session.csrf, first.session.csrf)
    assert.equal(second.session.id, first.session.id)
    assert.deepEqual(second.session.factors, ['sso', 'passkey'])
    requireStepUp(second.session, noon + hour + 10 * minute - 1)
    const late = () => requireStepUp(second.session, noon + hour + 10 * minute)
    assert.throws(late, refused('auth.step_up_required'))
  })

  test('a sign-in with a password or a passkey is itself a proof', async () => {
    const { id } = await member('owner')
    for (const method of ['password', 'passkey'] as const) {
      requireStepUp((await open(id, { method })).session, noon + minute)
    }
  })

  test('comes with the switch to another partner of ones own, and with no other', async () => {
    const { id, partnerIds } = await member('owner', 'viewer')
    const first = await open(id)
    assert.equal(first.session.partnerId, partnerIds[0])
    const second = await within((tx) => sessions.switchPartner(tx, first.session, partnerIds[1]!, noon))
    assert.deepEqual([second.session.partnerId, second.session.role], [partnerIds[1], 'viewer'])
    assert.equal(await known(first.token), null)
    const foreign = (await member('owner')).partnerIds[0]!
    for (const target of [foreign, newId()]) {
      const change = within((tx) => sessions.switchPartner(tx, second.session, target, noon))
      await assert.rejects(change, refused('sessions.partner_not_found'))
    }
    const console = await open(await operator(), { realm: 'console' })
    const change = within((tx) => sessions.switchPartner(tx, console.session, foreign, noon))
    await assert.rejects(change, refused('sessions.partner_not_found'))
  })

  test('a proof by single sign-on stays with the partner it was given for; one of the person’s own goes along', async () => {
    const { id, partnerIds } = await member('owner', 'owner')
    const first = await open(id)
    const vouched = await within((tx) => sessions.stepUp(tx, first.session, ['sso'], noon + 20 * minute))
    requireStepUp(vouched.session, noon + 21 * minute)
    const change = { to: partnerIds[1]!, wall: noon + 21 * minute }
    const there = await within((tx) => sessions.switchPartner(tx, vouched.session, change.to, change.wall))
    assert.equal(there.session.steppedUpAt, noon)
    assert.throws(() => requireStepUp(there.session, change.wall), refused('auth.step_up_required'))
    const proven = await within((tx) => sessions.stepUp(tx, there.session, ['password'], change.wall))
    const back = await within((tx) => sessions.switchPartner(tx, proven.session, partnerIds[0]!, change.wall))
    requireStepUp(back.session, change.wall)
  })

  test('is not given to a session that was ended meanwhile; only the own change keeps one', async () => {
    const { id, partnerIds } = await member('owner', 'owner')
    const { token, session } = await open(id)
    await within((tx) => people.endSessions(tx, id))
    const late = within((tx) => sessions.stepUp(tx, session, ['password'], noon))
    await assert.rejects(late, refused('auth.session_ended'))
    const switched = within((tx) => sessions.switchPartner(tx, session, partnerIds[1]!, noon))
    await assert.rejects(switched, refused('auth.session_ended'))
    const kept = await within((tx) => sessions.keep(tx, session, noon))
    assert.equal(await known(token), null)
    assert.equal((await known(kept.token))?.id, session.id)
    await within((tx) => sessions.end(tx, id, session.id))
    await assert.rejects(
      within((tx) => sessions.keep(tx, kept.session, noon)),
      refused('auth.session_ended'),
    )
  })
})
