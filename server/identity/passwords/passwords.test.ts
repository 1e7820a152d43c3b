/** How passwords are kept and checked, and how many at once. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { createPasswords } from '#/identity/passwords/passwords.ts'
import { createTurns } from '#/identity/passwords/turns.ts'
import { createPerson, disablePerson } from '#/identity/people/people.ts'
import { createSealer } from '#/kernel/crypto/crypto.ts'
import { transact } from '#/kernel/db/db.ts'
import type { Tx } from '#/kernel/db/db.ts'
import { Problem } from '#/kernel/problem/problem.ts'
import { testDatabase } from '../../../tests/support/database.ts'

const database = await testDatabase()
const sealer = createSealer(randomBytes(32))
const light = { memory: 64, passes: 1, parallelism: 1 }
const passwords = createPasswords({ sealer, parameters: light })
const within = <T>(work: (tx: Tx) => Promise<T>) =>
  transact(database.control, { kind: 'system', name: 'test' }, work)
const noon = Date.UTC(2026, 10, 20, 12)

let count = 0

async function person(password: string | null) {
  count += 1
  const email = `person-${count}@example.com`
  const { id } = await within((tx) => createPerson(tx, sealer, { email, name: null }))
  if (password !== null) {
    const hash = await passwords.hash(password)
    await within((tx) => passwords.setPassword(tx, id, hash, noon))
  }
  return { id, email }
}

const find = (email: string) => within((tx) => passwords.findAccount(tx, email))

test('the right password in any composition matches; another one does not', async () => {
  const { id, email } = await person('tarn vexed zo\u00eb')
  const account = await find(email)
  assert.equal(account.personId, id)
  assert.equal(await passwords.verify(account, 'tarn vexed zoe\u0308'), true)
  assert.equal(await passwords.verify(account, 'tarn vexed zoe'), false)
  assert.equal(await passwords.verify(account, ''), false)
  assert.equal(await passwords.verify(account, 'x'.repeat(2000)), false)
  const same = await within((tx) => passwords.accountOf(tx, id))
  assert.equal(await passwords.verify(same, 'tarn vexed zo\u00eb'), true)
})

test('the row shows neither the password nor its hash', async () => {
  const { id, email } = await person('tarn vexed otter')
  const { phc } = await find(email)
  const text = 'select phc from identity_password where person_id = $1'
  const { rows } = await database.control.pool.query<{ phc: Buffer }>(text, [id])
  assert.ok(!rows[0]!.phc.includes(phc) && !rows[0]!.phc.includes('argon2id'))
})

test('nobody, a person without a password and a disabled one have an account that nothing matches', async () => {
  const disabled = await person('tarn vexed otter')
  await within((tx) => disablePerson(tx, disabled.id, 'left'))
  const { email } = await person(null)
  for (const address of ['nobody@example.com', 'no address', email, disabled.email]) {
    const account = await find(address)
    assert.equal(account.personId, null, address)
    assert.match(account.phc, /m=64,t=1,p=1/)
    // Whosever hash it is that is worked on: its password does not enter.
    for (const password of ['tarn vexed otter', '']) {
      assert.equal(await passwords.verify(account, password), false, address)
    }
  }
})

test('a stranger is worked on with the hash of somebody, wherever the address would stand among the others', async () => {
  await person('tarn vexed otter')
  const found = new Set<string>()
  for (let i = 0; i < 60; i += 1) {
    const account = await find(`stranger-${i}@example.com`)
    assert.equal(account.personId, null)
    assert.equal(await passwords.verify(account, 'tarn vexed otter'), false)
    found.add(account.phc)
  }
  assert.ok(found.size > 1)
  const text = 'select count(*)::int as n from identity_password'
  const { rows } = await database.control.pool.query<{ n: number }>(text)
  assert.ok(found.size <= rows[0]!.n, 'nothing of our making once there are passwords')
})

test('before the first password there is an account too', async () => {
  await person('tarn vexed otter')
  const rollback = new Error('leave everything as it was')
  const look = within(async (tx) => {
    await tx.rows('delete from identity_password')
    const account = await passwords.findAccount(tx, 'nobody@example.com')
    assert.equal(account.personId, null)
    assert.equal(await passwords.verify(account, ''), false)
    throw rollback
  })
  await assert.rejects(look, rollback)
})

test('a new password ends the sessions and is the only one that matches; a removed one matches no more', async () => {
  const { id, email } = await person('tarn vexed otter')
  const epoch = async () => {
    const text = 'select session_epoch as n from identity_person where id = $1'
    return Number((await database.control.pool.query<{ n: string }>(text, [id])).rows[0]?.n)
  }
  const before = await epoch()
  const hash = await passwords.hash('kettle orbit fennel')
  await within((tx) => passwords.setPassword(tx, id, hash, noon + 1000))
  assert.equal(await epoch(), before + 1)
  assert.deepEqual(await within((tx) => passwords.changedAt(tx, id)), new Date(noon + 1000))
  assert.equal(await passwords.verify(await find(email), 'tarn vexed otter'), false)
  assert.equal(await passwords.verify(await find(email), 'kettle orbit fennel'), true)
  await within((tx) => passwords.removePassword(tx, id))
  assert.equal((await find(email)).personId, null)
})

test('a hash of lighter parameters is replaced by a heavier one, unless the password changed meanwhile', async () => {
  const { id, email } = await person('tarn vexed otter')
  const heavier = createPasswords({ sealer, parameters: { ...light, memory: 128 } })
  const account = await find(email)
  assert.equal(await heavier.verify(account, 'tarn vexed otter'), true)
  const hash = await heavier.strengthen(account, 'tarn vexed otter')
  assert.match(hash!, /m=128,t=1/)
  await within((tx) => heavier.replaceHash(tx, account, hash!))
  const stronger = await find(email)
  assert.equal(stronger.phc, hash)
  assert.equal(await heavier.verify(stronger, 'tarn vexed otter'), true)
  assert.equal(await heavier.strengthen(stronger, 'tarn vexed otter'), null)
  await within((tx) => heavier.replaceHash(tx, account, account.phc))
  assert.equal((await find(email)).phc, hash, 'the old account is not the one that is kept')
  assert.deepEqual(await within((tx) => heavier.changedAt(tx, id)), new Date(noon))
})

test('two run at once, the others wait in their order, and one too many is refused', async () => {
  const turn = createTurns({ running: 2, waiting: 3 })
  const started: number[] = []
  let most = 0
  let running = 0
  const gates = Array.from({ length: 5 }, () => Promise.withResolvers<void>())
  const works = gates.map((gate, i) =>
    turn(async () => {
      started.push(i)
      most = Math.max(most, (running += 1))
      await gate.promise
      running -= 1
      if (i === 1) throw new Error('broken')
    }),
  )
  const settled = Promise.allSettled(works)
  await assert.rejects(
    turn(async () => {}),
    (error) => error instanceof Problem && error.definition.code === 'auth.busy',
  )
  for (const gate of gates) gate.resolve()
  assert.deepEqual(
    (await settled).map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled', 'fulfilled', 'fulfilled'],
  )
  assert.deepEqual(started, [0, 1, 2, 3, 4])
  assert.equal(most, 2)
  await turn(async () => started.push(5))
  assert.equal(started.at(-1), 5, 'places were given back')
})
