/** Patterns say what the engine of the language says, only never for long. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { Exhausted } from '#/contracts/validation/patterns/effort.ts'
import { compilePattern } from '#/contracts/validation/patterns/pattern.ts'

/** Random patterns of everything the automaton takes, small enough for the backtracking engine to keep up. */
const letter = fc.constantFrom(
  'a',
  'b',
  '.',
  '[ab]',
  '[^a]',
  '\\d',
  '\\w',
  '\\s',
  '\\p{L}',
  '\\u00e9',
  '\\.',
  '😀',
)
const count = fc.constantFrom('', '', '*', '+', '?', '{2}', '{1,3}', '{2,}', '*?', '+?')
const item = fc.oneof(
  fc.tuple(letter, count).map((both) => both.join('')),
  fc.constantFrom('^', '$'),
)
const choiceOf = (one: fc.Arbitrary<string>) =>
  fc
    .array(fc.array(one, { maxLength: 3 }), { minLength: 1, maxLength: 2 })
    .map((all) => all.map((items) => items.join('')).join('|'))
const group = fc
  .tuple(fc.constantFrom('(', '(?:', '(?<n>'), choiceOf(item), count)
  .map(([open, inside, times]) => `${open}${inside})${times}`)
const pattern = fc.tuple(choiceOf(item), group, choiceOf(item)).map((all) => all.join(''))

const text = fc
  .array(fc.constantFrom('a', 'b', '1', ' ', '.', 'é', '😀', '\n'), { maxLength: 8 })
  .map((all) => all.join(''))

describe('a pattern', () => {
  test('matches what the engine of the language matches', () => {
    fc.assert(
      fc.property(pattern, text, (source, given) => {
        assert.equal(compilePattern(source).test(given), new RegExp(source, 'u').test(given))
      }),
      { numRuns: 2_000 },
    )
  })

  test('of the harmful kinds is done with a long text in no time', () => {
    const harmful = [
      '^(a+)+$',
      '(a|a)*b',
      '^(\\w+\\s?)*$',
      'a*b',
      '^(([a-z])+.)+[A-Z]([a-z])+$',
      '(x+x+)+y',
      '^a*a*a*$b',
    ]
    for (const source of harmful) {
      const started = performance.now()
      assert.equal(compilePattern(source).test(`${'a'.repeat(100_000)}!`), false, source)
      assert.ok(performance.now() - started < 1_000, `${source} took ${performance.now() - started} ms`)
    }
  })

  test('forgets states and starts over when it meets too many', () => {
    const { test: matches } = compilePattern('(?:a|b)*a(?:a|b){12}$')
    let seed = 1
    const letters = Array.from({ length: 10_000 }, () =>
      (seed = (seed * 48_271) % 2_147_483_647) % 2 ? 'a' : 'b',
    ).join('')
    assert.equal(matches(`${letters}a${'b'.repeat(12)}`), true)
    assert.equal(matches(`${letters}b${'b'.repeat(12)}`), false)
  })

  test('with look-around matches texts up to a length that cannot take long', () => {
    const { test: matches, maxLength } = compilePattern('^(?=.*[A-Z])(?=.*\\d).{8,}$')
    assert.equal(maxLength, 100)
    assert.equal(matches('Passw0rd'), true)
    assert.equal(matches('password'), false)
    assert.equal(matches(`Passw0rd${'x'.repeat(100)}`), false)
  })

  test('takes no more work than it is given, however many texts there are', () => {
    let seed = 1
    const letters = (length: number) =>
      Array.from({ length }, () => 'ab'[(seed = (seed * 48_271) % 2_147_483_647) % 2]).join('')
    const cases: readonly (readonly [source: string, text: string])[] = [
      ['a.{0,90}b.{0,90}c', letters(1_000_000)],
      ['.*a.{100}$', letters(1_000_000)],
      ['(?=a*a*b)', 'a'.repeat(464)],
      ['(a*)\\1b', 'a'.repeat(464)],
    ]
    for (const [source, given] of cases) {
      const { test: matches } = compilePattern(source, { left: 2_000_000 })
      const started = performance.now()
      assert.throws(() => {
        for (let i = 0; i < 2_000; i++) matches(given)
      }, Exhausted)
      assert.ok(performance.now() - started < 5_000, `${source} took ${performance.now() - started} ms`)
    }
  })

  test('that could run for ever even on a short text is refused', () => {
    for (const source of ['^(?=(a+)+$)', '(a*)*\\1', '^(?!((ab|cd)+)*$)']) {
      assert.throws(() => compilePattern(source), SyntaxError, source)
    }
  })

  test('that is none is refused', () => {
    for (const source of ['(', '[z-a]', 'a**', '\\'])
      assert.throws(() => compilePattern(source), SyntaxError, source)
  })

  test('of the mode without Unicode is read as it was meant', () => {
    assert.equal(compilePattern('^[\\w\\-\\_]+$').test('a-_'), true)
    assert.equal(compilePattern('^\\_\\-a\\@$').test('_-a@'), true)
    assert.equal(compilePattern('^{a}$').test('{a}'), true)
    assert.equal(compilePattern('^a{2}]$').test('aa]'), true)
  })
})
