/** A request from the first word to what comes of it, and what may not happen on the way. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { at } from '#/access/history/history.ts'
import { grantsOf, packageOf, readGrants } from '#/access/packages/packages.ts'
import {
  answerRequest,
  approveRequest,
  askPartner,
  claimRequest,
  createRequest,
  declineRequest,
  findOwnRequest,
  submitRequest,
} from '#/access/requests/requests.ts'
import type { Thing } from '#/access/requests/requests.ts'
import { transact } from '#/kernel/db/db.ts'
import type { Actor, Tx } from '#/kernel/db/db.ts'
import { newId } from '#/kernel/id/id.ts'
import { partnersNamed } from '#/kernel/lines/lines.ts'
import { Problem } from '#/kernel/problem/problem.ts'
import { fullForm, requestScene } from '../../../tests/support/access/requests.ts'
import { testDatabase } from '../../../tests/support/database.ts'

const database = await testDatabase()
const scene = await requestScene(database)
const { sealer } = scene.api
await scene.capability('projects')
const rawData = await scene.capability('raw-data')
await scene.offer('starter', ['projects'])

const as = <T>(actor: Actor, work: (tx: Tx) => Promise<T>) => transact(scene.api.control, actor, work)
const refused = (code: string) => (error: unknown) =>
  error instanceof Problem && error.definition.code === code

async function outbox(requestId: string): Promise<string[]> {
  const { rows } = await database.owner.query<{ type: string }>(
    `select type from kernel_outbox where data->>'requestId' = $1 order by id`,
    [requestId],
  )
  return rows.map(({ type }) => type)
}

async function mails(): Promise<string[]> {
  const { rows } = await database.owner.query<{ kind: string }>(
    `select kind from identity_mail where kind like 'access-request-%' order by id`,
  )
  await database.owner.query('delete from identity_mail')
  return rows.map(({ kind }) => kind)
}

/** Submitted by an admin of a partner of its own, and claimed by an operator of its own. */
async function inReview(asksFor: Thing = { kind: 'package', name: 'starter' }) {
  const partner = await scene.partner()
  const { id } = await as(partner.actor, async (tx) => {
    const made = await createRequest(tx, partner.partnerId, asksFor, fullForm)
    return submitRequest(tx, sealer, partner.partnerId, made.id)
  })
  const reviewer = await scene.operator()
  await as(reviewer.actor, (tx) => claimRequest(tx, id, { takeOver: false }))
  return { partner, id, reviewer }
}

const stateOf = async (partner: { partnerId: string; actor: Actor }, id: string) =>
  (await as(partner.actor, (tx) => findOwnRequest(tx, sealer, partner.partnerId, id))).request.state

test('a starter applies, is asked a question, answers, is approved, and is on the package', async () => {
  const partner = await scene.partner()
  const { partnerId, actor } = partner
  const reviewer = await scene.operator()
  const { id } = await as(actor, (tx) =>
    createRequest(tx, partnerId, { kind: 'package', name: 'starter' }, fullForm),
  )
  const submitted = await as(actor, (tx) => submitRequest(tx, sealer, partnerId, id))
  assert.equal(submitted.dueAt!.getTime() - submitted.submittedAt!.getTime(), 5 * 86_400_000)
  await as(reviewer.actor, (tx) => claimRequest(tx, id, { takeOver: false }))
  const asked = await as(reviewer.actor, (tx) => askPartner(tx, sealer, id, 'Which shops?'))
  assert.deepEqual([asked.state, asked.waitsForPartner, asked.dueAt], ['in-review', true, null])
  const answered = await as(actor, (tx) => answerRequest(tx, partnerId, id, 'Both of them.'))
  assert.deepEqual([answered.waitsForPartner, answered.dueAt === null], [false, false])
  // What is newest when it is approved counts.
  await scene.offer('starter', ['projects', 'raw-data'])
  await as(reviewer.actor, (tx) => approveRequest(tx, sealer, id))
  const { request, messages } = await as(actor, (tx) => findOwnRequest(tx, sealer, partnerId, id))
  assert.equal(request.state, 'approved')
  assert.deepEqual(
    messages.map(({ kind, text }) => [kind, text]),
    [
      ['question', 'Which shops?'],
      ['answer', 'Both of them.'],
    ],
  )
  const assigned = await as(actor, (tx) => packageOf(tx, partnerId))
  assert.deepEqual([assigned?.name, assigned?.number], ['starter', 2])
  const happened = ['submitted', 'question', 'answered', 'approved'].map((each) => `access.request_${each}`)
  assert.deepEqual(await outbox(id), happened)
  // To the one member there is.
  assert.deepEqual(await mails(), ['access-request-question', 'access-request-approved'])
})

test('a capability that is approved is given beside the package', async () => {
  const { partner, id, reviewer } = await inReview({ kind: 'capability', name: 'raw-data' })
  await as(reviewer.actor, (tx) => approveRequest(tx, sealer, id))
  const grants = await as(partner.actor, (tx) => readGrants(tx, partnersNamed([partner.partnerId]), null))
  assert.equal(at(grantsOf(grants.get(partner.partnerId)!).get(rawData.id)!, Date.now()).value, true)
  assert.equal(await as(partner.actor, (tx) => packageOf(tx, partner.partnerId)), null)
})

test('a decline needs its reason, and gives nothing', async () => {
  const { partner, id, reviewer } = await inReview()
  await as(reviewer.actor, (tx) => declineRequest(tx, sealer, id, 'Too early.'))
  const { request } = await as(partner.actor, (tx) => findOwnRequest(tx, sealer, partner.partnerId, id))
  assert.deepEqual([request.state, request.reason], ['declined', 'Too early.'])
  assert.equal(await as(partner.actor, (tx) => packageOf(tx, partner.partnerId)), null)
})

test('only people whose role may change access review, and no service’s key', async () => {
  const { partner, id } = await inReview()
  const support: Actor = { kind: 'operator', id: newId(), role: 'support' }
  const service: Actor = { kind: 'service', id: newId(), role: 'admin' }
  for (const actor of [support, service, partner.actor, { kind: 'system', name: 'test' } as const]) {
    for (const verb of verbs) await assert.rejects(as(actor, verb(id)), refused('requests.not_allowed'))
  }
  assert.equal(await stateOf(partner, id), 'in-review')
})

const verbs: readonly ((id: string) => (tx: Tx) => Promise<unknown>)[] = [
  (id) => (tx) => claimRequest(tx, id, { takeOver: true }),
  (id) => (tx) => askPartner(tx, sealer, id, 'Why?'),
  (id) => (tx) => approveRequest(tx, sealer, id),
  (id) => (tx) => declineRequest(tx, sealer, id, 'No.'),
]

test('nobody reviews what they asked for, nor what an organisation of theirs asks for', async () => {
  const { partner, id } = await inReview()
  // The same person, signed in to the console.
  const requester: Actor = { kind: 'operator', id: partner.actor.id, role: 'admin' }
  const colleague = await scene.operator('admin', partner.partnerId)
  for (const actor of [requester, colleague.actor]) {
    for (const verb of verbs) await assert.rejects(as(actor, verb(id)), refused('requests.own'))
  }
  // Also when the membership is over.
  await database.owner.query('delete from identity_membership where person_id = $1', [partner.actor.id])
  for (const verb of verbs) await assert.rejects(as(requester, verb(id)), refused('requests.own'))
  const update = `update access_request set state = 'approved', decided_by = requested_by where id = $1`
  await assert.rejects(database.owner.query(update, [id]), /violates check constraint/)
})

test('of two who claim at once one wins; who is not the reviewer decides nothing until they take over', async () => {
  const partner = await scene.partner()
  const id = await as(partner.actor, async (tx) => {
    const made = await createRequest(tx, partner.partnerId, { kind: 'package', name: 'starter' }, fullForm)
    return (await submitRequest(tx, sealer, partner.partnerId, made.id)).id
  })
  const reviewers = [await scene.operator(), await scene.operator()]
  const claims = await Promise.allSettled(
    reviewers.map(({ actor }) => as(actor, (tx) => claimRequest(tx, id, { takeOver: false }))),
  )
  assert.deepEqual(claims.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected'])
  const won = claims.findIndex(({ status }) => status === 'fulfilled')
  const [winner, loser] = [reviewers[won]!, reviewers[1 - won]!]
  for (const verb of verbs.slice(1)) {
    await assert.rejects(as(loser.actor, verb(id)), refused('requests.claimed'))
  }
  await as(loser.actor, (tx) => claimRequest(tx, id, { takeOver: true }))
  await assert.rejects(
    as(winner.actor, (tx) => approveRequest(tx, sealer, id)),
    refused('requests.claimed'),
  )
  await as(loser.actor, (tx) => approveRequest(tx, sealer, id))
})

test('of two decisions at once one counts, and the other is told that it came too late', async () => {
  for (let round = 0; round < 5; round += 1) {
    const { partner, id, reviewer } = await inReview()
    const [approved, declined] = await Promise.allSettled([
      as(reviewer.actor, (tx) => approveRequest(tx, sealer, id)),
      as(reviewer.actor, (tx) => declineRequest(tx, sealer, id, 'No.')),
    ])
    const lost = [approved, declined].filter((each) => each.status === 'rejected')
    assert.equal(lost.length, 1)
    assert.ok(refused('requests.not_now')(lost[0]!.reason))
    const assigned = await as(partner.actor, (tx) => packageOf(tx, partner.partnerId))
    assert.equal(assigned !== null, approved.status === 'fulfilled')
    assert.equal(await stateOf(partner, id), assigned ? 'approved' : 'declined')
  }
})

test('what was hidden since is not given, and its partner sees no trace of it', async () => {
  for (const exposure of ['dark', 'retired', 'pilot'] as const) {
    const name = `was-${exposure}`
    await scene.capability(name)
    const { partner, id, reviewer } = await inReview({ kind: 'capability', name })
    await scene.expose(name, exposure)
    await assert.rejects(
      as(reviewer.actor, (tx) => approveRequest(tx, sealer, id)),
      refused('requests.not_open'),
    )
    const { partnerId } = partner
    if (exposure === 'pilot') continue
    const blind: ((tx: Tx) => Promise<unknown>)[] = [
      (tx) => findOwnRequest(tx, sealer, partnerId, id),
      (tx) => answerRequest(tx, partnerId, id, 'Here.'),
    ]
    for (const verb of blind) await assert.rejects(as(partner.actor, verb), refused('requests.not_found'))
    await mails()
    await as(reviewer.actor, (tx) => declineRequest(tx, sealer, id, 'It is gone.'))
    assert.deepEqual(await mails(), [])
  }
})

test('an approval whose connection dies before the commit has neither its state nor its effect', async () => {
  const { partner, id, reviewer } = await inReview()
  const dying = as(reviewer.actor, async (tx) => {
    await approveRequest(tx, sealer, id)
    assert.notEqual(await packageOf(tx, partner.partnerId), null)
    await tx.rows('select pg_terminate_backend(pg_backend_pid())')
  })
  await assert.rejects(dying)
  assert.equal(await stateOf(partner, id), 'in-review')
  assert.equal(await as(partner.actor, (tx) => packageOf(tx, partner.partnerId)), null)
  assert.ok(!(await outbox(id)).includes('access.request_approved'))
  await as(reviewer.actor, (tx) => approveRequest(tx, sealer, id))
  assert.equal(await stateOf(partner, id), 'approved')
})
