/** A partner's own team: nobody else's, owners by owners alone, and nothing by a key of the sandbox. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { teamOperations } from '#/identity/team/team.ts'
import { systemClock } from '#/kernel/clock/clock.ts'
import { createSealer } from '#/kernel/crypto/crypto.ts'
import { publicId } from '#/kernel/id/id.ts'
import { testDatabase } from '../../../tests/support/database.ts'
import { nobodys, operationsScene } from '../../../tests/support/partner/operations.ts'
import type { Caller } from '../../../tests/support/partner/operations.ts'

const database = await testDatabase()
const sealer = createSealer(randomBytes(32))
const invitationPage = 'https://portico.test/portal/invitations'
const operations = teamOperations({ clock: systemClock(), sealer, invitationPage })
const { ask, partner, person } = operationsScene(database, operations)
const perOf = (caller: Caller) => publicId('per', caller.member?.id ?? '')
const inviteTo = (caller: Caller, email: string, role = 'viewer') =>
  ask(caller, 'invite', { body: { email, role } })

test('403 for a key of the sandbox, whatever it asks', async () => {
  const { sandbox, live } = await partner()
  const viewer = await person(sealer, live, 'viewer')
  for (const { id } of operations) {
    const answer = await ask(sandbox, id, {
      id: perOf(viewer),
      body: { email: 'a@b.example', role: 'admin' },
    })
    assert.deepEqual([answer.status, answer.code], [403, 'auth.live_key_needed'], id)
  }
  assert.equal((await ask({ ...viewer, environment: 'sandbox' }, 'listTeam')).status, 200)
})

test('404 for a member and an invitation of another partner, an absent one and no id at all', async () => {
  const [mine, theirs] = [await partner(), await partner()]
  const stranger = await person(sealer, theirs.live, 'viewer')
  for (const id of [perOf(stranger), nobodys('per'), 'per_', 'x']) {
    for (const operation of ['setRole', 'removeMember']) {
      const answer = await ask(mine.live, operation, { id, body: { role: 'admin' } })
      assert.deepEqual([answer.status, answer.code], [404, 'people.member_not_found'], `${operation} ${id}`)
    }
  }
  const { body } = await inviteTo(theirs.live, 'eve@example.com')
  for (const id of [body.id, nobodys('ivt'), 'ivt_1']) {
    const answer = await ask(mine.live, 'revokeInvitation', { id })
    assert.deepEqual([answer.status, answer.code], [404, 'invitations.not_found'], id)
  }
  assert.deepEqual((await ask(mine.live, 'listTeam')).body.data, [])
  assert.deepEqual((await ask(mine.live, 'listInvitations')).body.data, [])
  assert.equal((await ask(theirs.live, 'listInvitations')).body.data.length, 1)
})

test('403 for owners, by an admin and by a key: made, changed, removed, invited, taken back, replaced', async () => {
  const { live } = await partner()
  const owner = await person(sealer, live, 'owner')
  const other = await person(sealer, live, 'owner')
  const viewer = await person(sealer, live, 'viewer')
  const invited = await inviteTo(owner, 'next@example.com', 'owner')
  assert.equal(invited.status, 201)
  for (const caller of [await person(sealer, live, 'admin'), live]) {
    const answers = [
      await ask(caller, 'setRole', { id: perOf(viewer), body: { role: 'owner' } }),
      await ask(caller, 'setRole', { id: perOf(other), body: { role: 'viewer' } }),
      await ask(caller, 'removeMember', { id: perOf(other) }),
      await inviteTo(caller, 'another@example.com', 'owner'),
      await inviteTo(caller, 'next@example.com', 'viewer'),
      await ask(caller, 'revokeInvitation', { id: invited.body.id }),
    ]
    for (const answer of answers) assert.deepEqual([answer.status, answer.code], [403, 'people.owners_only'])
  }
  assert.equal((await ask(live, 'listInvitations')).body.data[0].id, invited.body.id)
  assert.equal((await ask(owner, 'removeMember', { id: perOf(other) })).status, 204)
  const last = await ask(owner, 'setRole', { id: perOf(owner), body: { role: 'admin' } })
  assert.deepEqual([last.status, last.code], [409, 'people.last_owner'])
})

test('200 with who belongs to the team, in pages; a role is changed, a member removed', async () => {
  const { live } = await partner()
  const people = [await person(sealer, live, 'owner'), await person(sealer, live, 'viewer')]
  const first = await ask(live, 'listTeam', { query: { limit: '1' } })
  const query = { limit: '1', cursor: first.body.nextCursor as string }
  const second = await ask(live, 'listTeam', { query })
  assert.deepEqual([first.body.data[0].id, second.body.data[0].id], people.map(perOf))
  assert.deepEqual([first.body.data[0].name, second.body.nextCursor], ['A owner', null])
  const changed = await ask(live, 'setRole', { id: perOf(people[1]!), body: { role: 'developer' } })
  assert.deepEqual([changed.status, changed.body.role], [200, 'developer'])
  assert.equal((await ask(live, 'removeMember', { id: perOf(people[1]!) })).status, 204)
  assert.equal((await ask(live, 'listTeam')).body.data.length, 1)
})

test('201 sends a link that no answer shows; again replaces it; taken back it is gone', async () => {
  const { live } = await partner()
  const first = await inviteTo(live, 'Ada@Example.com')
  assert.deepEqual([first.status, first.body.email], [201, 'ada@example.com'])
  const second = await inviteTo(live, 'ada@example.com', 'finance')
  const { body } = await ask(live, 'listInvitations')
  assert.deepEqual(body.data, [second.body])
  assert.deepEqual(Object.keys(second.body), ['id', 'email', 'role', 'createdAt', 'expiresAt'])
  assert.equal((await ask(live, 'revokeInvitation', { id: second.body.id })).status, 204)
  assert.equal((await ask(live, 'revokeInvitation', { id: second.body.id })).status, 404)
  const wrong = await inviteTo(live, 'not an address')
  assert.deepEqual([wrong.status, wrong.code], [422, 'people.email_invalid'])
})
