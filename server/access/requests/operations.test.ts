/** Access requests as a partner makes them: its own only, and nothing in them that is the provider's. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { fullForm, requestScene } from '../../../tests/support/access/requests.ts'
import { testDatabase } from '../../../tests/support/database.ts'
import { nobodys } from '../../../tests/support/partner/operations.ts'

const database = await testDatabase()
const scene = await requestScene(database)
const { ask } = scene
for (const exposure of ['internal', 'dark', 'pilot', 'general', 'deprecated', 'retired'] as const) {
  await scene.capability(`is-${exposure}`, exposure)
}
await scene.offer('starter', ['is-general'])
await scene.offer('pro', ['is-general'])

const starter = { package: 'starter' }

async function count(): Promise<number> {
  const { rows } = await database.owner.query<{ n: number }>('select count(*)::int as n from access_request')
  return rows[0]!.n
}

describe('every operation', () => {
  const operations = {
    listAccessRequests: {},
    getAccessRequest: {},
    createAccessRequest: { body: starter },
    editAccessRequest: { body: { form: {} } },
    submitAccessRequest: {},
    withdrawAccessRequest: {},
    answerAccessRequest: { body: { text: 'Yes.' } },
  }

  test('403 for a key of the sandbox', async () => {
    const { sandbox } = await scene.partner()
    for (const [operation, asked] of Object.entries(operations)) {
      const { status, code } = await ask(sandbox, operation, { id: nobodys('acr'), ...asked })
      assert.deepEqual([status, code], [403, 'auth.live_key_needed'], operation)
    }
  })

  test('404 for another partner’s, as for one there is not and what is no id', async () => {
    const [mine, theirs] = [await scene.partner(), await scene.partner()]
    const id = await scene.submitted(theirs.admin, starter)
    for (const [operation, asked] of Object.entries(operations)) {
      if (operation === 'listAccessRequests' || operation === 'createAccessRequest') continue
      for (const one of [id, nobodys('acr'), 'acr_', id.replace('acr', 'ptn')]) {
        const { status, code } = await ask(mine.admin, operation, { id: one, ...asked })
        assert.deepEqual([status, code], [404, 'requests.not_found'], `${operation} ${one}`)
      }
    }
    assert.deepEqual((await ask(mine.live, 'listAccessRequests')).body.data, [])
    assert.equal((await ask(theirs.admin, 'getAccessRequest', { id })).body.state, 'submitted')
  })
})

describe('POST /partner/access/requests', () => {
  test('422 alike for what is hidden and for what there is not; nothing is written', async () => {
    const { admin } = await scene.partner()
    await scene.lapsedCapability('is-lapsed')
    const before = await count()
    const hidden = ['is-internal', 'is-dark', 'is-retired', 'is-lapsed', 'no-such', 'partner-api', 'starter']
    for (const capability of hidden) {
      const answer = await ask(admin, 'createAccessRequest', { body: { capability, form: fullForm } })
      assert.deepEqual([answer.status, answer.code], [422, 'requests.unknown'], capability)
    }
    for (const name of ['no-such', 'is-general']) {
      const answer = await ask(admin, 'createAccessRequest', { body: { package: name } })
      assert.deepEqual([answer.status, answer.code], [422, 'requests.unknown'], name)
    }
    const refusals = await Promise.all(
      ['is-dark', 'no-such'].map(async (capability) => {
        const { problem } = await scene.refusal(admin, 'createAccessRequest', { body: { capability } })
        return JSON.stringify(problem).replaceAll(capability, 'X')
      }),
    )
    assert.equal(refusals[0], refusals[1])
    assert.equal(await count(), before)
  })

  test('409 with the waitlist as the way, where there is a pilot', async () => {
    const { admin } = await scene.partner()
    const { status, problem } = await scene.refusal(admin, 'createAccessRequest', {
      body: { capability: 'is-pilot' },
    })
    assert.deepEqual([status, problem.next?.[0]?.action], [409, 'join-waitlist'])
    assert.equal(problem.next?.[0]?.href, '/portal/access?capability=is-pilot')
  })

  test('409 for a second open one for the same thing, by whoever; another thing, and one after it, go', async () => {
    const { admin, live } = await scene.partner()
    const made = await ask(admin, 'createAccessRequest', { body: starter })
    for (const caller of [admin, live]) {
      const { status, code } = await ask(caller, 'createAccessRequest', { body: starter })
      assert.deepEqual([status, code], [409, 'requests.open'])
    }
    assert.equal((await ask(live, 'createAccessRequest', { body: { package: 'pro' } })).status, 201)
    for (const capability of ['is-general', 'is-deprecated']) {
      assert.equal((await ask(live, 'createAccessRequest', { body: { capability } })).status, 201)
    }
    await ask(admin, 'withdrawAccessRequest', { id: made.body.id as string })
    assert.equal((await ask(live, 'createAccessRequest', { body: starter })).status, 201)
    const both = await Promise.all(
      [admin, live].map((caller) => ask(caller, 'createAccessRequest', { body: { package: 'starter' } })),
    )
    assert.deepEqual(
      both.map(({ status }) => status),
      [409, 409],
    )
  })

  test('of two at once one is made', async () => {
    const { admin, live } = await scene.partner()
    const both = [admin, live].map((caller) => ask(caller, 'createAccessRequest', { body: starter }))
    const made = (await Promise.all(both)).filter(({ status }) => status === 201)
    assert.equal(made.length, 1)
    const list = (await ask(admin, 'listAccessRequests')).body.data
    assert.deepEqual(
      list.map((each: { id: string }) => each.id),
      [made[0]!.body.id],
    )
  })

  test('201 with a draft that the provider does not see', async () => {
    const { admin, partnerId } = await scene.partner({ isNew: true })
    const form = { useCase: 'Order sync' }
    const { status, body } = await ask(admin, 'createAccessRequest', { body: { ...starter, form } })
    assert.equal(status, 201)
    const { id, createdAt, ...rest } = body
    assert.ok(Date.parse(createdAt as string) > 0)
    assert.deepEqual(rest, {
      asksFor: { kind: 'package', name: 'starter', title: 'The starter' },
      state: 'draft',
      waitsForAnswer: false,
      submittedAt: null,
      dueAt: null,
      decidedAt: null,
      reason: null,
      form,
      missing: ['legalName', 'country', 'address', 'billingEmail', 'currency', 'timeZone'],
      messages: [],
    })
    const operator = await scene.operator()
    assert.equal((await scene.find(operator, id as string)).status, 404)
    const list = await scene.api.call(
      `GET /v1/access-requests?partner=ptn_${partnerId.replaceAll('-', '')}`,
      {
        as: 'auditor',
      },
    )
    assert.deepEqual(list.body.data, [])
  })
})

describe('POST /partner/access/requests/{id}/submit', () => {
  test('422 with every place that is missing, in the form and in the profile', async () => {
    const { admin } = await scene.partner({ isNew: true })
    const made = await ask(admin, 'createAccessRequest', { body: starter })
    const id = made.body.id as string
    await ask(admin, 'editAccessRequest', { id, body: { form: { environments: ['live'] } } })
    const { status, code, problem } = await scene.refusal(admin, 'submitAccessRequest', { id })
    assert.deepEqual([status, code], [422, 'requests.incomplete'])
    const places = problem.errors?.map((each) => `${each.in} ${each.pointer}`)
    assert.deepEqual(places, [
      ...['useCase', 'volume', 'data', 'acceptedTerms'].map((name) => `form #/${name}`),
      ...['legalName', 'country', 'address', 'billingEmail', 'currency', 'timeZone'].map(
        (name) => `profile #/${name}`,
      ),
    ])
    assert.equal((await ask(admin, 'getAccessRequest', { id })).body.state, 'draft')
  })

  test('200 by a key too, once; 409 after that', async () => {
    const { live, admin } = await scene.partner()
    const id = await scene.submitted(live, starter)
    const shown = (await ask(admin, 'getAccessRequest', { id })).body
    assert.deepEqual([shown.state, shown.form, shown.missing], ['submitted', fullForm, []])
    assert.equal(Date.parse(shown.dueAt as string) - Date.parse(shown.submittedAt as string), 5 * 86_400_000)
    for (const [operation, asked] of [
      ['submitAccessRequest', {}],
      ['editAccessRequest', { body: { form: { useCase: 'Something else' } } }],
      ['answerAccessRequest', { body: { text: 'Nobody asked.' } }],
    ] as const) {
      const { status, code } = await ask(live, operation, { id, ...asked })
      assert.deepEqual([status, code], [409, 'requests.not_now'], operation)
    }
    assert.deepEqual((await ask(admin, 'getAccessRequest', { id })).body, shown)
  })
})

test('a draft for what went into a pilot is not handed in: 409 with the waitlist', async () => {
  await scene.capability('soon-pilot')
  const { admin } = await scene.partner()
  const body = { capability: 'soon-pilot', form: fullForm }
  const { id } = (await ask(admin, 'createAccessRequest', { body })).body as { id: string }
  await scene.expose('soon-pilot', 'pilot')
  const { status, code } = await ask(admin, 'submitAccessRequest', { id })
  assert.deepEqual([status, code], [409, 'requests.by_waitlist'])
  assert.equal((await ask(admin, 'getAccessRequest', { id })).body.state, 'draft')
})

describe('what a partner reads', () => {
  test('nothing of the reviewers: no note, no name, no trace of one in its audit', async () => {
    const { admin, partnerId } = await scene.partner()
    const id = await scene.submitted(admin, starter)
    const reviewer = await scene.operator()
    await scene.review(reviewer, id, 'claim', {})
    await scene.review(reviewer, id, 'notes', { text: 'SECRET: their last invoice is unpaid' })
    await scene.review(reviewer, id, 'questions', { text: 'Which shops?' })
    await ask(admin, 'answerAccessRequest', { id, body: { text: 'Both.' } })
    await scene.review(reviewer, id, 'notes', { text: 'SECRET: good enough' })
    await scene.review(reviewer, id, 'decline', { reason: 'Not this year.' })
    const one = (await ask(admin, 'getAccessRequest', { id })).body
    assert.deepEqual(
      one.messages.map(({ kind, text }: { kind: string; text: string }) => [kind, text]),
      [
        ['question', 'Which shops?'],
        ['answer', 'Both.'],
      ],
    )
    assert.deepEqual([one.state, one.reason], ['declined', 'Not this year.'])
    const all = (await ask(admin, 'listAccessRequests', { query: { state: 'declined' } })).body
    const seen = JSON.stringify([one, all])
    for (const word of ['SECRET', reviewer.id.replaceAll('-', ''), 'note'])
      assert.ok(!seen.includes(word), word)
    const { rows } = await database.owner.query<{ action: string }>(
      'select action from governance_audit where partner_id = $1 order by id',
      [partnerId],
    )
    const actions = rows.map(({ action }) => action).filter((action) => action.startsWith('requests.'))
    assert.deepEqual(actions, ['requests.claim', 'requests.ask', 'requests.decline'])
  })

  test('the second wall: a statement that asks for every message is shown no note', async () => {
    const { admin, actor } = await scene.partner()
    const id = await scene.submitted(admin, starter)
    const reviewer = await scene.operator()
    await scene.review(reviewer, id, 'claim', {})
    for (const verb of ['notes', 'questions']) await scene.review(reviewer, id, verb, { text: 'Text' })
    const kinds = await scene.api.inTx(
      (tx) => tx.rows<{ kind: string }>('select kind from access_request_message'),
      actor,
    )
    assert.deepEqual(kinds, [{ kind: 'question' }])
  })

  test('pages, newest first, each once, without those for what was hidden since', async () => {
    const { admin } = await scene.partner()
    const things = [
      { package: 'starter' },
      { package: 'pro' },
      { capability: 'soon-dark' },
      { capability: 'is-general' },
    ]
    await scene.capability('soon-dark')
    for (const body of things) await ask(admin, 'createAccessRequest', { body })
    await scene.expose('soon-dark', 'dark')
    const seen: string[] = []
    for (let cursor: string | null = ''; cursor !== null;) {
      const query: Record<string, string> = { limit: '2', ...(cursor !== '' && { cursor }) }
      const { body } = await ask(admin, 'listAccessRequests', { query })
      seen.push(...body.data.map((each: { asksFor: { name: string } }) => each.asksFor.name))
      cursor = body.nextCursor as string | null
    }
    assert.deepEqual(seen, ['is-general', 'pro', 'starter'])
    await scene.expose('soon-dark', 'general')
    assert.equal((await ask(admin, 'listAccessRequests')).body.data.length, 4)
  })
})
