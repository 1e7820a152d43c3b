/** Pilots and places as the management API shows them. */
import { Type } from 'typebox'
import type { Pilot, Place } from '#/access/pilots/pilots.ts'
import { publicId } from '#/kernel/id/id.ts'

const time = Type.String({ format: 'date-time' })
const noTime = Type.Union([time, Type.Null()])

export const PilotAnswer = Type.Object({
  id: Type.String(),
  capability: Type.String(),
  capacity: Type.Integer(),
  admitted: Type.Integer(),
  waiting: Type.Integer(),
  openedAt: time,
  endsAt: Type.Union([time, Type.Null()], {
    description: 'From then on calls are refused. Null: no end yet.',
  }),
  closedAt: noTime,
  outcome: Type.Union([Type.Literal('promoted'), Type.Literal('cancelled'), Type.Null()]),
})

export const PlaceState = Type.Union([
  Type.Literal('waiting'),
  Type.Literal('admitted'),
  Type.Literal('left'),
])

export const PlaceAnswer = Type.Object({
  partnerId: Type.String(),
  state: PlaceState,
  since: time,
  position: Type.Union([Type.Integer(), Type.Null()], {
    description: 'On the waitlist, from 1 on. Null: does not wait.',
  }),
})

export function showPilot(pilot: Pilot) {
  const { id, capability, capacity, admitted, waiting, openedAt, endsAt, closedAt, outcome } = pilot
  return {
    id: publicId('plt', id),
    capability,
    capacity,
    admitted,
    waiting,
    openedAt: openedAt.toISOString(),
    endsAt: endsAt?.toISOString() ?? null,
    closedAt: closedAt?.toISOString() ?? null,
    outcome,
  }
}

export function showPlace({ partnerId, state, since, position }: Place) {
  return { partnerId: publicId('ptn', partnerId), state, since: since.toISOString(), position }
}
