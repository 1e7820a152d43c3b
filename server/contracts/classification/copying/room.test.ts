/** What the copier has room for, and what it remembers: neither may ever come out of it. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  copies,
  list,
  object,
  projectorOf,
  secret,
  text,
  whole,
} from '../../../../tests/support/release/both-ways.ts'
import { createDice } from '../../../../tests/support/release/dice.ts'

describe('room', () => {
  test('is for 65,536 bytes', () => {
    const project = projectorOf(object({ a: text, b: secret }))
    const answer = (length: number) => `{"b":"secret","a":"${'x'.repeat(length - 21)}"}`
    assert.equal(copies(project, [answer(65_536)]), 1)
    assert.equal(copies(project, [answer(65_537)]), 0)
    assert.equal(copies(project, [answer(65_536).slice(0, -1), `${answer(65_536).slice(0, -1)}\\`]), 0)
  })

  test('is not taken from an answer that came before', () => {
    const project = projectorOf(object({ a: text, b: secret, c: whole }))
    const answer = '{"a":"one \\n two","b":"secret","c":12345}'
    for (let length = 0; length < answer.length; length++) {
      const part = answer.slice(0, length)
      for (const cut of [
        part,
        `${part}\0`,
        `${part}\0${answer.slice(length)}`,
        `${part}\ufeff${answer.slice(length)}`,
      ]) {
        assert.equal(copies(project, [answer]), 1)
        copies(project, [cut])
      }
    }
  })

  test('is there for values that become longer, or the answer is not copied', () => {
    const project = projectorOf(object({ l: list(whole), y: text }))
    for (const [spelling, counts] of [
      ['9e15', [1_000, 4_000, 5_500, 6_000, 6_540, 7_000, 7_700, 8_000, 13_000]],
      ['1', [30_000]],
    ] as const)
      for (const count of counts) copies(project, [`{"l":[${Array(count).fill(spelling).join()}],"y":"\\/"}`])
    assert.equal(copies(project, [`{"l":[${Array(1_000).fill('9e15').join()}],"y":"\\/"}`]), 1)
  })

  test('is there for letters of three bytes', () => {
    const project = projectorOf(list({ type: ['integer', 'string'] }, { minItems: 1 }))
    const answer = (count: number, letters: number) =>
      `[${Array(count).fill('9e15').join()},"${'漢'.repeat(letters)}"]`
    assert.equal(copies(project, [answer(100, 100)]), 1)
    assert.equal(copies(project, [answer(7_000, 10_000)]), 0)
  })

  test('is there for the commas of members that change places', () => {
    const small = Array.from({ length: 400 }, (_, index) => `p${index}`)
    const properties = Object.fromEntries(small.map((name) => [name, whole]))
    const project = projectorOf(object({ ...properties, l: list(whole), y: text }))
    const first = small.toReversed().map((name) => `"${name}":1`)
    const answer = (count: number) =>
      `{${first.join()},"l":[${Array(count).fill('9e15').join()}],"y":"\\/${'漢'.repeat(6_000)}"}`
    assert.equal(copies(project, [answer(1), answer(2)]), 1)
    for (let count = 6_200; count < 7_200; count += 10) copies(project, [answer(count)])
  })
})

test('names of all contracts that were met are forgotten together when there are too many', () => {
  const dice = createDice(1)
  // Of one length, so that after each forgetting one stands exactly where another did.
  const nameOf = (index: number) => `m${String(index).padStart(58, '0')}`
  const shape = () => {
    const names = Array.from({ length: 60 }, () => nameOf(dice.roll(90)))
    const project = projectorOf(
      object(Object.fromEntries(names.map((name) => [name, dice.pick([text, secret])]))),
    )
    return { names: [...new Set(names)], project }
  }
  const shapes: ReturnType<typeof shape>[] = []
  for (let round = 0; round < 10; round++) {
    shapes.push(...Array.from({ length: 60 }, shape))
    for (const { names, project } of shapes) {
      const sent = names.filter(() => dice.chance(0.8))
      copies(project, [`{${sent.map((name) => `"${name}":"x"`).join()}}`])
    }
  }
  assert.equal(copies(shapes[0]!.project, ['{}']), 1)
})
