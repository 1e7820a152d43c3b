/** The management API of single sign-on: the provider's own, and the domains of partners', which only it gives. */
import { Type } from 'typebox'
import {
  createProvider,
  listProviders,
  providerNotFound,
  removeProvider,
  setDomains,
  setEnforced,
} from '#/identity/sso/sso.ts'
import type { SsoProvider } from '#/identity/sso/sso.ts'
import type { Clock } from '#/kernel/clock/clock.ts'
import type { Sealer } from '#/kernel/crypto/crypto.ts'
import { route } from '#/kernel/http/http.ts'
import type { Route } from '#/kernel/http/http.ts'
import { parseId, publicId } from '#/kernel/id/id.ts'
import type { Outbound } from '#/kernel/outbound/outbound.ts'

export type SsoRouteDeps = {
  readonly sealer: Sealer
  readonly clock: Pick<Clock, 'wall'>
  readonly outbound: Outbound
}

const strict = { additionalProperties: false } as const
const byId = Type.Object({ id: Type.String({ maxLength: 64 }) })
export const Provider = Type.Object({
  id: Type.String(),
  name: Type.String(),
  issuer: Type.String(),
  clientId: Type.String(),
  domains: Type.Array(Type.String(), { description: 'Given by the provider of the API on request.' }),
  enforced: Type.Boolean({ description: 'The only way in, but for owners.' }),
  joinRole: Type.Union([Type.String(), Type.Null()], {
    description: 'What somebody unknown becomes; null: nobody does.',
  }),
  createdAt: Type.String({ format: 'date-time' }),
})

const domains = Type.Array(Type.String({ maxLength: 253 }), { maxItems: 50 })

export function ssoRoutes(deps: SsoRouteDeps): Route[] {
  return [...own(deps), ...removing(), ...domainsOfPartners()]
}

function own({ sealer, clock, outbound }: SsoRouteDeps): Route[] {
  return [
    route({
      method: 'GET',
      path: '/v1/sso-providers',
      permission: 'sso:read',
      summary: "The provider's own single sign-on",
      answer: { status: 200, schema: Type.Object({ data: Type.Array(Provider) }) },
      handle: async (call) => {
        const found = await call.transact((tx) => listProviders(tx, null))
        return { status: 200, body: { data: found.map(shown) } }
      },
    }),
    route({
      method: 'POST',
      path: '/v1/sso-providers',
      permission: 'sso:write',
      action: 'sso.create',
      summary: 'Add an OpenID provider for operators',
      answer: { status: 201, schema: Provider },
      body: Type.Object(
        {
          name: Type.String({ minLength: 1, maxLength: 120 }),
          issuer: Type.String({ maxLength: 500 }),
          clientId: Type.String({ minLength: 1, maxLength: 500 }),
          clientSecret: Type.String({ minLength: 1, maxLength: 1000 }),
          domains,
        },
        strict,
      ),
      handle: async (call) => {
        const { domains: wanted, ...given } = call.body
        const made = await call.transact(async (tx) => {
          const { id } = await createProvider(tx, { sealer, outbound, wall: clock.wall() }, null, given)
          return setDomains(tx, null, id, wanted)
        })
        return { status: 201, body: shown(made) }
      },
    }),
    route({
      method: 'POST',
      path: '/v1/sso-providers/:id/enforce',
      permission: 'sso:write',
      action: 'sso.enforce',
      summary: 'Make it the only way in, but for administrators, or end that',
      answer: { status: 200, schema: Provider },
      params: byId,
      body: Type.Object({ enforced: Type.Boolean() }, strict),
      handle: async (call) => {
        const id = wanted(call.params.id)
        return {
          status: 200,
          body: shown(await call.transact((tx) => setEnforced(tx, null, id, call.body.enforced))),
        }
      },
    }),
  ]
}

function removing(): Route[] {
  return [
    route({
      method: 'DELETE',
      path: '/v1/sso-providers/:id',
      permission: 'sso:write',
      action: 'sso.remove',
      summary: 'Remove an OpenID provider',
      answer: { status: 200, schema: Type.Object({ removed: Type.Boolean() }) },
      params: byId,
      handle: async (call) => {
        await call.transact((tx) => removeProvider(tx, null, wanted(call.params.id)))
        return { status: 200, body: { removed: true } }
      },
    }),
  ]
}

/** Which addresses a partner's OpenID provider speaks for is not the partner's to say. */
function domainsOfPartners(): Route[] {
  return [
    route({
      method: 'POST',
      path: '/v1/partners/:partnerId/sso-providers/:id/domains',
      permission: 'partners:write',
      action: 'sso.set_domains',
      summary: "Say which e-mail domains a partner's single sign-on speaks for",
      answer: { status: 200, schema: Provider },
      params: Type.Object({ partnerId: Type.String({ maxLength: 64 }), id: Type.String({ maxLength: 64 }) }),
      body: Type.Object({ domains }, strict),
      handle: async (call) => {
        const partnerId = parseId('ptn', call.params.partnerId)
        if (partnerId === null) throw providerNotFound.with()
        const id = wanted(call.params.id)
        const set = await call.transact((tx) => setDomains(tx, partnerId, id, call.body.domains))
        return { status: 200, body: shown(set) }
      },
    }),
  ]
}

function wanted(text: string): string {
  const id = parseId('sso', text)
  if (id === null) throw providerNotFound.with()
  return id
}

export function shown({
  id,
  name,
  issuer,
  clientId,
  domains: spoken,
  enforced,
  joinRole,
  createdAt,
}: SsoProvider) {
  return {
    id: publicId('sso', id),
    name,
    issuer,
    clientId,
    domains: [...spoken],
    enforced,
    joinRole,
    createdAt: createdAt.toISOString(),
  }
}
