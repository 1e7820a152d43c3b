/** Pilots in the management API: opened, filled, extended, and closed one way or the other. */
import { Type } from 'typebox'
import * as pilots from '#/access/pilots/pilots.ts'
import { PilotAnswer, PlaceAnswer, PlaceState, showPilot, showPlace } from '#/access/pilots/shown.ts'
import { partnerNotFound } from '#/identity/partners/partners.ts'
import { parseTime } from '#/kernel/clock/clock.ts'
import { lineOfText, pageOf, pageQuery, pageSchema, route } from '#/kernel/http/http.ts'
import type { Route, Signer } from '#/kernel/http/http.ts'
import { parseId, publicId } from '#/kernel/id/id.ts'

const strict = { additionalProperties: false } as const
const most = 1_000_000

const Capacity = Type.Integer({ minimum: 1, maximum: most, description: 'Partners who may be admitted.' })
const EndsAt = Type.Union([Type.String({ maxLength: 40 }), Type.Null()], {
  description: 'ISO 8601, such as `2027-11-01T00:00:00Z`: from then on calls are refused. Null: no end yet.',
})
const Partner = Type.String({ pattern: '^ptn_[0-9a-f]{32}$' })
const reason = lineOfText(500, 'Why, for the audit.')

const idParams = Type.Object({ id: Type.String({ description: '`plt_…`' }) })
const nameParams = Type.Object({ name: Type.String({ description: 'Name of the capability.' }) })
const answer = { status: 200, schema: PilotAnswer }
const reads = { method: 'GET', permission: 'access:read' } as const
const writes = { method: 'POST', permission: 'access:write' } as const

export function pilotRoutes({ signer }: { readonly signer: Signer }): Route[] {
  return [
    listRoute(signer),
    findRoute(),
    runningRoute(),
    openRoute(),
    changeRoute(),
    placesRoute(signer),
    joinRoute(),
    admitRoute(),
    removeRoute(),
    closeRoute('promote'),
    closeRoute('cancel'),
  ]
}

function listRoute(signer: Signer): Route {
  return route({
    ...reads,
    path: '/v1/pilots',
    summary: 'Pilots, in the order they were opened',
    query: Type.Object({
      running: Type.Optional(Type.Boolean({ description: 'Only those that are not closed.' })),
      ...pageQuery,
    }),
    answer: { status: 200, schema: pageSchema(PilotAnswer) },
    handle: async ({ query, transact }) => {
      const { running = false } = query
      const page = await transact((tx) =>
        pageOf(signer, ['pilots', running], query, (from) => pilots.listPilots(tx, running, from)),
      )
      return { status: 200, body: { ...page, data: page.data.map(showPilot) } }
    },
  })
}

function findRoute(): Route {
  return route({
    ...reads,
    path: '/v1/pilots/:id',
    summary: 'One pilot',
    params: idParams,
    answer,
    handle: async ({ params, transact }) => ({
      status: 200,
      body: showPilot(await transact((tx) => pilots.findPilot(tx, pilotId(params.id)))),
    }),
  })
}

function runningRoute(): Route {
  return route({
    ...reads,
    path: '/v1/capabilities/:name/pilot',
    summary: 'The pilot of a capability that is not closed',
    params: nameParams,
    answer,
    handle: async ({ params, transact }) => ({
      status: 200,
      body: showPilot(await transact((tx) => pilots.findRunning(tx, params.name))),
    }),
  })
}

function openRoute(): Route {
  return route({
    ...writes,
    path: '/v1/capabilities/:name/pilot',
    action: 'pilots.open',
    summary: 'Opens a pilot for a capability whose exposure is dark or pilot',
    params: nameParams,
    body: Type.Object({ capacity: Capacity, endsAt: EndsAt }, strict),
    answer: { status: 201, schema: PilotAnswer },
    handle: async ({ params, body, transact }) => {
      const opened = { capability: params.name, capacity: body.capacity, endsAt: moment(body.endsAt) }
      return { status: 201, body: showPilot(await transact((tx) => pilots.openPilot(tx, opened))) }
    },
  })
}

function changeRoute(): Route {
  return route({
    ...writes,
    method: 'PATCH',
    path: '/v1/pilots/:id',
    action: 'pilots.change',
    summary: 'Another capacity or another end; a later end is an extension',
    params: idParams,
    body: Type.Object(
      { capacity: Type.Optional(Capacity), endsAt: Type.Optional(EndsAt) },
      { ...strict, minProperties: 1 },
    ),
    answer,
    handle: async ({ params, body, transact }) => {
      const { capacity } = body
      const endsAt = body.endsAt === undefined ? undefined : moment(body.endsAt)
      const change = { capacity, endsAt }
      const changed = await transact((tx) => pilots.changePilot(tx, pilotId(params.id), change))
      return { status: 200, body: showPilot(changed) }
    },
  })
}

function placesRoute(signer: Signer): Route {
  return route({
    ...reads,
    path: '/v1/pilots/:id/places',
    summary: 'Who waits, who is admitted and who left, in the order in which that came about',
    params: idParams,
    query: Type.Object({ state: Type.Optional(PlaceState), ...pageQuery }),
    answer: { status: 200, schema: pageSchema(PlaceAnswer) },
    handle: async ({ params, query, transact }) => {
      const id = pilotId(params.id)
      const bound = ['pilot places', id, query.state]
      const page = await transact((tx) =>
        pageOf(signer, bound, query, (from) => pilots.listPlaces(tx, id, query.state, from)),
      )
      return { status: 200, body: { ...page, data: page.data.map(showPlace) } }
    },
  })
}

function joinRoute(): Route {
  return route({
    ...writes,
    path: '/v1/pilots/:id/places',
    action: 'pilots.join',
    summary: 'Puts a partner at the end of the waitlist; who waits or is admitted stays where they are',
    params: idParams,
    body: Type.Object({ partner: Partner }, strict),
    answer: { status: 200, schema: PlaceAnswer },
    handle: async ({ params, body, transact }) => {
      const [id, partner] = [pilotId(params.id), partnerId(body.partner)]
      return { status: 200, body: showPlace(await transact((tx) => pilots.joinWaitlist(tx, partner, id))) }
    },
  })
}

function admitRoute(): Route {
  return route({
    ...writes,
    path: '/v1/pilots/:id/admit',
    action: 'pilots.admit',
    summary: 'Admits the next of the waitlist, or the partners named: all of them or none',
    params: idParams,
    body: Type.Union([
      Type.Object(
        {
          count: Type.Integer({
            minimum: 1,
            maximum: 1000,
            description: 'Fewer are admitted when fewer wait.',
          }),
        },
        strict,
      ),
      Type.Object({ partners: Type.Array(Partner, { minItems: 1, maxItems: 1000 }) }, strict),
    ]),
    answer: { status: 200, schema: Type.Object({ admitted: Type.Array(Type.String()), pilot: PilotAnswer }) },
    handle: async ({ params, body, transact }) => {
      const id = pilotId(params.id)
      const whom = 'count' in body ? body.count : body.partners.map(partnerId)
      const { admitted, pilot } = await transact(async (tx) => ({
        admitted: await pilots.admit(tx, id, whom),
        pilot: await pilots.findPilot(tx, id),
      }))
      const names = admitted.map((one) => publicId('ptn', one))
      return { status: 200, body: { admitted: names, pilot: showPilot(pilot) } }
    },
  })
}

function removeRoute(): Route {
  return route({
    ...writes,
    method: 'DELETE',
    path: '/v1/pilots/:id/places/:partner',
    action: 'pilots.leave',
    summary: 'Takes a partner off the waitlist, or out of the pilot',
    params: Type.Object({ ...idParams.properties, partner: Type.String({ description: '`ptn_…`' }) }),
    answer,
    handle: async ({ params, transact }) => {
      const [id, partner] = [pilotId(params.id), parseId('ptn', params.partner)]
      // Whoever has no place in it is answered alike, and what is no partner has none.
      if (partner === null) throw pilots.placeNotFound.with()
      const pilot = await transact(async (tx) => {
        await pilots.leave(tx, partner, id)
        return pilots.findPilot(tx, id)
      })
      return { status: 200, body: showPilot(pilot) }
    },
  })
}

function closeRoute(verb: 'promote' | 'cancel'): Route {
  const verbs = { promote: pilots.promote, cancel: pilots.cancelPilot }
  return route({
    ...writes,
    path: `/v1/pilots/:id/${verb}`,
    action: `pilots.${verb}`,
    summary:
      verb === 'promote'
        ? 'Makes the capability general; everyone admitted keeps it by a grant of their own'
        : 'Gives the pilot up: from now on nobody calls by it',
    params: idParams,
    body: Type.Object({ reason }, strict),
    answer,
    handle: async ({ params, body, transact }) => ({
      status: 200,
      body: showPilot(await transact((tx) => verbs[verb](tx, pilotId(params.id), body.reason))),
    }),
  })
}

function pilotId(text: string): string {
  const id = parseId('plt', text)
  if (id === null) throw pilots.pilotNotFound.with()
  return id
}

function partnerId(text: string): string {
  const id = parseId('ptn', text)
  if (id === null) throw partnerNotFound.with()
  return id
}

function moment(text: string | null): Date | null {
  return text === null ? null : parseTime(text)
}
