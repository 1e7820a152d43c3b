/** Agreements: versions that never overlap, whoever signs when, and the time that makes and ends them. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import * as agreements from '#/access/agreements/agreements.ts'
import type { AgreementTerms, AgreementVersion, Draft, VersionName } from '#/access/agreements/agreements.ts'
import { agreementsJob } from '#/access/agreements/jobs.ts'
import { createPartner } from '#/identity/partners/partners.ts'
import { systemClock } from '#/kernel/clock/clock.ts'
import { createSealer } from '#/kernel/crypto/crypto.ts'
import { transact } from '#/kernel/db/db.ts'
import type { Tx } from '#/kernel/db/db.ts'
import { newId } from '#/kernel/id/id.ts'
import { testDatabase } from '../../../tests/support/database.ts'

const day = 86_400_000
const start = Date.parse('2026-11-01T00:00:00.000Z')
let now = start
const database = await testDatabase({ ...systemClock(), business: () => new Date(now) })
const sealer = createSealer(randomBytes(32))
const system = { kind: 'system', name: 'test' } as const
const within = <T>(work: (tx: Tx) => Promise<T>) => transact(database.control, system, work)
const inDays = (days: number) => new Date(start + days * day)
const plain: AgreementTerms = { noticeDays: 0, capabilities: [], overrides: {}, sla: null, consents: [] }
const term = (from: number, until: number | null, more: Partial<AgreementTerms> = {}): Draft => ({
  startsAt: inDays(from),
  endsAt: until === null ? null : inDays(until),
  terms: { ...plain, ...more },
})
const partner = async () => (await within((tx) => createPartner(tx, { slug: `p-${newId()}`, name: 'P' }))).id
const draft = (partnerId: string, drafted: Draft, reference: string = newId()) =>
  within((tx) => agreements.draftAgreement(tx, partnerId, { reference, ...drafted }))
const send = (partnerId: string, name: VersionName) =>
  within((tx) => agreements.sendAgreement(tx, partnerId, name))
const sign = (partnerId: string, name: VersionName) =>
  within((tx) => agreements.signAgreement(tx, sealer, partnerId, name, { by: 'Ada', at: tx.now }))
const amend = (partnerId: string, agreementId: string, drafted: Draft) =>
  within((tx) => agreements.amendAgreement(tx, partnerId, agreementId, drafted))
const end = (partnerId: string, agreementId: string, at: Date | null = null) =>
  within((tx) => agreements.endAgreement(tx, partnerId, agreementId, { at, reason: 'over' }))
async function sentAndSigned(partnerId: string, name: VersionName) {
  await send(partnerId, name)
  return sign(partnerId, name)
}
const signed = async (partnerId: string, drafted: Draft, reference?: string) =>
  sentAndSigned(partnerId, await draft(partnerId, drafted, reference))
const amended = async (partnerId: string, agreementId: string, drafted: Draft) =>
  sentAndSigned(partnerId, await amend(partnerId, agreementId, drafted))
const versionsOf = async (partnerId: string) =>
  (await within((tx) => agreements.readAgreements(tx, [partnerId], null))).get(partnerId) ?? []

async function postureAt(partnerId: string, days: number) {
  const { posture, version } = agreements.agreementAt(await versionsOf(partnerId), inDays(days).getTime())
  return version === null ? posture : `${posture} ${version.number}`
}
async function eventsOf(partnerId: string) {
  const { rows } = await database.owner.query<{ type: string; version: number; whose: string | null }>(
    `select type, (data->>'version')::int as version, partner_id as whose from kernel_outbox
     where type like 'access.agreement%' and (partner_id = $1 or data->>'partnerId' = $1::text)
     order by written_at, ctid`,
    [partnerId],
  )
  return rows.map(({ type, version }) => `${type.replace('access.agreement_', '')} ${version}`)
}

test('the life of a version: draft, sent, signed, active, expiring, ended', async () => {
  const id = await partner()
  const name = await draft(id, term(10, 100, { noticeDays: 30 }))
  const table: [number, string][] = []
  const look = async (days: number) => table.push([days, await postureAt(id, days)])
  await look(20)
  await send(id, name)
  await look(20)
  await sign(id, name)
  for (const days of [0, 9, 10, 69, 70, 99, 100, 101]) await look(days)
  assert.deepEqual(table, [
    [20, 'pending 1'],
    [20, 'pending 1'],
    [0, 'pending 1'],
    [9, 'pending 1'],
    [10, 'active 1'],
    [69, 'active 1'],
    [70, 'expiring 1'],
    [99, 'expiring 1'],
    [100, 'ended 1'],
    [101, 'ended 1'],
  ])
})

test('what was sent is not changed, nor signed before; what was withdrawn is over', async () => {
  const id = await partner()
  const name = await draft(id, term(0, 10))
  const change = (more: Draft) => within((tx) => agreements.changeDraft(tx, id, name, more))
  const withdraw = () => within((tx) => agreements.withdrawVersion(tx, id, name))
  await assert.rejects(sign(id, name), /agreements\.state: Version 1 is draft/)
  assert.equal((await change(term(0, 20))).endsAt, inDays(20).getTime())
  await send(id, name)
  await assert.rejects(change(term(0, 30)), /agreements\.state: Version 1 is sent/)
  await assert.rejects(send(id, name), /agreements\.state/)
  await withdraw()
  for (const attempt of [withdraw, () => sign(id, name), () => send(id, name)]) {
    await assert.rejects(attempt(), /agreements\.state: Version 1 is withdrawn/)
  }
  assert.equal(await postureAt(id, 5), 'none')
  await assert.rejects(end(id, name.agreementId), /agreements\.over/)
})

test('an amendment replaces the version in force from its own start', async () => {
  const id = await partner()
  const { agreementId } = await signed(id, term(0, 100))
  await amended(id, agreementId, term(50, 200))
  assert.deepEqual(await Promise.all([0, 49, 50, 99, 150, 200].map((days) => postureAt(id, days))), [
    'active 1',
    'active 1',
    'active 2',
    'active 2',
    'active 2',
    'ended 2',
  ])
  await assert.rejects(amend(id, agreementId, term(30, 300)), /overlap: Version 2 of/)
  const open = await amend(id, agreementId, term(60, 70))
  await assert.rejects(
    amend(id, agreementId, term(80, 90)),
    /agreements\.open_version: Version 3 is draft; have it signed, or withdraw it, first\./,
  )
  await send(id, open)
  await sign(id, open)
  assert.deepEqual(await Promise.all([59, 60, 70].map((days) => postureAt(id, days))), [
    'active 2',
    'active 3',
    'ended 3',
  ])
})

test('another agreement in the same time is refused and named; after the end it is not', async () => {
  const id = await partner()
  const { agreementId } = await signed(id, term(0, 100), 'MSA-1')
  const inside = draft(id, term(99, 150))
  await assert.rejects(inside, (error: Error) => {
    assert.match(
      error.message,
      /agreements\.overlap: Version 1 of MSA-1 is in force from 2026-11-01T.* until 2027-02-09T/,
    )
    return true
  })
  await assert.rejects(draft(id, term(-50, 1)), /agreements\.overlap/)
  await assert.rejects(draft(id, term(100, 150), 'MSA-1'), /agreements\.reference_taken/)
  await signed(id, term(100, 150))
  await end(id, agreementId, inDays(40))
  await assert.rejects(end(id, agreementId, inDays(60)), /agreements\.over/)
  await signed(id, term(40, 100))
  assert.deepEqual(await Promise.all([39, 40, 100].map((days) => postureAt(id, days))), [
    'active 1',
    'active 1',
    'active 1',
  ])
})

test('of overlapping agreements signed at once one is signed', async () => {
  const id = await partner()
  const names: VersionName[] = []
  for (let n = 0; n < 6; n += 1) names.push(await draft(id, term(n, n + 20)))
  for (const name of names) await send(id, name)
  const done = await Promise.allSettled(names.map((name) => sign(id, name)))
  assert.equal(done.filter(({ status }) => status === 'fulfilled').length, 1)
  for (const each of done) if (each.status === 'rejected') assert.match(String(each.reason), /overlap/)
})

const days = fc.integer({ min: -5, max: 40 })
const step = fc.oneof(
  fc.record({
    kind: fc.constant('new' as const),
    from: days,
    lasts: fc.option(fc.integer({ min: 1, max: 30 })),
  }),
  fc.record({
    kind: fc.constant('amend' as const),
    from: days,
    lasts: fc.option(fc.integer({ min: 1, max: 30 })),
  }),
  fc.record({ kind: fc.constant('end' as const), from: fc.option(days) }),
  fc.record({ kind: fc.constant('wait' as const), days: fc.integer({ min: 1, max: 10 }) }),
)
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never

test('property: no sequence of drafts, signatures, amendments and ends makes versions overlap', async () => {
  let forced = 0
  const take = async (id: string, known: string[], taken: Step): Promise<void> => {
    if (taken.kind === 'wait') {
      now += taken.days * day
      return
    }
    const which = known.at(-1) ?? newId()
    if (taken.kind === 'end') return end(id, which, taken.from === null ? null : inDays(taken.from))
    const drafted = term(taken.from, taken.lasts === null ? null : taken.from + taken.lasts)
    const name = taken.kind === 'new' ? await draft(id, drafted) : await amend(id, which, drafted)
    if (taken.kind === 'new') known.push(name.agreementId)
    await send(id, name)
    await sign(id, name)
  }
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 10 }), async (steps) => {
      now = start
      const id = await partner()
      const known: string[] = []
      for (const taken of steps) {
        // What is refused changes nothing; what is not must leave the versions apart.
        await take(id, known, taken).catch((error: Error) => assert.match(error.message, /^agreements\./))
        const versions = await versionsOf(id)
        const periods = versions.flatMap((version) => agreements.inForce(version) ?? [])
        forced += periods.length
        for (let moment = inDays(-10).getTime(); moment < inDays(90).getTime(); moment += day / 2) {
          const { posture, version } = agreements.agreementAt(versions, moment)
          const covers = (each: AgreementVersion) => {
            const period = agreements.inForce(each)
            return period !== null && period.from <= moment && moment < (period.until ?? Infinity)
          }
          const isInForce = posture === 'active' || posture === 'expiring'
          assert.equal(isInForce ? version : undefined, versions.find(covers))
        }
        for (const [i, one] of periods.entries()) {
          for (const other of periods.slice(i + 1)) {
            const apart = (one.until ?? Infinity) <= other.from || (other.until ?? Infinity) <= one.from
            assert.ok(apart, JSON.stringify([one, other]))
          }
        }
      }
      now = start
    }),
    { numRuns: 60 },
  )
  assert.ok(forced > 100, `${forced}`)
})

test('what the time does is told once, in order, and only of what is in force', async () => {
  const id = await partner()
  const notice = { noticeDays: 20 }
  const { agreementId } = await signed(id, term(5, 100, notice))
  const told = async (days: number) => {
    now = inDays(days).getTime()
    const before = (await eventsOf(id)).length
    await Promise.all([1, 2, 3].map(() => agreementsJob(database.control).run({})))
    return (await eventsOf(id)).slice(before)
  }
  assert.deepEqual(await told(4), [])
  assert.deepEqual(await told(5), ['active 1'])
  await amended(id, agreementId, term(50, 200, notice))
  // The first version is replaced: the agreement goes on, so nothing of it expires or ends.
  assert.deepEqual(await told(90), ['active 2'])
  await end(id, agreementId, inDays(190))
  // A clock that was moved far tells everything, in order.
  assert.deepEqual(await told(400), ['expiring 2', 'ended 2'])
  assert.deepEqual(await told(401), [])
  assert.equal(await postureAt(id, 190), 'ended 2')
  now = start
})

test('an agreement that is ended before it began never was in force', async () => {
  const id = await partner()
  const { agreementId } = await signed(id, term(50, 100))
  await end(id, agreementId)
  now = inDays(200).getTime()
  await agreementsJob(database.control).run({})
  assert.ok(!(await eventsOf(id)).some((each) => /active|expiring|ended/.test(each)))
  now = start
  assert.equal(await postureAt(id, 60), 'ended 1')
})

test('the partner hears of a version from when it is sent', async () => {
  const id = await partner()
  const [first, second] = [await draft(id, term(0, 10)), await draft(id, term(20, 30))]
  await send(id, second)
  now += 1000
  for (const name of [first, second]) await within((tx) => agreements.withdrawVersion(tx, id, name))
  now = start
  const { rows } = await database.owner.query<{ type: string }>(
    `select type from kernel_outbox where partner_id = $1 and type like 'access.%' order by written_at`,
    [id],
  )
  assert.deepEqual(
    rows.map(({ type }) => type),
    ['access.agreement_sent', 'access.agreement_withdrawn'],
  )
})

test('who signed is sealed, and nothing of it stands in the audit or the events', async () => {
  const id = await partner()
  const name = await draft(id, term(0, 10))
  await send(id, name)
  const by = 'Ada Lovelace of Helio'
  await within((tx) => agreements.signAgreement(tx, sealer, id, name, { by, at: tx.now }))
  const { rows } = await database.owner.query(
    `select encode(signatory, 'escape') as text from access_agreement_signature where partner_id = $1
     union all select data::text from kernel_outbox`,
    [id],
  )
  assert.ok(rows.length > 1)
  assert.ok(!JSON.stringify(rows).includes('Ada'))
})
