/** Whether an account exists cannot be told from how long its refusal takes. */
import { test } from 'node:test'
import type { SignInDeps } from '#/identity/sign-in/sign-in.ts'
import { signIn } from '#/identity/sign-in/sign-in.ts'
import { testDatabase } from '../../../tests/support/database.ts'
import { people as scene } from '../../../tests/support/identity/people.ts'
import { assertAlike, assertToldApart, randomFrom } from '../../../tests/support/identity/timing.ts'
import type { Attempt } from '../../../tests/support/identity/timing.ts'

// Nobody waits here: what is measured is the path, not the lock-out.
const never = { free: 1_000_000, longest: 0 }
const policies = {
  account: never,
  address: never,
  device: never,
  person: never,
  letter: never,
  asker: never,
}
const stage = scene(await testDatabase(), {
  policies,
  parameters: { memory: 1024, passes: 1, parallelism: 1 },
})
const { member, request, deps } = stage

const accounts = 20

async function refusals(tested: SignInDeps): Promise<Attempt> {
  const known: string[] = []
  for (let i = 0; i < accounts; i += 1) known.push((await member('viewer')).email)
  const emails = [known, known.map((email) => email.replace('person-', 'nobody-'))] as const
  return (kind, i) => {
    const email = emails[kind][i % accounts]!
    const one = request(email, { password: 'not the password', address: '203.0.113.5' })
    return signIn(tested, one).catch(() => null)
  }
}

test('1,000 refusals of known and of unknown accounts take the same time', async () => {
  await assertAlike(await refusals(deps), randomFrom(20_261_120))
})

test('the comparison finds an account that is refused without the work', async () => {
  const passwords: SignInDeps['passwords'] = {
    ...deps.passwords,
    verify: (account, text) =>
      account.personId === null ? Promise.resolve(false) : deps.passwords.verify(account, text),
  }
  await assertToldApart(await refusals({ ...deps, passwords }), randomFrom(1))
})
