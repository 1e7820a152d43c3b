/** Checks of values: what is said, how much of it, and that nothing sent makes them fail or linger. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createChecks } from '#/contracts/validation/check.ts'
import type { Fault } from '#/contracts/validation/faults.ts'
import type { Dialect } from '#/contracts/validation/keywords.ts'

type Options = {
  readonly dialect?: Dialect
  readonly schemas?: Record<string, unknown>
  readonly maxNodes?: number
}

function faults(
  schema: unknown,
  value: unknown,
  { dialect = '3.1', schemas = {}, ...more }: Options = {},
): readonly Fault[] {
  const check = createChecks({ document: { components: { schemas } }, dialect, ...more }).check(schema)
  return check === null ? [] : check(value)
}

const said = (all: readonly Fault[]): string[] =>
  all.map(({ code, pointer, detail }) => `${pointer} ${code}: ${detail}`)
const accepts = (schema: unknown, value: unknown, options?: Options): void =>
  assert.deepEqual(said(faults(schema, value, options)), [])
const refuses = (schema: unknown, value: unknown, expected: readonly string[], options?: Options): void =>
  assert.deepEqual(said(faults(schema, value, options)), expected)

const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` })

describe('a check says', () => {
  const cases: readonly (readonly [schema: unknown, value: unknown, said: string])[] = [
    [{ type: 'string' }, 1, '# type: must be a string'],
    [{ type: ['integer', 'null'] }, 'x', '# type: must be an integer or null'],
    [{ enum: ['a', 1, null] }, 'x', '# enum: must be one of a, 1, null'],
    [{ const: 'a' }, 'x', '# const: must be a'],
    [{ minLength: 1 }, '', '# minLength: must have at least 1 character'],
    [{ maxLength: 2 }, '😀😀😀', '# maxLength: must have at most 2 characters'],
    [{ pattern: '^[a-z]+$' }, 'A', '# pattern: must match ^[a-z]+$'],
    [{ format: 'date' }, '2026-02-30', '# format: must have the format date'],
    [{ minimum: 1 }, 0, '# minimum: must be at least 1'],
    [{ maximum: 1 }, 2, '# maximum: must be at most 1'],
    [{ exclusiveMinimum: 1 }, 1, '# exclusiveMinimum: must be more than 1'],
    [{ exclusiveMaximum: 1 }, 1, '# exclusiveMaximum: must be less than 1'],
    [{ multipleOf: 0.01 }, 0.005, '# multipleOf: must be a multiple of 0.01'],
    [{ minItems: 2 }, [1], '# minItems: must have at least 2 items'],
    [{ maxItems: 1 }, [1, 2], '# maxItems: must have at most 1 item'],
    [
      { uniqueItems: true },
      [
        { a: 1, b: 2 },
        { b: 2, a: 1 },
      ],
      '# uniqueItems: must not contain the same item twice',
    ],
    [{ prefixItems: [{ type: 'string' }], items: false }, ['a', 1], '# items: must have at most 1 item'],
    [{ minProperties: 1 }, {}, '# minProperties: must have at least 1 property'],
    [{ maxProperties: 0 }, { a: 1 }, '# maxProperties: must have at most 0 properties'],
    [{ required: ['a/b'] }, {}, '#/a~1b required: is required'],
    [{ properties: { a: {} }, additionalProperties: false }, { b: 1 }, '#/b unknown: is not accepted here'],
    [{ properties: { a: false } }, { a: 1 }, '#/a unknown: is not accepted here'],
    [
      { propertyNames: { maxLength: 1 } },
      { ab: 1 },
      '#/ab propertyNames: has a name that the contract does not allow',
    ],
    [{ dependentRequired: { a: ['b'] } }, { a: 1 }, '#/b dependentRequired: is required together with a'],
    [{ not: { type: 'string' } }, 'x', '# not: is excluded by the contract'],
    [
      { oneOf: [{ type: 'string' }, { minimum: 5 }] },
      1,
      '# oneOf: matches none of the alternatives of the contract',
    ],
    [
      { oneOf: [{ type: 'number' }, { minimum: 0 }] },
      1,
      '# oneOf: matches more than one of the alternatives of the contract',
    ],
    [
      { anyOf: [{ type: 'string' }, { minimum: 5 }] },
      1,
      '# anyOf: matches none of the alternatives of the contract',
    ],
    [JSON.parse('{"if": {"type": "number"}, "then": {"minimum": 5}}'), 1, '# minimum: must be at least 5'],
  ]
  for (const [schema, value, expected] of cases) {
    test(expected, () => refuses(schema, value, [expected]))
  }

  test('everything at once, each with its place', () => {
    const schema = {
      type: 'object',
      required: ['name', 'size'],
      properties: { name: { type: 'string' }, tags: { type: 'array', items: ref('Tag') } },
      additionalProperties: false,
    }
    refuses(
      schema,
      { name: 1, tags: ['ok', '', 7], other: true },
      [
        '#/size required: is required',
        '#/other unknown: is not accepted here',
        '#/name type: must be a string',
        '#/tags/1 minLength: must have at least 1 character',
        '#/tags/2 type: must be a string',
      ],
      { schemas: { Tag: { type: 'string', minLength: 1 } } },
    )
  })

  test('one fault for a union, and not those of its branches', () => {
    const schema = {
      required: ['id'],
      properties: { a: { oneOf: [ref('A'), { anyOf: [{ type: 'null' }, ref('A')] }] } },
    }
    refuses(
      schema,
      { a: { x: 1 } },
      ['#/id required: is required', '#/a oneOf: matches none of the alternatives of the contract'],
      {
        schemas: { A: { type: 'object', properties: { x: { type: 'string' } } } },
      },
    )
  })

  test('never a value, whatever it is', () => {
    const secret = 'tiger-9f3a'
    const schema = {
      properties: {
        a: { enum: ['x'] },
        b: { pattern: '^x$' },
        c: { format: 'email' },
        d: { maxLength: 1 },
        e: { const: 1 },
        f: { type: 'number' },
      },
    }
    const value = Object.fromEntries(['a', 'b', 'c', 'd', 'e', 'f'].map((name) => [name, secret]))
    const all = faults(schema, value)
    assert.equal(all.length, 6)
    assert.ok(!JSON.stringify(all).includes(secret))
  })

  test('no name of the caller that is absurdly long', () => {
    refuses({ additionalProperties: false }, { ['x'.repeat(10_000)]: 1 }, ['# unknown: is not accepted here'])
  })

  test('at most fifty faults', () => {
    assert.equal(
      faults(
        { items: { type: 'string' } },
        Array.from({ length: 1_000 }, () => 1),
      ).length,
      50,
    )
  })

  test('only the first fault of a value that is too large to collect them all', () => {
    const value = Array.from({ length: 100 }, () => 1)
    refuses({ items: { type: 'string' } }, value, ['#/0 type: must be a string'], { maxNodes: 99 })
  })
})

describe('a check in OpenAPI 3.0', () => {
  const options = { dialect: '3.0' } as const
  test('takes null where the schema is nullable', () => {
    accepts({ type: 'string', nullable: true }, null, options)
    accepts({ type: 'string', nullable: true, enum: ['a'] }, null, options)
    accepts({ nullable: true, allOf: [ref('A')] }, null, { ...options, schemas: { A: { type: 'object' } } })
    refuses({ type: 'string' }, null, ['# type: must be a string'], options)
    refuses({ type: 'string', nullable: true }, 1, ['# type: must be a string or null'], options)
  })
  test('reads exclusive bounds as flags', () => {
    refuses({ minimum: 1, exclusiveMinimum: true }, 1, ['# exclusiveMinimum: must be more than 1'], options)
    refuses({ maximum: 1, exclusiveMaximum: true }, 1, ['# exclusiveMaximum: must be less than 1'], options)
    accepts({ minimum: 1, exclusiveMinimum: false }, 1, options)
    accepts({ exclusiveMinimum: true }, 1, options)
  })
  test('ignores what stands beside a $ref, and words of 3.1', () => {
    accepts({ ...ref('A'), maxLength: 1 }, 'long', { ...options, schemas: { A: { type: 'string' } } })
    accepts({ const: 1, patternProperties: { a: false } }, 2, options)
  })
})

describe('a check in OpenAPI 3.1', () => {
  test('reads what stands beside a $ref', () => {
    refuses({ ...ref('A'), maxLength: 1 }, 'long', ['# maxLength: must have at most 1 character'], {
      schemas: { A: { type: 'string' } },
    })
  })
  test('ignores nullable', () => {
    refuses({ type: 'string', nullable: true }, null, ['# type: must be a string'])
  })
})

describe('a discriminator', () => {
  const schemas = {
    Cat: {
      type: 'object',
      required: ['kind', 'lives'],
      properties: { kind: {}, lives: { type: 'integer' } },
    },
    Dog: { type: 'object', properties: { kind: {}, tricks: { type: 'integer' } } },
  }
  const pet = {
    oneOf: [ref('Cat'), ref('Dog')],
    discriminator: { propertyName: 'kind', mapping: { hound: '#/components/schemas/Dog' } },
  }
  test('chooses the branch whose faults are told', () => {
    accepts(pet, { kind: 'Dog', lives: 'irrelevant' }, { schemas })
    accepts(pet, { kind: 'hound', tricks: 1 }, { schemas })
    refuses(pet, { kind: 'Cat' }, ['#/lives required: is required'], { schemas })
  })
  test('with a value that names no branch is told so', () => {
    refuses(pet, { kind: 'Cow' }, ['#/kind enum: must be one of Cat, Dog, hound'], { schemas })
  })
  test('does not reach beyond the union', () => {
    const mapping = { thing: '#/components/schemas/Thing' }
    const union = { oneOf: [ref('Cat')], discriminator: { propertyName: 'kind', mapping } }
    refuses(union, { kind: 'thing' }, ['#/kind enum: must be Cat'], { schemas: { ...schemas, Thing: {} } })
  })
  test('that is not sent leaves the union to itself', () => {
    refuses(pet, { lives: 1 }, [], { schemas })
    refuses(pet, { tricks: 'x' }, ['# oneOf: matches none of the alternatives of the contract'], { schemas })
  })
})

describe('a check is not fooled', () => {
  test('by names that every object has', () => {
    refuses({ required: ['toString', '__proto__'] }, {}, [
      '#/toString required: is required',
      '#/__proto__ required: is required',
    ])
    refuses({ properties: { a: {} }, additionalProperties: false }, JSON.parse('{"__proto__": 1}'), [
      '#/__proto__ unknown: is not accepted here',
    ])
  })
  test('by numbers that cannot be written exactly', () => {
    accepts({ multipleOf: 0.01 }, 0.07)
    accepts({ multipleOf: 0.01 }, 1234.56)
    refuses({ type: 'number' }, JSON.parse('1e999'), ['# type: must be a number'])
    refuses({ type: 'integer' }, 1.5, ['# type: must be an integer'])
  })
})

describe('a check ends soon', () => {
  const within = (milliseconds: number, run: () => void): void => {
    const started = performance.now()
    run()
    assert.ok(performance.now() - started < milliseconds, `took ${performance.now() - started} ms`)
  }
  test('on a hundred thousand different objects', () => {
    const value = Array.from({ length: 100_000 }, (_, i) => ({ i }))
    within(2_000, () => accepts({ uniqueItems: true }, value))
  })
  test('on a large value that is wrong everywhere', () => {
    const value = Array.from({ length: 300_000 }, () => 1)
    within(500, () =>
      assert.equal(faults({ items: ref('A') }, value, { schemas: { A: { type: 'string' } } }).length, 1),
    )
  })
  test('on a union that contains itself in every branch', () => {
    const branch = (name: string) => ({
      type: 'object',
      required: [name],
      properties: { child: ref('Tree') },
    })
    const schemas = { Tree: { anyOf: [branch('x'), branch('y'), { type: 'null' }] } }
    let value: unknown = 1
    for (let i = 0; i < 60; i++) value = { child: value }
    within(5_000, () =>
      refuses(ref('Tree'), value, ['# malformed: has too many parts to be checked'], { schemas }),
    )
  })
  test('on a long list of texts that a pattern takes long for', () => {
    const value = Array.from({ length: 2_000 }, () => `${'a'.repeat(463)}c`)
    within(5_000, () =>
      refuses({ items: { pattern: '(?=a*a*b)|c$' } }, value, [
        '# malformed: has too many parts to be checked',
      ]),
    )
  })
  test('on a list of no values, of which nothing is one', () => {
    refuses({ properties: { a: { enum: [] } } }, { a: 1 }, ['#/a unknown: is not accepted here'])
  })
  test('on a value that is nested too deeply', () => {
    let value: unknown = {}
    for (let i = 0; i < 200_000; i++) value = { child: value }
    const schemas = { Node: { type: 'object', properties: { child: ref('Node') } } }
    refuses(ref('Node'), value, ['# malformed: is nested too deeply'], { schemas })
  })
})
