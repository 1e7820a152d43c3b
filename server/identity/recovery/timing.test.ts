/** Whether an account exists cannot be told from how long it takes to ask for a new password. */
import { test } from 'node:test'
import { askForPassword, writeLetters } from '#/identity/recovery/recovery.ts'
import { testDatabase } from '../../../tests/support/database.ts'
import { people as scene } from '../../../tests/support/identity/people.ts'
import { assertAlike, assertToldApart, randomFrom } from '../../../tests/support/identity/timing.ts'

// Nobody waits here: what is measured is the path, not the bound on letters.
const never = { free: 1_000_000, longest: 0 }
const policies = {
  account: never,
  address: never,
  device: never,
  person: never,
  letter: never,
  asker: never,
}
const { member, within, deps } = scene(await testDatabase(), { policies })
const pages = { portal: 'https://portal.test/recovery', console: 'https://console.test/recovery' }

const accounts = 20
const known: string[] = []
for (let i = 0; i < accounts; i += 1) known.push((await member('viewer')).email)
const emails = [known, known.map((email) => email.replace('person-', 'nobody-'))] as const

const ask = (kind: 0 | 1, i: number) => {
  const email = emails[kind][i % accounts]!
  return within((tx) => askForPassword(tx, deps, { email, realm: 'portal', address: '203.0.113.5' }))
}

test('asking 1,000 times for known and for unknown accounts takes the same time', async () => {
  await assertAlike(ask, randomFrom(20_261_126))
})

test('the comparison finds letters that are written before the answer', async () => {
  await writeLetters(within, deps, pages)
  const writing = async (kind: 0 | 1, i: number) => {
    await ask(kind, i)
    await writeLetters(within, deps, pages)
  }
  await assertToldApart(writing, randomFrom(2))
})
