/**
 * Whether two kinds of call can be told apart by how long they take: 1,000 tries in random order, half of each kind,
 * compared by a permutation test. Load on the machine falls on both kinds alike, so it blurs and does not mislead.
 */
import assert from 'node:assert/strict'

export const tries = 1000

/** Chance alone calls two equal samples different in one run of a hundred, and in three of three once in a million. */
const rounds = 3
const significant = 0.01

type Random = () => number

/** Makes a call of one kind; `i` counts within the kind. */
export type Attempt = (kind: 0 | 1, i: number) => Promise<unknown>

/** A generator with a seed (mulberry32): a failure can be had again. */
export function randomFrom(seed: number): Random {
  let state = seed
  return () => {
    state = (state + 0x6d_2b_79_f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Fails when a thousand tries tell the kinds apart, three times in a row. */
export async function assertAlike(attempt: Attempt, random: Random): Promise<void> {
  await measure(attempt, random, 200)
  const found: number[] = []
  while (found.length < rounds) {
    const p = await measure(attempt, random)
    if (p >= significant) return
    found.push(p)
  }
  assert.fail(`told apart ${rounds} times: p = ${found.join(', ')}`)
}

/** That the comparison can fail: these kinds it must tell apart. */
export async function assertToldApart(attempt: Attempt, random: Random): Promise<void> {
  const p = await measure(attempt, random)
  assert.ok(p < significant, `p = ${p}`)
}

async function measure(attempt: Attempt, random: Random, n = tries): Promise<number> {
  const times: [number[], number[]] = [[], []]
  const order = shuffled(
    Array.from({ length: n }, (_, i) => i),
    random,
  )
  for (const i of order) {
    const kind = i % 2 === 0 ? 0 : 1
    const started = performance.now()
    await attempt(kind, i >> 1)
    times[kind].push(performance.now() - started)
  }
  return permutationTest(times[0], times[1], random)
}

function shuffled<T>(items: readonly T[], random: Random): T[] {
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
function permutationTest(one: readonly number[], other: readonly number[], random: Random): number {
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
