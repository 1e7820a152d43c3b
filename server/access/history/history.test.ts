/** A timeline says at every moment what the last word about that moment said. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { at, earlier, timelineOf } from '#/access/history/history.ts'
import type { Word } from '#/access/history/history.ts'

const word = fc
  .record({
    value: fc.constantFrom('a', 'b', 'c'),
    from: fc.integer({ min: 0, max: 12 }),
    length: fc.option(fc.integer({ min: 1, max: 6 })),
    saidAt: fc.integer({ min: 0, max: 6 }),
  })
  .map(({ length, ...rest }): Word<string> => {
    return { ...rest, until: length === null ? null : rest.from + length }
  })

/** As one would say it: go through what was said, and keep the last that is about this moment. */
function plainly(words: readonly Word<string>[], moment: number): string | null {
  let last: Word<string> | null = null
  for (const each of words) {
    if (each.from > moment || (each.until !== null && each.until <= moment)) continue
    if (!last || each.saidAt > last.saidAt || (each.saidAt === last.saidAt && each.from > last.from))
      last = each
  }
  return last?.value ?? null
}

const unambiguous = (words: readonly Word<string>[]) =>
  new Set(words.map(({ saidAt, from }) => `${saidAt} ${from}`)).size === words.length

test('at every moment the last word that covers it counts, and it holds until the moment named', () => {
  fc.assert(
    fc.property(fc.array(word, { maxLength: 8 }).filter(unambiguous), (words) => {
      const timeline = timelineOf(words)
      for (let moment = -1; moment <= 20; moment += 1) {
        const { value, until } = at(timeline, moment)
        assert.equal(value, plainly(words, moment))
        for (let later = moment; later < (until ?? 21); later += 1) assert.equal(plainly(words, later), value)
        if (until !== null) assert.notEqual(plainly(words, until), value)
      }
    }),
  )
})

describe('what people do', () => {
  const forGood = (value: string, from: number, saidAt: number): Word<string> => {
    return { value, from, until: null, saidAt }
  }

  test('a change made now takes back what was planned for later', () => {
    const timeline = timelineOf([forGood('10 %', 1, 1), forGood('50 %', 10, 1), forGood('off', 5, 5)])
    assert.deepEqual(at(timeline, 12), { value: 'off', until: null })
    assert.deepEqual(at(timeline, 3), { value: '10 %', until: 5 })
  })

  test('a correction of a period leaves what came after it', () => {
    const corrected: Word<string> = { value: 'c', from: 2, until: 4, saidAt: 9 }
    const timeline = timelineOf([forGood('a', 1, 1), forGood('b', 4, 4), corrected])
    assert.deepEqual(
      [1, 2, 4].map((moment) => at(timeline, moment).value),
      ['a', 'c', 'b'],
    )
  })

  test('nothing was said: nothing is true', () => {
    assert.deepEqual(at(timelineOf([]), 5), { value: null, until: null })
    assert.deepEqual([earlier(null, 3), earlier(4, 3), earlier(null, null)], [3, 3, null])
  })
})
