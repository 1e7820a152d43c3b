/** How people and partners come in, in the management API: both begin with a link that is sent to an address. */
import { Type } from 'typebox'
import { memberRoles, operatorRoles } from '#/governance/roles/roles.ts'
import {
  invitationNotFound,
  invite,
  listInvitations,
  revokeInvitation,
} from '#/identity/invitations/invitations.ts'
import type { Invitation, InviteDeps, Place } from '#/identity/invitations/invitations.ts'
import { createPartner, findPartner, partnerNotFound } from '#/identity/partners/partners.ts'
import type { Clock } from '#/kernel/clock/clock.ts'
import type { Sealer } from '#/kernel/crypto/crypto.ts'
import type { Tx } from '#/kernel/db/db.ts'
import { route } from '#/kernel/http/http.ts'
import type { Route } from '#/kernel/http/http.ts'
import { parseId, publicId } from '#/kernel/id/id.ts'

const Email = Type.String({ minLength: 3, maxLength: 254 })
const InvitationAnswer = Type.Object({
  id: Type.String(),
  email: Type.String(),
  role: Type.String(),
  createdAt: Type.String({ format: 'date-time' }),
  expiresAt: Type.String({ format: 'date-time' }),
})
const created = { status: 201, schema: InvitationAnswer }
const all = { status: 200, schema: Type.Object({ data: Type.Array(InvitationAnswer) }) }

const partnerParams = Type.Object({ id: Type.String({ description: '`ptn_…`' }) })

export type InvitationRouteDeps = {
  readonly sealer: Sealer
  readonly clock: Clock
  /** Name of the provider, for the letter. */
  readonly provider: string
  /** The pages that take a token: the portal's for members, the console's for operators. */
  readonly pages: { readonly member: string; readonly operator: string }
}

export function invitationRoutes(deps: InvitationRouteDeps): Route[] {
  return [
    createPartnerRoute(deps),
    inviteMemberRoute(deps),
    memberInvitationsRoute(deps),
    uninviteMemberRoute(),
    inviteOperatorRoute(deps),
    operatorInvitationsRoute(deps),
    uninviteOperatorRoute(),
  ]
}

function createPartnerRoute(deps: InvitationRouteDeps): Route {
  return route({
    method: 'POST',
    path: '/v1/partners',
    permission: 'partners:write',
    action: 'partners.create',
    summary: 'Creates a partner, and invites its first owner',
    body: Type.Object(
      {
        slug: Type.String({
          pattern: '^[a-z0-9]+(-[a-z0-9]+)*$',
          maxLength: 60,
          description: 'Never changes.',
        }),
        name: Type.String({ minLength: 1, maxLength: 200, pattern: '\\S' }),
        owner: Type.Optional(Type.Object({ email: Email }, { additionalProperties: false })),
      },
      { additionalProperties: false },
    ),
    answer: {
      status: 201,
      schema: Type.Object({
        id: Type.String(),
        slug: Type.String(),
        name: Type.String(),
        state: Type.String(),
        createdAt: Type.String({ format: 'date-time' }),
        invitation: Type.Union([InvitationAnswer, Type.Null()]),
      }),
    },
    handle: async ({ body, transact }) => {
      const made = await transact(async (tx) => {
        const partner = await createPartner(tx, { slug: body.slug, name: body.name.trim() })
        const place = { partnerId: partner.id, role: 'owner', organisation: partner.name } as const
        const { owner } = body
        const invitation = owner ? await send(tx, deps, owner.email, place) : null
        return { partner, invitation }
      })
      const { id, slug, name, state, createdAt } = made.partner
      const shown = { id: publicId('ptn', id), slug, name, state, createdAt: createdAt.toISOString() }
      return { status: 201, body: { ...shown, invitation: made.invitation && show(made.invitation) } }
    },
  })
}

function inviteMemberRoute(deps: InvitationRouteDeps): Route {
  return route({
    method: 'POST',
    path: '/v1/partners/:id/invitations',
    permission: 'partners:write',
    action: 'team.invite',
    summary: 'Invites somebody to a partner',
    params: partnerParams,
    body: Type.Object(
      {
        email: Email,
        role: Type.Union(memberRoles.map((role) => Type.Literal(role))),
      },
      { additionalProperties: false },
    ),
    answer: created,
    handle: async ({ params, body, transact }) => {
      const { email, role } = body
      const invitation = await transact(async (tx) => {
        const { id, name } = await partnerOf(tx, params.id)
        return send(tx, deps, email, { partnerId: id, role, organisation: name })
      })
      return { status: 201, body: show(invitation) }
    },
  })
}

function memberInvitationsRoute({ sealer }: InvitationRouteDeps): Route {
  return route({
    method: 'GET',
    path: '/v1/partners/:id/invitations',
    permission: 'partners:read',
    summary: 'Who is invited to a partner and has not come yet',
    params: partnerParams,
    answer: all,
    handle: async ({ params, transact }) => {
      const open = await transact(async (tx) =>
        listInvitations(tx, sealer, (await partnerOf(tx, params.id)).id),
      )
      return { status: 200, body: { data: open.map(show) } }
    },
  })
}

function uninviteMemberRoute(): Route {
  return route({
    method: 'DELETE',
    path: '/v1/partners/:id/invitations/:invitation',
    permission: 'partners:write',
    action: 'team.uninvite',
    summary: 'Takes an invitation back: its link no longer works',
    params: Type.Object({
      id: Type.String({ description: '`ptn_…`' }),
      invitation: Type.String({ description: '`ivt_…`' }),
    }),
    answer: { status: 204 },
    handle: async ({ params, transact }) => {
      await transact(async (tx) =>
        revokeInvitation(tx, (await partnerOf(tx, params.id)).id, invitationId(params.invitation)),
      )
      return { status: 204, body: '' }
    },
  })
}

function inviteOperatorRoute(deps: InvitationRouteDeps): Route {
  return route({
    method: 'POST',
    path: '/v1/operators',
    permission: 'operators:write',
    action: 'operators.invite',
    summary: 'Invites somebody to the provider',
    body: Type.Object(
      { email: Email, role: Type.Union(operatorRoles.map((role) => Type.Literal(role))) },
      { additionalProperties: false },
    ),
    answer: created,
    handle: async ({ body, transact }) => {
      const place = { partnerId: null, role: body.role, organisation: deps.provider } as const
      const invitation = await transact((tx) => send(tx, deps, body.email, place))
      return { status: 201, body: show(invitation) }
    },
  })
}

function operatorInvitationsRoute({ sealer }: InvitationRouteDeps): Route {
  return route({
    method: 'GET',
    path: '/v1/operators/invitations',
    permission: 'operators:read',
    summary: 'Who is invited to the provider and has not come yet',
    answer: all,
    handle: async ({ transact }) => {
      const open = await transact((tx) => listInvitations(tx, sealer, null))
      return { status: 200, body: { data: open.map(show) } }
    },
  })
}

function uninviteOperatorRoute(): Route {
  return route({
    method: 'DELETE',
    path: '/v1/operators/invitations/:invitation',
    permission: 'operators:write',
    action: 'operators.uninvite',
    summary: 'Takes an invitation back: its link no longer works',
    params: Type.Object({ invitation: Type.String({ description: '`ivt_…`' }) }),
    answer: { status: 204 },
    handle: async ({ params, transact }) => {
      await transact((tx) => revokeInvitation(tx, null, invitationId(params.invitation)))
      return { status: 204, body: '' }
    },
  })
}

function send(tx: Tx, deps: InvitationRouteDeps, email: string, place: Place): Promise<Invitation> {
  const page = place.partnerId === null ? deps.pages.operator : deps.pages.member
  const inviting: InviteDeps = { sealer: deps.sealer, wall: deps.clock.wall(), page }
  return invite(tx, inviting, email, place)
}

async function partnerOf(tx: Tx, text: string) {
  const id = parseId('ptn', text)
  const partner = id === null ? null : await findPartner(tx, id)
  if (!partner) throw partnerNotFound.with()
  return partner
}

function invitationId(text: string): string {
  const id = parseId('ivt', text)
  if (id === null) throw invitationNotFound.with()
  return id
}

function show({ id, email, role, createdAt, expiresAt }: Invitation) {
  return {
    id: publicId('ivt', id),
    email,
    role,
    createdAt: createdAt.toISOString(),
    expiresAt: expiresAt.toISOString(),
  }
}
