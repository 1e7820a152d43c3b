/** What is over goes, what is not stays. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { signIn, signInJob } from '#/identity/sign-in/sign-in.ts'
import { testDatabase } from '../../../tests/support/database.ts'
import { people as scene } from '../../../tests/support/identity/people.ts'

const stage = scene(await testDatabase())

async function left() {
  const text = `select (select count(*)::int from identity_session) as sessions,
                       (select count(*)::int from identity_attempt) as tries`
  return (await stage.within((tx) => tx.rows<{ sessions: number; tries: number }>(text)))[0]
}

test('sessions that are over and tries of yesterday are deleted', async () => {
  const { email } = await stage.member('owner')
  const job = signInJob(stage.deps)
  await signIn(stage.deps, stage.request(email))
  stage.clock.forward(11 * 3_600_000)
  await signIn(stage.deps, stage.request(email))
  await job.run({})
  assert.deepEqual(await left(), { sessions: 2, tries: 3 }, 'one account, two networks')
  stage.clock.forward(2 * 3_600_000)
  await job.run({})
  assert.deepEqual(await left(), { sessions: 1, tries: 3 })
  stage.clock.forward(24 * 3_600_000)
  await job.run({})
  assert.deepEqual(await left(), { sessions: 0, tries: 0 })
})
