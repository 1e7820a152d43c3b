/** What a caller may not send is refused wherever it stands, and never confirmed. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { createChecks } from '#/contracts/validation/check.ts'

const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` })
const cost = { type: 'number', 'x-portico-class': 'cost' }

function faults(schema: unknown, value: unknown, schemas: Record<string, unknown> = {}): readonly string[] {
  const check = createChecks({ document: { components: { schemas } }, dialect: '3.1' }).check(schema)
  return (check?.(value) ?? []).map(({ code, pointer }) => `${pointer} ${code}`)
}

describe('a field that is kept inside is refused', () => {
  const cases: readonly (readonly [
    name: string,
    schema: unknown,
    value: unknown,
    places: readonly string[],
  ])[] = [
    ['as a property', { properties: { cost } }, { cost: 1 }, ['#/cost internal']],
    ['whatever its value is', { properties: { cost } }, { cost: 'x' }, ['#/cost internal']],
    ['in items', { items: { properties: { cost } } }, [{}, { cost: 1 }], ['#/1/cost internal']],
    ['in tuples', { prefixItems: [{}, cost], items: false }, [1, 2], ['#/1 internal']],
    ['behind a reference', { properties: { a: ref('Cost') } }, { a: 1 }, ['#/a internal']],
    [
      'beside a reference',
      { properties: { a: { ...ref('Plain'), 'x-portico-class': 'margin' } } },
      { a: 1 },
      ['#/a internal'],
    ],
    [
      'in one part of an allOf',
      { allOf: [{ properties: { a: cost } }, { properties: { a: {} } }] },
      { a: 1 },
      ['#/a internal'],
    ],
    [
      'in a branch that another branch lets through',
      { anyOf: [{ properties: { a: cost } }, { type: 'object' }] },
      { a: 1 },
      ['#/a internal'],
    ],
    ['under a name by pattern', { patternProperties: { '^x': cost } }, { xa: 1, b: 1 }, ['#/xa internal']],
    [
      'under any other name',
      { properties: { a: {} }, additionalProperties: cost },
      { a: 1, b: 1 },
      ['#/b internal'],
    ],
    [
      'in a schema that contains itself',
      ref('Node'),
      { next: { next: { cost: 1 } } },
      ['#/next/next/cost internal'],
    ],
    ['as the whole', cost, 1, ['# internal']],
  ]
  const schemas = {
    Cost: { allOf: [cost] },
    Plain: { type: 'number' },
    Node: { properties: { next: ref('Node'), cost } },
  }
  for (const [name, schema, value, places] of cases) {
    test(name, () => assert.deepEqual(faults(schema, value, schemas), places))
  }
  for (const given of ['internal', 'cost', 'margin', 'payout', 'supplier', 'rate-card', 'evidence']) {
    test(`when its class is ${given}`, () => {
      assert.deepEqual(faults({ properties: { a: { 'x-portico-class': given } } }, { a: 1 }), [
        '#/a internal',
      ])
    })
  }
  for (const given of ['public', 'personal']) {
    test(`but not when its class is ${given}`, () => {
      assert.deepEqual(faults({ properties: { a: { 'x-portico-class': given } } }, { a: 1 }), [])
    })
  }
})

describe('a field that is kept inside reads like one that does not exist', () => {
  const check = (schema: unknown) => createChecks({ document: {}, dialect: '3.1' }).check(schema)
  test('in its words', () => {
    const [open] = check({ properties: { a: cost } })?.({ a: 1 }) ?? []
    const [closed] = check({ additionalProperties: false })?.({ a: 1 }) ?? []
    assert.deepEqual(open, { ...closed, code: 'internal' })
  })

  const closed = (properties: object, more: object = {}) => ({
    type: 'object',
    additionalProperties: false,
    properties: { a: { type: 'integer' }, b: { type: 'string' }, ...properties },
    ...more,
  })
  const hidden = { margin: { ...closed({}), 'x-portico-class': 'margin' }, cost }
  const pairs: Readonly<Record<string, readonly [known: unknown, absent: unknown]>> = {
    'in the same place of the list': [closed(hidden), closed({})],
    'when it would be required': [
      closed(hidden, { required: ['b', 'cost'] }),
      closed({}, { required: ['b'] }),
    ],
    'when others depend on it': [
      closed(hidden, { dependentRequired: { a: ['margin', 'b'], cost: ['b'] } }),
      closed({}, { dependentRequired: { a: ['b'] } }),
    ],
    'below others': [
      closed({ c: { items: closed(hidden) } }, { maxProperties: 2 }),
      closed({ c: { items: closed({}) } }, { maxProperties: 2 }),
    ],
    'in a union that matches nothing': [
      closed({ c: { anyOf: [closed(hidden), { type: 'array' }] } }),
      closed({ c: { anyOf: [closed({}), { type: 'array' }] } }),
    ],
    'under a name by pattern': [closed({}, { patternProperties: { '^(margin|cost)$': cost } }), closed({})],
  }
  const value = fc.object({
    key: fc.constantFrom('a', 'b', 'c', 'margin', 'cost', 'zz'),
    values: [fc.integer(), fc.string(), fc.boolean()],
    maxDepth: 3,
  })
  for (const [name, [known, absent]] of Object.entries(pairs)) {
    test(name, () => {
      const [one, other] = [check(known), check(absent)]
      fc.assert(
        fc.property(value, (sent) => {
          const told = one?.(sent).map((each) =>
            each.code === 'internal' ? { ...each, code: 'unknown' } : each,
          )
          assert.deepEqual(told, other?.(sent))
        }),
      )
    })
  }
})

describe('a readOnly field', () => {
  const schema = {
    required: ['id', 'name'],
    properties: { id: { type: 'string', readOnly: true }, name: { type: 'string' } },
  }
  test('is not required of a caller', () => assert.deepEqual(faults(schema, { name: 'x' }), []))
  test('is refused from a caller', () =>
    assert.deepEqual(faults(schema, { id: 'a', name: 'x' }), ['#/id readOnly']))
  test('is required by no part of an allOf', () => {
    assert.deepEqual(faults({ allOf: [schema], required: ['id'] }, { name: 'x' }), [])
  })
  test('in one branch of a union is left to the branch', () => {
    const union = {
      oneOf: [
        { required: ['id'], properties: { id: { readOnly: true } } },
        { required: ['id'], properties: { id: {} } },
      ],
    }
    assert.deepEqual(faults({ anyOf: [union, { type: 'object' }] }, { id: 'a' }), [])
  })
})

test('no more faults than asked for', () => {
  const check = createChecks({ document: {}, dialect: '3.1', maxFaults: 3 }).check({ items: cost })
  assert.equal(check?.(['a', 'b', 'c', 'd']).length, 3)
})
