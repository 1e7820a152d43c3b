/** Chance that can be had again: numbers from a seed. */

export type Dice = {
  /** True with this probability. */
  readonly chance: (probability: number) => boolean
  /** 0 ≤ n < below. */
  readonly roll: (below: number) => number
  readonly pick: <T>(list: readonly T[]) => T
}

/** mulberry32: 32 bits of state are plenty to vary small documents. */
export function createDice(seed: number): Dice {
  let state = seed | 0
  const next = () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
  const roll = (below: number) => Math.floor(next() * below)
  return { chance: (probability) => next() < probability, roll, pick: (list) => list[roll(list.length)]! }
}
