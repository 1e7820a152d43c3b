/** Whatever is called, by whom and in which order: a request is only ever where the list of moves leads. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { packageOf } from '#/access/packages/packages.ts'
import {
  answerRequest,
  approveRequest,
  askPartner,
  claimRequest,
  createRequest,
  declineRequest,
  editRequest,
  findOwnRequest,
  noteOnRequest,
  submitRequest,
  withdrawRequest,
} from '#/access/requests/requests.ts'
import { transact } from '#/kernel/db/db.ts'
import type { Actor, Tx } from '#/kernel/db/db.ts'
import { Problem } from '#/kernel/problem/problem.ts'
import { fullForm, requestScene } from '../../../tests/support/access/requests.ts'
import { testDatabase } from '../../../tests/support/database.ts'

const database = await testDatabase()
const scene = await requestScene(database)
const { sealer } = scene.api
await scene.offer('starter')

const reviewers = [await scene.operator(), await scene.operator('admin')]
const support = await scene.operator('support')

/** What a request may be, said apart from the code: state, who reviews, whether the partner has to answer. */
type Model = {
  state: 'draft' | 'submitted' | 'in-review' | 'approved' | 'declined' | 'withdrawn'
  reviewer: string | null
  waits: boolean
  notes: number
}

const names = [
  'edit',
  'submit',
  'withdraw',
  'answer',
  'claim',
  'take over',
  'ask',
  'note',
  'approve',
  'decline',
] as const
type Name = (typeof names)[number]
type Step = { readonly name: Name; readonly by: number }

/** 0 and 1: reviewers. 2: an operator whose role may not. 3: a colleague of the requester. 4: the requester. */
const step: fc.Arbitrary<Step> = fc.record({
  // A request that is never submitted or claimed shows little.
  name: fc.constantFrom(...names, 'submit', 'submit', 'claim'),
  by: fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(0, 1) },
    { weight: 1, arbitrary: fc.constantFrom(2, 3, 4) },
  ),
})

/** The code of the refusal, or null and the model moved on. */
function expected(model: Model, { name, by }: Step, actorId: string): string | null {
  const open = model.state === 'submitted' || model.state === 'in-review'
  const byPartner = ['edit', 'submit', 'withdraw', 'answer'].includes(name)
  if (byPartner) return partnerMove(model, name, open)
  if (by === 2) return 'requests.not_allowed'
  if (model.state === 'draft' || (model.state === 'withdrawn' && model.reviewer === 'never submitted')) {
    return 'requests.not_found'
  }
  if (by > 2) return 'requests.own'
  if (name === 'note') {
    model.notes += 1
    return null
  }
  if (name === 'claim' || name === 'take over') {
    if (!open) return 'requests.not_now'
    if (model.reviewer !== null && model.reviewer !== actorId && name === 'claim') return 'requests.claimed'
    Object.assign(model, { state: 'in-review', reviewer: actorId })
    return null
  }
  if (model.state !== 'in-review') return 'requests.not_now'
  if (model.reviewer !== actorId) return 'requests.claimed'
  if (name === 'ask') model.waits = true
  else Object.assign(model, { state: name === 'approve' ? 'approved' : 'declined', waits: false })
  return null
}

function partnerMove(model: Model, name: Name, open: boolean): string | null {
  if (name === 'edit') return model.state === 'draft' ? null : 'requests.not_now'
  if (name === 'answer') {
    if (!model.waits) return 'requests.not_now'
    model.waits = false
    return null
  }
  if (name === 'submit') {
    if (model.state !== 'draft') return 'requests.not_now'
    model.state = 'submitted'
    return null
  }
  if (model.state === 'draft') Object.assign(model, { state: 'withdrawn', reviewer: 'never submitted' })
  else if (open) Object.assign(model, { state: 'withdrawn', waits: false })
  else return 'requests.not_now'
  return null
}

function perform(tx: Tx, name: Name, partnerId: string, id: string): Promise<unknown> {
  const verbs: Readonly<Record<Name, () => Promise<unknown>>> = {
    edit: () => editRequest(tx, partnerId, id, { useCase: 'Another one' }),
    submit: () => submitRequest(tx, sealer, partnerId, id),
    withdraw: () => withdrawRequest(tx, partnerId, id),
    answer: () => answerRequest(tx, partnerId, id, 'An answer'),
    claim: () => claimRequest(tx, id, { takeOver: false }),
    'take over': () => claimRequest(tx, id, { takeOver: true }),
    ask: () => askPartner(tx, sealer, id, 'A question'),
    note: () => noteOnRequest(tx, id, 'A note'),
    approve: () => approveRequest(tx, sealer, id),
    decline: () => declineRequest(tx, sealer, id, 'A reason'),
  }
  return verbs[name]()
}

/** The code it was refused with; anything else that goes wrong fails the test. */
async function codeOf(actor: Actor, work: (tx: Tx) => Promise<unknown>): Promise<string | null> {
  try {
    await transact(scene.api.control, actor, work)
    return null
  } catch (error) {
    if (error instanceof Problem) return error.definition.code
    throw error
  }
}

async function actual(partnerId: string, id: string) {
  const { rows } = await database.owner.query<{ notes: number }>(
    `select count(*)::int as notes from access_request_message where request_id = $1 and kind = 'note'`,
    [id],
  )
  return transact(scene.api.control, { kind: 'system', name: 'test' }, async (tx) => {
    const { request, messages } = await findOwnRequest(tx, sealer, partnerId, id)
    assert.ok(messages.every(({ kind }) => kind === 'question' || kind === 'answer'))
    const given = await packageOf(tx, partnerId)
    return { request, notes: rows[0]!.notes, hasPackage: given !== null }
  })
}

test('no sequence of calls reaches a state that is not listed, and only an approval gives anything', async () => {
  const property = fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 14 }), async (steps) => {
    const { partnerId, actor } = await scene.partner()
    const colleague = await scene.operator('admin', partnerId)
    const itself = { kind: 'operator', id: actor.id, role: 'admin' } as const
    const operators = [reviewers[0]!.actor, reviewers[1]!.actor, support.actor, colleague.actor, itself]
    const { id } = await transact(scene.api.control, actor, (tx) =>
      createRequest(tx, partnerId, { kind: 'package', name: 'starter' }, fullForm),
    )
    const model: Model = { state: 'draft', reviewer: null, waits: false, notes: 0 }
    for (const one of steps) {
      const caller = ['edit', 'submit', 'withdraw', 'answer'].includes(one.name) ? actor : operators[one.by]!
      const code = await codeOf(caller, (tx) => perform(tx, one.name, partnerId, id))
      assert.equal(code, expected(model, one, caller.id), `${one.name} by ${one.by} when ${model.state}`)
      const { request, notes, hasPackage } = await actual(partnerId, id)
      assert.deepEqual(
        [request.state, request.waitsForPartner, notes, hasPackage],
        [model.state, model.waits, model.notes, model.state === 'approved'],
      )
      const isOpen = ['submitted', 'in-review'].includes(request.state)
      assert.equal(request.dueAt !== null, isOpen && !model.waits)
    }
  })
  await fc.assert(property, {
    numRuns: 60,
    // The whole way, and the ways out of it, whatever chance brings.
    examples: [
      [toSteps('edit submit claim ask answer approve withdraw decline')],
      [toSteps('submit claim decline approve submit edit')],
      [toSteps('withdraw submit claim note')],
      [toSteps('submit claim ask withdraw answer approve note')],
    ],
  })
})

function toSteps(text: string): Step[] {
  return text.split(' ').map((name) => ({ name: name as Name, by: 0 }))
}
