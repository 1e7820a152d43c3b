/** Rows and recipes of capabilities with their gates, evidence and rollouts. How to add one: `recipe.ts`. */
import { declareCapability, findCapability } from '#/access/capabilities/capabilities.ts'
import type { Exposure } from '#/access/capabilities/capabilities.ts'
import { addEvidence, declareGate } from '#/access/readiness/readiness.ts'
import { setRollout } from '#/access/rollouts/rollouts.ts'
import { newId, publicId } from '#/kernel/id/id.ts'
import type { Tx } from '#/kernel/db/db.ts'
import { partner } from './identity.ts'
import type { Recipes, Row } from './recipe.ts'
import type { Stage } from '../stage.ts'

/** Everybody's; its name, once `more` has been done with it. */
export function makeCapability(
  stage: Stage,
  exposure: Exposure,
  more: (tx: Tx, made: { readonly id: string; readonly name: string }) => Promise<unknown> = async () => {},
): Promise<string> {
  const name = `thing-${newId()}`
  return stage.inTx(async (tx) => {
    const { id } = await declareCapability(tx, { name, title: 'A thing', exposure })
    await more(tx, { id, name })
    return name
  })
}

const named = { kind: 'shared', absent: () => 'no-such-thing' } as const

export const capability: Row = { ...named, make: (stage) => makeCapability(stage, 'general') }
const dark: Row = { ...named, make: (stage) => makeCapability(stage, 'dark') }

async function makeGate(stage: Stage): Promise<string> {
  const name = `gate-${newId()}`
  await stage.inTx((tx) => declareGate(tx, { name, title: 'A gate', onLapse: 'alarm' }))
  return name
}

const gate: Row = { ...named, make: makeGate }

/** Whoever declares something may choose its name, so nothing is absent; what is no name is refused. */
export const newName: Row = {
  kind: 'shared',
  make: async () => `new-${newId()}`,
  absent: () => 'No Name',
  absentStatus: 422,
}

const evidence: Row = {
  make: (stage, _, { name = '', gate: of = '' }) =>
    stage.inTx(async (tx) => {
      const { id: capabilityId } = await findCapability(tx, name)
      const told = { capabilityId, gate: of, kind: 'document', reference: 'a report' } as const
      return publicId('evd', (await addEvidence(tx, told)).id)
    }),
}

/** There are two, and no third. */
const environment: Row = {
  kind: 'shared',
  make: async () => 'live',
  absent: () => 'staging',
  absentStatus: 422,
}

/** Switched off after it was on, so that there is a way back. */
const switchedOff: Row = {
  ...named,
  async make(stage) {
    const name = await makeCapability(stage, 'general')
    await stage.inTx(async (tx) => {
      await setRollout(tx, (await findCapability(tx, name)).id, 'live', { kind: 'off' })
    })
    return name
  },
}

const ofGate = { name: dark, gate } as const
const rollout = { name: capability, environment } as const
const document = { kind: 'document', reference: 'a report' } as const

export const capabilityRouteRecipes: Recipes = {
  'PUT /v1/gates/:name': { rows: { name: newName }, body: () => ({ title: 'A gate', onLapse: 'alarm' }) },

  'GET /v1/capabilities/:name': { rows: { name: capability } },
  'PATCH /v1/capabilities/:name': { rows: { name: capability }, body: () => ({ title: 'Another' }) },
  'POST /v1/capabilities/:name/exposure': {
    rows: { name: capability },
    body: () => ({ to: 'deprecated', reason: 'replaced' }),
  },
  'PUT /v1/capabilities/:name/gates': { rows: ofGate, body: ({ gate: needed }) => ({ gates: [needed] }) },
  'GET /v1/capabilities/:name/gates/:gate/evidence': { rows: ofGate },
  'POST /v1/capabilities/:name/gates/:gate/evidence': { rows: ofGate, body: () => document },
  'POST /v1/capabilities/:name/gates/:gate/evidence/:evidence/withdraw': {
    rows: { ...ofGate, evidence },
    body: () => ({ reason: 'out of date' }),
  },

  'GET /v1/capabilities/:name/rollouts/:environment': { rows: rollout },
  'PUT /v1/capabilities/:name/rollouts/:environment': {
    rows: rollout,
    body: () => ({ rollout: { kind: 'off' } }),
  },
  'POST /v1/capabilities/:name/rollouts/:environment/schedule': {
    rows: rollout,
    body: () => ({ steps: [{ at: '2100-01-01T00:00:00Z', rollout: { kind: 'off' } }] }),
  },
  'POST /v1/capabilities/:name/rollouts/:environment/roll-back': {
    rows: { name: switchedOff, environment },
    body: () => ({ reason: 'too early' }),
  },
  'POST /v1/capabilities/:name/rollouts/:environment/preview': {
    rows: rollout,
    body: () => ({ rollout: { kind: 'off' } }),
  },
  'GET /v1/partners/:id/attributes': { rows: { id: partner } },
  'PUT /v1/partners/:id/attributes': {
    rows: { id: partner },
    body: () => ({ attributes: { tier: 'gold' } }),
  },
}
