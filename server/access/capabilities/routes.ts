/** Capabilities in the management API, for operators alone: partners must not hear of what is dark. */
import { Type } from 'typebox'
import { describeCapability, findCapability, listCapabilities } from '#/access/capabilities/capabilities.ts'
import { askExposure } from '#/access/capabilities/exposure.ts'
import { evidenceRoutes } from '#/access/capabilities/gate-routes.ts'
import {
  CapabilityAnswer,
  ExposureWord,
  ShortAnswer,
  short,
  showCapability,
} from '#/access/capabilities/shown.ts'
import type { ShowDeps } from '#/access/capabilities/shown.ts'
import { PendingAnswer, showPending } from '#/governance/proposals/proposals.ts'
import type { ProposalActions } from '#/governance/proposals/proposals.ts'
import { route } from '#/kernel/http/http.ts'
import type { Route } from '#/kernel/http/http.ts'

export type CapabilityRouteDeps = ShowDeps & { readonly actions: ProposalActions }

const params = Type.Object({ name: Type.String({ description: 'Short name.' }) })

export function capabilityRoutes(deps: CapabilityRouteDeps): Route[] {
  return [listRoute(), findRoute(deps), describeRoute(deps), exposeRoute(deps), ...evidenceRoutes(deps)]
}

function listRoute(): Route {
  return route({
    method: 'GET',
    path: '/v1/capabilities',
    permission: 'access:read',
    summary: 'Capabilities with their exposure, by name',
    answer: { status: 200, schema: Type.Object({ data: Type.Array(ShortAnswer) }) },
    handle: async ({ transact }) => ({
      status: 200,
      body: { data: (await transact(listCapabilities)).map(short) },
    }),
  })
}

function findRoute(deps: CapabilityRouteDeps): Route {
  return route({
    method: 'GET',
    path: '/v1/capabilities/:name',
    permission: 'access:read',
    summary: 'A capability with the history of its exposure, its gates with their evidence, and its rollouts',
    params,
    answer: { status: 200, schema: CapabilityAnswer },
    handle: async ({ params, transact }) => ({
      status: 200,
      body: await transact(async (tx) => showCapability(tx, await findCapability(tx, params.name), deps)),
    }),
  })
}

function describeRoute(deps: CapabilityRouteDeps): Route {
  return route({
    method: 'PATCH',
    path: '/v1/capabilities/:name',
    permission: 'access:write',
    action: 'capabilities.describe',
    summary: 'Changes what is said of a capability',
    params,
    body: Type.Partial(
      Type.Object({
        title: Type.String({ minLength: 1, maxLength: 120, pattern: '\\S' }),
        description: Type.String({ maxLength: 2000 }),
        successor: Type.Union([Type.String({ minLength: 1, maxLength: 500, pattern: '\\S' }), Type.Null()], {
          description: 'What comes instead of one that is deprecated, for partners to read.',
        }),
      }),
      { additionalProperties: false, minProperties: 1 },
    ),
    answer: { status: 200, schema: CapabilityAnswer },
    handle: async ({ params, body, transact }) => ({
      status: 200,
      body: await transact(async (tx) => {
        await describeCapability(tx, params.name, body)
        return showCapability(tx, await findCapability(tx, params.name), deps)
      }),
    }),
  })
}

function exposeRoute({ actions }: CapabilityRouteDeps): Route {
  return route({
    method: 'POST',
    path: '/v1/capabilities/:name/exposure',
    permission: 'access:write',
    action: 'capabilities.expose',
    summary: 'Changes who may know of a capability; leaving dark for partners is proposed to a second person',
    params,
    body: Type.Object(
      { to: ExposureWord, reason: Type.String({ minLength: 1, maxLength: 500, pattern: '\\S' }) },
      { additionalProperties: false },
    ),
    answer: { status: 200, schema: ShortAnswer },
    accepted: PendingAnswer,
    handle: async ({ params, body, transact }) =>
      transact(async (tx) => {
        const proposal = await askExposure(tx, actions, params.name, body)
        if (proposal !== null) return { status: 202, body: showPending(proposal) }
        return { status: 200, body: short(await findCapability(tx, params.name)) }
      }),
  })
}
