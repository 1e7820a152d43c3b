/** What needs two people is done by two people, once, wholly or not at all. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Type } from 'typebox'
import { createAuditSink, listAudit } from '#/governance/audit/audit.ts'
import { approve, decline, findProposal, proposalAction, propose } from '#/governance/proposals/proposals.ts'
import type { Proposed } from '#/governance/proposals/proposals.ts'
import { operatorRoles } from '#/governance/roles/roles.ts'
import { systemClock } from '#/kernel/clock/clock.ts'
import { createSealer } from '#/kernel/crypto/crypto.ts'
import { transact } from '#/kernel/db/db.ts'
import type { Actor, Tx } from '#/kernel/db/db.ts'
import { newId } from '#/kernel/id/id.ts'
import { problem } from '#/kernel/problem/problem.ts'
import { testDatabase } from '../../../tests/support/database.ts'

const sealer = createSealer(Buffer.alloc(32, 7))
const now = new Date('2026-11-01T12:00:00.000Z')
const database = await testDatabase({ ...systemClock(), business: () => now })
const control = { ...database.control, audit: createAuditSink(sealer) }

const operator = (role: string, id = newId()) => ({ kind: 'operator', id, role }) as const
const [ann, ben] = [operator('admin'), operator('admin')]
const hour = 3_600_000
const soon = () => new Date(now.getTime() + hour)

/** Everything an action can do, and then, where it is told to, a failure. */
const actions = {
  'things.end': proposalAction({
    permission: 'partners:write',
    params: Type.Object({ thing: Type.String(), fails: Type.Optional(Type.String()) }),
    async run(tx, { thing, fails }) {
      const subject = { kind: 'thing', id: thing }
      await tx.rows(
        `insert into control.kernel_outbox (id, type, data, occurred_at)
                     values (gen_random_uuid(), 'test.row', jsonb_build_object('thing', $1::text), now())`,
        [thing],
      )
      tx.emit('test.ended', { partnerId: null, data: { thing } })
      tx.changed('thing', null)
      tx.audit({ action: 'things.end', subject, changes: { state: 'ended' } })
      if (fails === 'problem') throw refused.with()
      if (fails === 'bug') throw new TypeError('a bug')
      if (fails === 'sql') await tx.rows('select 1 / 0')
      if (fails === 'busy') throw Object.assign(new Error('no lock'), { code: '55P03' })
    },
  }),
  'things.tax': proposalAction({
    permission: 'operators:write',
    params: Type.Object({}),
    run: async () => {},
  }),
}
const refused = problem('test.refused', 409, 'Not now', { help: 'Later.' })

const as = <T>(actor: Actor, work: (tx: Tx) => Promise<T>) => transact(control, actor, work)
const opened = (actor: Actor = ann, more: Partial<Proposed> = {}) =>
  as(actor, (tx) =>
    propose(tx, actions, {
      action: 'things.end',
      params: { thing: newId() },
      expiresAt: soon(),
      ...more,
    }),
  )
const approved = (actor: Actor, id: string) => as(actor, (tx) => approve(tx, actions, id))
const found = (id: string) => as(ann, (tx) => findProposal(tx, id))

/** What the action of a proposal left behind: rows, events, changes of what gateways hold, lines. */
async function traces(thing: unknown) {
  const count = async (text: string) =>
    Number((await database.control.pool.query<{ n: string }>(text, [thing])).rows[0]?.n)
  const lines = await as(ann, (tx) => listAudit(tx, sealer, { subjectId: String(thing) }, {}))
  return {
    rows: await count(
      `select count(*) as n from kernel_outbox where type = 'test.row' and data->>'thing' = $1`,
    ),
    events: await count(
      `select count(*) as n from kernel_outbox where type = 'test.ended' and data->>'thing' = $1`,
    ),
    lines: lines.data,
  }
}

async function changes(): Promise<number> {
  const rows = await database.control.pool.query<{ last: string }>('select last from kernel_change_counter')
  return Number(rows.rows[0]?.last)
}

test('403 for whoever proposed it, also in another role, and the table itself refuses it', async () => {
  const { id } = await opened(ann)
  for (const same of [ann, operator('partner-manager', ann.id)]) {
    await assert.rejects(approved(same, id), /proposals\.own/)
  }
  assert.equal((await found(id)).state, 'open')
  const forged = as(ann, (tx) =>
    tx.rows(
      `update governance_proposal set state = 'done', decided_by = proposed_by, decided_at = now() where id = $1`,
      [id],
    ),
  )
  await assert.rejects(forged, { code: '23514' })
})

test('403 for every role without the permission of the action, or without the right to decide', async () => {
  const [wide, narrow] = [await opened(), await opened(ann, { action: 'things.tax', params: {} })]
  const outcome = async (role: string, id: string) =>
    approved(operator(role), id).then(
      ({ proposal }) => proposal.state,
      (error: Error) => error.message.split(':')[0],
    )
  for (const role of [...operatorRoles.filter((one) => one !== 'admin'), 'nobody']) {
    assert.equal(await outcome(role, narrow.id), 'proposals.not_allowed', role)
    if (role !== 'partner-manager') assert.equal(await outcome(role, wide.id), 'proposals.not_allowed', role)
    await assert.rejects(
      as(operator(role), (tx) => decline(tx, narrow.id, 'no')),
      /proposals\.not_allowed/,
    )
  }
  assert.equal(await outcome('partner-manager', wide.id), 'done')
  assert.equal(await outcome('admin', narrow.id), 'done')
})

test('403 for everyone who is no person of the provider, for each verb', async () => {
  const { id } = await opened()
  const others: Actor[] = [
    { kind: 'service', id: newId(), role: 'admin' },
    { kind: 'system', name: 'test' },
    { kind: 'member', id: newId(), partnerId: newId(), role: 'owner' },
    { kind: 'application', id: newId(), partnerId: newId() },
  ]
  for (const actor of others) {
    await assert.rejects(opened(actor), /proposals\.not_allowed/)
    await assert.rejects(approved(actor, id), /proposals\.not_allowed/)
    await assert.rejects(
      as(actor, (tx) => decline(tx, id, 'no')),
      /proposals\.not_allowed/,
    )
  }
})

test('404 for a proposal that does not exist', async () => {
  await assert.rejects(approved(ben, newId()), /proposals\.not_found/)
  await assert.rejects(found(newId()), /proposals\.not_found/)
})

test('an approval does it, and both people are on record', async () => {
  const thing = newId()
  const { id } = await opened(ann, { params: { thing }, partnerId: newId(), purpose: 'unpaid since May' })
  assert.deepEqual(await traces(thing), { rows: 0, events: 0, lines: [] })
  const { proposal, error } = await approved(ben, id)
  assert.equal(error, null)
  assert.deepEqual(
    [proposal.state, proposal.proposedBy, proposal.decidedBy, proposal.decidedAt],
    ['done', ann.id, ben.id, now],
  )
  const { rows, events, lines } = await traces(thing)
  assert.deepEqual([rows, events, lines.length], [1, 1, 1])
  assert.equal(lines[0]?.actor.id, ben.id)
  assert.deepEqual(lines[0]?.changes, { state: 'ended', proposalId: id, proposedBy: ann.id })
  const history = await as(ann, (tx) => listAudit(tx, sealer, { subjectId: id }, {}))
  assert.deepEqual(history.data.map(({ action, actor }) => `${action} ${actor.id}`).toSorted(), [
    `proposals.approve ${ben.id}`,
    `proposals.propose ${ann.id}`,
  ])
  assert.ok(history.data.every((line) => line.partnerId === null))
})

test('of many approvals at once one does it; the others are told that it is closed', async () => {
  const thing = newId()
  const { id } = await opened(ann, { params: { thing } })
  const tries = await Promise.allSettled(Array.from({ length: 8 }, () => approved(operator('admin'), id)))
  const failures = tries.filter((one) => one.status === 'rejected').map((one) => String(one.reason))
  assert.equal(failures.length, 7)
  for (const failure of failures) assert.match(failure, /proposals\.closed: .* done/)
  const { rows, events, lines } = await traces(thing)
  assert.deepEqual([rows, events, lines.length], [1, 1, 1])
})

test('an approval and a withdrawal at once: one of them', async () => {
  for (let round = 0; round < 5; round += 1) {
    const thing = newId()
    const { id } = await opened(ann, { params: { thing } })
    await Promise.allSettled([approved(ben, id), as(ann, (tx) => decline(tx, id, 'never mind'))])
    const { state } = await found(id)
    assert.equal((await traces(thing)).rows, state === 'done' ? 1 : 0)
    assert.ok(['done', 'declined'].includes(state))
  }
})

for (const [fails, failure] of [
  ['problem', 'test.refused'],
  ['bug', 'internal'],
  ['sql', 'internal'],
] as const) {
  test(`an action that fails (${fails}) leaves the proposal failed and nothing else`, async () => {
    const thing = newId()
    const { id } = await opened(ann, { params: { thing, fails } })
    const before = await changes()
    const { proposal, error } = await approved(ben, id)
    assert.ok(error)
    assert.deepEqual([proposal.state, proposal.failure, proposal.decidedBy], ['failed', failure, ben.id])
    assert.deepEqual(await found(id), proposal)
    assert.deepEqual(await traces(thing), { rows: 0, events: 0, lines: [] })
    assert.equal(await changes(), before)
    await assert.rejects(approved(operator('admin'), id), /proposals\.closed/)
  })
}

test('an action that found the database busy leaves the proposal open', async () => {
  const thing = newId()
  const { id } = await opened(ann, { params: { thing, fails: 'busy' } })
  await assert.rejects(approved(ben, id), /no lock/)
  assert.equal((await found(id)).state, 'open')
  assert.deepEqual(await traces(thing), { rows: 0, events: 0, lines: [] })
})

test('an action that is not known any more, or not in this form, is not done', async () => {
  const { id } = await opened(ann)
  const { proposal } = await as(ben, (tx) => approve(tx, {}, id))
  assert.deepEqual([proposal.state, proposal.failure], ['failed', 'internal'])
  const other = {
    'things.end': proposalAction({ ...actions['things.tax'], params: Type.Object({ n: Type.Number() }) }),
  }
  const again = await opened(ann)
  assert.equal((await as(ben, (tx) => approve(tx, other, again.id))).proposal.state, 'failed')
})

test('what is not registered, or has other parameters, cannot be proposed', async () => {
  for (const wrong of [
    { action: 'things.none' },
    { action: 'toString' },
    { params: {} },
    { params: { thing: 3 } },
  ]) {
    await assert.rejects(opened(ann, wrong), /cannot be proposed/)
  }
  await assert.rejects(opened(ann, { expiresAt: now }), { code: '23514' })
})

test('declined: with a reason, by another person or as a withdrawal; then it is closed', async () => {
  for (const who of [ben, ann]) {
    const { id } = await opened(ann)
    const declined = await as(who, (tx) => decline(tx, id, 'not now'))
    assert.deepEqual([declined.state, declined.reason, declined.decidedBy], ['declined', 'not now', who.id])
    await assert.rejects(approved(ben, id), /proposals\.closed: .* declined/)
    await assert.rejects(
      as(ben, (tx) => decline(tx, id, 'again')),
      /proposals\.closed/,
    )
  }
})
