/**
 * Copying an answer gives what the way by values gives, byte by byte, or nothing at all: contracts and answers at
 * random, each spelled in ways that JSON has for it and some that it has not.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { randomAnswer } from '../../../../tests/support/release/answers.ts'
import { randomContract } from '../../../../tests/support/release/contracts.ts'
import { createDice, type Dice } from '../../../../tests/support/release/dice.ts'
import { spell } from '../../../../tests/support/release/spelling.ts'
import { createClassifier, OffContract, projectText, type Projector } from '../classification.ts'

const rounds = Number(process.env['ROUNDS'] ?? 150)

/** What the way by values says, and its reason. */
function byValue(project: Projector, text: string): string {
  const released = projectText(text, (value) => project(value))
  return released instanceof OffContract ? `${released.pointer}: ${released.reason}` : released
}

/** Null: the copier leaves it to the other way. */
function copied(project: Projector, text: string): string | null {
  return project.copy!(Buffer.from(text))
}

/** Whether it was copied at all. */
function agrees(project: Projector, text: string): boolean {
  const released = copied(project, text)
  if (released !== null) assert.equal(released, byValue(project, text), text)
  return released !== null
}

/** One character more, less or other. */
function damaged(dice: Dice, text: string): string {
  const at = dice.roll(text.length + 1)
  const inserted = dice.pick([
    '"',
    '\\',
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '0',
    '-',
    'e',
    '.',
    ' ',
    '\n',
    '\u0001',
    'é',
    '',
  ])
  const half = text.slice(0, at) + inserted + text.slice(at + dice.roll(2))
  // Half a pair has no UTF-8.
  return half.toWellFormed()
}

for (const defaultClass of [null, 'public'] as const) {
  test(`contracts, answers and spellings at random, default class ${defaultClass}`, () => {
    const count = { copied: 0, released: 0, damaged: 0 }
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const dice = createDice(seed)
        const { document, schema } = randomContract(dice)
        const { projector } = createClassifier(document, { dialect: '3.1', defaultClass })
        const { project } = projector(schema, '#')
        // The same projector again and again: what it has learned of the order of names must never matter.
        for (let round = 0; round < 6; round++) {
          const value = randomAnswer(dice, document, schema)
          const plain = JSON.stringify(value)
          const isReleased = typeof project(value) === 'string'
          if (isReleased) count.released++
          for (const text of [plain, spell(dice, value), spell(dice, value)])
            if (agrees(project, text) && text === plain) count.copied++
          if (agrees(project, damaged(dice, spell(dice, value)))) count.damaged++
        }
      }),
      { numRuns: rounds },
    )
    // A copier that always gives up would agree, too.
    assert.ok(count.copied > count.released * 0.7, JSON.stringify(count))
    assert.ok(count.damaged > 0)
  })
}
