/** Partners in the management API: the list, the name, and whether they may call. The page of one stands in profile. */
import { Type } from 'typebox'
import {
  findPartner,
  listPartners,
  partnerNotFound,
  renamePartner,
  resumePartner,
  suspendPartner,
} from '#/identity/partners/partners.ts'
import type { Partner } from '#/identity/partners/partners.ts'
import type { Tx } from '#/kernel/db/db.ts'
import { pageOf, pageQuery, pageSchema, route } from '#/kernel/http/http.ts'
import type { Route, Signer } from '#/kernel/http/http.ts'
import { parseId, publicId } from '#/kernel/id/id.ts'

const State = Type.Union([Type.Literal('active'), Type.Literal('suspended')])

const PartnerAnswer = Type.Object({
  id: Type.String(),
  slug: Type.String({ description: 'Short name; never changes.' }),
  name: Type.String(),
  state: State,
  createdAt: Type.String({ format: 'date-time' }),
})

const params = Type.Object({ id: Type.String({ description: '`ptn_…`' }) })
const reasonBody = Type.Object(
  { reason: Type.String({ minLength: 1, maxLength: 500, pattern: '\\S' }) },
  { additionalProperties: false },
)
const answer = { status: 200, schema: PartnerAnswer }

export function partnerRoutes(deps: { readonly signer: Signer }): Route[] {
  return [listRoute(deps.signer), renameRoute(), stateRoute('suspend'), stateRoute('resume')]
}

function listRoute(signer: Signer): Route {
  return route({
    method: 'GET',
    path: '/v1/partners',
    permission: 'partners:read',
    summary: 'Partners, in the order they were created',
    query: Type.Object({ state: Type.Optional(State), ...pageQuery }),
    answer: { status: 200, schema: pageSchema(PartnerAnswer) },
    handle: async ({ query, transact }) => {
      const { state } = query
      const page = await transact((tx) =>
        pageOf(signer, ['partners', state], query, (from) => listPartners(tx, { state }, from)),
      )
      return { status: 200, body: { ...page, data: page.data.map(show) } }
    },
  })
}

function renameRoute(): Route {
  return route({
    method: 'PATCH',
    path: '/v1/partners/:id',
    permission: 'partners:write',
    action: 'partners.rename',
    summary: 'Changes the name of a partner',
    params,
    body: Type.Object(
      { name: Type.String({ minLength: 1, maxLength: 200, pattern: '\\S' }) },
      { additionalProperties: false },
    ),
    answer,
    handle: async ({ params, body, transact }) => ({
      status: 200,
      body: await transact((tx) => change(tx, params.id, (id) => renamePartner(tx, id, body.name.trim()))),
    }),
  })
}

function stateRoute(verb: 'suspend' | 'resume'): Route {
  const verbs = { suspend: suspendPartner, resume: resumePartner }
  return route({
    method: 'POST',
    path: `/v1/partners/:id/${verb}`,
    permission: 'partners:write',
    action: `partners.${verb}`,
    summary:
      verb === 'suspend'
        ? 'From the next second on refuses every call of the partner'
        : 'Lets a suspended partner call again',
    params,
    body: reasonBody,
    answer,
    handle: async ({ params, body, transact }) => ({
      status: 200,
      body: await transact((tx) => change(tx, params.id, (id) => verbs[verb](tx, id, body.reason))),
    }),
  })
}

/** The partner as it is after the change. Throws `partnerNotFound`. */
async function change(tx: Tx, publicPartnerId: string, work: (id: string) => Promise<void>) {
  const id = parseId('ptn', publicPartnerId)
  if (id === null || !(await findPartner(tx, id))) throw partnerNotFound.with()
  await work(id)
  return show((await findPartner(tx, id))!)
}

function show({ id, slug, name, state, createdAt }: Partner) {
  return { id: publicId('ptn', id), slug, name, state, createdAt: createdAt.toISOString() }
}
