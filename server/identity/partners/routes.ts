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
import { PendingAnswer, proposalAction, propose, showPending } from '#/governance/proposals/proposals.ts'
import type { ProposalActions } from '#/governance/proposals/proposals.ts'
import type { Tx } from '#/kernel/db/db.ts'
import { lineOfText, pageOf, pageQuery, pageSchema, route } from '#/kernel/http/http.ts'
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
  { reason: lineOfText(500, 'Why, for the audit.') },
  { additionalProperties: false },
)
const answer = { status: 200, schema: PartnerAnswer }

export type PartnerRouteDeps = {
  /** What can be proposed, of every area. */
  readonly actions: ProposalActions
  /** Is suspending this partner for two people? Access knows, which stands above identity, so it is handed in. */
  readonly suspensionNeedsTwo: (tx: Tx, partnerId: string) => Promise<boolean>
}

/** What needs a second person: suspending a partner with an agreement in force. The reason is the proposal's purpose. */
export const partnerActions: ProposalActions = {
  'partners.suspend': proposalAction({
    permission: 'partners:write',
    params: Type.Object({ partnerId: Type.String() }),
    run: (tx, { partnerId }, purpose) => suspendPartner(tx, partnerId, purpose ?? ''),
  }),
}

export function partnerRoutes(deps: PartnerRouteDeps & { readonly signer: Signer }): Route[] {
  return [listRoute(deps.signer), renameRoute(), suspendRoute(deps), resumeRoute()]
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

/** So long a second person has to agree. */
const proposalDays = 7
const day = 86_400_000

function suspendRoute({ actions, suspensionNeedsTwo }: PartnerRouteDeps): Route {
  return route({
    method: 'POST',
    path: '/v1/partners/:id/suspend',
    permission: 'partners:write',
    action: 'partners.suspend',
    summary:
      'From the next second on refuses every call of the partner; one with an agreement in force needs a second person',
    params,
    body: reasonBody,
    answer,
    accepted: PendingAnswer,
    handle: async ({ params, body: { reason }, transact }) =>
      transact(async (tx) => {
        const { id: partnerId, state } = await found(tx, params.id)
        if (state === 'active' && (await suspensionNeedsTwo(tx, partnerId))) {
          const expiresAt = new Date(tx.now.getTime() + proposalDays * day)
          const asked = { action: 'partners.suspend', params: { partnerId }, partnerId, expiresAt }
          const proposal = await propose(tx, actions, { ...asked, purpose: reason })
          return { status: 202, body: showPending(proposal) }
        }
        await suspendPartner(tx, partnerId, reason)
        return { status: 200, body: show(await found(tx, params.id)) }
      }),
  })
}

function resumeRoute(): Route {
  return route({
    method: 'POST',
    path: '/v1/partners/:id/resume',
    permission: 'partners:write',
    action: 'partners.resume',
    summary: 'Lets a suspended partner call again',
    params,
    body: reasonBody,
    answer,
    handle: async ({ params, body, transact }) => ({
      status: 200,
      body: await transact((tx) => change(tx, params.id, (id) => resumePartner(tx, id, body.reason))),
    }),
  })
}

/** The partner as it is after the change. Throws `partnerNotFound`. */
async function change(tx: Tx, publicPartnerId: string, work: (id: string) => Promise<void>) {
  const { id } = await found(tx, publicPartnerId)
  await work(id)
  return show(await found(tx, publicPartnerId))
}

/** Throws `partnerNotFound`. */
async function found(tx: Tx, publicPartnerId: string): Promise<Partner> {
  const id = parseId('ptn', publicPartnerId)
  const partner = id === null ? null : await findPartner(tx, id)
  if (!partner) throw partnerNotFound.with()
  return partner
}

function show({ id, slug, name, state, createdAt }: Partner) {
  return { id: publicId('ptn', id), slug, name, state, createdAt: createdAt.toISOString() }
}
