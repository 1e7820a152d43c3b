/**
 * Nothing outside the released schema comes out: contracts and answers at random, and the real answers of Adyen's
 * documents with classes strewn over them, against an oracle that shares no code with what it judges. Both ways: what
 * the oracle would let out must come out, or silence would pass.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import fc from 'fast-check'
import { markers, randomAnswer } from '../../../tests/support/release/answers.ts'
import { randomClass, randomContract } from '../../../tests/support/release/contracts.ts'
import { createDice } from '../../../tests/support/release/dice.ts'
import { isNode, type Node } from '../../../tests/support/release/node.ts'
import { createOracle, placesOf } from '../../../tests/support/release/oracle.ts'
import { createClassifier, OffContract, type Projector } from './classification.ts'

const leafOf = (value: unknown, place: string): unknown => {
  const found = (JSON.parse(place) as (string | number)[]).reduce<unknown>(
    (at, step) => (at as Record<string | number, unknown>)[step],
    value,
  )
  return typeof found === 'object' && found !== null ? (Array.isArray(found) ? 'list' : 'object') : found
}

/** Compares what left with what may leave; returns whether anything was judged at all. */
function judge(project: Projector, may: ReadonlySet<string>, value: unknown, isChoice: boolean): boolean {
  const text = project(value)
  if (text instanceof OffContract) {
    assert.ok(!markers.test(text.pointer + text.reason), 'a failure told a value')
    return false
  }
  const released: unknown = JSON.parse(text)
  const left = placesOf(released)
  assert.deepEqual(
    left.filter((place) => !may.has(place)),
    [],
    'left and must not',
  )
  assert.deepEqual(
    [...may].filter((place) => !left.includes(place)),
    [],
    'stayed and should not',
  )
  for (const place of left) assert.deepEqual(leafOf(released, place), leafOf(value, place))
  // What was released is itself an answer of the contract. A choice may turn on what was not released, though.
  const again = project(released)
  if (!isChoice) assert.equal(again, text)
  else if (typeof again === 'string')
    assert.deepEqual(
      placesOf(JSON.parse(again)).filter((place) => !may.has(place)),
      [],
    )
  return true
}

/** Some seconds in every run; `ROUNDS=10000` for an evening. */
const rounds = Number(process.env['ROUNDS'] ?? 60)

const hasChoice = (document: Node): boolean => /"(oneOf|anyOf|if)"/.test(JSON.stringify(document))

for (const defaultClass of [null, 'public'] as const) {
  test(`contracts at random, default class ${defaultClass}`, () => {
    const count = { judged: 0, places: 0, all: 0 }
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const dice = createDice(seed)
        const { document, schema } = randomContract(dice)
        const { project, refusals } = createClassifier(document, { dialect: '3.1', defaultClass }).projector(
          schema,
          '#',
        )
        assert.deepEqual(refusals, [])
        const oracle = createOracle(document, defaultClass === 'public')
        for (let round = 0; round < 4; round++) {
          const value = randomAnswer(dice, document, schema)
          const may = oracle(schema, value)
          count.all++
          count.places += may.size
          if (judge(project, may, value, hasChoice({ document, schema }))) count.judged++
        }
      }),
      { numRuns: rounds },
    )
    // A test of what comes out needs something to come out.
    assert.ok(count.judged > count.all / 3, JSON.stringify(count))
    assert.ok(count.places > count.all, JSON.stringify(count))
  })
}

/** The same document with a class on every other schema that describes something. */
function strewn(node: unknown, seed: number): Node {
  const dice = createDice(seed)
  const visit = (at: unknown): unknown => {
    if (Array.isArray(at)) return at.map(visit)
    if (!isNode(at)) return at
    const made = Object.fromEntries(Object.entries(at).map(([name, each]) => [name, visit(each)]))
    const isSchema = typeof at['type'] === 'string' || typeof at['$ref'] === 'string'
    return isSchema && dice.chance(0.7) ? { ...made, ...randomClass(dice) } : made
  }
  return visit(node) as Node
}

type Answer = { readonly schema: Node; readonly pointer: string }

function answersOf(document: Node): Answer[] {
  return Object.entries(document['paths'] as Record<string, Record<string, Node>>).flatMap(([path, item]) =>
    Object.entries(item).flatMap(([method, operation]) =>
      Object.entries((operation['responses'] ?? {}) as Record<string, Node>).flatMap(([status, response]) =>
        Object.entries((response['content'] ?? {}) as Record<string, Node>).map(([type, media]) => ({
          schema: media['schema'] as Node,
          pointer: [path, method, status, type].join(' '),
        })),
      ),
    ),
  )
}

for (const version of ['v70', 'v71']) {
  test(`every answer of Adyen Checkout ${version}`, () => {
    const file = new URL(`../../../tests/data/openapi/adyen-checkout-${version}.json.gz`, import.meta.url)
    const plain = JSON.parse(gunzipSync(readFileSync(file)).toString()) as Node
    const count = { judged: 0, all: 0, places: 0 }
    for (const [seed, defaultClass] of [
      [1, null],
      [2, 'public'],
      [3, null],
      [0, 'public'],
      [0, null],
    ] as const) {
      const document = seed === 0 ? plain : strewn(plain, seed)
      const { projector } = createClassifier(document, { dialect: '3.1', defaultClass })
      const oracle = createOracle(document, defaultClass === 'public')
      const answers = answersOf(document)
      assert.ok(answers.length > 100)
      for (const [index, { schema, pointer }] of answers.entries()) {
        const dice = createDice(seed * 1_000 + index)
        const value = randomAnswer(dice, document, schema)
        const may = oracle(schema, value)
        count.all++
        count.places += may.size
        if (judge(projector(schema, pointer).project, may, value, hasChoice(document))) count.judged++
      }
    }
    assert.ok(count.judged > count.all / 3, JSON.stringify(count))
    assert.ok(count.places > count.all, JSON.stringify(count))
  })
}
