/** Access requests over the admin port: who may not, whose turn it is, and the decision. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { packageOf } from '#/access/packages/packages.ts'
import { overdueRequestsJob } from '#/access/requests/jobs.ts'
import { publicId } from '#/kernel/id/id.ts'
import { requestScene } from '../../../tests/support/access/requests.ts'
import type { Operator } from '../../../tests/support/access/requests.ts'
import { testDatabase } from '../../../tests/support/database.ts'
import { nobodys, uuidOf } from '../../../tests/support/partner/operations.ts'

const database = await testDatabase()
const scene = await requestScene(database)
const { api, ask, review } = scene
await scene.capability('projects')
await scene.offer('starter', ['projects'])
const starter = { package: 'starter' }
const ada = await scene.operator()

const verbs: Readonly<Record<string, object | undefined>> = {
  claim: {},
  questions: { text: 'Which shops?' },
  notes: { text: 'Good people.' },
  approve: undefined,
  decline: { reason: 'Too early.' },
}

async function submitted() {
  const partner = await scene.partner()
  return { ...partner, id: await scene.submitted(partner.admin, starter) }
}

describe('every route', () => {
  test('403 for support, for a service’s key, for who asked and for a member of who asks', async () => {
    const { id, actor, partnerId } = await submitted()
    const own = { id: actor.id, actor: ada.actor, headers: { operator: `admin ${actor.id}` } }
    const colleague = await scene.operator('admin', partnerId)
    for (const [verb, body] of Object.entries(verbs)) {
      for (const [by, code] of [
        [await scene.operator('support'), 'guard.forbidden'],
        [await scene.operator('auditor'), 'guard.forbidden'],
        [own, 'requests.own'],
        [colleague, 'requests.own'],
      ] as const) {
        const answer = await review(by, id, verb, body)
        assert.deepEqual([answer.status, answer.body.code], [403, code], verb)
      }
      const path = `POST /v1/access-requests/${id}/${verb}` as const
      const service = await api.call(path, { as: 'partner-manager', ...(body && { body }) })
      assert.deepEqual([service.status, service.body.code], [403, 'requests.not_allowed'], verb)
    }
    const { body } = await scene.find(ada, id)
    assert.deepEqual([body.state, body.reviewer, body.messages], ['submitted', null, []])
  })

  test('404 for one there is not, for a draft, and for a draft that was withdrawn', async () => {
    const { admin } = await scene.partner()
    const draft = (await ask(admin, 'createAccessRequest', { body: starter })).body.id as string
    const look = async (id: string) => {
      for (const [verb, body] of Object.entries(verbs)) {
        const answer = await review(ada, id, verb, body)
        assert.deepEqual([answer.status, answer.body.code], [404, 'requests.not_found'], verb)
      }
      assert.equal((await scene.find(ada, id)).status, 404)
    }
    for (const id of [nobodys('acr'), 'acr_x', draft]) await look(id)
    await ask(admin, 'withdrawAccessRequest', { id: draft })
    await look(draft)
  })

  test('409 before it is claimed, by who is not its reviewer, and after the decision', async () => {
    const { id } = await submitted()
    const bob = await scene.operator()
    const decisions = ['questions', 'approve', 'decline']
    const codes = async (by: Operator) =>
      Promise.all(
        decisions.map(async (verb) => (await review(by, id, verb, verbs[verb])).body.code as string),
      )
    assert.deepEqual(new Set(await codes(ada)), new Set(['requests.not_now']))
    assert.equal((await review(ada, id, 'claim', {})).status, 200)
    assert.deepEqual(new Set(await codes(bob)), new Set(['requests.claimed']))
    const claim = await review(bob, id, 'claim', {})
    assert.deepEqual([claim.status, claim.body.code], [409, 'requests.claimed'])
    const taken = await review(bob, id, 'claim', { takeOver: true })
    assert.deepEqual([taken.status, taken.body.reviewer], [200, publicId('per', bob.id)])
    assert.equal((await review(bob, id, 'decline', { reason: 'Too early.' })).status, 200)
    for (const by of [ada, bob]) {
      assert.deepEqual(new Set(await codes(by)), new Set(['requests.not_now']))
      assert.equal((await review(by, id, 'claim', { takeOver: true })).status, 409)
    }
  })
})

describe('POST /v1/access-requests/:id/…', () => {
  test('422 for a question, a note and a decline that say nothing', async () => {
    const { id } = await submitted()
    await review(ada, id, 'claim', {})
    const empty: readonly (readonly [string, object])[] = [
      ['questions', {}],
      ['questions', { text: '' }],
      ['questions', { text: ' \n' }],
      ['notes', { text: 'a\u0000b' }],
      ['decline', {}],
      ['decline', { reason: ' ' }],
      ['claim', { takeOver: 'yes' }],
    ]
    for (const [verb, body] of empty) assert.equal((await review(ada, id, verb, body)).status, 422, verb)
    assert.equal((await scene.find(ada, id)).body.state, 'in-review')
  })

  test('200 with everything that was written, and the package with the approval', async () => {
    const { id, admin, partnerId, actor } = await submitted()
    await review(ada, id, 'notes', { text: 'Look at the volume.' })
    await review(ada, id, 'claim', {})
    const asked = await review(ada, id, 'questions', { text: 'Which shops?' })
    assert.deepEqual([asked.body.waiting, asked.body.dueAt], ['partner', null])
    await ask(admin, 'answerAccessRequest', { id, body: { text: 'Both.' } })
    const { status, body } = await review(ada, id, 'approve')
    assert.deepEqual(
      [status, body.state, body.waiting, body.decidedBy, body.requestedBy, body.partnerId],
      [200, 'approved', null, publicId('per', ada.id), publicId('per', actor.id), publicId('ptn', partnerId)],
    )
    const by = publicId('per', ada.id)
    assert.deepEqual(
      body.messages.map((each: Record<string, string>) => [each['kind'], each['text'], each['writtenBy']]),
      [
        ['note', 'Look at the volume.', by],
        ['question', 'Which shops?', by],
        ['answer', 'Both.', null],
      ],
    )
    assert.deepEqual(body.form.volume, { perMonth: 20_000, peakPerSecond: 5 })
    assert.equal((await api.inTx((tx) => packageOf(tx, partnerId)))?.name, 'starter')
    assert.deepEqual((await scene.find(ada, id)).body, body)
  })

  test('each step is in the audit with who did it, the decline with its reason', async () => {
    const { id } = await submitted()
    for (const [verb, body] of Object.entries(verbs))
      if (verb !== 'approve') await review(ada, id, verb, body)
    const { rows } = await database.owner.query(
      `select action, actor_id as actor, reason from governance_audit
       where subject_kind = 'access-request' and subject_id = $1 order by id`,
      [uuidOf('acr', id)],
    )
    const lines = ['claim', 'ask', 'note', 'decline'].map((verb) => {
      return { action: `requests.${verb}`, actor: ada.id, reason: verb === 'decline' ? 'Too early.' : null }
    })
    assert.deepEqual(rows, lines)
  })
})

describe('GET /v1/access-requests', () => {
  const list = (query: string) => api.call(`GET /v1/access-requests?${query}`, { as: 'auditor' })
  const idsOf = (body: { data: { id: string }[] }) => body.data.map(({ id }) => id)

  test('403 for a service that only asks for decisions; 422 for a filter there is not', async () => {
    assert.equal((await api.call('GET /v1/access-requests', { as: 'service' })).status, 403)
    const path = `GET /v1/access-requests/${nobodys('acr')}` as const
    assert.equal((await api.call(path, { as: 'service' })).status, 403)
    for (const query of ['state=lost', 'partner=acme', 'waiting=me', 'overdue=2', 'limit=0']) {
      assert.equal((await list(query)).status, 422, query)
    }
  })

  test('200 by state, partner, turn and due date', async () => {
    const [waiting, late, done] = [await submitted(), await submitted(), await submitted()]
    for (const { id } of [waiting, done]) await review(ada, id, 'claim', {})
    await review(ada, waiting.id, 'questions', { text: 'Why?' })
    await review(ada, done.id, 'decline', { reason: 'No.' })
    const text = `update access_request set due_at = now() - interval '1 minute' where id = $1`
    await database.owner.query(text, [uuidOf('acr', late.id)])
    const has = async (query: string, ...expected: boolean[]) => {
      const ids = idsOf((await list(`${query}&limit=200`)).body)
      assert.deepEqual(
        [waiting, late, done].map(({ id }) => ids.includes(id)),
        expected,
        query,
      )
    }
    await has('state=in-review', true, false, false)
    await has('state=declined', false, false, true)
    await has('waiting=partner', true, false, false)
    await has('waiting=provider', false, true, false)
    await has('overdue=true', false, true, false)
    await has('overdue=false', true, false, true)
    await has(`partner=${publicId('ptn', late.partnerId)}`, false, true, false)
  })

  test('200 page by page, each once; a cursor fits its own query only', async () => {
    const seen: string[] = []
    let cursor = ''
    do {
      const { body } = await list(`state=submitted&limit=2${cursor && `&cursor=${cursor}`}`)
      seen.push(...idsOf(body))
      cursor = (body.nextCursor as string | null) ?? ''
      if (cursor) assert.equal((await list(`state=approved&limit=2&cursor=${cursor}`)).status, 400)
    } while (cursor)
    const all = idsOf((await list('state=submitted&limit=200')).body)
    assert.deepEqual(seen, all)
    assert.ok(all.length >= 2)
  })
})

test('what is overdue is told once for each due date, and not while the partner has to answer', async () => {
  const { id, admin } = await submitted()
  const uuid = uuidOf('acr', id)
  const job = overdueRequestsJob(api.control)
  const late = () =>
    database.owner.query(`update access_request set due_at = due_at - interval '6 days' where id = $1`, [
      uuid,
    ])
  async function told(): Promise<number[]> {
    await job.run({})
    const { rows } = await database.owner.query<{ events: number; lines: number }>(
      `select (select count(*)::int from kernel_outbox
               where type = 'access.request_overdue' and data->>'requestId' = $1) as events,
              (select count(*)::int from governance_audit
               where action = 'requests.overdue' and subject_id = $1) as lines`,
      [uuid],
    )
    return [rows[0]!.events, rows[0]!.lines]
  }
  assert.deepEqual(await told(), [0, 0])
  await late()
  assert.deepEqual(await told(), [1, 1])
  assert.deepEqual(await told(), [1, 1])
  await review(ada, id, 'claim', {})
  await review(ada, id, 'questions', { text: 'Why?' })
  await late()
  assert.deepEqual(await told(), [1, 1])
  await ask(admin, 'answerAccessRequest', { id, body: { text: 'Because.' } })
  assert.deepEqual(await told(), [1, 1])
  await late()
  assert.deepEqual(await told(), [2, 2])
  await review(ada, id, 'decline', { reason: 'No.' })
  assert.deepEqual(await told(), [2, 2])
})
