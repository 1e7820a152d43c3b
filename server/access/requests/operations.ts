/** Partners ask for access: they fill in the form, hand it in, answer what is asked, and see what became of it. */
import { Type } from 'typebox'
import type { Static, TSchema } from 'typebox'
import {
  answerRequest,
  createRequest,
  editRequest,
  findOwnRequest,
  FormShape,
  listOwnRequests,
  proseOf,
  requestNotFound,
  requestStates,
  submitRequest,
  withdrawRequest,
} from '#/access/requests/requests.ts'
import type { AccessRequest, Form, RequestState, Thing } from '#/access/requests/requests.ts'
import type { Sealer } from '#/kernel/crypto/crypto.ts'
import type { Tx } from '#/kernel/db/db.ts'
import { pageOf, pageQuery, pageQueryOf, pageSchema, partnerOperation } from '#/kernel/http/http.ts'
import type { OperationCall, PartnerOperation } from '#/kernel/http/http.ts'
import { parseId, publicId } from '#/kernel/id/id.ts'

const closed = { additionalProperties: false }
const orNull = <Schema extends TSchema>(schema: Schema, description?: string) =>
  Type.Union([schema, Type.Null()], description === undefined ? {} : { description })
const Time = Type.String({ format: 'date-time' })
const State = Type.Enum(requestStates)

const summary = {
  id: Type.String(),
  asksFor: Type.Object({
    kind: Type.Enum(['package', 'capability']),
    name: Type.String(),
    title: Type.String(),
  }),
  state: State,
  waitsForAnswer: Type.Boolean({ description: 'A question was put to you, and nobody has answered it.' }),
  createdAt: Time,
  submittedAt: orNull(Time),
  dueAt: orNull(Time, 'By when it is to be decided.'),
  decidedAt: orNull(Time),
  reason: orNull(Type.String(), 'Why it was declined.'),
}
const Summary = Type.Object(summary)
const Shown = Type.Object({
  ...summary,
  form: FormShape,
  missing: Type.Array(Type.String(), {
    description: 'Facts of your organisation that are needed before it can be submitted; see the profile.',
  }),
  messages: Type.Array(
    Type.Object({ kind: Type.Enum(['question', 'answer']), text: Type.String(), writtenAt: Time }),
  ),
})
const Id = Type.Object({ id: Type.String({ maxLength: 100 }) })
const name = Type.String({ minLength: 1, maxLength: 100 })
const Asking = Type.Union([
  Type.Object({ package: name, form: Type.Optional(FormShape) }, closed),
  Type.Object({ capability: name, form: Type.Optional(FormShape) }, closed),
])

const common = { capability: 'partner-api', organisation: true } as const
const reads = { ...common, scopes: ['access:read'], permission: 'access:read' } as const
const writes = { ...common, scopes: ['access:write'], permission: 'access:write' } as const

export function requestOperations({ sealer }: { readonly sealer: Sealer }): PartnerOperation[] {
  const steps = [submitting(sealer), withdrawing(sealer), answering(sealer)]
  return [listing(sealer), showing(sealer), creating(sealer), editing(sealer), ...steps]
}

function listing(sealer: Sealer): PartnerOperation {
  return partnerOperation({
    id: 'listAccessRequests',
    method: 'GET',
    path: '/partner/access/requests',
    summary: 'What your organisation has asked for, newest first',
    ...reads,
    query: Type.Object({ state: Type.Optional(State), ...pageQuery }),
    status: 200,
    response: pageSchema(Summary),
    async handle(tx, { partnerId, query }) {
      const state = (query.get('state') ?? undefined) as RequestState | undefined
      const bound = ['listAccessRequests', partnerId, state]
      const page = await pageOf(sealer, bound, pageQueryOf(query), (next) =>
        listOwnRequests(tx, partnerId, state, next),
      )
      return { status: 200, body: { ...page, data: page.data.map(summarise) } }
    },
  })
}

function showing(sealer: Sealer): PartnerOperation {
  return partnerOperation({
    id: 'getAccessRequest',
    method: 'GET',
    path: '/partner/access/requests/{id}',
    summary: 'One request, with the questions to you and your answers',
    ...reads,
    params: Id,
    status: 200,
    response: Shown,
    handle: async (tx, call) => ({ status: 200, body: await present(tx, sealer, call, idOf(call)) }),
  })
}

function creating(sealer: Sealer): PartnerOperation {
  return partnerOperation({
    id: 'createAccessRequest',
    method: 'POST',
    path: '/partner/access/requests',
    summary: 'Begin to ask for a package or a capability',
    description: 'It is a draft, which only your organisation sees, until it is submitted.',
    ...writes,
    action: 'requests.create',
    body: Asking,
    status: 201,
    response: Shown,
    async handle(tx, call) {
      const body = call.body as Static<typeof Asking>
      const thing: Thing =
        'package' in body
          ? { kind: 'package', name: body.package }
          : { kind: 'capability', name: body.capability }
      const { id } = await createRequest(tx, call.partnerId, thing, body.form ?? {})
      return { status: 201, body: await present(tx, sealer, call, id) }
    },
  })
}

const change = Type.Object({ form: FormShape }, closed)

function editing(sealer: Sealer): PartnerOperation {
  return partnerOperation({
    id: 'editAccessRequest',
    method: 'PATCH',
    path: '/partner/access/requests/{id}',
    summary: 'Fill in the form of a draft',
    description: 'What is left out stays as it is.',
    ...writes,
    action: 'requests.edit',
    params: Id,
    body: change,
    status: 200,
    response: Shown,
    handle: (tx, call) =>
      step(tx, sealer, call, (id) => {
        const { form } = call.body as { form: Form }
        return editRequest(tx, call.partnerId, id, form)
      }),
  })
}

function submitting(sealer: Sealer): PartnerOperation {
  return partnerOperation({
    id: 'submitAccessRequest',
    method: 'POST',
    path: '/partner/access/requests/{id}/submit',
    summary: 'Hand a draft in, and accept the terms it names',
    ...writes,
    action: 'requests.submit',
    params: Id,
    status: 200,
    response: Shown,
    handle: (tx, call) => step(tx, sealer, call, (id) => submitRequest(tx, sealer, call.partnerId, id)),
  })
}

function withdrawing(sealer: Sealer): PartnerOperation {
  return partnerOperation({
    id: 'withdrawAccessRequest',
    method: 'POST',
    path: '/partner/access/requests/{id}/withdraw',
    summary: 'Take back a request that is not decided',
    ...writes,
    action: 'requests.withdraw',
    params: Id,
    status: 200,
    response: Shown,
    handle: (tx, call) => step(tx, sealer, call, (id) => withdrawRequest(tx, call.partnerId, id)),
  })
}

const answer = Type.Object({ text: proseOf(4000, 'Your answer to all that was asked.') }, closed)

function answering(sealer: Sealer): PartnerOperation {
  return partnerOperation({
    id: 'answerAccessRequest',
    method: 'POST',
    path: '/partner/access/requests/{id}/answers',
    summary: 'Answer what was asked about your request',
    ...writes,
    action: 'requests.answer',
    params: Id,
    body: answer,
    status: 200,
    response: Shown,
    handle: (tx, call) =>
      step(tx, sealer, call, (id) => {
        const { text } = call.body as Static<typeof answer>
        return answerRequest(tx, call.partnerId, id, text)
      }),
  })
}

async function step(tx: Tx, sealer: Sealer, call: OperationCall, verb: (id: string) => Promise<unknown>) {
  const id = idOf(call)
  await verb(id)
  return { status: 200, body: await present(tx, sealer, call, id) }
}

function idOf(call: OperationCall): string {
  const id = parseId('acr', call.path['id'] ?? '')
  if (id === null) throw requestNotFound.with()
  return id
}

async function present(
  tx: Tx,
  sealer: Sealer,
  { partnerId }: OperationCall,
  id: string,
): Promise<Static<typeof Shown>> {
  const { request, missing, messages } = await findOwnRequest(tx, sealer, partnerId, id)
  return {
    ...summarise(request),
    form: request.form,
    missing: [...missing],
    messages: messages.map(({ kind, text, writtenAt }) => {
      return { kind: kind as 'question' | 'answer', text, writtenAt: writtenAt.toISOString() }
    }),
  }
}

function summarise(request: AccessRequest): Static<typeof Summary> {
  const { id, asksFor, state, waitsForPartner, createdAt, submittedAt, dueAt, decidedAt, reason } = request
  const { kind, name: named, title } = asksFor
  return {
    id: publicId('acr', id),
    asksFor: { kind, name: named, title },
    state,
    waitsForAnswer: waitsForPartner,
    createdAt: createdAt.toISOString(),
    submittedAt: submittedAt?.toISOString() ?? null,
    dueAt: dueAt?.toISOString() ?? null,
    decidedAt: decidedAt?.toISOString() ?? null,
    reason,
  }
}
