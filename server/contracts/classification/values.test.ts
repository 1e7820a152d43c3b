/** What of a released value counts as off contract, where it says so, and what is written. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createClassifier, OffContract, projectText } from './classification.ts'

const { projector } = createClassifier({}, { dialect: '3.1', defaultClass: 'public' })
const older = createClassifier({}, { dialect: '3.0', defaultClass: 'public' }).projector

/** The text that leaves, or `pointer: reason`. */
function release(schema: unknown, value: unknown, make = projector): string {
  const text = make(structuredClone(schema), '#/schema').project(value)
  return text instanceof OffContract ? `${text.pointer}: ${text.reason}` : text
}

const inProperty = (schema: unknown, value: unknown, make = projector) =>
  release({ type: 'object', properties: { a: schema } }, { a: value }, make).replace('#/a: ', '')

describe('types', () => {
  const values: Record<string, unknown> = {
    string: 'x',
    number: 1.5,
    integer: 2,
    boolean: false,
    object: {},
    array: [],
    null: null,
  }
  const subtypes: Record<string, string> = { integer: 'number' }

  test('let through what they name and nothing else', () => {
    for (const type of Object.keys(values)) {
      for (const [given, value] of Object.entries(values)) {
        const schema = { type, 'x-portico-class': 'public' }
        const fits = type === given || subtypes[given] === type
        const expected = fits ? JSON.stringify({ a: value }) : 'type'
        assert.equal(inProperty(schema, value), expected, `${type} ${given}`)
        assert.equal(inProperty({ oneOf: [schema] }, value), fits ? JSON.stringify({ a: value }) : 'branch')
      }
    }
  })

  test('may be several', () => {
    const schema = { type: ['string', 'integer', 'null'], minimum: 2, minLength: 2 }
    assert.deepEqual(
      [null, 'ab', 2, 'a', 1, true, 1.5].map((value) => inProperty(schema, value)),
      ['{"a":null}', '{"a":"ab"}', '{"a":2}', 'minLength', 'minimum', 'type', 'type'],
    )
  })

  test('of conjuncts have to agree', () => {
    const schema = { type: 'number', allOf: [{ type: ['integer', 'string'] }] }
    assert.deepEqual(
      [1, 1.5, 'x'].map((value) => inProperty(schema, value)),
      ['{"a":1}', 'type', 'type'],
    )
    assert.equal(inProperty(false, 1), 'type')
  })

  test('are implied by what a schema speaks of', () => {
    assert.equal(inProperty({ properties: {} }, 'x'), 'type')
    assert.equal(inProperty({ items: { type: 'string' } }, 'x'), 'type')
    assert.equal(inProperty({ maxLength: 3 }, 1), 'type')
    assert.equal(inProperty({ minimum: 3 }, 'x'), 'type')
    assert.equal(inProperty({ type: ['string', 'object'], allOf: [{ properties: {} }] }, 'x'), '{"a":"x"}')
    assert.equal(inProperty({ enum: ['x', 1] }, 1), '{"a":1}')
  })

  test('1.0 is an integer', () => {
    assert.equal(
      projectText('{"a":1.0}', projector({ properties: { a: { type: 'integer' } } }, '#').project),
      '{"a":1}',
    )
  })
})

describe('null', () => {
  test('of OpenAPI 3.0 stands where nullable says so', () => {
    const nullable = (schema: object) => inProperty({ ...schema, nullable: true }, null, older)
    assert.equal(nullable({ type: 'string' }), '{"a":null}')
    assert.equal(nullable({ type: 'string', enum: ['x'] }), '{"a":null}')
    assert.equal(nullable({ allOf: [{ type: 'object', properties: {} }] }), '{"a":null}')
    assert.equal(nullable({ oneOf: [{ type: 'object', properties: {} }] }), '{"a":null}')
    assert.equal(inProperty({ type: 'string' }, null, older), 'type')
    assert.equal(
      inProperty({ allOf: [{ type: 'string', nullable: true }, { type: 'string' }] }, null, older),
      'type',
    )
  })

  test('of OpenAPI 3.1 is a type, and nullable means nothing', () => {
    assert.equal(inProperty({ type: ['string', 'null'], allOf: [{ type: 'string' }] }, null), '{"a":null}')
    assert.equal(inProperty({ type: ['string', 'null'], enum: ['x'] }, null), 'type')
    assert.equal(inProperty({ enum: ['x', null] }, null), '{"a":null}')
    assert.equal(inProperty({ oneOf: [{ properties: {} }, { type: 'null' }] }, null), '{"a":null}')
    assert.equal(inProperty({ type: 'string', nullable: true }, null), 'type')
  })
})

describe('bounds', () => {
  const cases: [object, unknown[], unknown[], string][] = [
    [{ type: 'string', minLength: 2 }, ['ab', '👍👍'], ['a', '👍'], 'minLength'],
    [{ type: 'string', maxLength: 1 }, ['', 'a', '👍'], ['ab', '👍👍'], 'maxLength'],
    [{ type: 'string', pattern: '^a\\d$' }, ['a1'], ['b1', 'a'], 'pattern'],
    [{ type: 'string', pattern: '^a\\_$' }, ['a_'], ['a\\_'], 'pattern'],
    [{ type: 'number', minimum: 2 }, [2, 2.5], [1.9], 'minimum'],
    [{ type: 'number', maximum: 2 }, [2], [2.1], 'maximum'],
    [{ type: 'number', exclusiveMinimum: 2 }, [2.1], [2], 'exclusiveMinimum'],
    [{ type: 'number', exclusiveMaximum: 2 }, [1.9], [2], 'exclusiveMaximum'],
    [{ type: 'number', multipleOf: 0.01 }, [0.07, 4.35, -1], [0.001], 'multipleOf'],
    [{ type: 'integer', multipleOf: 3 }, [0, 9], [4], 'multipleOf'],
    [{ type: 'string', enum: ['a', 'b'] }, ['a', 'b'], ['c'], 'enum'],
    [{ type: 'boolean', const: true }, [true], [false], 'const'],
    [{ type: 'string', not: { const: 'a' } }, ['b'], ['a'], 'not'],
    [{ type: 'array', items: { type: 'integer' }, minItems: 1 }, [[1]], [[]], 'minItems'],
    [{ type: 'array', items: { type: 'integer' }, maxItems: 1 }, [[1]], [[1, 2]], 'maxItems'],
    [{ type: 'array', items: { type: 'integer' }, uniqueItems: true }, [[1, 2]], [[1, 1]], 'uniqueItems'],
    [{ type: 'object', minProperties: 1, 'x-portico-class': 'public' }, [{ b: 1 }], [{}], 'minProperties'],
  ]

  for (const [schema, good, bad, code] of cases) {
    test(`${code} of ${JSON.stringify(schema)}`, () => {
      for (const value of good) assert.equal(inProperty(schema, value), JSON.stringify({ a: value }))
      for (const value of bad) assert.equal(inProperty(schema, value), code)
    })
  }

  test('of OpenAPI 3.0 may be exclusive', () => {
    const schema = { type: 'integer', minimum: 1, exclusiveMinimum: true, maximum: 5, exclusiveMaximum: true }
    assert.deepEqual(
      [1, 2, 4, 5].map((value) => inProperty(schema, value, older)),
      ['minimum', '{"a":2}', '{"a":4}', 'maximum'],
    )
  })

  test('of fields that stay inside are nobody’s business', () => {
    const schema = {
      type: 'object',
      required: ['a', 'b'],
      properties: { a: { type: 'string' }, b: { type: 'string', 'x-portico-class': 'cost' } },
    }
    assert.equal(release(schema, { a: 'x', b: 5 }), '{"a":"x"}')
    assert.equal(release(schema, { a: 'x' }), '{"a":"x"}')
    assert.equal(release(schema, { b: 'x' }), '#/a: required')
  })
})

test('the place is told in names of the contract and positions', () => {
  const schema = {
    type: 'object',
    properties: {
      'a/b~c': { type: 'array', items: { type: 'object', properties: { d: { type: 'string' } } } },
      map: { type: 'object', additionalProperties: { type: 'array', prefixItems: [{ type: 'string' }] } },
    },
  }
  assert.equal(release(schema, { 'a/b~c': [{ d: 'x' }, { d: 1 }] }), '#/a~1b~0c/1/d: type')
  assert.equal(release(schema, { map: { 'secret name': [1] } }), '#/map/*/0: type')
})

test('fields are written in the order of the contract, entries in that of the upstream', () => {
  const text = { type: 'string' }
  const schema = { type: 'object', properties: { b: text, a: text }, additionalProperties: text }
  assert.equal(release(schema, { z: '1', a: '2', y: '3', b: '4' }), '{"b":"4","a":"2","z":"1","y":"3"}')
})

describe('numbers that a double cannot hold', () => {
  const big = '123456789012345678901234567890'
  const schema = {
    type: 'object',
    properties: {
      id: { type: 'integer' },
      list: { type: 'array', items: { type: 'number' } },
      free: { type: 'object', 'x-portico-class': 'public' },
      map: { type: 'object', additionalProperties: { type: 'integer', maximum: 1e30, multipleOf: 10 } },
      choice: { oneOf: [{ type: 'string' }, { type: 'integer' }] },
    },
  }
  const { project } = projector(schema, '#')

  test('leave as they were sent', () => {
    for (const text of [
      `{"id":${big}}`,
      '{"id":9007199254740993}',
      `{"list":[1,-${big},1e400,0.5]}`,
      `{"free":{"a":[${big},1e-400]}}`,
      `{"map":{"a":${big}}}`,
      `{"choice":${big}}`,
      `{"id":10e20}`,
      `{"id":1234567890123456789.0}`,
    ]) {
      assert.equal(projectText(text, project), text)
    }
  })

  test('are held to the contract like any other', () => {
    const reason = (text: string) => {
      const result = projectText(text, project)
      return result instanceof OffContract ? `${result.pointer}: ${result.reason}` : result
    }
    assert.equal(reason(`{"id":${big}.5}`), '#/id: type')
    assert.equal(reason(`{"id":1e400,"list":[]}`), '{"id":1e400,"list":[]}')
    assert.equal(reason(`{"map":{"a":${big}0}}`), '#/map/*: maximum')
    assert.equal(reason(`{"map":{"a":123456789012345678901}}`), '#/map/*: multipleOf')
    assert.equal(reason(`{"free":${big}}`), '#/free: type')
    assert.equal(reason(big), '#: type')
  })

  test('are refused where the text is not at hand, never altered', () => {
    const result = project(JSON.parse(`{"id":${big}}`))
    assert.ok(result instanceof OffContract)
    assert.equal(result.reason, 'precision')
  })
})

test('text that is not JSON is off contract', () => {
  const { project } = projector({ type: 'object' }, '#')
  for (const text of ['', '{', '{"a":NaN}', '<html>'])
    assert.ok(projectText(text, project) instanceof OffContract)
})

describe('patterns', () => {
  const slow = { type: 'string', pattern: '(?=a*a*b)|c$' }
  test('that take too long for a whole answer make it off contract', () => {
    const started = performance.now()
    const texts = Array.from({ length: 3_000 }, () => `${'a'.repeat(463)}c`)
    assert.equal(release({ type: 'array', items: slow }, texts).slice(0, 20), '#: effort')
    assert.ok(performance.now() - started < 10_000)
    assert.equal(inProperty(slow, 'abc'), '{"a":"abc"}')
  })
  test('of names release none that is too long to be looked at', () => {
    const schema = {
      type: 'object',
      patternProperties: { '(?=a*b)': { type: 'string', 'x-portico-class': 'public' } },
      additionalProperties: { type: 'string', 'x-portico-class': 'cost' },
    }
    assert.equal(release(schema, { b: 'x', c: 'y' }), '{"b":"x"}')
    assert.equal(release(schema, { b: 'x', ['c'.repeat(20_000)]: 'y' }), '{"b":"x"}')
  })
})
