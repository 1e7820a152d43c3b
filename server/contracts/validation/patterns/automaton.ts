/**
 * Runs a regular expression in time that grows with the text and no faster (R. Cox, "Regular Expression Matching Can
 * Be Simple And Fast", 2007): all ways through the expression at once, sets of states remembered as they come up.
 */
import { spend, type Effort } from '#/contracts/validation/patterns/effort.ts'
import type { Part } from '#/contracts/validation/patterns/pattern-syntax.ts'

type Step =
  | { readonly kind: 'take'; readonly has: (code: number) => boolean }
  | { readonly kind: 'start' }
  | { readonly kind: 'end' }
  | { readonly kind: 'match' }
  | { readonly kind: 'jump'; to: number }
  | { readonly kind: 'fork'; readonly to: number[] }

/** Where all ways stand after some text. */
type State = {
  readonly takes: readonly number[]
  /** Matched already, whatever follows; matched if the text ends here. */
  readonly matched: boolean
  readonly matchedAtEnd: boolean
  /** By ASCII character; others are followed each time. */
  readonly next: (State | undefined)[]
}

/** An expression with more steps (large counts, mostly) is not run here. */
const maxSteps = 2_000
const maxStates = 1_000

/** Null when the expression asks for what this cannot do. */
export function createAutomaton(part: Part, effort: Effort): { test(text: string): boolean } | null {
  const steps: Step[] = []
  if (!write(part, steps)) return null
  steps.push({ kind: 'match' })
  let states = new Map<string, State>()
  let first = enter([0], steps, true)
  return {
    test(text) {
      let state = first
      for (let i = 0; i < text.length && !state.matched; i++) {
        const code = text.codePointAt(i) ?? 0
        if (code > 0xffff) i++
        const known = code < 128 ? state.next[code] : undefined
        state = known ?? follow(state, code)
      }
      return state.matched || state.matchedAtEnd
    },
  }

  function follow(from: State, code: number): State {
    spend(effort, from.takes.length + 1)
    const to = [0]
    for (const at of from.takes) {
      const step = steps[at]
      if (step?.kind === 'take' && step.has(code)) to.push(at + 1)
    }
    const entered = enter(to, steps, false)
    const key = `${entered.takes.join()} ${entered.matched} ${entered.matchedAtEnd}`
    const state = states.get(key) ?? entered
    if (states.size >= maxStates) {
      // Nothing may lead to the old ones any more, or they would never go.
      states = new Map()
      first = enter([0], steps, true)
      return state
    }
    states.set(key, state)
    if (code < 128) from.next[code] = state
    return state
  }
}

/** False when there are too many steps, or one of them cannot be written. */
function write(part: Part, steps: Step[]): boolean {
  if (steps.length > maxSteps) return false
  switch (part.kind) {
    case 'set':
      steps.push({ kind: 'take', has: characters(part.source) })
      return true
    case 'start':
    case 'end':
      steps.push({ kind: part.kind })
      return true
    case 'sequence':
      return part.parts.every((one) => write(one, steps))
    case 'choice':
      return writeChoice(part.parts, steps)
    case 'repeat':
      return writeRepeat(part.part, part.min, part.max, steps)
    case 'beyond':
      return false
  }
}

function writeChoice(parts: readonly Part[], steps: Step[]): boolean {
  const fork: Step = { kind: 'fork', to: [] }
  steps.push(fork)
  const jumps: { kind: 'jump'; to: number }[] = []
  for (const part of parts) {
    fork.to.push(steps.length)
    if (!write(part, steps)) return false
    const jump = { kind: 'jump' as const, to: 0 }
    jumps.push(jump)
    steps.push(jump)
  }
  for (const jump of jumps) jump.to = steps.length
  return true
}

function writeRepeat(part: Part, min: number, max: number, steps: Step[]): boolean {
  if (min > maxSteps || (max !== Infinity && max > maxSteps)) return false
  for (let i = 0; i < min; i++) if (!write(part, steps)) return false
  if (max === Infinity) {
    const fork: Step = { kind: 'fork', to: [steps.length + 1] }
    const again = steps.push(fork) - 1
    if (!write(part, steps)) return false
    steps.push({ kind: 'jump', to: again })
    fork.to.push(steps.length)
    return true
  }
  const forks: { kind: 'fork'; to: number[] }[] = []
  for (let i = min; i < max; i++) {
    const fork = { kind: 'fork' as const, to: [steps.length + 1] }
    forks.push(fork)
    steps.push(fork)
    if (!write(part, steps)) return false
  }
  for (const fork of forks) fork.to.push(steps.length)
  return true
}

/** The engine of the language knows what `\p{Lu}` or `[^a-z]` holds; it is asked one character at a time. */
function characters(source: string): (code: number) => boolean {
  const expression = new RegExp(`^(?:${source})$`, 'u')
  const known: (boolean | undefined)[] = []
  return (code) => {
    if (code >= 128) return expression.test(String.fromCodePoint(code))
    return (known[code] ??= expression.test(String.fromCodePoint(code)))
  }
}

/** Everywhere one can be without taking a character. */
function enter(from: readonly number[], steps: readonly Step[], atStart: boolean): State {
  const takes = new Set<number>()
  const open = walk(from, steps, atStart, false, takes)
  const atEnd = walk(from, steps, atStart, true, new Set())
  return { takes: [...takes].toSorted((a, b) => a - b), matched: open, matchedAtEnd: atEnd, next: [] }
}

function walk(
  from: readonly number[],
  steps: readonly Step[],
  atStart: boolean,
  atEnd: boolean,
  takes: Set<number>,
): boolean {
  const seen = new Set<number>()
  const stack = [...from]
  let matched = false
  for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
    if (seen.has(at)) continue
    seen.add(at)
    const step = steps[at]
    if (step?.kind === 'take') takes.add(at)
    else if (step?.kind === 'match') matched = true
    else if (step?.kind === 'jump') stack.push(step.to)
    else if (step?.kind === 'fork') stack.push(...step.to)
    else if (step !== undefined && (step.kind === 'start' ? atStart : atEnd)) stack.push(at + 1)
  }
  return matched
}
