/** The end of a pilot: what the day after is like, and who is told of it, once. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { declareCapability } from '#/access/capabilities/capabilities.ts'
import type { Exposure } from '#/access/capabilities/capabilities.ts'
import { at } from '#/access/history/history.ts'
import { pilotsJob } from '#/access/pilots/jobs.ts'
import * as pilots from '#/access/pilots/pilots.ts'
import { createAuditSink, listAudit } from '#/governance/audit/audit.ts'
import { createPartner } from '#/identity/partners/partners.ts'
import { systemClock } from '#/kernel/clock/clock.ts'
import { createSealer } from '#/kernel/crypto/crypto.ts'
import { transact } from '#/kernel/db/db.ts'
import type { Tx } from '#/kernel/db/db.ts'
import { newId } from '#/kernel/id/id.ts'
import { partnersNamed } from '#/kernel/lines/lines.ts'
import { testDatabase } from '../../../tests/support/database.ts'

const day = 86_400_000
const start = Date.parse('2026-11-01T12:00:00.000Z')
let now = start
const database = await testDatabase({ ...systemClock(), business: () => new Date(now) })
const sealer = createSealer(randomBytes(32))
const control = { ...database.control, audit: createAuditSink(sealer) }
const within = <T>(work: (tx: Tx) => Promise<T>) => transact(control, { kind: 'system', name: 'test' }, work)
const inDays = (days: number) => new Date(start + days * day)

const partner = async () => (await within((tx) => createPartner(tx, { slug: `p-${newId()}`, name: 'P' }))).id
const join = (partnerId: string, pilotId: string) =>
  within((tx) => pilots.joinWaitlist(tx, partnerId, pilotId))
const open = async (capacity: number, endsAt: Date, exposure: Exposure = 'pilot') => {
  const name = `capability-${newId()}`
  return within(async (tx) => {
    await declareCapability(tx, { name, title: name, exposure })
    return pilots.openPilot(tx, { capability: name, capacity, endsAt })
  })
}
async function eventsOf(pilotId: string) {
  const { rows } = await database.owner.query<{ type: string; partner: string | null }>(
    `select type, partner_id as partner from kernel_outbox where data->>'pilotId' = $1 order by written_at, ctid`,
    [pilotId],
  )
  return rows
}

test('the day after the end nobody joins or is admitted; an extension lets it go on', async () => {
  const { id } = await open(3, inDays(10))
  const [inside, outside] = [await partner(), await partner()]
  for (const each of [inside, outside]) await join(each, id)
  await within((tx) => pilots.admit(tx, id, 1))
  now = inDays(10).getTime() - 1
  await join(outside, id)
  now = inDays(11).getTime()
  await assert.rejects(join(await partner(), id), /pilots\.ended/)
  await assert.rejects(
    within((tx) => pilots.admit(tx, id, 1)),
    /pilots\.ended/,
  )
  // What the decision reads of it: the terms say that it ended, and the place is still there.
  const term = async () => {
    const { capabilityId } = await within((tx) => pilots.findPilot(tx, id))
    const [history] = (await within((tx) => pilots.readPilots(tx, null))).get(capabilityId)!
    return at(history!.terms, now).value!.endsAt
  }
  assert.equal(await term(), inDays(10).getTime())
  const places = await within((tx) => pilots.readPlaces(tx, partnersNamed([inside]), null))
  assert.equal(at(pilots.placesOf(places.get(inside)!).get(id)!, now).value, 'admitted')
  await within((tx) => pilots.changePilot(tx, id, { endsAt: inDays(30) }))
  assert.equal(await term(), inDays(30).getTime())
  assert.deepEqual(await within((tx) => pilots.admit(tx, id, 1)), [outside])
  now = start
})

test('what comes to its end is told once, a week before and at the end, and anew after an extension', async () => {
  const { id } = await open(2, inDays(30))
  const inside = await partner()
  await within((tx) => pilots.admit(tx, id, [inside]))
  await join(await partner(), id)
  const told = async (days: number) => {
    now = inDays(days).getTime()
    const before = (await eventsOf(id)).length
    await Promise.all([1, 2, 3].map(() => pilotsJob(control).run({})))
    return (await eventsOf(id)).slice(before).map(({ type, partner: whose }) => [type, whose])
  }
  const both = (type: string) => [
    [type, null],
    [type, inside],
  ]
  assert.deepEqual(await told(22), [])
  assert.deepEqual(await told(23), both('access.pilot_ending'))
  const before = (await eventsOf(id)).length
  await within((tx) => pilots.changePilot(tx, id, { endsAt: inDays(60) }))
  await within((tx) => pilots.changePilot(tx, id, { capacity: 3 }))
  assert.deepEqual(
    (await eventsOf(id)).slice(before).map(({ type, partner: whose }) => [type, whose]),
    [
      ['access.pilot_changed', null],
      ['access.pilot_end_changed', inside],
      ['access.pilot_changed', null],
    ],
  )
  assert.deepEqual(await told(31), [])
  // A clock that was moved far tells everything, in order.
  assert.deepEqual(await told(61), [...both('access.pilot_ending'), ...both('access.pilot_ended')])
  assert.deepEqual(await told(62), [])
  now = start
})

test('of a pilot of what is dark its partners hear nothing, neither in events nor in their audit', async () => {
  const { id } = await open(2, inDays(3), 'dark')
  const inside = await partner()
  await join(inside, id)
  await within((tx) => pilots.admit(tx, id, 1))
  await within((tx) => pilots.changePilot(tx, id, { endsAt: inDays(3.5) }))
  now = inDays(4).getTime()
  await pilotsJob(control).run({})
  now = start
  assert.deepEqual(
    (await eventsOf(id)).map((event) => event.partner),
    Array.from({ length: 6 }, () => null),
  )
  const own = await within((tx) => listAudit(tx, sealer, { partnerId: inside }, {}))
  assert.deepEqual(
    own.data.map(({ action }) => action),
    ['partners.create'],
  )
})

test('a pilot that is given up has no end to be told', async () => {
  const { id } = await open(2, inDays(3))
  await within((tx) => pilots.cancelPilot(tx, id, 'no interest'))
  now = inDays(4).getTime()
  await pilotsJob(control).run({})
  assert.deepEqual(
    (await eventsOf(id)).map(({ type }) => type),
    ['access.pilot_opened', 'access.pilot_cancelled'],
  )
  now = start
})
