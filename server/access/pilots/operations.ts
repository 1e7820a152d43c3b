/** Partners see the pilots there are, wait for one, and leave. What is hidden from them is not there. */
import { Type } from 'typebox'
import type { Static } from 'typebox'
import { findVisible, joinWaitlist, leave, listVisible } from '#/access/pilots/pilots.ts'
import type { Place, VisiblePilot } from '#/access/pilots/pilots.ts'
import { partnerOperation } from '#/kernel/http/http.ts'
import type { PartnerOperation } from '#/kernel/http/http.ts'

const Time = Type.String({ format: 'date-time' })
const State = Type.Union(
  [Type.Literal('none'), Type.Literal('waiting'), Type.Literal('admitted'), Type.Literal('left')],
  { description: 'Where you stand. Calls need an admitted place, and end with the pilot.' },
)
const Position = Type.Union([Type.Integer(), Type.Null()], {
  description: 'Your place on the waitlist, from 1 on, in the order of joining.',
})
const Shown = Type.Object({
  capability: Type.String(),
  title: Type.String(),
  endsAt: Type.Union([Time, Type.Null()], {
    description: 'From then on calls are refused. Null: no end yet.',
  }),
  ended: Type.Boolean(),
  place: State,
  position: Position,
})

const common = { capability: 'partner-api', organisation: true } as const
const reads = { ...common, scopes: ['access:read'], permission: 'access:read' } as const
const writes = { ...common, scopes: ['access:write'], permission: 'access:write' } as const
const params = Type.Object({ capability: Type.String({ maxLength: 100 }) })

export function pilotOperations(): PartnerOperation[] {
  return [listing(), joining(), leaving()]
}

function listing(): PartnerOperation {
  return partnerOperation({
    id: 'listPilots',
    method: 'GET',
    path: '/partner/access/pilots',
    summary: 'Pilots you are in, wait for, or can ask to join',
    ...reads,
    status: 200,
    response: Type.Object({ data: Type.Array(Shown) }),
    async handle(tx, { partnerId }) {
      const data = (await listVisible(tx, partnerId)).map((pilot) => present(pilot, pilot.place, tx.now))
      return { status: 200, body: { data } }
    },
  })
}

function joining(): PartnerOperation {
  return partnerOperation({
    id: 'joinPilot',
    method: 'POST',
    path: '/partner/access/pilots/{capability}/place',
    summary: 'Join the waitlist of a pilot',
    description: 'At its end. Doing it again, or when you are admitted, changes nothing.',
    ...writes,
    action: 'pilots.join',
    params,
    status: 200,
    response: Shown,
    async handle(tx, { partnerId, path }) {
      const pilot = await findVisible(tx, partnerId, path['capability'] ?? '')
      const place = await joinWaitlist(tx, partnerId, pilot.pilotId)
      return { status: 200, body: present(pilot, place, tx.now) }
    },
  })
}

function leaving(): PartnerOperation {
  return partnerOperation({
    id: 'leavePilot',
    method: 'DELETE',
    path: '/partner/access/pilots/{capability}/place',
    summary: 'Leave a pilot, or its waitlist',
    ...writes,
    action: 'pilots.leave',
    params,
    status: 204,
    response: Type.Undefined(),
    async handle(tx, { partnerId, path }) {
      const { pilotId } = await findVisible(tx, partnerId, path['capability'] ?? '')
      await leave(tx, partnerId, pilotId)
      return { status: 204, body: undefined }
    },
  })
}

function present(pilot: VisiblePilot, place: Place | null, now: Date): Static<typeof Shown> {
  const { capability, endsAt } = pilot
  return {
    capability: capability.name,
    title: capability.title,
    endsAt: endsAt?.toISOString() ?? null,
    ended: endsAt !== null && endsAt <= now,
    place: place?.state ?? 'none',
    position: place?.position ?? null,
  }
}
