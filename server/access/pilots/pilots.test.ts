/** Pilots: never more than their capacity, the waitlist in order, and what promotion leaves. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  changeExposure,
  declareCapability,
  listCapabilities,
  openAction,
} from '#/access/capabilities/capabilities.ts'
import type { Exposure } from '#/access/capabilities/capabilities.ts'
import { at } from '#/access/history/history.ts'
import { grantsOf, readGrants } from '#/access/packages/packages.ts'
import * as pilots from '#/access/pilots/pilots.ts'
import { approve, propose } from '#/governance/proposals/proposals.ts'
import { createPartner } from '#/identity/partners/partners.ts'
import { systemClock } from '#/kernel/clock/clock.ts'
import { transact } from '#/kernel/db/db.ts'
import type { Tx } from '#/kernel/db/db.ts'
import { newId } from '#/kernel/id/id.ts'
import { partnersNamed } from '#/kernel/lines/lines.ts'
import { testDatabase } from '../../../tests/support/database.ts'

const now = Date.parse('2026-11-01T12:00:00.000Z')
const database = await testDatabase({ ...systemClock(), business: () => new Date(now) })
const within = <T>(work: (tx: Tx) => Promise<T>) =>
  transact(database.control, { kind: 'system', name: 'test' }, work)

let count = 0
async function capability(exposure: Exposure = 'pilot'): Promise<string> {
  const name = `capability-${(count += 1)}`
  await within((tx) => declareCapability(tx, { name, title: name, exposure }))
  return name
}
const partner = async () => (await within((tx) => createPartner(tx, { slug: `p-${newId()}`, name: 'P' }))).id
const open = async (capacity: number, endsAt: Date | null = null, exposure: Exposure = 'pilot') => {
  const name = await capability(exposure)
  return within((tx) => pilots.openPilot(tx, { capability: name, capacity, endsAt }))
}
const join = (partnerId: string, pilotId: string) =>
  within((tx) => pilots.joinWaitlist(tx, partnerId, pilotId))
async function waiting(pilotId: string): Promise<string[]> {
  const rows = await within((tx) => pilots.listPlaces(tx, pilotId, 'waiting', { limit: 200 }))
  assert.deepEqual(
    rows.map(({ position }) => position),
    rows.map((_, i) => i + 1),
  )
  return rows.map(({ partnerId }) => partnerId)
}
test('a pilot is opened for what is dark or pilot, one at a time, and with an end to come', async () => {
  for (const exposure of ['internal', 'general', 'deprecated', 'retired'] as const) {
    await assert.rejects(open(1, null, exposure), /pilots\.exposure/)
  }
  for (const exposure of ['dark', 'pilot'] as const) {
    const { capability: name } = await open(1, null, exposure)
    const again = within((tx) => pilots.openPilot(tx, { capability: name, capacity: 1, endsAt: null }))
    await assert.rejects(again, /pilots\.running/)
  }
  await assert.rejects(open(1, new Date(now)), /pilots\.terms/)
  await assert.rejects(open(1, new Date(Number.NaN)), /pilots\.terms/)
  const absent = within((tx) => pilots.openPilot(tx, { capability: 'absent', capacity: 1, endsAt: null }))
  await assert.rejects(absent, /capabilities\.not_found/)
})

test('of pilots opened at once for one capability there is one', async () => {
  const name = await capability()
  const opened = await Promise.allSettled(
    Array.from({ length: 8 }, () =>
      within((tx) => pilots.openPilot(tx, { capability: name, capacity: 1, endsAt: null })),
    ),
  )
  assert.equal(opened.filter(({ status }) => status === 'fulfilled').length, 1)
})

test('the capacity holds, however many are admitted at once', async () => {
  const { id } = await open(5)
  const partners = await Promise.all(Array.from({ length: 12 }, partner))
  for (const one of partners) await join(one, id)
  const attempts = [2, 1, 3, [partners[11]!], 2, [partners[10]!, partners[9]!], 1, 1]
  await Promise.allSettled(attempts.map((whom) => within((tx) => pilots.admit(tx, id, whom))))
  const { admitted, capacity } = await within((tx) => pilots.findPilot(tx, id))
  assert.ok(admitted <= capacity, `${admitted}`)
  assert.ok(admitted >= 3, `${admitted}`)
  if (admitted < 5) await within((tx) => pilots.admit(tx, id, 5 - admitted))
  const oneMore = within((tx) => pilots.admit(tx, id, 1))
  await assert.rejects(oneMore, /pilots\.full: .*0 of 5 places are free/)
  assert.equal((await within((tx) => pilots.findPilot(tx, id))).admitted, 5)
})

/** What can be done to a pilot with five partners, each said by its number. */
const who = fc.nat({ max: 4 })
const step = fc.oneof(
  fc.record({ kind: fc.constant('join' as const), who }),
  fc.record({ kind: fc.constant('leave' as const), who }),
  fc.record({ kind: fc.constant('next' as const), count: fc.integer({ min: 1, max: 3 }) }),
  fc.record({
    kind: fc.constant('named' as const),
    whom: fc.uniqueArray(who, { minLength: 1, maxLength: 3 }),
  }),
  fc.record({ kind: fc.constant('capacity' as const), capacity: fc.integer({ min: 1, max: 4 }) }),
)
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never

/** The same in two lists: a naive pilot to compare with. Returns whether the step is allowed. */
function model(state: { waiting: number[]; admitted: number[]; capacity: number }, taken: Step): boolean {
  const without = (list: number[], gone: number[]) => list.filter((each) => !gone.includes(each))
  if (taken.kind === 'join') {
    if (![...state.waiting, ...state.admitted].includes(taken.who)) state.waiting.push(taken.who)
    return true
  }
  if (taken.kind === 'leave') {
    const had = [...state.waiting, ...state.admitted].includes(taken.who)
    state.waiting = without(state.waiting, [taken.who])
    state.admitted = without(state.admitted, [taken.who])
    return had
  }
  if (taken.kind === 'capacity') {
    if (taken.capacity < state.admitted.length) return false
    state.capacity = taken.capacity
    return true
  }
  const wanted =
    taken.kind === 'next' ? state.waiting.slice(0, taken.count) : without(taken.whom, state.admitted)
  if (state.admitted.length + wanted.length > state.capacity) return false
  state.waiting = without(state.waiting, wanted)
  state.admitted.push(...wanted)
  return true
}

test('property: whatever is done in whatever order, places and positions are those of a naive pilot', async () => {
  const partners = await Promise.all(Array.from({ length: 5 }, partner))
  const take = (tx: Tx, id: string, taken: Step): Promise<unknown> => {
    if (taken.kind === 'join') return pilots.joinWaitlist(tx, partners[taken.who]!, id)
    if (taken.kind === 'leave') return pilots.leave(tx, partners[taken.who]!, id)
    if (taken.kind === 'capacity') return pilots.changePilot(tx, id, { capacity: taken.capacity })
    const whom = taken.kind === 'next' ? taken.count : taken.whom.map((each) => partners[each]!)
    return pilots.admit(tx, id, whom)
  }
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 15 }), async (steps) => {
      const { id } = await open(2)
      const state = { waiting: [] as number[], admitted: [] as number[], capacity: 2 }
      for (const taken of steps) {
        const allowed = model(state, taken)
        const done = await within((tx) => take(tx, id, taken)).then(
          () => true,
          (error: Error) => !error.message.startsWith('pilots.'),
        )
        assert.equal(done, allowed, JSON.stringify(taken))
      }
      assert.deepEqual(
        await waiting(id),
        state.waiting.map((each) => partners[each]),
      )
      const found = await within((tx) => pilots.findPilot(tx, id))
      const { admitted, capacity } = found
      assert.deepEqual([admitted, capacity], [state.admitted.length, state.capacity])
    }),
    { numRuns: 40 },
  )
})

test('those who join at once get positions without a gap, and keep their order', async () => {
  const { id } = await open(3)
  const partners = await Promise.all(Array.from({ length: 10 }, partner))
  await Promise.all([...partners, ...partners].map((each) => join(each, id)))
  const order = await waiting(id)
  assert.deepEqual(order.toSorted(), partners.toSorted())
  await within((tx) => pilots.admit(tx, id, 2))
  await within((tx) => pilots.leave(tx, order[4]!, id))
  await within((tx) => pilots.admit(tx, id, [order[9]!]))
  assert.deepEqual(
    await waiting(id),
    [2, 3, 5, 6, 7, 8].map((at) => order[at]),
  )
  await join(order[4]!, id)
  assert.equal((await waiting(id)).at(-1), order[4])
})

test('a partner sees its position though it sees nobody else’s place', async () => {
  const { id } = await open(3)
  const [first, second] = [await partner(), await partner()]
  for (const each of [first, second]) await join(each, id)
  const actor = { kind: 'application', id: newId(), partnerId: second } as const
  const seen = await transact(database.control, actor, async (tx) => ({
    place: await pilots.joinWaitlist(tx, second, id),
    rows: await tx.rows('select 1 from access_pilot_place where pilot_id = $1', [id]),
    other: await tx.rows<{ at: string | null }>('select access_waitlist_position($1, $2) as at', [id, first]),
  }))
  assert.deepEqual([seen.place.position, seen.rows.length, seen.other[0]!.at], [2, 1, null])
})

test('promoted: the capability is general, and everyone admitted keeps it by a grant of their own', async () => {
  const { id, capability: name, capabilityId } = await open(2)
  const [first, second, third] = [await partner(), await partner(), await partner()]
  for (const each of [first, second, third]) await join(each, id)
  await within((tx) => pilots.admit(tx, id, 2))
  const done = await within((tx) => pilots.promote(tx, id, 'it works'))
  assert.equal(done.outcome, 'promoted')
  const found = (await within(listCapabilities)).find((each) => each.name === name)
  assert.equal(found!.exposure, 'general')
  const three = [first, second, third]
  const grants = await within((tx) => readGrants(tx, partnersNamed(three), null))
  const granted = three.map((each) => {
    const timeline = grantsOf(grants.get(each) ?? '').get(capabilityId)
    return timeline ? at(timeline, now).value : null
  })
  assert.deepEqual(granted, [true, true, null])
  const over: ((tx: Tx) => Promise<unknown>)[] = [
    (tx) => pilots.promote(tx, id, 'again'),
    (tx) => pilots.cancelPilot(tx, id, 'again'),
    (tx) => pilots.admit(tx, id, 1),
    (tx) => pilots.joinWaitlist(tx, third, id),
  ]
  for (const attempt of over) await assert.rejects(within(attempt), /pilots\.closed/)
})

test('while a pilot runs its capability becomes general by promotion alone, by hand, by file or out of the dark', async () => {
  const { id, capability: name } = await open(2)
  const general = (tx: Tx) => changeExposure(tx, name, 'general', { reason: 'liked' })
  await assert.rejects(within(general), /capabilities\.pilot_runs/)
  const byFile = within((tx) => declareCapability(tx, { name, title: name, exposure: 'general' }))
  await assert.rejects(byFile, /capabilities\.pilot_runs/)
  await within((tx) => changeExposure(tx, name, 'dark', { reason: 'a leak' }))
  const actions = { 'capabilities.open': openAction }
  const person = () => ({ kind: 'operator', id: newId(), role: 'admin' }) as const
  const { id: proposalId } = await transact(database.control, person(), (tx) =>
    propose(tx, actions, {
      action: 'capabilities.open',
      params: { capability: name, to: 'general', reason: 'ready', gates: [], evidence: [] },
      expiresAt: new Date(now + 60_000),
    }),
  )
  const { proposal } = await transact(database.control, person(), (tx) => approve(tx, actions, proposalId))
  assert.deepEqual([proposal.state, proposal.failure], ['failed', 'capabilities.pilot_runs'])
  await within((tx) => pilots.cancelPilot(tx, id, 'given up'))
  await within((tx) => declareCapability(tx, { name, title: name, exposure: 'internal' }))
})

test('a pilot that is opened and an exposure that becomes general at once: one of them', async () => {
  for (let round = 0; round < 10; round += 1) {
    const name = await capability()
    const [opening, change] = await Promise.allSettled([
      within((tx) => pilots.openPilot(tx, { capability: name, capacity: 1, endsAt: null })),
      within((tx) => changeExposure(tx, name, 'general', { reason: 'liked' })),
    ])
    assert.notEqual(opening.status, change.status)
  }
})

test('nothing is promoted from dark, nor half of it done', async () => {
  const { id } = await open(2, null, 'dark')
  await join(await partner(), id)
  await within((tx) => pilots.admit(tx, id, 1))
  const attempt = within((tx) => pilots.promote(tx, id, 'too early'))
  await assert.rejects(attempt, /pilots\.exposure/)
  assert.equal((await within((tx) => pilots.findPilot(tx, id))).closedAt, null)
})
