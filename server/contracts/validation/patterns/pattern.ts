/**
 * Patterns of a contract, run on texts of strangers. The engine of the language backtracks: `^(a+)+$` takes 8 s for
 * 28 characters, even `a*b` 0.3 s for 30,000. (V8's own linear engine knows no Unicode mode and no counted
 * repeats.) So a pattern runs there only when it plainly cannot backtrack far; others run in an automaton. What an
 * automaton cannot do (look-around, back-references, large counts) runs on texts that are short enough, and is
 * refused where no length would be.
 */
import { createAutomaton } from '#/contracts/validation/patterns/automaton.ts'
import { measured, type Effort } from '#/contracts/validation/patterns/effort.ts'
import { readPattern, type Part } from '#/contracts/validation/patterns/pattern-syntax.ts'

export type Pattern = {
  /** False also for a text that is longer than `maxLength`. */
  readonly test: (text: string) => boolean
  /** Longest text that can match, in UTF-16 units; null: any. */
  readonly maxLength: number | null
}

/** Steps that one test may take at worst; about a second. */
const maxWork = 1e8

/**
 * Throws a `SyntaxError` for what is no pattern, or one that cannot be run safely. A test throws `Exhausted` when it
 * takes more than is left of the effort: with each text of a long list at its worst, lists took minutes.
 */
export function compilePattern(source: string, effort: Effort = { left: Infinity }): Pattern {
  const readable = inUnicodeMode(source)
  const native = new RegExp(readable, 'u')
  const part = readPattern(readable)
  if (part !== null && isPlain(part)) return { test: (text) => native.test(text), maxLength: null }
  const automaton = part === null ? null : createAutomaton(part, effort)
  if (automaton !== null) return { test: (text) => automaton.test(text), maxLength: null }
  const degree = part === null ? Infinity : degreeOf(part)
  if (degree === Infinity) throw new SyntaxError('a pattern that could run for ever')
  const maxLength = Math.floor(maxWork ** (1 / (degree + 1)))
  const test = (text: string) => text.length <= maxLength && measured(effort, () => native.test(text))
  return { test, maxLength }
}

/** In Unicode mode as JSON Schema asks; many older patterns (`\_`, a lone brace) are valid only when read more kindly. */
function inUnicodeMode(source: string): string {
  try {
    return new RegExp(source, 'u').source
  } catch {
    return new RegExp(readKindly(source), 'u').source
  }
}

/** Writes for Unicode mode what the mode without it takes for granted (ECMA-262 annex B.1.2). */
function readKindly(source: string): string {
  let written = ''
  let inSet = false
  for (let i = 0; i < source.length; i++) {
    const character = source[i] ?? ''
    if (character === '\\') {
      const escaped = source[++i] ?? ''
      const means = escaped === '' || (/[\w^$\\.*+?()[\]{}|/]/.test(escaped) && escaped !== '_')
      written += means || (escaped === '-' && inSet) ? `\\${escaped}` : escaped
      continue
    }
    const isLone =
      !inSet &&
      (character === ']' ||
        (character === '{' && !isCount(source, i)) ||
        (character === '}' && !endsCount(written)))
    if (character === '[') inSet = true
    if (character === ']') inSet = false
    written += isLone ? `\\${character}` : character
  }
  return written
}

const isCount = (source: string, at: number): boolean => /^\{\d+(,\d*)?\}/.test(source.slice(at, at + 24))
const endsCount = (written: string): boolean => /\{\d+(,\d*)?$/.test(written)

/** Begins at the start and repeats one set of characters at most: there is one way to read any text. */
function isPlain(part: Part): boolean {
  if (part.kind !== 'sequence' || part.parts[0]?.kind !== 'start') return false
  const repeats = part.parts.filter((one) => one.kind === 'repeat' && one.min !== one.max)
  return repeats.length <= 1 && part.parts.every(isSingle)
}

const isSingle = (part: Part): boolean =>
  part.kind === 'set' ||
  part.kind === 'start' ||
  part.kind === 'end' ||
  (part.kind === 'repeat' && part.part.kind === 'set')

/** With how many loops over the same text it can be busy at once; Infinity where one loop stands in another. */
function degreeOf(part: Part): number {
  switch (part.kind) {
    case 'sequence':
    case 'choice':
    case 'beyond':
      return part.parts.reduce((sum, one) => sum + degreeOf(one), 0)
    case 'repeat':
      if (part.min === part.max && part.max <= 16) return degreeOf(part.part) * part.max
      return isSingle(part.part) ? 1 : Infinity
    default:
      return 0
  }
}
