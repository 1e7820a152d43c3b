/** Proposals in the management API: what waits for a second person, and the decision. */
import { Type } from 'typebox'
import { showAuditId } from '#/governance/audit/audit.ts'
import {
  approve,
  decline,
  findProposal,
  listProposals,
  proposalNotFound,
} from '#/governance/proposals/proposals.ts'
import type { Proposal, ProposalActions } from '#/governance/proposals/proposals.ts'
import { pageQuery, pageSchema, route } from '#/kernel/http/http.ts'
import type { Route, Signer } from '#/kernel/http/http.ts'
import { parseId, publicId } from '#/kernel/id/id.ts'
import type { Log } from '#/kernel/log/log.ts'

const noText = Type.Union([Type.String(), Type.Null()])
const time = Type.String({ format: 'date-time' })

const ProposalState = Type.Union(
  (['open', 'done', 'failed', 'declined', 'expired'] as const).map((state) => Type.Literal(state)),
)

const ProposalAnswer = Type.Object({
  id: Type.String(),
  action: Type.String(),
  params: Type.Object({}, { additionalProperties: true }),
  permission: Type.String({ description: 'Whoever approves needs it, besides `proposals:decide`.' }),
  partnerId: noText,
  purpose: noText,
  proposedBy: Type.String(),
  proposedAt: time,
  expiresAt: time,
  state: ProposalState,
  decidedBy: noText,
  decidedAt: Type.Union([time, Type.Null()]),
  reason: noText,
  failure: Type.Union([Type.String(), Type.Null()], {
    description: 'Code of the problem that stopped the action.',
  }),
})

const params = Type.Object({ id: Type.String({ description: '`prp_…`' }) })
const answer = { status: 200, schema: ProposalAnswer }

export type ProposalRouteDeps = {
  readonly signer: Signer
  /** What can be proposed, of every area. */
  readonly actions: ProposalActions
  readonly log: Log
}

export function proposalRoutes(deps: ProposalRouteDeps): Route[] {
  return [listRoute(deps), findRoute(), approveRoute(deps), declineRoute()]
}

function listRoute({ signer }: ProposalRouteDeps): Route {
  return route({
    method: 'GET',
    path: '/v1/proposals',
    permission: 'proposals:read',
    summary: 'What was proposed, newest first',
    query: Type.Object({
      state: Type.Optional(ProposalState),
      partner: Type.Optional(Type.String({ pattern: '^ptn_[0-9a-f]{32}$' })),
      ...pageQuery,
    }),
    answer: { status: 200, schema: pageSchema(ProposalAnswer) },
    handle: async ({ query, transact }) => {
      const { state, partner } = query
      const partnerId = parseId('ptn', partner ?? '') ?? undefined
      const page = await transact((tx) => listProposals(tx, signer, { state, partnerId }, query))
      return { status: 200, body: { ...page, data: page.data.map(show) } }
    },
  })
}

function findRoute(): Route {
  return route({
    method: 'GET',
    path: '/v1/proposals/:id',
    permission: 'proposals:read',
    summary: 'One proposal, and what became of it',
    params,
    answer,
    handle: async ({ params, transact }) => ({
      status: 200,
      body: show(await transact((tx) => findProposal(tx, proposalId(params.id)))),
    }),
  })
}

function approveRoute({ actions, log }: ProposalRouteDeps): Route {
  return route({
    method: 'POST',
    path: '/v1/proposals/:id/approve',
    permission: 'proposals:decide',
    action: 'proposals.approve',
    summary: 'Does what was proposed, once; `state` says whether it went well',
    params,
    answer,
    handle: async ({ params, requestId, transact }) => {
      const { proposal, error } = await transact((tx) => approve(tx, actions, proposalId(params.id)))
      if (error) log.warn({ event: 'proposals.failed', requestId, proposalId: proposal.id, err: error })
      return { status: 200, body: show(proposal) }
    },
  })
}

function declineRoute(): Route {
  return route({
    method: 'POST',
    path: '/v1/proposals/:id/decline',
    permission: 'proposals:decide',
    action: 'proposals.decline',
    summary: 'Refuses what was proposed, or withdraws what one proposed oneself',
    params,
    body: Type.Object(
      { reason: Type.String({ minLength: 1, maxLength: 500, pattern: '\\S' }) },
      { additionalProperties: false },
    ),
    answer,
    handle: async ({ params, body, transact }) => ({
      status: 200,
      body: show(await transact((tx) => decline(tx, proposalId(params.id), body.reason))),
    }),
  })
}

function proposalId(text: string): string {
  const id = parseId('prp', text)
  if (id === null) throw proposalNotFound.with()
  return id
}

function show(proposal: Proposal) {
  const { id, partnerId, proposedBy, proposedAt, expiresAt, decidedBy, decidedAt } = proposal
  return {
    ...proposal,
    id: publicId('prp', id),
    partnerId: partnerId && publicId('ptn', partnerId),
    proposedBy: showAuditId('person', proposedBy),
    proposedAt: proposedAt.toISOString(),
    expiresAt: expiresAt.toISOString(),
    decidedBy: decidedBy && showAuditId('person', decidedBy),
    decidedAt: decidedAt?.toISOString() ?? null,
  }
}
