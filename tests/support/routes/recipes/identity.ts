/** Rows and recipes of the identity area, but for its session API (`account.ts`). How to add one: `recipe.ts`. */
import { createApplication, suspendApplication } from '#/identity/applications/applications.ts'
import { invite } from '#/identity/invitations/invitations.ts'
import { createKey, digestOf } from '#/identity/keys/keys.ts'
import { createServiceKey } from '#/identity/service-keys/service-keys.ts'
import { createProvider } from '#/identity/sso/sso.ts'
import { newId, publicId } from '#/kernel/id/id.ts'
import { somebody } from '../cast.ts'
import type { Place, Recipes, Row } from './recipe.ts'
import type { Stage } from '../stage.ts'

export const partner: Row = { kind: 'partner', make: async (_, { partnerId }) => publicId('ptn', partnerId) }

export const application: Row = {
  inEnvironment: true,
  make: (stage, { partnerId, environment, marker }) =>
    stage.inTx(async (tx) => {
      const { id } = await createApplication(tx, partnerId, { environment, name: `${marker} ${newId()}` })
      return publicId('app', id)
    }),
}

export const suspended: Row = {
  make: (stage, { partnerId, environment, marker }) =>
    stage.inTx(async (tx) => {
      const { id } = await createApplication(tx, partnerId, { environment, name: `${marker} ${newId()}` })
      await suspendApplication(tx, partnerId, id, 'unpaid')
      return publicId('app', id)
    }),
}

/** Bound, so that every role that may make keys may make its successor. */
async function makeKey(stage: Stage, { partnerId, environment, marker }: Place) {
  return stage.inTx(async (tx) => {
    const { id } = await createApplication(tx, partnerId, { environment, name: `${marker} ${newId()}` })
    const bounds = { scopes: ['usage:read'], networks: null }
    return createKey(tx, partnerId, id, { label: marker, bounds })
  })
}

const key: Row = {
  inEnvironment: true,
  make: async (stage, place) => publicId('key', (await makeKey(stage, place)).id),
}

const applicationWithKey: Row = {
  inEnvironment: true,
  make: async (stage, place) => publicId('app', (await makeKey(stage, place)).applicationId),
}

/** By the SHA-256 that a leak is reported by. */
const fingerprint: Row = {
  make: async (stage, place) => digestOf((await makeKey(stage, place)).key).toString('hex'),
  absent: () => '0'.repeat(64),
}

const member: Row = {
  make: async (stage, place) => publicId('per', (await somebody(stage, { place, role: 'viewer' })).personId),
}

const operator: Row = {
  make: async (stage) => publicId('per', (await somebody(stage, { role: 'auditor', place: null })).personId),
  foreign: member.make,
}

export async function invited(stage: Stage, place: Place | null): Promise<string> {
  const inviting = { sealer: stage.sealer, wall: Date.now(), page: 'https://portal.example/invitations' }
  const to = `${newId()}@${place?.marker ?? 'solstice'}.example`
  const where = place
    ? ({ partnerId: place.partnerId, role: 'viewer', organisation: place.marker } as const)
    : ({ partnerId: null, role: 'auditor', organisation: 'Solstice' } as const)
  return publicId('ivt', (await stage.inTx((tx) => invite(tx, inviting, to, where))).id)
}

const invitation: Row = { make: invited }
const operatorInvitation: Row = { make: (stage) => invited(stage, null), foreign: invited }

/** At an address of this machine where nothing listens. */
const openId = { issuer: 'http://127.0.0.1:9', clientId: 'portico', clientSecret: 'secret' }

export async function addOpenId(stage: Stage, place: Place | null): Promise<string> {
  const { sealer, outbound } = stage
  const given = { ...openId, name: `${place?.marker ?? 'Solstice'} staff` }
  const deps = { sealer, outbound, wall: Date.now() }
  const made = await stage.inTx((tx) => createProvider(tx, deps, place?.partnerId ?? null, given))
  return publicId('sso', made.id)
}

const ssoProvider: Row = { make: addOpenId }
const ownSsoProvider: Row = { make: (stage) => addOpenId(stage, null), foreign: addOpenId }

const serviceKey: Row = {
  make: (stage) =>
    stage.inTx(async (tx) => {
      return publicId('svk', (await createServiceKey(tx, { name: 'meter', role: 'support' })).id)
    }),
}

const address = () => `${newId()}@somewhere.example`

export const identityOperationRecipes: Recipes = {
  'POST /partner/applications': { body: () => ({ name: `Made ${newId()}` }) },
  'GET /partner/applications/{id}': { rows: { id: application } },
  'PATCH /partner/applications/{id}': { rows: { id: application }, body: () => ({ name: `Now ${newId()}` }) },
  'POST /partner/applications/{id}/archive': { rows: { id: application } },

  'GET /partner/keys': {
    rows: { application: applicationWithKey },
    query: ({ application = '' }) => ({ application }),
  },
  'POST /partner/keys': {
    rows: { application },
    body: ({ application }) => ({ application, label: 'Made', scopes: ['usage:read'] }),
    proof: true,
  },
  'PATCH /partner/keys/{id}': { rows: { id: key }, body: () => ({ scopes: ['usage:read'] }) },
  'POST /partner/keys/{id}/rotate': { rows: { id: key }, body: () => ({}), proof: true },
  'POST /partner/keys/{id}/revoke': { rows: { id: key }, body: () => ({ reason: 'leaked' }) },

  'PATCH /partner/team/{id}': { rows: { id: member }, body: () => ({ role: 'finance' }) },
  'DELETE /partner/team/{id}': { rows: { id: member } },
  'POST /partner/team/invitations': { body: () => ({ email: address(), role: 'viewer' }) },
  'DELETE /partner/team/invitations/{id}': { rows: { id: invitation } },

  'PATCH /partner/profile': { body: (_, { marker }) => ({ legalName: `${marker} ${newId()}` }) },

  'POST /partner/sso-providers': { body: () => ({ ...openId, name: 'Made' }) },
  // Nobody has signed in through it yet, so it cannot be the only way in; ending that it is changes nothing.
  'POST /partner/sso-providers/{id}/enforce': {
    rows: { id: ssoProvider },
    body: () => ({ enforced: false }),
  },
  'PATCH /partner/sso-providers/{id}': { rows: { id: ssoProvider }, body: () => ({ name: 'Renamed' }) },
  'DELETE /partner/sso-providers/{id}': { rows: { id: ssoProvider } },
}

export const identityRouteRecipes: Recipes = {
  'POST /v1/partners': { body: () => ({ slug: `made-${newId()}`, name: 'Made' }) },
  'GET /v1/partners/:id': { rows: { id: partner } },
  'PATCH /v1/partners/:id': { rows: { id: partner }, body: () => ({ name: `Now ${newId()}` }) },
  'POST /v1/partners/:id/suspend': { rows: { id: partner }, body: () => ({ reason: 'unpaid' }) },
  'POST /v1/partners/:id/resume': { rows: { id: partner }, body: () => ({ reason: 'paid' }) },
  'POST /v1/partners/:id/applications/:application/suspend': {
    rows: { id: partner, application },
    body: () => ({ reason: 'unpaid' }),
  },
  'POST /v1/partners/:id/applications/:application/resume': {
    rows: { id: partner, application: suspended },
    body: () => ({ reason: 'paid' }),
  },
  'GET /v1/partners/:id/members': { rows: { id: partner } },
  'GET /v1/partners/:id/invitations': { rows: { id: partner } },
  'POST /v1/partners/:id/invitations': {
    rows: { id: partner },
    body: () => ({ email: address(), role: 'viewer' }),
  },
  'DELETE /v1/partners/:id/invitations/:invitation': { rows: { id: partner, invitation } },
  'GET /v1/partners/:partnerId/sso-providers': { rows: { partnerId: partner } },
  'PATCH /v1/partners/:partnerId/sso-providers/:id': {
    rows: { partnerId: partner, id: ssoProvider },
    body: () => ({ active: false }),
  },
  'POST /v1/partners/:partnerId/sso-providers/:id/domains': {
    rows: { partnerId: partner, id: ssoProvider },
    body: () => ({ domains: [`d${newId()}.example`] }),
  },

  'POST /v1/keys/leaked': {
    rows: { fingerprint },
    body: (ids) => ({ fingerprint: ids['fingerprint'] }),
  },

  'POST /v1/operators': { body: () => ({ email: address(), role: 'auditor' }) },
  'PATCH /v1/operators/:id': { rows: { id: operator }, body: () => ({ role: 'support' }) },
  'DELETE /v1/operators/:id': { rows: { id: operator } },
  'DELETE /v1/operators/invitations/:invitation': { rows: { invitation: operatorInvitation } },

  'POST /v1/service-keys': { body: () => ({ name: 'meter', role: 'auditor' }) },
  'POST /v1/service-keys/:id/rotate': { rows: { id: serviceKey }, body: () => ({ overlapHours: 1 }) },
  'POST /v1/service-keys/:id/revoke': { rows: { id: serviceKey }, body: () => ({ reason: 'leaked' }) },

  'POST /v1/sso-providers': { body: () => ({ ...openId, name: 'Made', domains: [`d${newId()}.example`] }) },
  'POST /v1/sso-providers/:id/enforce': { rows: { id: ownSsoProvider }, body: () => ({ enforced: false }) },
  'PATCH /v1/sso-providers/:id': { rows: { id: ownSsoProvider }, body: () => ({ name: 'Renamed' }) },
  'DELETE /v1/sso-providers/:id': { rows: { id: ownSsoProvider } },
}
