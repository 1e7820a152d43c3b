/** Chance that falls the same way each time, so that every start of Solstice tells the same story. */

export type Dice = {
  /** Whole number from `low` to `high`, both included. */
  between(low: number, high: number): number
  pick<T>(list: readonly T[]): T
}

/** Murmur3's finaliser: neighbouring inputs give unrelated outputs, which a plain counter would not. */
export function scramble(value: number): number {
  let mixed = value | 0
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return (mixed ^ (mixed >>> 16)) >>> 0
}

/** A number for a name, by which `createDice` and readings differ. */
export function seedOf(name: string): number {
  let seed = 0x811c9dc5
  for (let i = 0; i < name.length; i++) seed = Math.imul(seed ^ name.charCodeAt(i), 0x01000193)
  return seed >>> 0
}

export function createDice(name: string): Dice {
  let state = seedOf(name)
  const next = (): number => {
    state = (state + 0x9e3779b9) >>> 0
    return scramble(state)
  }
  const between = (low: number, high: number): number => low + (next() % (high - low + 1))
  return {
    between,
    pick: <T>(list: readonly T[]): T => {
      const chosen = list[between(0, list.length - 1)]
      if (chosen === undefined) throw new Error('nothing to pick from')
      return chosen
    },
  }
}
