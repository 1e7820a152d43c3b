/** Exposure changes by the listed ways, with who, why and evidence on record; of two who race, one sees the other. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  changeExposure,
  declareCapability,
  describeCapability,
  exposures,
  findCapability,
  isVisible,
  listCapabilities,
  openAction,
} from '#/access/capabilities/capabilities.ts'
import type { Exposure } from '#/access/capabilities/capabilities.ts'
import { askExposure } from '#/access/capabilities/exposure.ts'
import {
  addEvidence,
  declareGate,
  declareNeeds,
  openGates,
  withdrawEvidence,
} from '#/access/readiness/readiness.ts'
import { readRollouts } from '#/access/rollouts/rollouts.ts'
import { createAuditSink, listAudit } from '#/governance/audit/audit.ts'
import { approve } from '#/governance/proposals/proposals.ts'
import { createSealer } from '#/kernel/crypto/crypto.ts'
import { transact } from '#/kernel/db/db.ts'
import type { Actor, Tx } from '#/kernel/db/db.ts'
import { newId } from '#/kernel/id/id.ts'
import { Problem } from '#/kernel/problem/problem.ts'
import { expose, wayBetween } from '../../../tests/support/access/exposure.ts'
import { testDatabase } from '../../../tests/support/database.ts'

const actions = { 'capabilities.open': openAction }
const database = await testDatabase()
const sealer = createSealer(Buffer.alloc(32, 7))
const control = { ...database.control, audit: createAuditSink(sealer) }
const operator = () => ({ kind: 'operator', id: newId(), role: 'admin' }) as const
const [ann, ben] = [operator(), operator()]
const as = <T>(actor: Actor, work: (tx: Tx) => Promise<T>) => transact(control, actor, work)
const within = <T>(work: (tx: Tx) => Promise<T>) => as(ann, work)

let count = 0
const declared = async (exposure: Exposure) => {
  const name = `capability-${(count += 1)}`
  const { id } = await within((tx) => declareCapability(tx, { name, title: 'Capability', exposure }))
  return { id, name }
}
const gated = async (exposure: Exposure) => {
  const { id, name } = await declared(exposure)
  await within((tx) => declareGate(tx, { name: 'audit', title: 'Audit', onLapse: 'alarm' }))
  const told = { capabilityId: id, gate: 'audit', kind: 'document', reference: 'DOC-1' } as const
  const evidence = await within((tx) => addEvidence(tx, told))
  await within((tx) => declareNeeds(tx, id, ['audit']))
  return { id, name, evidenceId: evidence.id }
}

async function outcome(work: Promise<unknown>): Promise<string> {
  try {
    await work
    return 'done'
  } catch (error) {
    if (error instanceof Problem) return error.definition.code
    throw error
  }
}

async function numberOf(text: string, values: unknown[] = []): Promise<number> {
  return Number((await database.owner.query<{ n: string }>(text, values)).rows[0]!.n)
}

/** Row: from; column: to. `=` the same, `1` one person, `2` two, `-` no way. */
const table: Readonly<Record<Exposure, string>> = {
  //            internal dark pilot general deprecated retired
  internal: '=1----',
  dark: '1=22--',
  pilot: '-1=1--',
  general: '-1-=1-',
  deprecated: '-1-1=1',
  retired: '-----=',
}
const meaning: Readonly<Record<string, string>> = {
  '=': 'done',
  '1': 'done',
  '2': 'capabilities.second_person',
  '-': 'capabilities.no_transition',
}

test('every exposure × every other: done, with two people, or not at all', async () => {
  for (const from of exposures) {
    for (const [i, to] of exposures.entries()) {
      const { name } = await declared(from)
      const code = table[from][i]!
      const done = await outcome(within((tx) => changeExposure(tx, name, to, { reason: 'test' })))
      assert.equal(done, meaning[code], `${from} to ${to}`)
      const after = (await within((tx) => findCapability(tx, name))).exposure
      assert.equal(after, done === 'done' ? to : from)
      const again = outcome(
        within((tx) => declareCapability(tx, { name, title: 'Capability', exposure: to })),
      )
      if (done !== 'done') assert.equal(await again, meaning[code], 'by a file as by hand')
    }
  }
})

test('where there is a way in several steps, it can be gone', async () => {
  for (const from of exposures) {
    for (const to of exposures) {
      const { name } = await declared(from)
      if (!wayBetween(from, to)) {
        assert.equal(from, 'retired')
        continue
      }
      await expose(control, name, to)
      assert.equal((await within((tx) => findCapability(tx, name))).exposure, to)
    }
  }
})

test('who, why and which evidence are on record, the facts stay in order, and nothing is said twice', async () => {
  const { id, name, evidenceId } = await gated('dark')
  const proposed = await within((tx) => askExposure(tx, actions, name, { to: 'pilot', reason: 'ready' }))
  assert.deepEqual(proposed!.params['evidence'], [evidenceId])
  const { proposal } = await as(ben, (tx) => approve(tx, actions, proposed!.id))
  assert.equal(proposal.state, 'done')
  await within((tx) => changeExposure(tx, name, 'general', { reason: 'liked' }))
  await within((tx) => changeExposure(tx, name, 'general', { reason: 'again' }))
  const lines = await within((tx) =>
    listAudit(tx, sealer, { subjectId: id, action: 'capabilities.expose' }, {}),
  )
  assert.deepEqual(
    lines.data.map(({ actor, reason, changes }) => [
      actor.id,
      reason,
      changes?.['to'],
      changes?.['evidence'],
    ]),
    [
      [ann.id, 'liked', 'general', [evidenceId]],
      [ben.id, 'ready', 'pilot', [evidenceId]],
      [ann.id, null, 'dark', []],
    ],
  )
  assert.equal(lines.data[1]!.changes!['proposedBy'], ann.id)
  const facts = await database.owner.query<{ exposure: string }>(
    'select exposure from access_exposure where capability_id = $1 order by recorded_at',
    [id],
  )
  assert.deepEqual(
    facts.rows.map(({ exposure }) => exposure),
    ['dark', 'pilot', 'general'],
  )
})

test('a proposal does not outlive its gates: evidence withdrawn, or a gate no longer needed', async () => {
  for (const spoil of ['evidence', 'need'] as const) {
    const { id, name, evidenceId } = await gated('dark')
    const proposed = await within((tx) => askExposure(tx, actions, name, { to: 'general', reason: 'ready' }))
    await within((tx) =>
      spoil === 'need' ? declareNeeds(tx, id, []) : withdrawEvidence(tx, evidenceId, 'a mistake'),
    )
    const { proposal } = await as(ben, (tx) => approve(tx, actions, proposed!.id))
    const failure = spoil === 'need' ? 'capabilities.needs_changed' : 'capabilities.gates_open'
    assert.deepEqual([proposal.state, proposal.failure], ['failed', failure])
    assert.equal((await within((tx) => findCapability(tx, name))).exposure, 'dark')
  }
})

test('a withdrawal and an opening at once: one of them, whoever began first', async () => {
  for (let round = 0; round < 12; round += 1) {
    const { id, name, evidenceId } = await gated('dark')
    const { id: proposalId } = (await within((tx) =>
      askExposure(tx, actions, name, { to: 'general', reason: 'ready' }),
    ))!
    const opening = as(ben, (tx) => approve(tx, actions, proposalId))
    const withdrawal = outcome(within((tx) => withdrawEvidence(tx, evidenceId, 'a mistake')))
    const [{ proposal }, withdrawn] = await Promise.all([opening, withdrawal])
    await assertReady(id, name)
    assert.equal(proposal.state === 'done', withdrawn === 'readiness.evidence_needed')
  }
})

test('the one that waited sees what the other did, though its clock reads earlier', async () => {
  for (const first of ['opening', 'withdrawal'] as const) {
    const { id, name, evidenceId } = await gated('dark')
    const { id: proposalId } = (await within((tx) =>
      askExposure(tx, actions, name, { to: 'general', reason: 'ready' }),
    ))!
    const begun = Promise.withResolvers<void>()
    const go = Promise.withResolvers<void>()
    const work = {
      opening: async (tx: Tx) => (await approve(tx, actions, proposalId)).proposal.failure,
      withdrawal: async (tx: Tx) => {
        await withdrawEvidence(tx, evidenceId, 'a mistake')
        return null
      },
    }
    const second = first === 'opening' ? 'withdrawal' : 'opening'
    // Its transaction, and with it its time, begins before the other's.
    const waits = as(ben, async (tx) => {
      begun.resolve()
      await go.promise
      return work[second](tx)
    })
    await begun.promise
    await as(operator(), (tx) => work[first](tx))
    go.resolve()
    if (second === 'withdrawal') assert.equal(await outcome(waits), 'readiness.evidence_needed')
    else assert.equal(await waits, 'capabilities.gates_open')
    await assertReady(id, name)
  }
})

test('a new need and an opening at once: never both without evidence', async () => {
  await within((tx) => declareGate(tx, { name: 'legal', title: 'Legal', onLapse: 'hide' }))
  for (let round = 0; round < 8; round += 1) {
    const { id, name } = await gated('pilot')
    await within((tx) => changeExposure(tx, name, 'dark', { reason: 'test' }))
    const { id: proposalId } = (await within((tx) =>
      askExposure(tx, actions, name, { to: 'pilot', reason: 'ready' }),
    ))!
    await Promise.all([
      as(ben, (tx) => approve(tx, actions, proposalId)),
      outcome(within((tx) => declareNeeds(tx, id, ['audit', 'legal']))),
    ])
    await assertReady(id, name)
  }
})

async function assertReady(id: string, name: string): Promise<void> {
  const { exposure } = await within((tx) => findCapability(tx, name))
  const open = await within((tx) => openGates(tx, id))
  assert.ok(!isVisible(exposure) || open.length === 0, `${exposure} with ${open.length} open gates`)
}

test('of many changes at once the one that commits last is true', async () => {
  for (let round = 0; round < 8; round += 1) {
    const { id, name } = await declared('general')
    await Promise.all(
      (['dark', 'deprecated', 'dark'] as const).map((to) =>
        outcome(within((tx) => changeExposure(tx, name, to, { reason: 'test' }))),
      ),
    )
    const { rows } = await database.owner.query<{ to: Exposure }>(
      `select data->>'to' as to from kernel_outbox
       where type = 'access.exposure_changed' and data->>'capabilityId' = $1 order by written_at desc limit 1`,
      [id],
    )
    const now = (await within(listCapabilities)).find((one) => one.id === id)!
    assert.equal(now.exposure, rows[0]!.to)
  }
})

test('a new capability is on in both environments; declaring it again writes nothing and tells nobody', async () => {
  const { id, name } = await declared('general')
  const rollouts = await within((tx) => readRollouts(tx, null))
  for (const environment of ['live', 'sandbox']) {
    assert.deepEqual(
      rollouts.get(`${id} ${environment}`)!.map(({ value }) => value),
      [{ kind: 'on' }],
    )
  }
  await within((tx) => describeCapability(tx, name, { description: 'What it is', successor: 'The next' }))
  const changes = () => numberOf('select last as n from kernel_change_counter')
  const before = await changes()
  await within((tx) => declareCapability(tx, { name, title: 'Capability', exposure: 'general' }))
  await within((tx) => describeCapability(tx, name, { description: 'What it is' }))
  assert.equal(await changes(), before)
  const { description, successor } = await within((tx) => findCapability(tx, name))
  assert.deepEqual([description, successor], ['What it is', 'The next'])
  await assert.rejects(
    within((tx) => findCapability(tx, 'none')),
    /capabilities\.not_found: There is no capability none/,
  )
})
