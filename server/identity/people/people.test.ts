/** People stay sealed, places stay apart, and somebody can always open the door. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { createPartner } from '#/identity/partners/partners.ts'
import * as people from '#/identity/people/people.ts'
import { createSealer } from '#/kernel/crypto/crypto.ts'
import { transact } from '#/kernel/db/db.ts'
import type { Actor, Tx } from '#/kernel/db/db.ts'
import { newId } from '#/kernel/id/id.ts'
import { Problem } from '#/kernel/problem/problem.ts'
import { testDatabase } from '../../../tests/support/database.ts'

const database = await testDatabase()
const sealer = createSealer(randomBytes(32))
const system: Actor = { kind: 'system', name: 'test' }
const within = <T>(work: (tx: Tx) => Promise<T>, actor: Actor = system) =>
  transact(database.control, actor, work)
const refused = (code: string) => (error: unknown) =>
  error instanceof Problem && error.definition.code === code

let count = 0

async function person(name = 'Ada') {
  count += 1
  const email = `person-${count}@example.com`
  return within((tx) => people.createPerson(tx, sealer, { email, name }))
}

async function partner() {
  count += 1
  const { id } = await within((tx) => createPartner(tx, { slug: `p-${count}`, name: `P ${count}` }))
  return id
}

async function member(partnerId: string, role: people.MemberRole) {
  const { id } = await person()
  await within((tx) => people.addMember(tx, partnerId, id, role))
  return id
}

const as = (partnerId: string, role: people.MemberRole): Actor => ({
  kind: 'member',
  id: newId(),
  partnerId,
  role,
})

async function epochOf(personId: string): Promise<number> {
  const text = 'select session_epoch as epoch from identity_person where id = $1'
  return Number((await database.control.pool.query<{ epoch: string }>(text, [personId])).rows[0]?.epoch)
}

describe('an address', () => {
  test('has one spelling, whatever the case and the composition of its letters', () => {
    assert.equal(people.normaliseEmail('  Zoe\u0308@Example.COM '), 'zo\u00eb@example.com')
    for (const text of [
      '',
      'ada',
      'ada@',
      '@example.com',
      'a b@example.com',
      'a@b@c',
      'Ada <a@b.de>',
      'a\0@b.de',
    ]) {
      assert.equal(people.normaliseEmail(text), null, text)
    }
    assert.equal(people.normaliseEmail(`${'a'.repeat(243)}@example.com`), null)
  })

  test('normalising twice is normalising once, and the digest agrees', () => {
    fc.assert(
      fc.property(fc.emailAddress(), (text) => {
        const once = people.normaliseEmail(text)
        assert.ok(once !== null)
        assert.equal(people.normaliseEmail(once), once)
        assert.deepEqual(people.emailDigest(sealer, text.toUpperCase()), people.emailDigest(sealer, once))
      }),
    )
  })
})

describe('a person', () => {
  test('is found by the address in any spelling; the row shows neither address nor name', async () => {
    const email = 'Grace.Hopper@Example.com'
    const created = await within((tx) => people.createPerson(tx, sealer, { email, name: 'Grace Hopper' }))
    assert.equal(created.email, 'grace.hopper@example.com')
    const found = await within((tx) => people.findPersonByEmail(tx, sealer, ' GRACE.hopper@example.com'))
    assert.deepEqual(found, created)
    const { rows } = await database.control.pool.query<{ all: string }>(
      'select identity_person::text as all from identity_person where id = $1',
      [created.id],
    )
    const bytes = (text: string) => Buffer.from(text).toString('hex')
    for (const secret of ['grace.hopper@example.com', 'Grace Hopper']) {
      assert.ok(!rows[0]!.all.includes(secret) && !rows[0]!.all.includes(bytes(secret)))
    }
  })

  test('409 for an address that is taken, 422 for what is none', async () => {
    const { email } = await person()
    const again = (text: string) =>
      within((tx) => people.createPerson(tx, sealer, { email: text, name: null }))
    await assert.rejects(again(email!.toUpperCase()), refused('people.email_taken'))
    await assert.rejects(again('nobody'), refused('people.email_invalid'))
  })

  test('changes name and language, each on its own', async () => {
    const { id } = await person()
    await within((tx) => people.updatePerson(tx, sealer, id, { locale: 'de' }))
    const renamed = await within((tx) => people.updatePerson(tx, sealer, id, { name: 'Zoë' }))
    assert.deepEqual([renamed.name, renamed.locale], ['Zoë', 'de'])
    const absent = within((tx) => people.updatePerson(tx, sealer, newId(), { name: 'X' }))
    await assert.rejects(absent, refused('people.not_found'))
  })

  test('disabling and enabling end the sessions; doing it again changes nothing', async () => {
    const { id } = await person()
    for (let i = 0; i < 2; i += 1) await within((tx) => people.disablePerson(tx, id, 'left'))
    assert.equal(await epochOf(id), 1)
    await within((tx) => people.enablePerson(tx, id, 'back'))
    assert.equal(await epochOf(id), 2)
    assert.equal((await within((tx) => people.findPerson(tx, sealer, id)))!.state, 'active')
    const absent = within((tx) => people.disablePerson(tx, newId(), 'left'))
    await assert.rejects(absent, refused('people.not_found'))
  })

  test('is forgotten: the id stays, the address is free again, nothing brings it back', async () => {
    const partnerId = await partner()
    const created = await person()
    await within((tx) => people.addMember(tx, partnerId, created.id, 'viewer'))
    await within((tx) => people.erasePerson(tx, created.id, Date.UTC(2026, 10, 1)))
    const erased = await within((tx) => people.findPerson(tx, sealer, created.id))
    assert.deepEqual([erased!.email, erased!.name, erased!.state], [null, null, 'disabled'])
    assert.deepEqual(erased!.erasedAt, new Date(Date.UTC(2026, 10, 1)))
    assert.deepEqual(await within((tx) => people.memberships(tx, created.id)), [])
    assert.equal(await within((tx) => people.findPersonByEmail(tx, sealer, created.email!)), null)
    const again = { email: created.email!, name: null }
    assert.notEqual((await within((tx) => people.createPerson(tx, sealer, again))).id, created.id)
    for (const work of [
      (tx: Tx) => people.enablePerson(tx, created.id, 'x'),
      (tx: Tx) => people.erasePerson(tx, created.id, 0),
      (tx: Tx) => people.updatePerson(tx, sealer, created.id, { name: 'Ada' }),
    ]) {
      await assert.rejects(within<unknown>(work), refused('people.not_found'))
    }
  })
})

describe('a place in a partner', () => {
  test('one person belongs to several; each partner sees its own', async () => {
    const [one, other] = [await partner(), await partner()]
    const id = await member(one, 'owner')
    await within((tx) => people.addMember(tx, other, id, 'viewer'))
    const places = await within((tx) => people.memberships(tx, id))
    assert.deepEqual(
      places.map((place) => [place.partner.id, place.role]),
      [
        [one, 'owner'],
        [other, 'viewer'],
      ],
    )
    assert.ok(places[0]!.since instanceof Date)
    const seen = await within((tx) => people.memberships(tx, id), as(other, 'admin'))
    assert.deepEqual(
      seen.map((place) => place.partner.id),
      [other],
    )
    const listed = await within((tx) => people.listMembers(tx, sealer, other, { limit: 10 }))
    assert.deepEqual(
      listed.map((found) => [found.id, found.name, found.role]),
      [[id, 'Ada', 'viewer']],
    )
  })

  test('the list goes on where it stopped', async () => {
    const partnerId = await partner()
    const ids: string[] = []
    for (let i = 0; i < 5; i += 1) ids.push(await member(partnerId, 'viewer'))
    const page = (after?: string) =>
      within((tx) => people.listMembers(tx, sealer, partnerId, { limit: 2, ...(after && { after }) }))
    const seen: string[] = []
    for (let next = await page(); next.length > 0; next = await page(next.at(-1)!.id)) {
      seen.push(...next.map(({ id }) => id))
    }
    assert.deepEqual(seen, ids.toSorted())
  })

  test('404 for a member of another partner, as for nobody; row-level security alone says the same', async () => {
    const [mine, foreign] = [await partner(), await partner()]
    const id = await member(foreign, 'viewer')
    for (const target of [id, newId()]) {
      const change = within((tx) => people.setRole(tx, mine, target, 'admin'), as(mine, 'owner'))
      await assert.rejects(change, refused('people.member_not_found'))
      const removal = within((tx) => people.removeMember(tx, mine, target), as(mine, 'owner'))
      await assert.rejects(removal, refused('people.member_not_found'))
    }
    // The partner in the statement is the foreign one, as if the condition were missing.
    const actor = as(mine, 'owner')
    await assert.rejects(
      within((tx) => people.setRole(tx, foreign, id, 'admin'), actor),
      refused('people.member_not_found'),
    )
    assert.equal(await within((tx) => people.findMember(tx, foreign, id), actor), null)
    await assert.rejects(
      within((tx) => people.addMember(tx, foreign, newId(), 'viewer'), actor),
      /row-level/,
    )
    assert.equal((await within((tx) => people.findMember(tx, foreign, id)))!.role, 'viewer')
  })

  test('409 for a second place in the same partner', async () => {
    const partnerId = await partner()
    const id = await member(partnerId, 'viewer')
    const again = within((tx) => people.addMember(tx, partnerId, id, 'admin'))
    await assert.rejects(again, refused('people.already_member'))
  })

  test('a new role and a removal end the sessions; the same role does not', async () => {
    const partnerId = await partner()
    const id = await member(partnerId, 'viewer')
    await within((tx) => people.setRole(tx, partnerId, id, 'viewer'))
    assert.equal(await epochOf(id), 0)
    await within((tx) => people.setRole(tx, partnerId, id, 'finance'))
    assert.equal(await epochOf(id), 1)
    await within((tx) => people.removeMember(tx, partnerId, id))
    assert.equal(await epochOf(id), 2)
  })

  test('409 for the last owner, removed or demoted; a disabled one does not count', async () => {
    const partnerId = await partner()
    const owner = await member(partnerId, 'owner')
    const second = await member(partnerId, 'owner')
    await within((tx) => people.disablePerson(tx, second, 'left'))
    const demotion = within((tx) => people.setRole(tx, partnerId, owner, 'admin'))
    await assert.rejects(demotion, refused('people.last_owner'))
    const removal = within((tx) => people.removeMember(tx, partnerId, owner))
    await assert.rejects(removal, refused('people.last_owner'))
    await within((tx) => people.enablePerson(tx, second, 'back'))
    await within((tx) => people.removeMember(tx, partnerId, owner))
  })

  test('owners who demote each other at once leave one', async () => {
    const partnerId = await partner()
    const owners = [await member(partnerId, 'owner'), await member(partnerId, 'owner')]
    const works = owners.map((id) => within((tx) => people.setRole(tx, partnerId, id, 'viewer')))
    const results = await Promise.allSettled(works)
    assert.deepEqual(results.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected'])
    const left = await within((tx) => people.listMembers(tx, sealer, partnerId, { limit: 10 }))
    assert.equal(left.filter(({ role }) => role === 'owner').length, 1)
  })

  test('403 when an admin makes, changes or removes an owner', async () => {
    const partnerId = await partner()
    const owner = await member(partnerId, 'owner')
    await member(partnerId, 'owner')
    const viewer = await member(partnerId, 'viewer')
    const { id: outsider } = await person()
    const works = [
      (tx: Tx) => people.addMember(tx, partnerId, outsider, 'owner'),
      (tx: Tx) => people.setRole(tx, partnerId, viewer, 'owner'),
      (tx: Tx) => people.setRole(tx, partnerId, owner, 'viewer'),
      (tx: Tx) => people.removeMember(tx, partnerId, owner),
    ]
    for (const work of works) {
      await assert.rejects(within(work, as(partnerId, 'admin')), refused('people.owners_only'))
    }
    await within((tx) => people.setRole(tx, partnerId, viewer, 'admin'), as(partnerId, 'admin'))
    await within((tx) => people.setRole(tx, partnerId, viewer, 'owner'), as(partnerId, 'owner'))
  })
})
