/** Operators come and go; an administrator stays. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import * as people from '#/identity/people/people.ts'
import { createSealer } from '#/kernel/crypto/crypto.ts'
import { transact } from '#/kernel/db/db.ts'
import type { Tx } from '#/kernel/db/db.ts'
import { Problem } from '#/kernel/problem/problem.ts'
import { testDatabase } from '../../../tests/support/database.ts'

const database = await testDatabase()
const sealer = createSealer(randomBytes(32))
const within = <T>(work: (tx: Tx) => Promise<T>) =>
  transact(database.control, { kind: 'system', name: 'test' }, work)
const refused = (code: string) => (error: unknown) =>
  error instanceof Problem && error.definition.code === code

const person = (name: string) =>
  within((tx) => people.createPerson(tx, sealer, { email: `${name}@example.com`, name }))

test('operators: roles change, and an administrator stays whatever is tried', async () => {
  const [first, second] = [await person('first'), await person('second')]
  await within((tx) => people.addOperator(tx, first.id, 'admin'))
  await within((tx) => people.addOperator(tx, second.id, 'admin'))
  const twice = within((tx) => people.addOperator(tx, first.id, 'auditor'))
  await assert.rejects(twice, refused('people.already_operator'))
  const results = await Promise.allSettled([
    within((tx) => people.setOperatorRole(tx, first.id, 'support')),
    within((tx) => people.disablePerson(tx, second.id, 'left')),
  ])
  assert.deepEqual(results.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected'])
  const last = results[0].status === 'fulfilled' ? second : first
  const works = [
    (tx: Tx) => people.setOperatorRole(tx, last.id, 'auditor'),
    (tx: Tx) => people.removeOperator(tx, last.id),
    (tx: Tx) => people.disablePerson(tx, last.id, 'left'),
    (tx: Tx) => people.erasePerson(tx, last.id, 0),
  ]
  for (const work of works) await assert.rejects(within(work), refused('people.last_admin'))
  const other = last === first ? second : first
  await within((tx) => people.removeOperator(tx, other.id))
  assert.equal(await within((tx) => people.findOperator(tx, other.id)), null)
  const listed = await within((tx) => people.listOperators(tx, sealer, { limit: 10 }))
  assert.deepEqual(
    listed.map(({ id, name, role }) => [id, name, role]),
    [[last.id, last.name, 'admin']],
  )
  const absent = within((tx) => people.removeOperator(tx, other.id))
  await assert.rejects(absent, refused('people.operator_not_found'))
})

test('nobody gives or takes more than they may, and nobody changes their own role', async () => {
  const [admin, other] = [await person('chief'), await person('clerk')]
  await within((tx) => people.addOperator(tx, admin.id, 'admin'))
  await within((tx) => people.addOperator(tx, other.id, 'support'))
  const as = (role: string, work: (tx: Tx) => Promise<void>, id = other.id) =>
    transact(database.control, { kind: 'operator', id, role }, work)
  const beyond = refused('people.beyond_own_role')
  const third = await person('third')
  await assert.rejects(
    as('support', (tx) => people.addOperator(tx, third.id, 'admin')),
    beyond,
  )
  await assert.rejects(
    as('support', (tx) => people.setOperatorRole(tx, admin.id, 'support')),
    beyond,
  )
  await assert.rejects(
    as('auditor', (tx) => people.removeOperator(tx, other.id), third.id),
    beyond,
  )
  await assert.rejects(
    as('admin', (tx) => people.setOperatorRole(tx, admin.id, 'support'), admin.id),
    refused('people.own_role'),
  )
  await as('admin', (tx) => people.setOperatorRole(tx, other.id, 'finance'), admin.id)
  assert.equal((await within((tx) => people.findOperator(tx, other.id)))?.role, 'finance')
})
