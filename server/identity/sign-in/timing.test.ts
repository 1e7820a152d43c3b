/**
 * Whether an account exists cannot be told from how long its refusal takes: 1,000 tries, half of them at accounts that
 * exist, in random order, compared by a permutation test. The same test finds a difference where there is one.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SignInDeps } from '#/identity/sign-in/sign-in.ts'
import { signIn } from '#/identity/sign-in/sign-in.ts'
import { testDatabase } from '../../../tests/support/database.ts'
import { people as scene } from '../../../tests/support/identity/people.ts'

// Nobody waits here: what is measured is the path, not the lock-out.
const never = { free: 1_000_000, longest: 0 }
const policies = { account: never, address: never, device: never, person: never, letter: never, asker: never }
const stage = scene(await testDatabase(), {
  policies,
  parameters: { memory: 1024, passes: 1, parallelism: 1 },
})
const { member, request, deps } = stage

const accounts = 20
const rounds = 3
const tries = 1000

/** A generator with a seed (mulberry32): a failure can be had again. */
function randomFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d_2b_79_f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

function shuffled<T>(items: readonly T[], random: () => number): T[] {
  const mixed = [...items]
  for (let i = mixed.length - 1; i > 0; i -= 1) {
    const j = Math.floor(random() * (i + 1))
    ;[mixed[i], mixed[j]] = [mixed[j]!, mixed[i]!]
  }
  return mixed
}

function quantile(sorted: readonly number[], at: number): number {
  return sorted[Math.floor(at * (sorted.length - 1))]!
}

/** How far two samples are apart: the sum over the quartiles, which a few slow ones do not move. */
function distance(one: readonly number[], other: readonly number[]): number {
  const [a, b] = [one.toSorted((x, y) => x - y), other.toSorted((x, y) => x - y)]
  return [0.25, 0.5, 0.75].reduce((sum, at) => sum + Math.abs(quantile(a, at) - quantile(b, at)), 0)
}

/** The share of random divisions of all values that are at least as far apart as the real one. */
function permutationTest(one: readonly number[], other: readonly number[], random: () => number): number {
  const observed = distance(one, other)
  const all = [...one, ...other]
  let asFar = 0
  const permutations = 400
  for (let i = 0; i < permutations; i += 1) {
    const mixed = shuffled(all, random)
    if (distance(mixed.slice(0, one.length), mixed.slice(one.length)) >= observed) asFar += 1
  }
  return (asFar + 1) / (permutations + 1)
}

async function measure(
  tested: SignInDeps,
  emails: readonly (readonly string[])[],
  random: () => number,
  n = tries,
) {
  const times: [number[], number[]] = [[], []]
  const order = shuffled(
    Array.from({ length: n }, (_, i) => i),
    random,
  )
  for (const i of order) {
    const kind = i % 2
    const email = emails[kind]![(i >> 1) % accounts]!
    const one = request(email, { password: 'not the password', address: '203.0.113.5' })
    const started = performance.now()
    await signIn(tested, one).catch(() => null)
    times[kind]!.push(performance.now() - started)
  }
  return permutationTest(times[0], times[1], random)
}

async function emailsOf() {
  const known: string[] = []
  for (let i = 0; i < accounts; i += 1) known.push((await member('viewer')).email)
  const unknown = known.map((email) => email.replace('person-', 'nobody-'))
  return [known, unknown]
}

test('1,000 refusals of known and of unknown accounts take the same time', async () => {
  const emails = await emailsOf()
  const random = randomFrom(20_261_120)
  await measure(deps, emails, random, 200)
  // Chance alone calls two equal samples different in one run of a hundred, and in three of three once in a million.
  const found: number[] = []
  while (found.length < rounds) {
    const p = await measure(deps, emails, random, 200)
    if (p > 0.01) return
    found.push(p)
  }
  assert.fail(`told apart ${rounds} times: p = ${found.join(', ')}`)
})

test('the comparison finds an account that is refused without the work', async () => {
  const emails = await emailsOf()
  const passwords: SignInDeps['passwords'] = {
    ...deps.passwords,
    verify: (account, text) =>
      account.personId === null ? Promise.resolve(false) : deps.passwords.verify(account, text),
  }
  assert.ok((await measure({ ...deps, passwords }, emails, randomFrom(1))) < 0.01)
})
