/** A person sees and ends its own sessions, and nobody else's; what is over goes. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as people from '#/identity/people/people.ts'
import type { Opening } from '#/identity/sessions/sessions.ts'
import { newId } from '#/kernel/id/id.ts'
import { testDatabase } from '../../../tests/support/database.ts'
import { people as scene } from '../../../tests/support/identity/people.ts'

const database = await testDatabase()
const { deps, within, member, refused, clock } = scene(database)
const { sessions } = deps
const noon = clock.wall()
const hour = 3_600_000

const open = (personId: string, more: Partial<Opening> = {}, wall = noon) => {
  const usual = {
    realm: 'portal',
    method: 'password',
    factors: ['password'],
    address: '203.0.113.77',
  } as const
  return within((tx) => sessions.open(tx, { ...usual, personId, ...more }, wall))
}

const known = (token: string) => within((tx) => sessions.authenticate(tx, 'portal', token, noon))

describe('ones own sessions', () => {
  test('are listed with where they were seen, and ended one by one or all but this one', async () => {
    const { id } = await member('owner')
    const first = await open(id)
    const second = await open(id, { address: '2001:db8:1:2::7', userAgent: 'curl/8' }, noon + hour)
    const third = await open(id, {}, noon + 2 * hour)
    await open(id, {}, noon - 20 * hour)
    const list = () => within((tx) => sessions.list(tx, id, noon + 2 * hour))
    const listed = await list()
    assert.deepEqual(
      listed.map((one) => one.id),
      [third, second, first].map(({ session }) => session.id),
    )
    const { network, agent } = listed[1]!
    assert.deepEqual([network, agent], ['2001:db8:1::/48', 'Another program'])
    assert.ok(!('seenFrom' in listed[1]!))
    await within((tx) => sessions.end(tx, id, second.session.id))
    assert.equal(await known(second.token), null)
    await within((tx) => sessions.endAll(tx, id, first.session.id))
    assert.equal(await known(third.token), null)
    assert.ok(await known(first.token))
    assert.deepEqual(
      (await list()).map((one) => one.id),
      [first.session.id],
    )
  })

  test('404 for a session of another person, as for none', async () => {
    const [mine, other] = [await member('owner'), await member('owner')]
    const { session, token } = await open(other.id)
    for (const target of [session.id, newId()]) {
      const end = within((tx) => sessions.end(tx, mine.id, target))
      await assert.rejects(end, refused('sessions.not_found'))
    }
    assert.ok(await known(token))
  })

  test('what is over is deleted', async () => {
    const { id } = await member('owner')
    const gone = [await open(id, {}, noon - 8 * 24 * hour), await open(id, {}, noon - 13 * hour)]
    const stays = await open(id)
    await within((tx) => sessions.prune(tx, noon))
    const ids = [...gone, stays].map(({ session }) => session.id)
    const text = 'select id from identity_session where id = any($1)'
    const { rows } = await database.control.pool.query<{ id: string }>(text, [ids])
    assert.deepEqual(
      rows.map((row) => row.id),
      [stays.session.id],
    )
    await within((tx) => people.endSessions(tx, id))
    assert.ok((await within((tx) => sessions.prune(tx, noon))) >= 1)
    assert.equal((await database.control.pool.query(text, [ids])).rowCount, 0)
  })
})
