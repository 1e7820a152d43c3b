/** Evidence meets a gate for as long as it says; names are sealed; alarms come before the end, at it, and once. */
import assert from 'node:assert/strict'
import { beforeEach, describe, test } from 'node:test'
import { changeExposure, declareCapability } from '#/access/capabilities/capabilities.ts'
import {
  addEvidence,
  declareGate,
  declareNeeds,
  listEvidence,
  listGates,
  openGates,
  readGates,
  readinessAt,
  withdrawEvidence,
} from '#/access/readiness/readiness.ts'
import type { NewEvidence } from '#/access/readiness/readiness.ts'
import { createAuditSink, listAudit } from '#/governance/audit/audit.ts'
import { systemClock } from '#/kernel/clock/clock.ts'
import { createSealer } from '#/kernel/crypto/crypto.ts'
import { transact } from '#/kernel/db/db.ts'
import type { Tx } from '#/kernel/db/db.ts'
import { newId } from '#/kernel/id/id.ts'
import { Problem } from '#/kernel/problem/problem.ts'
import { runAccessJobs } from '../../../tests/support/access/jobs.ts'
import { testDatabase } from '../../../tests/support/database.ts'

let now = new Date('2026-11-01T12:00:00.000Z')
const database = await testDatabase({ ...systemClock(), business: () => now })
const sealer = createSealer(Buffer.alloc(32, 7))
const control = { ...database.control, audit: createAuditSink(sealer) }
const actor = { kind: 'operator', id: newId(), role: 'admin' } as const
const within = <T>(work: (tx: Tx) => Promise<T>) => transact(control, actor, work)
const day = 86_400_000
const inDays = (days: number) => new Date(now.getTime() + days * day)

let capabilityId = ''
let name = ''
let gate = ''
let count = 0
beforeEach(async () => {
  count += 1
  name = `capability-${count}`
  gate = `gate-${count}`
  await within(async (tx) => {
    await declareGate(tx, { name: gate, title: 'Gate', lastsDays: 30, onLapse: 'hide' })
    capabilityId = (await declareCapability(tx, { name, title: 'Capability', exposure: 'pilot' })).id
  })
})

const add = (more: Partial<NewEvidence> = {}) =>
  within((tx) => addEvidence(tx, { capabilityId, gate, kind: 'check', reference: 'run 7', ...more }, sealer))
const need = (...gates: string[]) => within((tx) => declareNeeds(tx, capabilityId, gates))
const evidence = () => within((tx) => listEvidence(tx, sealer, capabilityId))
const isOpen = async () => (await within((tx) => openGates(tx, capabilityId))).length > 0
const refusal = (work: Promise<unknown>) =>
  work.then(
    () => 'done',
    (error: unknown) => {
      assert.ok(error instanceof Problem, String(error))
      return error.message
    },
  )
async function numberOf(text: string, values: unknown[] = []): Promise<number> {
  return Number((await database.owner.query<{ n: string }>(text, values)).rows[0]!.n)
}
const changes = () => numberOf('select last as n from kernel_change_counter')

describe('evidence', () => {
  test('lasts as long as it says, or as evidence for the gate lasts', async () => {
    await add({ until: inDays(40) })
    await add({ from: inDays(-3) })
    const ends = (await evidence()).map(({ until }) => until!.getTime())
    assert.deepEqual(ends, [inDays(27).getTime(), inDays(40).getTime()])
    await within((tx) => declareGate(tx, { name: gate, title: 'Gate', onLapse: 'hide' }))
    await add()
    assert.equal((await evidence())[0]!.until, null)
  })

  const wrong: readonly [string, () => Partial<NewEvidence>, RegExp][] = [
    ['a sign-off without a name', () => ({ kind: 'sign-off' }), /names who signed/],
    ['a sign-off by nobody', () => ({ kind: 'sign-off', signedBy: ' ' }), /names who signed/],
    ['no reference', () => ({ reference: ' ' }), /where it is to be found/],
    ['an end before the beginning', () => ({ from: inDays(3), until: inDays(2) }), /before it begins/],
    ['an end in the past', () => ({ from: inDays(-3), until: inDays(-2) }), /ended on/],
    ['a date so old that it expired', () => ({ from: inDays(-31) }), /ended on/],
    ['a gate there is not', () => ({ gate: 'none' }), /readiness\.gate_not_found/],
  ]
  for (const [what, told, message] of wrong) {
    test(`${what} is refused`, async () => {
      const before = await changes()
      assert.match(await refusal(add(told())), message)
      assert.deepEqual([await evidence(), await changes()], [[], before])
    })
  }

  test('who signed is sealed, shown to operators, and in no line of the audit and no event', async () => {
    const signedBy = 'Ottilie Beispiel'
    const { id } = await add({ kind: 'sign-off', signedBy })
    assert.equal((await evidence())[0]!.signedBy, signedBy)
    const [row] = (
      await database.owner.query<{ text: string }>(
        "select encode(signed_by, 'escape') as text from access_evidence where id = $1",
        [id],
      )
    ).rows
    assert.ok(!row!.text.includes('Ottilie'))
    const lines = await within((tx) => listAudit(tx, sealer, { subjectId: capabilityId }, {}))
    assert.ok(JSON.stringify(lines.data).includes(id))
    assert.ok(!JSON.stringify(lines.data).includes('Ottilie'))
    assert.equal(
      await numberOf("select count(*) as n from kernel_outbox where data::text like '%Ottilie%'"),
      0,
    )
  })

  test('withdrawn once, with the reason, and never from under an open capability', async () => {
    const first = await add()
    await need(gate)
    const withdraw = (id: string) => refusal(within((tx) => withdrawEvidence(tx, id, 'a mistake')))
    assert.match(await withdraw(first.id), /readiness\.evidence_needed: .*nothing else meets gate/)
    assert.ok(!(await isOpen()))
    await add()
    assert.equal(await withdraw(first.id), 'done')
    assert.match(await withdraw(first.id), /readiness\.evidence_withdrawn/)
    assert.match(await withdraw(newId()), /readiness\.evidence_not_found/)
    const [, old] = await evidence()
    assert.deepEqual([old!.state, old!.withdrawnFor, old!.withdrawnAt], ['withdrawn', 'a mistake', now])
    await within((tx) => changeExposure(tx, name, 'dark', { reason: 'test' }))
    assert.equal(await withdraw((await evidence())[0]!.id), 'done')
    assert.ok(await isOpen())
  })
})

describe('needs', () => {
  test('an open capability gets no gate without evidence, and a dark one does', async () => {
    assert.match(await refusal(need(gate)), /readiness\.gates_missing: .*no evidence for gate/)
    assert.match(await refusal(need('none', gate)), /readiness\.gate_not_found: There is no gate none/)
    const most = Array.from({ length: 51 }, (_, i) => `gate-x${i}`)
    assert.match(await refusal(need(...most)), /readiness\.too_many_gates/)
    assert.ok(!(await isOpen()))
    await within((tx) => changeExposure(tx, name, 'dark', { reason: 'test' }))
    await need(gate)
    assert.ok(await isOpen())
    const before = await changes()
    await need(gate, gate)
    assert.equal(await changes(), before)
    await need()
    assert.ok(!(await isOpen()))
  })

  test('what was decided in the past is explained by the needs and policies of then', async () => {
    await add({ until: inDays(3) })
    await need(gate)
    now = inDays(1)
    await within((tx) => declareGate(tx, { name: gate, title: 'Gate', lastsDays: 30, onLapse: 'alarm' }))
    const gates = (await within((tx) => readGates(tx, null))).get(capabilityId)!
    const [before, after] = [inDays(-1).getTime(), now.getTime()]
    assert.deepEqual(readinessAt(gates, before), { open: [], until: after })
    assert.deepEqual(readinessAt(gates, after), { open: [], until: inDays(2).getTime() })
    const lapsed = readinessAt(gates, inDays(2).getTime())
    assert.deepEqual(
      lapsed.open.map(({ onLapse }) => onLapse),
      ['alarm'],
    )
  })
})

describe('gates', () => {
  test('the last one said; the same again tells nobody', async () => {
    const say = () =>
      within((tx) => declareGate(tx, { name: gate, title: 'New', description: 'What', onLapse: 'alarm' }))
    await say()
    const before = await changes()
    await say()
    assert.equal(await changes(), before)
    const found = (await within(listGates)).find((one) => one.name === gate)!
    assert.deepEqual(
      [found.title, found.description, found.lastsDays, found.onLapse],
      ['New', 'What', null, 'alarm'],
    )
  })
})

describe('alarms', () => {
  const work = () => runAccessJobs(control)
  const told = async () => {
    const { rows } = await database.owner.query<{ type: string; data: { endsAt: string; onLapse: string } }>(
      `select type, data from kernel_outbox
       where type like 'access.gate_laps%' and data->>'capabilityId' = $1 order by id`,
      [capabilityId],
    )
    return rows.map(({ type, data }) => `${type} ${data.endsAt} ${data.onLapse}`)
  }

  test('two weeks before, at the end, and once each; again for the next end', async () => {
    await add({ until: inDays(20) })
    await need(gate)
    const end = inDays(20).toISOString()
    await work()
    assert.deepEqual(await told(), [])
    now = inDays(6)
    await work()
    await work()
    assert.deepEqual(await told(), [`access.gate_lapsing ${end} hide`])
    now = new Date(end)
    await work()
    now = inDays(2)
    await work()
    const both = [`access.gate_lapsing ${end} hide`, `access.gate_lapsed ${end} hide`]
    assert.deepEqual(await told(), both)
    const lines = await within((tx) => listAudit(tx, sealer, { subjectId: capabilityId }, {}))
    const actions = lines.data.map(({ action, actor: by }) => `${action} ${by.kind}`)
    assert.deepEqual(actions.slice(0, 2), ['readiness.gate_lapsed system', 'readiness.gate_lapsing system'])
    await add({ until: inDays(1) })
    now = inDays(1)
    await work()
    assert.deepEqual(await told(), [...both, `access.gate_lapsed ${now.toISOString()} hide`])
  })

  test('none while other evidence takes over in time, none for what is dark or not needed', async () => {
    await add({ until: inDays(2) })
    await add({ from: inDays(1), until: inDays(60) })
    await need(gate)
    await work()
    assert.deepEqual(await told(), [])
    await within((tx) => changeExposure(tx, name, 'dark', { reason: 'test' }))
    now = inDays(61)
    await work()
    await need()
    await work()
    assert.deepEqual(await told(), [])
  })
})
