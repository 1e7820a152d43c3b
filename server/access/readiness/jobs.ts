/** Tells when a gate of an open capability lapses, and some days before. What follows from it the decision knows itself. */
import { at } from '#/access/history/history.ts'
import { readGates } from '#/access/readiness/readiness.ts'
import type { GateHistory } from '#/access/readiness/readiness.ts'
import * as store from '#/access/readiness/store.ts'
import { transact } from '#/kernel/db/db.ts'
import type { Tx, World } from '#/kernel/db/db.ts'
import type { Job } from '#/kernel/jobs/jobs.ts'

const actor = { kind: 'system', name: 'readiness' } as const

/** How long before its end evidence is called lapsing: time enough for a new check or another signature. */
const warning = 14 * 86_400_000

export function readinessJob(control: World): Job {
  return {
    name: 'access.readiness',
    cron: '* * * * *',
    run: () => transact(control, actor, raiseAlarms),
  }
}

async function raiseAlarms(tx: Tx): Promise<void> {
  const gates = await readGates(tx, null)
  for (const capabilityId of await store.readOpen(tx)) {
    for (const gate of gates.get(capabilityId) ?? []) await raiseAlarm(tx, capabilityId, gate)
  }
}

/** Once for each end. */
async function raiseAlarm(tx: Tx, capabilityId: string, gate: GateHistory): Promise<void> {
  const now = tx.now.getTime()
  if (at(gate.needed, now).value !== true) return
  const end = endOf(gate.evidence, now)
  if (end === null || end > now + warning) return
  const [stage, endsAt] = [end > now ? 'lapsing' : 'lapsed', new Date(end)] as const
  if (!(await store.insertAlarm(tx, { capabilityId, gateId: gate.id, stage, endsAt }))) return
  const onLapse = at(gate.policy, now).value
  const data = { capabilityId, gateId: gate.id, endsAt, onLapse }
  tx.emit(`access.gate_${stage}`, { partnerId: null, data })
  const subject = { kind: 'capability', id: capabilityId }
  tx.audit({ action: `readiness.gate_${stage}`, subject, changes: { gate: gate.name, endsAt, onLapse } })
}

/** When the gate ceases to be met, or when it ceased; null: it does not. One piece of evidence may take over from another. */
function endOf(evidence: GateHistory['evidence'], now: number): number | null {
  let end = Math.max(0, ...evidence.map(({ until }) => until ?? 0).filter((until) => until <= now))
  let isMet = false
  for (const { from, until } of evidence.toSorted((a, b) => a.from - b.from)) {
    const takesOver = from <= (isMet ? end : now)
    if (!takesOver || (until !== null && until <= Math.max(now, end))) continue
    if (until === null) return null
    isMet = true
    end = until
  }
  return end
}
