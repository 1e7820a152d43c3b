/** Access requests in the management API: what was asked for, whose turn it is, and the decision. */
import { Type } from 'typebox'
import type { TSchema } from 'typebox'
import {
  approveRequest,
  askPartner,
  claimRequest,
  declineRequest,
  findSubmitted,
  FormShape,
  listSubmitted,
  noteOnRequest,
  proseOf,
  requestNotFound,
  requestStates,
} from '#/access/requests/requests.ts'
import type { AccessRequest, Message } from '#/access/requests/requests.ts'
import type { Sealer } from '#/kernel/crypto/crypto.ts'
import type { Tx } from '#/kernel/db/db.ts'
import { lineOfText, pageOf, pageQuery, pageSchema, route } from '#/kernel/http/http.ts'
import type { Route } from '#/kernel/http/http.ts'
import { parseId, publicId } from '#/kernel/id/id.ts'

const closed = { additionalProperties: false }
const orNull = <Schema extends TSchema>(schema: Schema) => Type.Union([schema, Type.Null()])
const time = Type.String({ format: 'date-time' })
const State = Type.Enum(requestStates)
const Waiting = Type.Enum(['partner', 'provider'])

const summary = {
  id: Type.String(),
  partnerId: Type.String(),
  asksFor: Type.Object({
    kind: Type.Enum(['package', 'capability']),
    name: Type.String(),
    title: Type.String(),
  }),
  state: State,
  waiting: orNull(Waiting),
  requestedBy: Type.String({ description: 'A member (`per_…`), or an application (`app_…`).' }),
  reviewer: orNull(Type.String()),
  createdAt: time,
  submittedAt: orNull(time),
  dueAt: orNull(time),
  decidedAt: orNull(time),
  decidedBy: orNull(Type.String()),
  reason: orNull(Type.String()),
}
const Summary = Type.Object(summary)
const Answer = Type.Object({
  ...summary,
  form: FormShape,
  messages: Type.Array(
    Type.Object({
      kind: Type.Enum(['question', 'answer', 'note']),
      text: Type.String(),
      writtenBy: orNull(Type.String()),
      writtenAt: time,
    }),
  ),
})

const params = Type.Object({ id: Type.String({ description: '`acr_…`' }) })
const answer = { status: 200, schema: Answer }
const text = (description: string) => Type.Object({ text: proseOf(4000, description) }, closed)

type Deps = { readonly sealer: Sealer }

export function requestRoutes(deps: Deps): Route[] {
  return [
    listRoute(deps),
    findRoute(),
    claimRoute(),
    ...writingRoutes(deps),
    approveRoute(deps),
    declineRoute(deps),
  ]
}

function listRoute({ sealer }: Deps): Route {
  return route({
    method: 'GET',
    path: '/v1/access-requests',
    permission: 'access:read',
    summary: 'What partners have asked for, newest first; drafts are their own',
    query: Type.Object({
      state: Type.Optional(State),
      partner: Type.Optional(Type.String({ pattern: '^ptn_[0-9a-f]{32}$' })),
      waiting: Type.Optional(Waiting),
      overdue: Type.Optional(Type.Boolean()),
      ...pageQuery,
    }),
    answer: { status: 200, schema: pageSchema(Summary) },
    handle: async ({ query, transact }) => {
      const { state, partner, waiting, overdue } = query
      const partnerId = parseId('ptn', partner ?? '') ?? undefined
      const bound = ['access-requests', state, partnerId, waiting, overdue]
      const page = await transact((tx) =>
        pageOf(sealer, bound, query, (next) =>
          listSubmitted(tx, { state, partnerId, waiting, overdue }, next),
        ),
      )
      return { status: 200, body: { ...page, data: page.data.map(summarise) } }
    },
  })
}

function findRoute(): Route {
  return route({
    method: 'GET',
    path: '/v1/access-requests/:id',
    permission: 'access:read',
    summary: 'One request with its form, and everything written about it',
    params,
    answer,
    handle: async ({ params: { id }, transact }) => ({
      status: 200,
      body: await transact((tx) => show(tx, idOf(id))),
    }),
  })
}

function claimRoute(): Route {
  return route({
    method: 'POST',
    path: '/v1/access-requests/:id/claim',
    permission: 'access:write',
    action: 'requests.claim',
    summary: 'Makes you its reviewer; with `takeOver` also where somebody else is',
    params,
    body: Type.Object({ takeOver: Type.Optional(Type.Boolean()) }, closed),
    answer,
    handle: async ({ params: { id }, body: { takeOver = false }, transact }) => ({
      status: 200,
      body: await transact((tx) => after(tx, id, (known) => claimRequest(tx, known, { takeOver }))),
    }),
  })
}

function writingRoutes({ sealer }: Deps): Route[] {
  const common = { method: 'POST', permission: 'access:write', params, answer } as const
  return [
    route({
      ...common,
      path: '/v1/access-requests/:id/questions',
      action: 'requests.ask',
      summary: 'Asks the partner; until it answers no due date runs',
      body: text('The partner reads it, by e-mail too.'),
      handle: async ({ params: { id }, body, transact }) => ({
        status: 200,
        body: await transact((tx) => after(tx, id, (known) => askPartner(tx, sealer, known, body.text))),
      }),
    }),
    route({
      ...common,
      path: '/v1/access-requests/:id/notes',
      action: 'requests.note',
      summary: 'Adds a note for reviewers, which the partner never sees',
      body: text('For reviewers.'),
      handle: async ({ params: { id }, body, transact }) => ({
        status: 200,
        body: await transact((tx) => after(tx, id, (known) => noteOnRequest(tx, known, body.text))),
      }),
    }),
  ]
}

function approveRoute({ sealer }: Deps): Route {
  return route({
    method: 'POST',
    path: '/v1/access-requests/:id/approve',
    permission: 'access:write',
    action: 'requests.approve',
    summary: 'Gives what was asked for: the newest version of the package, or the capability',
    params,
    answer,
    handle: async ({ params: { id }, transact }) => ({
      status: 200,
      body: await transact((tx) => after(tx, id, (known) => approveRequest(tx, sealer, known))),
    }),
  })
}

function declineRoute({ sealer }: Deps): Route {
  return route({
    method: 'POST',
    path: '/v1/access-requests/:id/decline',
    permission: 'access:write',
    action: 'requests.decline',
    summary: 'Refuses what was asked for',
    params,
    body: Type.Object({ reason: lineOfText(500, 'The partner reads it.') }, closed),
    answer,
    handle: async ({ params: { id }, body, transact }) => ({
      status: 200,
      body: await transact((tx) => after(tx, id, (known) => declineRequest(tx, sealer, known, body.reason))),
    }),
  })
}

/** The request as it is after the change. */
async function after(tx: Tx, publicRequestId: string, change: (id: string) => Promise<unknown>) {
  const id = idOf(publicRequestId)
  await change(id)
  return show(tx, id)
}

function idOf(publicRequestId: string): string {
  const id = parseId('acr', publicRequestId)
  if (id === null) throw requestNotFound.with()
  return id
}

async function show(tx: Tx, id: string) {
  const { request, messages } = await findSubmitted(tx, id)
  return { ...summarise(request), form: request.form, messages: messages.map(showMessage) }
}

/** Who of the partner answered is the partner's own. */
function showMessage({ kind, text: written, writtenBy, writtenAt }: Message) {
  const by = kind === 'answer' ? null : publicId('per', writtenBy)
  return { kind, text: written, writtenBy: by, writtenAt: writtenAt.toISOString() }
}

function summarise(request: AccessRequest) {
  const { id, partnerId, asksFor, state, waitsForPartner, requestedBy, requestedAs } = request
  const { reviewer, createdAt, submittedAt, dueAt, decidedAt, decidedBy, reason } = request
  const isOpen = state === 'submitted' || state === 'in-review'
  return {
    id: publicId('acr', id),
    partnerId: publicId('ptn', partnerId),
    asksFor: { kind: asksFor.kind, name: asksFor.name, title: asksFor.title },
    state,
    waiting: isOpen ? (waitsForPartner ? 'partner' : 'provider') : null,
    requestedBy: publicId(requestedAs === 'member' ? 'per' : 'app', requestedBy),
    reviewer: reviewer && publicId('per', reviewer),
    createdAt: createdAt.toISOString(),
    submittedAt: submittedAt?.toISOString() ?? null,
    dueAt: dueAt?.toISOString() ?? null,
    decidedAt: decidedAt?.toISOString() ?? null,
    decidedBy: decidedBy && publicId('per', decidedBy),
    reason,
  }
}
