/**
 * No sequence of what people may do leaves a capability open to partners with an open gate. The one exception is what
 * nobody does: evidence expires. Then the gate's policy applies (`hide`: as when dark), and an alarm is raised once.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  changeExposure,
  declareCapability,
  exposures,
  findCapability,
  isVisible,
  openAction,
  transitions,
} from '#/access/capabilities/capabilities.ts'
import type { Exposure } from '#/access/capabilities/capabilities.ts'
import { askExposure } from '#/access/capabilities/exposure.ts'
import {
  addEvidence,
  declareGate,
  declareNeeds,
  openGates,
  readGates,
  readinessAt,
  withdrawEvidence,
} from '#/access/readiness/readiness.ts'
import type { OnLapse } from '#/access/readiness/readiness.ts'
import { approve } from '#/governance/proposals/proposals.ts'
import { systemClock } from '#/kernel/clock/clock.ts'
import { transact } from '#/kernel/db/db.ts'
import type { Actor, Tx } from '#/kernel/db/db.ts'
import { newId } from '#/kernel/id/id.ts'
import { Problem } from '#/kernel/problem/problem.ts'
import { runAccessJobs } from '../../../tests/support/access/jobs.ts'
import { testDatabase } from '../../../tests/support/database.ts'

let now = new Date('2026-11-01T12:00:00.000Z')
const actions = { 'capabilities.open': openAction }
const database = await testDatabase({ ...systemClock(), business: () => now })
const day = 86_400_000
const operator = () => ({ kind: 'operator', id: newId(), role: 'admin' }) as const
const [ann, ben] = [operator(), operator()]
const as = <T>(actor: Actor, work: (tx: Tx) => Promise<T>) => transact(database.control, actor, work)

/** The code of the problem, or null: it was done. A bug is thrown on. */
async function tried(work: () => Promise<unknown>): Promise<string | null> {
  try {
    await work()
    return null
  } catch (error) {
    if (error instanceof Problem) return error.definition.code
    throw error
  }
}

type Evidence = { id: string; gate: string; from: number; until: number | null }

/** What somebody who reads the rules expects. */
type Model = {
  exposure: Exposure
  needs: Set<string>
  evidence: Evidence[]
  policies: Map<string, OnLapse>
  proposals: { id: string; to: Exposure; gates: string[]; expiresAt: Date }[]
  /** Open gates of an open capability: those that time opened. */
  lapsed: Set<string>
}

type Real = { readonly id: string; readonly name: string; readonly gates: readonly string[] }

const isMet = ({ evidence }: Model, gate: string) =>
  evidence.some(
    (one) =>
      one.gate === gate && one.from <= now.getTime() && (one.until === null || one.until > now.getTime()),
  )
const openOf = (model: Model) => [...model.needs].filter((gate) => !isMet(model, gate)).toSorted()

type Command = fc.AsyncCommand<Model, Real>

function command(name: string, run: (model: Model, real: Real) => Promise<void>, isTime = false): Command {
  return {
    check: () => true,
    toString: () => name,
    async run(model, real) {
      await run(model, real)
      await compare(model, real, isTime)
    },
  }
}

/** The system says what the model says, and the rule holds. */
async function compare(model: Model, { id, name }: Real, isTime: boolean): Promise<void> {
  const { exposure, open, hidden } = await as(ann, async (tx) => {
    const readiness = readinessAt((await readGates(tx, null)).get(id) ?? [], now.getTime())
    return {
      exposure: (await findCapability(tx, name)).exposure,
      open: (await openGates(tx, id)).map((gate) => gate.name),
      hidden: readiness.open.filter(({ onLapse }) => onLapse === 'hide').map((gate) => gate.name),
    }
  })
  assert.equal(exposure, model.exposure)
  const expected = openOf(model)
  assert.deepEqual(open, expected)
  assert.deepEqual(
    hidden.toSorted(),
    expected.filter((gate) => model.policies.get(gate) === 'hide'),
  )
  const exposed = isVisible(exposure) ? expected : []
  if (!isTime) for (const gate of exposed) assert.ok(model.lapsed.has(gate), `somebody opened ${gate}`)
  model.lapsed = new Set(exposed)
}

const expose = (to: Exposure) =>
  command(`expose ${to}`, async (model, real) => {
    const { exposure: from } = model
    const code = await tried(() => as(ann, (tx) => changeExposure(tx, real.name, to, { reason: 'test' })))
    const opens = to === 'pilot' || to === 'general'
    const expected =
      from === to
        ? null
        : !transitions[from].includes(to)
          ? 'capabilities.no_transition'
          : opens && openOf(model).length > 0
            ? 'capabilities.gates_open'
            : opens && from === 'dark'
              ? 'capabilities.second_person'
              : null
    assert.equal(code, expected)
    if (code === null) model.exposure = to
  })

const proposeOpening = (to: 'pilot' | 'general') =>
  command(`propose ${to}`, async (model, real) => {
    if (model.exposure !== 'dark') return
    const ask = () => as(ann, (tx) => askExposure(tx, actions, real.name, { to, reason: 'test' }))
    const gates = [...model.needs]
    const code = await tried(async () => {
      const { id, expiresAt } = (await ask())!
      model.proposals.push({ id, to, gates, expiresAt })
    })
    assert.equal(code, openOf(model).length > 0 ? 'capabilities.gates_open' : null)
  })

const approveOpening = () =>
  command('approve', async (model) => {
    const proposed = model.proposals.shift()
    if (!proposed) return
    const allowed =
      transitions[model.exposure].includes(proposed.to) &&
      openOf(model).length === 0 &&
      proposed.gates.every((gate) => model.needs.has(gate))
    const code = await tried(async () => {
      const { proposal } = await as(ben, (tx) => approve(tx, actions, proposed.id))
      assert.equal(proposal.state, allowed ? 'done' : 'failed')
    })
    assert.equal(code, proposed.expiresAt <= now ? 'proposals.closed' : null)
    if (code === null && allowed) model.exposure = proposed.to
  })

const need = (which: readonly number[]) =>
  command(`need ${which.join(' ')}`, async (model, real) => {
    const wanted = which.map((i) => real.gates[i]!)
    const added = wanted.filter((gate) => !model.needs.has(gate))
    const code = await tried(() => as(ann, (tx) => declareNeeds(tx, real.id, wanted)))
    const refused = isVisible(model.exposure) && added.some((gate) => !isMet(model, gate))
    assert.equal(code, refused ? 'readiness.gates_missing' : null)
    if (code === null) model.needs = new Set(wanted)
  })

const prove = (which: number, fromDays: number, days: number | null) =>
  command(`prove ${which} from ${fromDays} for ${days}`, async (model, real) => {
    const gate = real.gates[which]!
    const from = new Date(now.getTime() + fromDays * day)
    const until = days === null ? null : new Date(from.getTime() + days * day)
    const told = { capabilityId: real.id, gate, kind: 'check', reference: 'run 7', from, until } as const
    const code = await tried(async () => {
      const { id } = await as(ann, (tx) => addEvidence(tx, told))
      model.evidence.push({ id, gate, from: from.getTime(), until: until?.getTime() ?? null })
    })
    assert.equal(code, until !== null && until <= now ? 'readiness.bad_evidence' : null)
  })

const withdraw = (which: number) =>
  command(`withdraw ${which}`, async (model) => {
    const evidence = model.evidence[which % (model.evidence.length || 1)]
    if (!evidence) return
    const left = { ...model, evidence: model.evidence.filter((one) => one !== evidence) }
    const code = await tried(() => as(ann, (tx) => withdrawEvidence(tx, evidence.id, 'test')))
    const opens = openOf(left).length > openOf(model).length
    assert.equal(code, opens && isVisible(model.exposure) ? 'readiness.evidence_needed' : null)
    // For alarms it still ended when it did; here only whether it counts.
    if (code === null) model.evidence = left.evidence
  })

const policy = (which: number, onLapse: OnLapse) =>
  command(`policy ${which} ${onLapse}`, async (model, real) => {
    const name = real.gates[which]!
    const code = await tried(() => as(ann, (tx) => declareGate(tx, { name, title: name, onLapse })))
    const shows = onLapse === 'alarm' && model.policies.get(name) === 'hide' && model.lapsed.has(name)
    assert.equal(code, shows ? 'readiness.gate_lapsed' : null)
    if (code === null) model.policies.set(name, onLapse)
  })

const wait = (days: number) =>
  command(
    `wait ${days}`,
    async (model, { id }) => {
      const before = new Set(openOf(model))
      const since = now.getTime()
      now = new Date(since + days * day)
      if (!isVisible(model.exposure)) return
      for (const gate of openOf(model)) {
        const ends = model.evidence.flatMap((one) => (one.gate === gate && one.until ? [one.until] : []))
        const last = Math.max(...ends.filter((until) => until <= now.getTime()))
        if (!before.has(gate)) assert.ok(last > since, `${gate} lapsed for want of evidence`)
      }
      await runAccessJobs(database.control)
      const told = await lapses(id)
      assert.equal(new Set(told).size, told.length, 'an alarm was raised twice')
      for (const gate of openOf(model)) {
        if (!before.has(gate))
          assert.ok(
            told.some((one) => one.startsWith(gate)),
            `no alarm for ${gate}`,
          )
      }
    },
    true,
  )

async function lapses(capabilityId: string): Promise<string[]> {
  const { rows } = await database.owner.query<{ told: string }>(
    `select gate.name || ' ' || (outbox.data->>'endsAt') as told from kernel_outbox as outbox
     join access_gate as gate on gate.id = (outbox.data->>'gateId')::uuid
     where outbox.type = 'access.gate_lapsed' and outbox.data->>'capabilityId' = $1`,
    [capabilityId],
  )
  return rows.map(({ told }) => told)
}

const gate = fc.nat(1)
const commands = fc.commands(
  [
    fc.constantFrom(...exposures).map(expose),
    fc.constantFrom('pilot' as const, 'general' as const).map(proposeOpening),
    fc.constant(null).map(approveOpening),
    fc.subarray([0, 1]).map(need),
    fc
      .tuple(gate, fc.integer({ min: -2, max: 2 }), fc.option(fc.integer({ min: 1, max: 6 })))
      .map(([which, from, days]) => prove(which, from, days)),
    fc.nat(9).map(withdraw),
    fc
      .tuple(gate, fc.constantFrom('alarm' as const, 'hide' as const))
      .map(([which, onLapse]) => policy(which, onLapse)),
    fc.integer({ min: 1, max: 4 }).map(wait),
  ],
  { maxCommands: 40, size: '+1' },
)

let count = 0

async function scene(exposure: Exposure): Promise<{ model: Model; real: Real }> {
  count += 1
  const name = `capability-${count}`
  const gates = [`gate-${count}-a`, `gate-${count}-b`]
  const { id } = await as(ann, async (tx) => {
    await declareGate(tx, { name: gates[0]!, title: 'A', onLapse: 'alarm' })
    await declareGate(tx, { name: gates[1]!, title: 'B', onLapse: 'hide' })
    return declareCapability(tx, { name, title: 'Capability', exposure })
  })
  const policies = new Map<string, OnLapse>([
    [gates[0]!, 'alarm'],
    [gates[1]!, 'hide'],
  ])
  const model: Model = {
    exposure,
    needs: new Set(),
    evidence: [],
    policies,
    proposals: [],
    lapsed: new Set(),
  }
  return { model, real: { id, name, gates } }
}

test('nobody opens a gate of an open capability; what time opens follows its policy and is told once', async () => {
  await fc.assert(
    fc.asyncProperty(fc.constantFrom('dark' as const, 'pilot' as const), commands, async (exposure, run) => {
      const made = await scene(exposure)
      await fc.asyncModelRun(() => made, run)
    }),
    { numRuns: 25 },
  )
})
