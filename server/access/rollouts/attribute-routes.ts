/** Attributes of partners in the management API. */
import { Type } from 'typebox'
import { attributesOf, setAttributes } from '#/access/rollouts/attributes.ts'
import { findPartner, partnerNotFound } from '#/identity/partners/partners.ts'
import type { Tx } from '#/kernel/db/db.ts'
import { route } from '#/kernel/http/http.ts'
import type { Route } from '#/kernel/http/http.ts'
import { parseId } from '#/kernel/id/id.ts'

const ofPartner = Type.Object({ id: Type.String({ description: '`ptn_…`' }) })
const Attributes = Type.Object(
  {
    attributes: Type.Record(Type.String(), Type.String({ maxLength: 200 }), {
      description: 'By short name. `package` and `slug` are there by themselves.',
    }),
  },
  { additionalProperties: false },
)

export function attributeRoutes(): Route[] {
  return [findAttributesRoute(), setAttributesRoute()]
}

function findAttributesRoute(): Route {
  return route({
    method: 'GET',
    path: '/v1/partners/:id/attributes',
    permission: 'access:read',
    summary: 'Attributes of a partner, for rollouts to go by',
    params: ofPartner,
    answer: { status: 200, schema: Attributes },
    handle: async ({ params, transact }) => ({
      status: 200,
      body: await transact(async (tx) => ({
        attributes: await attributesOf(tx, await partnerId(tx, params.id)),
      })),
    }),
  })
}

function setAttributesRoute(): Route {
  return route({
    method: 'PUT',
    path: '/v1/partners/:id/attributes',
    permission: 'access:write',
    action: 'partners.set_attributes',
    summary: 'Gives a partner these attributes and no others',
    params: ofPartner,
    body: Attributes,
    answer: { status: 200, schema: Attributes },
    handle: async ({ params, body, transact }) => ({
      status: 200,
      body: await transact(async (tx) => {
        const id = await partnerId(tx, params.id)
        await setAttributes(tx, id, body.attributes)
        return { attributes: await attributesOf(tx, id) }
      }),
    }),
  })
}

/** Throws `partnerNotFound`. */
async function partnerId(tx: Tx, text: string): Promise<string> {
  const id = parseId('ptn', text)
  if (id === null || !(await findPartner(tx, id))) throw partnerNotFound.with()
  return id
}
