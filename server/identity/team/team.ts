/** The team of a partner: its members and whom it has invited, as the partner itself looks after them. */
import { Type } from 'typebox'
import type { Static } from 'typebox'
import { memberRoles } from '#/governance/roles/roles.ts'
import type { MemberRole } from '#/governance/roles/roles.ts'
import {
  invitationNotFound,
  invite,
  listInvitations,
  revokeInvitation,
} from '#/identity/invitations/invitations.ts'
import type { Invitation } from '#/identity/invitations/invitations.ts'
import { findPartner } from '#/identity/partners/partners.ts'
import {
  findMember,
  findPerson,
  listMembers,
  memberNotFound,
  removeMember,
  setRole,
} from '#/identity/people/people.ts'
import type { Member } from '#/identity/people/people.ts'
import type { Clock } from '#/kernel/clock/clock.ts'
import type { Sealer } from '#/kernel/crypto/crypto.ts'
import { pageOf, pageQuery, pageQueryOf, partnerOperation } from '#/kernel/http/http.ts'
import type { OperationCall, PartnerOperation } from '#/kernel/http/http.ts'
import { parseId, publicId } from '#/kernel/id/id.ts'

export type TeamDeps = {
  readonly clock: Pick<Clock, 'wall'>
  readonly sealer: Sealer
  /** The page that takes an invitation: `https://…/portal/invitations`. */
  readonly invitationPage: string
}

const Time = Type.String({ format: 'date-time' })
const Role = Type.Enum(memberRoles)
const TextOrNull = Type.Union([Type.String(), Type.Null()])
const nextCursor = Type.Union([Type.String(), Type.Null()], { description: 'Null on the last page.' })
const ShownMember = Type.Object({
  id: Type.String(),
  name: TextOrNull,
  email: TextOrNull,
  role: Role,
  since: Time,
})
const ShownInvitation = Type.Object({
  id: Type.String(),
  email: Type.String(),
  role: Role,
  createdAt: Time,
  expiresAt: Time,
})
const Id = Type.Object({ id: Type.String({ maxLength: 100 }) })
const closed = { additionalProperties: false }

const common = { capability: 'partner-api', organisation: true } as const
const reads = { ...common, scopes: ['team:read'], permission: 'team:read' } as const
const writes = { ...common, scopes: ['team:write'], permission: 'team:write' } as const

export function teamOperations(deps: TeamDeps): PartnerOperation[] {
  const members = [listing(deps), changing(deps), removing()]
  return [...members, listingInvitations(deps), inviting(deps), uninviting()]
}

function listing({ sealer }: TeamDeps): PartnerOperation {
  return partnerOperation({
    id: 'listTeam',
    method: 'GET',
    path: '/partner/team',
    summary: 'The members of your organisation',
    ...reads,
    query: Type.Object(pageQuery),
    status: 200,
    response: Type.Object({ data: Type.Array(ShownMember), nextCursor }),
    async handle(tx, { partnerId, query }) {
      const page = await pageOf(sealer, ['listTeam', partnerId], pageQueryOf(query), (next) =>
        listMembers(tx, sealer, partnerId, next),
      )
      return { status: 200, body: { ...page, data: page.data.map(present) } }
    },
  })
}

const roleChange = Type.Object({ role: Role }, closed)

function changing({ sealer }: TeamDeps): PartnerOperation {
  return partnerOperation({
    id: 'setRole',
    method: 'PATCH',
    path: '/partner/team/{id}',
    summary: "Change a member's role",
    description: 'It ends the sessions of the member. Owners are made and changed by owners, in person.',
    ...writes,
    action: 'team.set_role',
    params: Id,
    body: roleChange,
    status: 200,
    response: ShownMember,
    async handle(tx, call) {
      const personId = personOf(call)
      const { role } = call.body as Static<typeof roleChange>
      await setRole(tx, call.partnerId, personId, role)
      const person = await findPerson(tx, sealer, personId)
      const membership = await findMember(tx, call.partnerId, personId)
      if (!person || !membership) throw new Error('a member whose role was set is gone')
      return { status: 200, body: present({ ...person, role: membership.role, since: membership.since }) }
    },
  })
}

function removing(): PartnerOperation {
  return partnerOperation({
    id: 'removeMember',
    method: 'DELETE',
    path: '/partner/team/{id}',
    summary: 'Remove a member',
    description: 'It ends the sessions of the member. Owners are removed by owners, in person.',
    ...writes,
    action: 'team.remove',
    params: Id,
    status: 204,
    response: Type.Undefined(),
    async handle(tx, call) {
      await removeMember(tx, call.partnerId, personOf(call))
      return { status: 204, body: undefined }
    },
  })
}

function listingInvitations({ sealer }: TeamDeps): PartnerOperation {
  return partnerOperation({
    id: 'listInvitations',
    method: 'GET',
    path: '/partner/team/invitations',
    summary: 'Whom you have invited and who has not answered',
    ...reads,
    query: Type.Object(pageQuery),
    status: 200,
    response: Type.Object({ data: Type.Array(ShownInvitation), nextCursor }),
    async handle(tx, { partnerId, query }) {
      const page = await pageOf(sealer, ['listInvitations', partnerId], pageQueryOf(query), (next) =>
        listInvitations(tx, sealer, partnerId, next),
      )
      return { status: 200, body: { ...page, data: page.data.map(presentInvitation) } }
    },
  })
}

const invitation = Type.Object({ email: Type.String({ minLength: 3, maxLength: 254 }), role: Role }, closed)

function inviting({ clock, sealer, invitationPage }: TeamDeps): PartnerOperation {
  return partnerOperation({
    id: 'invite',
    method: 'POST',
    path: '/partner/team/invitations',
    summary: 'Invite somebody to your organisation',
    description:
      'Sends a link that works once, for seven days; an earlier one to the same address stops working. Owners are invited by owners, in person.',
    ...writes,
    action: 'team.invite',
    body: invitation,
    status: 201,
    response: ShownInvitation,
    async handle(tx, { partnerId, body }) {
      const { email, role } = body as Static<typeof invitation>
      const partner = await findPartner(tx, partnerId)
      if (!partner) throw new Error('the calling partner is gone')
      const deps = { sealer, wall: clock.wall(), page: invitationPage }
      const place = { partnerId, role, organisation: partner.name }
      return { status: 201, body: presentInvitation(await invite(tx, deps, email, place)) }
    },
  })
}

function uninviting(): PartnerOperation {
  return partnerOperation({
    id: 'revokeInvitation',
    method: 'DELETE',
    path: '/partner/team/invitations/{id}',
    summary: 'Take an invitation back',
    ...writes,
    action: 'team.uninvite',
    params: Id,
    status: 204,
    response: Type.Undefined(),
    async handle(tx, call) {
      const id = parseId('ivt', call.path['id'] ?? '')
      if (id === null) throw invitationNotFound.with()
      await revokeInvitation(tx, call.partnerId, id)
      return { status: 204, body: undefined }
    },
  })
}

function personOf(call: OperationCall): string {
  const id = parseId('per', call.path['id'] ?? '')
  if (id === null) throw memberNotFound.with()
  return id
}

function present({ id, name, email, role, since }: Member): Static<typeof ShownMember> {
  return { id: publicId('per', id), name, email, role, since: since.toISOString() }
}

function presentInvitation(open: Invitation): Static<typeof ShownInvitation> {
  const { id, email, role, createdAt, expiresAt } = open
  return {
    id: publicId('ivt', id),
    email,
    role: role as MemberRole,
    createdAt: createdAt.toISOString(),
    expiresAt: expiresAt.toISOString(),
  }
}
