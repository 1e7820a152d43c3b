/** Readiness gates in the management API. What a capability needs, and its evidence, stand with the capability. */
import { Type } from 'typebox'
import { declareGate, listGates } from '#/access/readiness/readiness.ts'
import type { Gate } from '#/access/readiness/readiness.ts'
import { route } from '#/kernel/http/http.ts'
import type { Route } from '#/kernel/http/http.ts'
import { publicId } from '#/kernel/id/id.ts'

const OnLapse = Type.Union([Type.Literal('alarm'), Type.Literal('hide')], {
  description:
    'What becomes of an open capability when evidence expires: an alarm only, or hidden as when dark.',
})
const lastsDays = Type.Union([Type.Integer({ minimum: 1, maximum: 3650 }), Type.Null()], {
  description: 'How long evidence lasts when it names no end itself; null: it does not expire.',
})
const title = Type.String({ minLength: 1, maxLength: 120, pattern: '\\S' })

const GateAnswer = Type.Object({
  id: Type.String(),
  name: Type.String(),
  title: Type.String(),
  description: Type.String(),
  lastsDays,
  onLapse: OnLapse,
})

export function gateRoutes(): Route[] {
  return [listRoute(), declareRoute()]
}

function listRoute(): Route {
  return route({
    method: 'GET',
    path: '/v1/gates',
    permission: 'access:read',
    summary: 'Readiness gates, by name',
    answer: { status: 200, schema: Type.Object({ data: Type.Array(GateAnswer) }) },
    handle: async ({ transact }) => ({
      status: 200,
      body: { data: (await transact(listGates)).map(show) },
    }),
  })
}

function declareRoute(): Route {
  return route({
    method: 'PUT',
    path: '/v1/gates/:name',
    permission: 'access:write',
    action: 'gates.declare',
    summary: 'Makes a readiness gate what it is said to be',
    params: Type.Object({
      name: Type.String({ pattern: '^[a-z0-9]+(-[a-z0-9]+)*$', maxLength: 63, description: 'Short name.' }),
    }),
    body: Type.Object(
      {
        title,
        description: Type.Optional(Type.String({ maxLength: 2000 })),
        lastsDays: Type.Optional(lastsDays),
        onLapse: OnLapse,
      },
      { additionalProperties: false },
    ),
    answer: { status: 200, schema: GateAnswer },
    handle: async ({ params, body, transact }) => ({
      status: 200,
      body: await transact(async (tx) => {
        await declareGate(tx, { name: params.name, ...body, title: body.title.trim() })
        return show((await listGates(tx)).find((gate) => gate.name === params.name)!)
      }),
    }),
  })
}

function show({ id, ...gate }: Gate) {
  return { id: publicId('gat', id), ...gate }
}
