/** Who is an operator, and who belongs to a partner, in the management API. Who comes in is asked in: invitations. */
import { Type } from 'typebox'
import { operatorRoles } from '#/governance/roles/roles.ts'
import { findPartner, partnerNotFound } from '#/identity/partners/partners.ts'
import {
  findPerson,
  listMembers,
  listOperators,
  operatorNotFound,
  removeOperator,
  setOperatorRole,
} from '#/identity/people/people.ts'
import type { Person } from '#/identity/people/people.ts'
import type { Sealer } from '#/kernel/crypto/crypto.ts'
import { pageOf, pageQuery, pageSchema, route } from '#/kernel/http/http.ts'
import type { Route } from '#/kernel/http/http.ts'
import { parseId, publicId } from '#/kernel/id/id.ts'

const OperatorRole = Type.Union(operatorRoles.map((role) => Type.Literal(role)))

const PersonAnswer = Type.Object({
  id: Type.String(),
  name: Type.Union([Type.String(), Type.Null()]),
  email: Type.Union([Type.String(), Type.Null()]),
  state: Type.Union([Type.Literal('active'), Type.Literal('disabled')]),
  role: Type.String(),
  since: Type.String({ format: 'date-time' }),
})

const operatorParams = Type.Object({ id: Type.String({ description: '`per_…`' }) })

type Deps = { readonly sealer: Sealer }

export function peopleRoutes(deps: Deps): Route[] {
  return [operatorsRoute(deps), setRoleRoute(deps), removeRoute(), membersRoute(deps)]
}

function operatorsRoute({ sealer }: Deps): Route {
  return route({
    method: 'GET',
    path: '/v1/operators',
    permission: 'operators:read',
    summary: 'The people of the provider',
    query: Type.Object(pageQuery),
    answer: { status: 200, schema: pageSchema(PersonAnswer) },
    handle: async ({ query, transact }) => {
      const page = await transact((tx) =>
        pageOf(sealer, ['operators'], query, (from) => listOperators(tx, sealer, from)),
      )
      return { status: 200, body: { ...page, data: page.data.map(show) } }
    },
  })
}

function setRoleRoute({ sealer }: Deps): Route {
  return route({
    method: 'PATCH',
    path: '/v1/operators/:id',
    permission: 'operators:write',
    action: 'operators.set_role',
    summary: 'Gives an operator another role, and ends their sessions',
    params: operatorParams,
    body: Type.Object({ role: OperatorRole }, { additionalProperties: false }),
    answer: { status: 200, schema: Type.Omit(PersonAnswer, ['since']) },
    handle: async ({ params, body, transact }) => {
      const id = operatorId(params.id)
      const person = await transact(async (tx) => {
        await setOperatorRole(tx, id, body.role)
        return findPerson(tx, sealer, id)
      })
      if (!person) throw operatorNotFound.with()
      return { status: 200, body: { ...showPerson(person), role: body.role } }
    },
  })
}

function removeRoute(): Route {
  return route({
    method: 'DELETE',
    path: '/v1/operators/:id',
    permission: 'operators:write',
    action: 'operators.remove',
    summary: 'Takes an operator out of the provider, and ends their sessions',
    params: operatorParams,
    answer: { status: 204 },
    handle: async ({ params, transact }) => {
      await transact((tx) => removeOperator(tx, operatorId(params.id)))
      return { status: 204, body: '' }
    },
  })
}

function membersRoute({ sealer }: Deps): Route {
  return route({
    method: 'GET',
    path: '/v1/partners/:id/members',
    permission: 'partners:read',
    summary: 'The members of a partner',
    params: Type.Object({ id: Type.String({ description: '`ptn_…`' }) }),
    query: Type.Object(pageQuery),
    answer: { status: 200, schema: pageSchema(PersonAnswer) },
    handle: async ({ params, query, transact }) => {
      const partnerId = parseId('ptn', params.id)
      if (partnerId === null) throw partnerNotFound.with()
      const page = await transact(async (tx) => {
        if (!(await findPartner(tx, partnerId))) throw partnerNotFound.with()
        const bound = ['partners.members', partnerId]
        return pageOf(sealer, bound, query, (from) => listMembers(tx, sealer, partnerId, from))
      })
      return { status: 200, body: { ...page, data: page.data.map(show) } }
    },
  })
}

function operatorId(text: string): string {
  const id = parseId('per', text)
  if (id === null) throw operatorNotFound.with()
  return id
}

function show(person: Person & { readonly role: string; readonly since: Date }) {
  return { ...showPerson(person), role: person.role, since: person.since.toISOString() }
}

function showPerson({ id, name, email, state }: Person) {
  return { id: publicId('per', id), name, email, state }
}
