/** Rows and recipes of decisions: asked for beside the calls, explained, and checked for other gateways. How to add one: `recipe.ts`. */
import { createApplication } from '#/identity/applications/applications.ts'
import { createKey, deriveDemoKey } from '#/identity/keys/keys.ts'
import { newId, publicId } from '#/kernel/id/id.ts'
import { application, partner } from './identity.ts'
import type { Ids, Place, Recipe, Recipes, Row } from './recipe.ts'
import type { Stage } from '../stage.ts'

type Known = { readonly application: string; readonly key: string }

/** The gateway has to hear of what is decided about, and one is enough for everybody who asks. */
const known = new WeakMap<Stage, Promise<Known>>()

function knownTo(stage: Stage, place: Place): Promise<Known> {
  const held = known.get(stage) ?? makeKnown(stage, place)
  known.set(stage, held)
  return held
}

async function makeKnown(stage: Stage, { partnerId }: Place): Promise<Known> {
  const made = await stage.inTx(async (tx) => {
    const { id } = await createApplication(tx, partnerId, { environment: 'live', name: newId() })
    const { key } = await createKey(tx, partnerId, id, { label: 'Asked about' })
    return { application: publicId('app', id), key }
  })
  await stage.known()
  return made
}

/** Whoever asks is told about it in the answer, which is 200: that there is none is an answer as well. */
const askedAbout: Row = {
  make: async (stage, place) => (await knownTo(stage, place)).application,
  absentStatus: 200,
}

const key: Row = {
  kind: 'shared',
  make: async (stage, place) => (await knownTo(stage, place)).key,
  absent: () => deriveDemoKey('another installation', 'starter', 'live'),
  absentStatus: 401,
}

const flag: Row = { kind: 'shared', make: async () => 'partner-api', absent: () => 'no-such-thing' }

const context = ({ about = '' }: Ids) => ({ context: { targetingKey: about } })

/** The protocol says 400 of a key that is nobody's. */
const evaluated = { about: { ...askedAbout, absentStatus: 400 } } as const

/** A call of the key that is decided about. */
const checked = (rest: string): Recipe => ({
  rows: { key },
  headers: (ids) => ({ 'x-api-key': ids['key'] ?? '' }),
  passesOn: true,
  rest,
})

export const decisionRouteRecipes: Recipes = {
  'POST /v1/decisions': {
    rows: { about: askedAbout },
    body: ({ about }) => ({ application: about, operation: 'getAccess' }),
  },
  'POST /ofrep/v1/evaluate/flags/:key': { rows: { key: flag, ...evaluated }, body: context },
  'POST /ofrep/v1/evaluate/flags': { rows: evaluated, body: context },
  'GET /v1/partners/:id/access/explain': {
    rows: { id: partner, application },
    query: (ids) => ({ operation: 'getAccess', application: ids['application'] ?? '' }),
  },

  'GET /v1/decisions/check': {
    ...checked(''),
    headers: (ids) => ({
      'x-api-key': ids['key'] ?? '',
      'x-original-method': 'GET',
      'x-original-uri': '/partner/access',
    }),
  },
  'GET /v1/decisions/check/*': checked('partner/access'),
  'POST /v1/decisions/check/*': checked('partner/applications'),
  'PATCH /v1/decisions/check/*': checked('partner/profile'),
  'DELETE /v1/decisions/check/*': checked('partner/access/pilots/any/place'),
  // No operation is called with it: the caller's gateway refuses as this one would.
  'PUT /v1/decisions/check/*': { headers: () => ({}), passesOn: true, rest: 'partner/access', status: 405 },
}
