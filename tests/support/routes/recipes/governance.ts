/** Rows and recipes of the governance area. How to add one: `recipe.ts`. */
import { propose } from '#/governance/proposals/proposals.ts'
import { newId, publicId } from '#/kernel/id/id.ts'
import type { Recipes, Row } from './recipe.ts'
import { proposable } from '../stage.ts'

/** Made by somebody who does not come here, so that everybody else may decide it. */
const proposal: Row = {
  async make(stage, { partnerId }) {
    const actor = { kind: 'operator', id: newId(), role: 'admin' } as const
    const expiresAt = new Date(Date.now() + 3_600_000)
    const proposed = { action: 'test.nothing', params: {}, partnerId, expiresAt }
    return publicId('prp', (await stage.inTx((tx) => propose(tx, proposable, proposed), actor)).id)
  },
}

/** Whoever decides needs the permission of what was proposed as well; a service's key decides nothing. */
const deciding = { rows: { id: proposal }, also: ['partners:write'], peopleOnly: true } as const

export const governanceOperationRecipes: Recipes = {
  // The reasons of revocations are what bears the partner's name.
  'GET /partner/audit': { query: () => ({ action: 'keys.revoke', limit: '200' }) },
}

export const governanceRouteRecipes: Recipes = {
  'GET /v1/proposals/:id': { rows: { id: proposal } },
  'POST /v1/proposals/:id/approve': deciding,
  'POST /v1/proposals/:id/decline': { ...deciding, body: () => ({ reason: 'not now' }) },
}
