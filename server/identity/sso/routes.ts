/** The management API of single sign-on: the provider's own, and the domains of partners', which only it gives. */
import { Type } from 'typebox'
import {
  createProvider,
  listProviders,
  providerNotFound,
  removeProvider,
  setDomains,
  setEnforced,
  updateProvider,
} from '#/identity/sso/sso.ts'
import type { SsoProvider } from '#/identity/sso/sso.ts'
import { findPartner, partnerNotFound } from '#/identity/partners/partners.ts'
import type { Tx } from '#/kernel/db/db.ts'
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
  active: Type.Boolean({ description: 'Else it is switched off, and signs nobody in.' }),
  joinRole: Type.Union([Type.String(), Type.Null()], {
    description: 'What somebody unknown becomes; null: nobody does.',
  }),
  createdAt: Type.String({ format: 'date-time' }),
})

/** What can be changed of one; the issuer cannot, since people are known by its names for them. */
export const changeable = {
  name: Type.Optional(Type.String({ minLength: 1, maxLength: 120 })),
  clientId: Type.Optional(Type.String({ minLength: 1, maxLength: 500 })),
  clientSecret: Type.Optional(Type.String({ minLength: 1, maxLength: 1000 })),
  active: Type.Optional(Type.Boolean({ description: 'False: switched off; its sessions end.' })),
}

const domains = Type.Array(Type.String({ maxLength: 253 }), { maxItems: 50 })

export function ssoRoutes(deps: SsoRouteDeps): Route[] {
  return [...own(deps), changing(deps), ...removing(), ...ofPartners(deps)]
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

function changing({ sealer }: SsoRouteDeps): Route {
  return route({
    method: 'PATCH',
    path: '/v1/sso-providers/:id',
    permission: 'sso:write',
    action: 'sso.update',
    summary:
      'Rename it, give it another secret or other domains, or switch it off, which signs out whoever came in by it',
    answer: { status: 200, schema: Provider },
    params: byId,
    body: Type.Object({ ...changeable, domains: Type.Optional(domains) }, { ...strict, minProperties: 1 }),
    handle: async (call) => {
      const id = wanted(call.params.id)
      const { domains: given, ...changes } = call.body
      const changed = await call.transact(async (tx) => {
        const updated = await updateProvider(tx, sealer, null, id, changes)
        return given === undefined ? updated : setDomains(tx, null, id, given)
      })
      return { status: 200, body: shown(changed) }
    },
  })
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

const partnersParams = Type.Object({
  partnerId: Type.String({ maxLength: 64 }),
  id: Type.String({ maxLength: 64 }),
})

/** Which addresses a partner's OpenID provider speaks for is not the partner's to say; the rest is. */
function ofPartners({ sealer }: SsoRouteDeps): Route[] {
  return [
    route({
      method: 'GET',
      path: '/v1/partners/:partnerId/sso-providers',
      permission: 'partners:read',
      summary: "A partner's single sign-on",
      answer: { status: 200, schema: Type.Object({ data: Type.Array(Provider) }) },
      params: Type.Pick(partnersParams, ['partnerId']),
      handle: async (call) => {
        const found = await call.transact(async (tx) =>
          listProviders(tx, await partnerOf(tx, call.params.partnerId)),
        )
        return { status: 200, body: { data: found.map(shown) } }
      },
    }),
    route({
      method: 'PATCH',
      path: '/v1/partners/:partnerId/sso-providers/:id',
      permission: 'partners:write',
      action: 'sso.update',
      summary: "Switch a partner's single sign-on off, which signs out whoever came in by it, or on again",
      answer: { status: 200, schema: Provider },
      params: partnersParams,
      body: Type.Object({ active: Type.Boolean() }, strict),
      handle: async (call) => {
        const id = wanted(call.params.id)
        const changed = await call.transact(async (tx) =>
          updateProvider(tx, sealer, await partnerOf(tx, call.params.partnerId), id, call.body),
        )
        return { status: 200, body: shown(changed) }
      },
    }),
    route({
      method: 'POST',
      path: '/v1/partners/:partnerId/sso-providers/:id/domains',
      permission: 'partners:write',
      action: 'sso.set_domains',
      summary: "Say which e-mail domains a partner's single sign-on speaks for",
      answer: { status: 200, schema: Provider },
      params: partnersParams,
      body: Type.Object({ domains }, strict),
      handle: async (call) => {
        const id = wanted(call.params.id)
        const set = await call.transact(async (tx) =>
          setDomains(tx, await partnerOf(tx, call.params.partnerId), id, call.body.domains),
        )
        return { status: 200, body: shown(set) }
      },
    }),
  ]
}

async function partnerOf(tx: Tx, text: string): Promise<string> {
  const id = parseId('ptn', text)
  if (id === null || !(await findPartner(tx, id))) throw partnerNotFound.with()
  return id
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
  active,
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
    active,
    joinRole,
    createdAt: createdAt.toISOString(),
  }
}
