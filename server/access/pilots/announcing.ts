/** What is told of pilots: what was done, and, from rows that are due in business time, that one comes to its end. */
import * as store from '#/access/pilots/store.ts'
import type { Due, PilotRow, PlaceState } from '#/access/pilots/store.ts'
import { isKnown } from '#/access/readiness/readiness.ts'
import type { Tx } from '#/kernel/db/db.ts'

const day = 86_400_000

/** So long before its end the partners who are admitted are told; of a shorter pilot, at once. */
const endingDays = 7

const verbs = { opened: 'open', changed: 'change', promoted: 'promote', cancelled: 'cancel' } as const

export function announce(
  tx: Tx,
  happened: keyof typeof verbs,
  { id, capabilityId }: PilotRow,
  changes: Readonly<Record<string, unknown>>,
  reason: string | null = null,
): void {
  tx.emit(`access.pilot_${happened}`, { partnerId: null, data: { pilotId: id, capabilityId } })
  const subject = { kind: 'pilot', id }
  tx.audit({ action: `pilots.${verbs[happened]}`, subject, reason, changes: { capabilityId, ...changes } })
  tx.changed('capability', capabilityId)
}

const placeVerbs = { waiting: 'join', admitted: 'admit', left: 'leave' } as const

/** `known`: whether partners may know of the capability. While they may not, the partner itself hears nothing of it. */
export function announcePlace(
  tx: Tx,
  { id, capabilityId }: PilotRow,
  partnerId: string,
  { state, known }: { readonly state: PlaceState; readonly known: boolean },
): void {
  const whose = known ? partnerId : null
  const data = { pilotId: id, capabilityId, partnerId, state }
  tx.emit('access.pilot_place_changed', { partnerId: whose, data })
  const subject = { kind: 'pilot', id }
  const changes = { capabilityId, partnerId }
  tx.audit({ action: `pilots.${placeVerbs[state]}`, subject, partnerId: whose, changes })
  tx.changed('partner', partnerId)
}

/** What was to be told of an end that is no longer true is forgotten; what was told is not told again. */
export async function scheduleEnd(tx: Tx, pilotId: string, endsAt: Date | null): Promise<void> {
  await store.forgetDue(tx, pilotId)
  if (endsAt === null) return
  await store.insertDue(tx, { pilotId, kind: 'ending', dueAt: endingAt(tx, endsAt) })
  await store.insertDue(tx, { pilotId, kind: 'ended', dueAt: endsAt })
}

function endingAt(tx: Tx, endsAt: Date): Date {
  const before = new Date(endsAt.getTime() - endingDays * day)
  return before > tx.now ? before : tx.now
}

/** Tells what is due, in order: the provider, and each partner who is admitted and may know. Returns how many were due. */
export async function announceDue(tx: Tx, limit: number): Promise<number> {
  const due = await store.takeDue(tx, limit)
  for (const one of due.toSorted(inOrder)) await tell(tx, one)
  return due.length
}

/** Of two at one moment the ending comes before the end. */
function inOrder(a: Due, b: Due): number {
  return a.dueAt.getTime() - b.dueAt.getTime() || (a.kind === 'ending' ? -1 : 1)
}

async function tell(tx: Tx, { pilotId, kind }: Due): Promise<void> {
  const pilot = await store.selectPilot(tx, pilotId)
  if (!pilot) throw new Error('a pilot vanished')
  const { capabilityId, endsAt } = pilot
  for (const partnerId of [null, ...(await hearing(tx, pilot))]) {
    tx.emit(`access.pilot_${kind}`, { partnerId, data: { pilotId, capabilityId, endsAt } })
  }
  if (kind === 'ended') tx.changed('capability', capabilityId)
}

/** To who is admitted: until when they can call now. The provider hears that the pilot was changed. */
export async function announceEnd(tx: Tx, pilot: PilotRow): Promise<void> {
  const { id: pilotId, capabilityId, endsAt } = pilot
  for (const partnerId of await hearing(tx, pilot)) {
    tx.emit('access.pilot_end_changed', { partnerId, data: { pilotId, capabilityId, endsAt } })
  }
}

/** Those admitted, unless they may not know of it. */
async function hearing(tx: Tx, { id, capabilityId }: PilotRow): Promise<readonly string[]> {
  if (!(await isKnown(tx, capabilityId))) return []
  return (await store.listAdmitted(tx, id)).map(({ partnerId }) => partnerId)
}
