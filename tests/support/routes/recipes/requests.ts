/** Rows and recipes of access requests, of both sides. How to add one: `recipe.ts`. */
import { askPartner, claimRequest, createRequest, submitRequest } from '#/access/requests/requests.ts'
import type { Form } from '#/access/requests/requests.ts'
import { changeProfile } from '#/identity/profile/profile.ts'
import type { Actor } from '#/kernel/db/db.ts'
import { newId, publicId } from '#/kernel/id/id.ts'
import { capability } from './capabilities.ts'
import type { Place, Recipes, Row } from './recipe.ts'
import type { Stage } from '../stage.ts'
import { hidden, makePackage } from './terms.ts'

const form: Form = {
  useCase: 'Order sync',
  volume: { perMonth: 20_000, peakPerSecond: 5 },
  data: 'Orders, without customers.',
  environments: ['live'],
  acceptedTerms: '2026-11',
}

/** Facts of an organisation that its requests need; saying them again changes nothing. */
export async function completeFacts(stage: Stage, { partnerId, marker }: Place): Promise<void> {
  const facts = {
    legalName: `${marker} GmbH`,
    country: 'DE',
    address: { lines: ['Lichtweg 1'], postalCode: '10115', city: 'Berlin', region: null },
    billingEmail: `billing@${marker}.example`,
    currency: 'EUR',
    timeZone: 'Europe/Berlin',
  }
  await stage.inTx((tx) => changeProfile(tx, stage.sealer, partnerId, { facts }))
}

const steps = ['draft', 'submitted', 'claimed', 'asked'] as const

/** For a package of its own, so that there is no other for the same; taken as far as `until` says. */
export async function makeRequest(
  stage: Stage,
  place: Place,
  until: (typeof steps)[number],
): Promise<string> {
  const { partnerId, caller } = place
  const { sealer, inTx } = stage
  const name = await makePackage(stage, place)
  const member: Actor = { kind: 'member', id: newId(), partnerId, role: 'owner' }
  const reviewer: Actor = caller ?? { kind: 'operator', id: newId(), role: 'admin' }
  const { id } = await inTx((tx) => createRequest(tx, partnerId, { kind: 'package', name }, form), member)
  const after = steps.slice(1, steps.indexOf(until) + 1)
  for (const step of after) {
    if (step === 'submitted') {
      await completeFacts(stage, place)
      await inTx((tx) => submitRequest(tx, sealer, partnerId, id), member)
    }
    if (step === 'claimed') await inTx((tx) => claimRequest(tx, id, { takeOver: false }), reviewer)
    if (step === 'asked') await inTx((tx) => askPartner(tx, sealer, id, 'For whom?'), reviewer)
  }
  return publicId('acr', id)
}

const at = (until: (typeof steps)[number]): Row => ({
  make: (stage, place) => makeRequest(stage, place, until),
})

/** Reviewing is for people: a service's key would be a second pair of eyes for whoever made it. */
const reviewing = (until: 'submitted' | 'claimed') => ({ rows: { id: at(until) }, peopleOnly: true }) as const

export const requestOperationRecipes: Recipes = {
  'POST /partner/access/requests': {
    // There is nothing of this name to ask for, which is said of the body.
    rows: { capability: { ...capability, absent: () => hidden, absentStatus: 422 } },
    body: ({ capability: name }) => ({ capability: name, form }),
  },
  'GET /partner/access/requests/{id}': { rows: { id: at('asked') } },
  'PATCH /partner/access/requests/{id}': {
    rows: { id: at('draft') },
    body: () => ({ form: { data: 'Orders.' } }),
  },
  'POST /partner/access/requests/{id}/submit': { rows: { id: at('draft') } },
  'POST /partner/access/requests/{id}/withdraw': { rows: { id: at('submitted') } },
  'POST /partner/access/requests/{id}/answers': {
    rows: { id: at('asked') },
    body: () => ({ text: 'For two shops.' }),
  },
}

export const requestRouteRecipes: Recipes = {
  'GET /v1/access-requests/:id': { rows: { id: at('submitted') } },
  'POST /v1/access-requests/:id/claim': { ...reviewing('submitted'), body: () => ({}) },
  'POST /v1/access-requests/:id/questions': {
    ...reviewing('claimed'),
    body: () => ({ text: 'For whom?' }),
  },
  'POST /v1/access-requests/:id/notes': { ...reviewing('submitted'), body: () => ({ text: 'Looks good.' }) },
  'POST /v1/access-requests/:id/approve': reviewing('claimed'),
  'POST /v1/access-requests/:id/decline': { ...reviewing('claimed'), body: () => ({ reason: 'not now' }) },
}
