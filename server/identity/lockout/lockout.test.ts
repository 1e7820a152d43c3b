/** Tries are counted exactly, waits grow and end, and a wait says nothing. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { createLockout, defaultPolicies, delayAfter, newDevice } from '#/identity/lockout/lockout.ts'
import type { Subject } from '#/identity/lockout/lockout.ts'
import { createSealer } from '#/kernel/crypto/crypto.ts'
import { transact } from '#/kernel/db/db.ts'
import type { Tx } from '#/kernel/db/db.ts'
import { newId } from '#/kernel/id/id.ts'
import { testDatabase } from '../../../tests/support/database.ts'

const database = await testDatabase()
const sealer = createSealer(randomBytes(32))
const lockout = createLockout({ sealer })
const within = <T>(work: (tx: Tx) => Promise<T>) =>
  transact(database.control, { kind: 'system', name: 'test' }, work)

const noon = Date.UTC(2026, 10, 20, 12)
const minute = 60_000
const day = 24 * 60 * minute

const fresh = (kind: Subject['kind'] = 'account'): Subject[] => [{ kind, value: newId() }]
const admit = (subjects: readonly Subject[], wall = noon) => within((tx) => lockout.admit(tx, subjects, wall))

async function rowOf(subject: Subject) {
  const digest = sealer.digest(subject.value, `identity_attempt.subject:${subject.kind}`)
  const text =
    'select tries::int, failures::int, blocked_until as until from identity_attempt where subject = $1'
  type Row = { tries: number; failures: number; until: Date | null }
  return (await database.control.pool.query<Row>(text, [digest])).rows[0]
}

test('a burst of 100 at once counts 100, and only the free ones are let in', async () => {
  const subjects: Subject[] = [...fresh(), ...fresh('address')]
  // Half of them name the same two in the other order.
  const tries = Array.from({ length: 100 }, (_, i) => admit(i % 2 ? subjects : subjects.toReversed()))
  const admitted = (await Promise.all(tries)).filter((one) => one.admitted)
  assert.equal(admitted.length, defaultPolicies.account.free)
  for (const subject of subjects) {
    const row = await rowOf(subject)
    assert.deepEqual([row!.tries, row!.failures], [100, defaultPolicies.account.free])
  }
})

test('what was counted is there for another process too', async () => {
  const subjects = fresh()
  for (let i = 0; i < 5; i += 1) await admit(subjects)
  const restarted = createLockout({ sealer })
  const admission = await within((tx) => restarted.admit(tx, subjects, noon))
  assert.deepEqual(admission, { admitted: false, waitSeconds: 1 })
})

test('waits double up to their bound, and being turned away does not prolong them', async () => {
  const subjects = fresh()
  let at = noon
  const waits: number[] = []
  for (let i = 0; i < 16; i += 1) {
    const { admitted, waitSeconds } = await admit(subjects, at)
    assert.ok(admitted)
    waits.push(waitSeconds)
    if (waitSeconds > 0) {
      for (const early of [0, 1, waitSeconds * 1000 - 1]) {
        const turnedAway = await admit(subjects, at + early)
        assert.deepEqual(turnedAway, {
          admitted: false,
          waitSeconds: Math.ceil((waitSeconds * 1000 - early) / 1000),
        })
      }
    }
    at += waitSeconds * 1000
  }
  assert.deepEqual(waits, [0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300])
  assert.equal(delayAfter(10_000, defaultPolicies.account), 5 * minute, 'no overflow')
})

test('a day without a failure forgets them', async () => {
  const subjects = fresh()
  for (let i = 0; i < 5; i += 1) await admit(subjects)
  assert.equal((await admit(subjects, noon + day)).waitSeconds, 2)
  assert.equal((await admit(subjects, noon + 2 * day + 1)).waitSeconds, 0)
})

test('a success forgets the account, and gives a network back no more than itself', async () => {
  const [account, address] = [fresh()[0]!, fresh('address')[0]!]
  for (let i = 0; i < 5; i += 1) await admit([account, address])
  await within((tx) => lockout.succeed(tx, [account, address]))
  assert.deepEqual([(await rowOf(account))!.failures, (await rowOf(address))!.failures], [0, 4])
  assert.equal((await rowOf(account))!.until, null)
  assert.ok((await admit([account, address])).admitted)
})

test('a try that is taken back never was, for the wait either', async () => {
  const subjects = fresh()
  for (let i = 0; i < 5; i += 1) await admit(subjects)
  await within((tx) => lockout.takeBack(tx, subjects))
  assert.deepEqual(await rowOf(subjects[0]!), { tries: 5, failures: 4, until: null })
  assert.ok((await admit(subjects)).admitted)
  await within((tx) => lockout.takeBack(tx, fresh()))
})

test('an account is one however it is written; a network is a /64; a known browser stands apart', () => {
  const of = (email: string, address: string, device: string | null = null, wall = noon) =>
    lockout.subjectsOf({ email, address, device }, wall)
  assert.deepEqual(of(' Ada@Example.com', '2001:db8::1'), of('ada@example.com', '2001:db8::ffff'))
  assert.notDeepEqual(of('ada@example.com', '2001:db8::1'), of('ada@example.com', '2001:db8:0:1::1'))
  assert.notDeepEqual(of('ada@example.com', '203.0.113.1'), of('ada@example.com', '203.0.113.2'))
  const device = newDevice(sealer, 'ADA@example.com', noon)
  const known = of('ada@example.com', '203.0.113.1', device)
  assert.deepEqual(
    known.map(({ kind }) => kind),
    ['device'],
  )
  assert.deepEqual(of('ada@example.com', '2001:db8::1', device), known)
  const strangers = [
    of('bob@example.com', '203.0.113.1', device),
    of('ada@example.com', '203.0.113.1', `${device}A`),
    of('ada@example.com', '203.0.113.1', 'x'),
    of('ada@example.com', '203.0.113.1', device, noon + 183 * day),
    of('ada@example.com', '203.0.113.1', newDevice(createSealer(randomBytes(32)), 'ada@example.com', noon)),
  ]
  for (const subjects of strangers)
    assert.deepEqual(
      subjects.map(({ kind }) => kind),
      ['account', 'address'],
    )
})

test('the rows say neither who nor from where', async () => {
  const subjects = lockout.subjectsOf(
    { email: 'eve@example.com', address: '198.51.100.7', device: null },
    noon,
  )
  await admit(subjects)
  const { rows } = await database.control.pool.query<{ all: string }>(
    'select identity_attempt::text as all from identity_attempt',
  )
  for (const secret of ['eve', '198.51', Buffer.from('eve@').toString('hex')]) {
    assert.ok(rows.every((row) => !row.all.includes(secret)))
  }
})

test('what decides nothing any more is deleted', async () => {
  const [old, young] = [fresh(), fresh()]
  await admit(old, noon - 2 * day)
  await admit(young, noon - day + 1)
  await within((tx) => lockout.prune(tx, noon))
  assert.equal(await rowOf(old[0]!), undefined)
  assert.equal((await rowOf(young[0]!))!.tries, 1)
})
