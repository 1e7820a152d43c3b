/** Who can make a key's successor hears of its end in time, once for each threshold, and nobody else does. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createApplication } from '#/identity/applications/applications.ts'
import { createKey, revokeKey } from '#/identity/keys/keys.ts'
import { createPostOffice, expiringKeysJob } from '#/identity/notices/notices.ts'
import type { Message } from '#/identity/notices/notices.ts'
import { addMember, createPerson, disablePerson } from '#/identity/people/people.ts'
import type { MemberRole } from '#/identity/people/people.ts'
import { newId } from '#/kernel/id/id.ts'
import { silentLog } from '#/kernel/log/log.ts'
import { testDatabase } from '../../../tests/support/database.ts'
import { people } from '../../../tests/support/identity/people.ts'

const database = await testDatabase()
const { within, sealer, partner } = people(database)
const day = 24 * 3_600_000

async function member(partnerId: string, role: MemberRole): Promise<{ id: string; email: string }> {
  const email = `${role}-${newId()}@example.com`
  const { id } = await within((tx) => createPerson(tx, sealer, { email, name: null }))
  await within((tx) => addMember(tx, partnerId, id, role))
  return { id, email }
}

async function keyOf(partnerId: string, days: number | null) {
  const { id } = await within((tx) =>
    createApplication(tx, partnerId, { environment: 'live', name: `App ${newId()}` }),
  )
  const expiresAt = days === null ? null : new Date(Date.now() + days * day)
  return within((tx) => createKey(tx, partnerId, id, { label: `Key of ${days}`, expiresAt }))
}

async function told(): Promise<Message[]> {
  await expiringKeysJob(database.control, sealer).run({})
  const sent: Message[] = []
  const transport = async (_id: string, message: Message) => void sent.push(message)
  await createPostOffice({ database, sealer, transport, log: silentLog() }).deliver()
  return sent
}

test('owners, admins and developers are told 30, 7 and 1 day before, each time once', async () => {
  const partnerId = await partner()
  const caring = [
    await member(partnerId, 'owner'),
    await member(partnerId, 'admin'),
    await member(partnerId, 'developer'),
  ]
  for (const role of ['finance', 'viewer'] as const) await member(partnerId, role)
  const left = await member(partnerId, 'developer')
  await within((tx) => disablePerson(tx, left.id, 'left'))
  await member(await partner(), 'owner')
  const key = await keyOf(partnerId, 31)
  assert.deepEqual(await told(), [])
  for (const days of [30, 7, 1]) {
    const expiresAt = new Date(Date.now() + (days - 0.5) * day)
    await database.owner.query('update control.identity_key set expires_at = $2 where id = $1', [
      key.id,
      expiresAt,
    ])
    const letters = await told()
    assert.deepEqual(
      letters.map(({ to }) => to).toSorted(),
      caring.map(({ email }) => email).toSorted(),
      `${days} days before`,
    )
    for (const { subject, text } of letters) {
      assert.ok(subject.includes(expiresAt.toISOString().slice(0, 10)))
      assert.ok(text.includes(key.lastFour) && !text.includes(key.key))
    }
    assert.deepEqual(await told(), [], 'and not again')
  }
})

test('of a key that is over, revoked or without an end nobody hears', async () => {
  const partnerId = await partner()
  await member(partnerId, 'owner')
  const over = await keyOf(partnerId, 5)
  await database.owner.query(
    `update control.identity_key set expires_at = now() - interval '1 s' where id = $1`,
    [over.id],
  )
  const revoked = await keyOf(partnerId, 5)
  await within((tx) => revokeKey(tx, partnerId, revoked.id, 'replaced'))
  await keyOf(partnerId, null)
  assert.deepEqual(await told(), [])
})
