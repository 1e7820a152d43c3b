/** Proposals end by themselves in time, and are found again. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Type } from 'typebox'
import { createAuditSink, listAudit } from '#/governance/audit/audit.ts'
import { proposalsJob } from '#/governance/proposals/jobs.ts'
import {
  approve,
  decline,
  expireDue,
  findProposal,
  listProposals,
  proposalAction,
  propose,
} from '#/governance/proposals/proposals.ts'
import type { Proposed } from '#/governance/proposals/proposals.ts'
import { systemClock } from '#/kernel/clock/clock.ts'
import { createSealer } from '#/kernel/crypto/crypto.ts'
import { transact } from '#/kernel/db/db.ts'
import type { Actor, Tx } from '#/kernel/db/db.ts'
import { newId } from '#/kernel/id/id.ts'
import { testDatabase } from '../../../tests/support/database.ts'

const sealer = createSealer(Buffer.alloc(32, 7))
let now = new Date('2026-11-01T12:00:00.000Z')
const database = await testDatabase({ ...systemClock(), business: () => now })
const control = { ...database.control, audit: createAuditSink(sealer) }
const ann = { kind: 'operator', id: newId(), role: 'admin' } as const
const ben = { ...ann, id: newId() }
const hour = 3_600_000
const soon = () => new Date(now.getTime() + hour)

const actions = {
  'things.end': proposalAction({
    permission: 'partners:write',
    params: Type.Object({}),
    run: async () => {},
  }),
}

const as = <T>(actor: Actor, work: (tx: Tx) => Promise<T>) => transact(control, actor, work)
const opened = (actor = ann, more: Partial<Proposed> = {}) =>
  as(actor, (tx) => propose(tx, actions, { action: 'things.end', params: {}, expiresAt: soon(), ...more }))
const approved = (actor: Actor, id: string) => as(actor, (tx) => approve(tx, actions, id))
const found = (id: string) => as(ann, (tx) => findProposal(tx, id))

test('expired: nobody may decide it from that moment on, and the job closes it', async () => {
  const [due, later] = [
    await opened(ann),
    await opened(ann, { expiresAt: new Date(now.getTime() + 3 * hour) }),
  ]
  now = soon()
  await assert.rejects(approved(ben, due.id), /proposals\.closed: .* expired/)
  await assert.rejects(
    as(ann, (tx) => decline(tx, due.id, 'no')),
    /proposals\.closed: .* expired/,
  )
  await proposalsJob(control).run({})
  const closed = await found(due.id)
  assert.deepEqual([closed.state, closed.decidedBy, closed.decidedAt], ['expired', null, now])
  assert.equal((await found(later.id)).state, 'open')
  assert.equal((await approved(ben, later.id)).proposal.state, 'done')
  const history = await as(ann, (tx) => listAudit(tx, sealer, { subjectId: due.id }, {}))
  assert.ok(history.data.some((line) => line.action === 'proposals.expire' && line.actor.kind === 'system'))
})

test('expiry leaves what is being approved to who approves it, and goes in batches', async () => {
  const open = await Promise.all(Array.from({ length: 5 }, () => opened(ann)))
  const [first] = open
  const [locked, finish] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const approval = as(ben, async (tx) => {
    await approve(tx, actions, first!.id)
    locked.resolve()
    await finish.promise
  })
  await Promise.race([locked.promise, approval])
  now = soon()
  const system = { kind: 'system', name: 'test' } as const
  assert.equal(await as(system, (tx) => expireDue(tx, 3)), 3)
  assert.equal(await as(system, (tx) => expireDue(tx, 3)), 1)
  finish.resolve()
  await approval
  assert.equal(await as(system, (tx) => expireDue(tx, 3)), 0)
  assert.equal((await found(first!.id)).state, 'done')
})

test('the list: newest first, by state and partner, page by page', async () => {
  const partnerId = newId()
  const made: string[] = []
  for (let n = 0; n < 3; n += 1) made.unshift((await opened(ann, { partnerId })).id)
  await as(ben, (tx) => decline(tx, made[1]!, 'no'))
  const list = (filter: object, page: object) => as(ann, (tx) => listProposals(tx, sealer, filter, page))
  const ids = async (filter: object) => (await list({ partnerId, ...filter }, {})).data.map(({ id }) => id)
  assert.deepEqual(await ids({}), made)
  assert.deepEqual(await ids({ state: 'open' }), [made[0], made[2]])
  assert.deepEqual(await ids({ state: 'declined' }), [made[1]])
  const first = await list({ partnerId }, { limit: 2 })
  const second = await list({ partnerId }, { limit: 2, cursor: first.nextCursor })
  assert.deepEqual(
    [...first.data, ...second.data].map(({ id }) => id),
    made,
  )
  assert.equal(second.nextCursor, null)
  await assert.rejects(list({}, { limit: 2, cursor: first.nextCursor }), /http\.bad_cursor/)
})
