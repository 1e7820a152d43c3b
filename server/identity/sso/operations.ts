/** What partners set up of their single sign-on themselves; the domains it speaks for are the provider's to give. */
import { Type } from 'typebox'
import { changeable, Provider, shown } from '#/identity/sso/routes.ts'
import type { SsoRouteDeps } from '#/identity/sso/routes.ts'
import {
  createProvider,
  listProviders,
  providerNotFound,
  removeProvider,
  setEnforced,
  updateProvider,
} from '#/identity/sso/sso.ts'
import type { ProviderChanges } from '#/identity/sso/sso.ts'
import { partnerOperation } from '#/kernel/http/http.ts'
import type { PartnerOperation } from '#/kernel/http/http.ts'
import { parseId } from '#/kernel/id/id.ts'

const strict = { additionalProperties: false } as const
const byId = Type.Object({ id: Type.String({ maxLength: 64 }) })
const joinRole = Type.Union([
  Type.Literal('developer'),
  Type.Literal('finance'),
  Type.Literal('viewer'),
  Type.Null(),
])

const shared = { capability: 'partner-api', organisation: true } as const

export function ssoOperations(deps: SsoRouteDeps): PartnerOperation[] {
  return [listing(), creating(deps), changing(deps), enforcing(), removing()]
}

function listing(): PartnerOperation {
  return partnerOperation({
    ...shared,
    id: 'listSsoProviders',
    method: 'GET',
    path: '/partner/sso-providers',
    summary: 'Your single sign-on',
    scopes: ['sso:read'],
    permission: 'sso:read',
    status: 200,
    response: Type.Object({ data: Type.Array(Provider) }),
    handle: async (tx, { partnerId }) => ({
      status: 200,
      body: { data: (await listProviders(tx, partnerId)).map(shown) },
    }),
  })
}

function creating({ sealer, outbound, clock }: SsoRouteDeps): PartnerOperation {
  const body = Type.Object(
    {
      name: Type.String({ minLength: 1, maxLength: 120 }),
      issuer: Type.String({ maxLength: 500 }),
      clientId: Type.String({ minLength: 1, maxLength: 500 }),
      clientSecret: Type.String({ minLength: 1, maxLength: 1000 }),
      joinRole: Type.Optional(joinRole),
    },
    strict,
  )
  return partnerOperation({
    ...shared,
    id: 'createSsoProvider',
    method: 'POST',
    path: '/partner/sso-providers',
    summary:
      'Add an OpenID provider; it signs in whom its domains name, once the provider of the API gave it some',
    scopes: ['sso:write'],
    permission: 'sso:write',
    action: 'sso.create',
    body,
    status: 201,
    response: Provider,
    handle: async (tx, call) => {
      const given = call.body as Parameters<typeof createProvider>[3]
      const made = await createProvider(tx, { sealer, outbound, wall: clock.wall() }, call.partnerId, given)
      return { status: 201, body: shown(made) }
    },
  })
}

function changing({ sealer }: SsoRouteDeps): PartnerOperation {
  return partnerOperation({
    ...shared,
    id: 'updateSsoProvider',
    method: 'PATCH',
    path: '/partner/sso-providers/{id}',
    summary: 'Rename it, give it another secret, or switch it off, which signs out whoever came in by it',
    scopes: ['sso:write'],
    permission: 'sso:write',
    action: 'sso.update',
    params: byId,
    body: Type.Object({ ...changeable, joinRole: Type.Optional(joinRole) }, { ...strict, minProperties: 1 }),
    status: 200,
    response: Provider,
    handle: async (tx, { partnerId, path, body }) => {
      const changes = body as ProviderChanges
      return {
        status: 200,
        body: shown(await updateProvider(tx, sealer, partnerId, wanted(path.id), changes)),
      }
    },
  })
}

function enforcing(): PartnerOperation {
  return partnerOperation({
    ...shared,
    id: 'enforceSso',
    method: 'POST',
    path: '/partner/sso-providers/{id}/enforce',
    summary: 'Make it the only way in, but for owners, or end that',
    scopes: ['sso:write'],
    permission: 'sso:write',
    action: 'sso.enforce',
    params: byId,
    body: Type.Object({ enforced: Type.Boolean() }, strict),
    status: 200,
    response: Provider,
    handle: async (tx, { partnerId, path, body }) => {
      const { enforced } = body as { enforced: boolean }
      return { status: 200, body: shown(await setEnforced(tx, partnerId, wanted(path.id), enforced)) }
    },
  })
}

function removing(): PartnerOperation {
  return partnerOperation({
    ...shared,
    id: 'removeSsoProvider',
    method: 'DELETE',
    path: '/partner/sso-providers/{id}',
    summary: 'Remove an OpenID provider; who has no other way in needs an invitation',
    scopes: ['sso:write'],
    permission: 'sso:write',
    action: 'sso.remove',
    params: byId,
    status: 200,
    response: Type.Object({ removed: Type.Boolean() }),
    handle: async (tx, { partnerId, path }) => {
      await removeProvider(tx, partnerId, wanted(path.id))
      return { status: 200, body: { removed: true } }
    },
  })
}

function wanted(text: string | undefined): string {
  const id = parseId('sso', text ?? '')
  if (id === null) throw providerNotFound.with()
  return id
}
