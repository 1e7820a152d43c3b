/** Which branch of a choice a value takes, and that only this branch releases anything. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createClassifier, OffContract } from './classification.ts'

function release(schema: unknown, value: unknown, schemas: Record<string, unknown> = {}): unknown {
  const { projector } = createClassifier({ components: { schemas } }, { dialect: '3.1', defaultClass: null })
  const text = projector(schema, '#/schema').project(value)
  return text instanceof OffContract ? text.reason : JSON.parse(text)
}

const text = { type: 'string', 'x-portico-class': 'public' }
const kind = (name: string) => ({ const: name, 'x-portico-class': 'public' })
const object = (properties: Record<string, unknown>, more: object = {}) => ({
  type: 'object',
  properties,
  ...more,
})
/** An object with `then` written out would look like a promise to the linter. */
const when = (...parts: unknown[]) =>
  Object.fromEntries(['if', 'then', 'else'].slice(0, parts.length).map((word, index) => [word, parts[index]]))
const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` })

describe('oneOf and anyOf', () => {
  const cat = object(
    { kind: kind('cat'), name: text, lives: { type: 'integer' } },
    { required: ['kind', 'lives'] },
  )
  const dog = object(
    { kind: kind('dog'), name: { ...text, 'x-portico-class': 'internal' }, tricks: text },
    {
      required: ['kind'],
    },
  )

  test('take the first branch that the whole value is valid against, released or not', () => {
    for (const word of ['oneOf', 'anyOf']) {
      const schema = { [word]: [cat, dog] }
      assert.deepEqual(release(schema, { kind: 'cat', name: 'Tom', lives: 9, tricks: 'none' }), {
        kind: 'cat',
        name: 'Tom',
      })
      assert.deepEqual(release(schema, { kind: 'dog', name: 'Rex', tricks: 'roll' }), {
        kind: 'dog',
        tricks: 'roll',
      })
      assert.equal(release(schema, { kind: 'cat', name: 'Tom', lives: 'nine' }), 'branch')
      assert.equal(release(schema, 'Tom'), 'branch')
      const both = { [word]: [object({ a: text }), object({ a: text, b: text })] }
      assert.deepEqual(release(both, { a: 'x', b: 'y' }), { a: 'x' })
    }
  })

  test('hold to additionalProperties: false first, and forgive it when no branch would do', () => {
    const closed = { additionalProperties: false }
    const schema = { oneOf: [object({ a: text }, closed), object({ a: text, b: text }, closed)] }
    assert.deepEqual(release(schema, { a: 'x', b: 'y' }), { a: 'x', b: 'y' })
    assert.deepEqual(release(schema, { a: 'x', b: 'y', c: 'new' }), { a: 'x' })
  })

  test('nest, and stand beside properties and each other', () => {
    const schema = {
      ...object({ a: text, c: text }),
      oneOf: [
        object({ b: text, c: { type: 'string', 'x-portico-class': 'cost' } }, { required: ['b'] }),
        { required: ['z'] },
      ],
      anyOf: [{ oneOf: [object({ d: text }, { required: ['e'] }), object({ f: text })] }],
    }
    assert.deepEqual(release(schema, { a: '1', b: '2', c: '3', d: '4', f: '5' }), { a: '1', b: '2', f: '5' })
    assert.deepEqual(release(schema, { a: '1', c: '3', d: '4', e: '5', z: 1 }), { a: '1', c: '3', d: '4' })
  })

  test('keep a property back when the branch that its value takes has another class', () => {
    const schema = object({
      a: {
        'x-portico-class': 'public',
        oneOf: [{ type: 'string' }, { type: 'number', 'x-portico-class': 'cost' }],
      },
      list: {
        type: 'array',
        'x-portico-class': 'public',
        items: { oneOf: [{ type: 'string' }, { type: 'number', 'x-portico-class': 'cost' }] },
      },
    })
    assert.deepEqual(release(schema, { a: 'x', list: ['y'] }), { a: 'x', list: ['y'] })
    assert.deepEqual(release(schema, { a: 1, list: ['y', 2] }), {})
  })
})

test('null takes its branch like any other value, and falls back on a schema that allows it itself', () => {
  const cost = { enum: ['x', null], 'x-portico-class': 'cost' }
  const schema = (choice: object[]) =>
    object({ a: { type: ['string', 'null'], 'x-portico-class': 'public', oneOf: choice } })
  assert.deepEqual(release(schema([cost, text]), { a: null }), {})
  assert.deepEqual(release(schema([{ type: 'string' }]), { a: null }), { a: null })
})

describe('validity', () => {
  test('is found out soon for a deep value of a contract that tries every branch at every level', () => {
    const node = () => object({ next: ref('Node') }, { required: ['next'] })
    const schemas = {
      Node: { anyOf: [node(), node(), node(), object({ end: text }, { required: ['end'] })] },
    }
    let value: object = { end: 1 }
    for (let i = 0; i < 60; i++) value = { next: value }
    assert.equal(release(ref('Node'), value, schemas), 'branch')
  })

  test('counts everything a branch says', () => {
    const takes = (first: object, value: unknown) => {
      const schema = { oneOf: [{ ...first, ...object({ a: text }) }, object({ b: text })] }
      const result = release(schema, value) as object
      return 'a' in result
    }
    const value = { a: 'x', b: 'y' }
    for (const first of [
      { required: ['c'] },
      { maxProperties: 1 },
      { minProperties: 3 },
      { propertyNames: { maxLength: 0 } },
      { dependentRequired: { a: ['c'] } },
      { patternProperties: { '^b$': { type: 'number' } } },
      { additionalProperties: { type: 'number' } },
      { not: { required: ['a', 'b'] } },
      { allOf: [{ properties: { b: { maxLength: 0 } } }] },
      { anyOf: [{ required: ['c'] }, { required: ['d'] }] },
      when({ required: ['a'] }, { required: ['c'] }),
      { dependentSchemas: { a: { required: ['c'] } } },
      { enum: [{ a: 'x' }] },
    ]) {
      assert.equal(takes(first, value), false, JSON.stringify(first))
    }
    assert.equal(takes({ enum: [{ b: 'y', a: 'x' }] }, value), true)
    assert.equal(takes({ not: { required: ['c'] } }, value), true)
  })

  test('counts everything a branch says of a list', () => {
    const takes = (first: object, a: unknown) => {
      const schema = { oneOf: [object({ a: first, first: text }), object({ second: text })] }
      return 'first' in (release(schema, { a, first: '1', second: '2' }) as object)
    }
    assert.equal(takes({ contains: { const: 2 } }, [1, 3]), false)
    assert.equal(takes({ contains: { const: 2 } }, [1, 2]), true)
    assert.equal(takes({ contains: { type: 'integer' }, maxContains: 1 }, [1, 2]), false)
    assert.equal(takes({ contains: { type: 'string' }, minContains: 0 }, [1, 2]), true)
    assert.equal(
      takes({ uniqueItems: true }, [
        { a: 1, b: 2 },
        { b: 2, a: 1 },
      ]),
      false,
    )
    assert.equal(takes({ items: { type: 'string' } }, [1]), false)
    assert.equal(takes({ prefixItems: [{ type: 'integer' }], items: false }, [1]), true)
    assert.equal(takes({ prefixItems: [{ type: 'string' }] }, [1]), false)
  })
})

describe('a discriminator', () => {
  const schemas = {
    Cat: object({ kind: text, name: text }),
    Dog: object({ kind: text, bark: text }),
  }
  const schema = (mapping?: object) => ({
    oneOf: [ref('Cat'), ref('Dog')],
    discriminator: { propertyName: 'kind', ...(mapping && { mapping }) },
  })

  test('names the branch by its schema or by its mapping', () => {
    const value = { name: 'x', bark: 'y' }
    assert.deepEqual(release(schema(), { kind: 'Dog', ...value }, schemas), { kind: 'Dog', bark: 'y' })
    for (const target of ['Dog', '#/components/schemas/Dog']) {
      assert.deepEqual(release(schema({ hound: target }), { kind: 'hound', ...value }, schemas), {
        kind: 'hound',
        bark: 'y',
      })
    }
    assert.deepEqual(release(schema({ hound: 'Dog' }), { kind: 'Cat', ...value }, schemas), {
      kind: 'Cat',
      name: 'x',
    })
  })

  test('that names no branch is off contract, also when a branch would do', () => {
    for (const value of [{ kind: 'Cow', name: 'x' }, { name: 'x' }, { kind: 7 }, { kind: 'toString' }]) {
      assert.equal(release(schema(), value, schemas), 'discriminator')
    }
    assert.equal(release(schema({ Dog: 'Cow' }), { kind: 'Dog', name: 'x' }, schemas), 'discriminator')
  })

  test('does not speak of values that are no objects, nor where a branch has no name', () => {
    const mixed = { ...schema(), oneOf: [ref('Cat'), ref('Dog'), ref('Many')] }
    const all = { ...schemas, Many: { type: 'array', items: ref('Cat') } }
    assert.deepEqual(release(mixed, [{ name: 'x' }], all), [{ name: 'x' }])
    const inline = { ...schema(), oneOf: [ref('Cat'), object({ bark: text })] }
    assert.deepEqual(release(inline, { kind: 'Cow', name: 'x' }, schemas), { kind: 'Cow', name: 'x' })
  })

  test('counts as valid in an outer choice only when its branch is', () => {
    const outer = {
      oneOf: [{ ...object({ pet: schema() }, { required: ['pet'] }) }, object({ other: text })],
    }
    const value = { pet: { kind: 'Dog', bark: 1 }, other: 'x' }
    assert.deepEqual(release(outer, value, schemas), { other: 'x' })
  })
})

describe('conditions', () => {
  test('if, then and else release by the branch they lead to', () => {
    const condition = { properties: { kind: { const: 'a' } } }
    const otherwise = object({ y: text, kind: { type: 'string', 'x-portico-class': 'internal' } })
    const schema = object({ kind: text }, when(condition, object({ x: text }), otherwise))
    assert.deepEqual(release(schema, { kind: 'a', x: '1', y: '2' }), { kind: 'a', x: '1' })
    assert.deepEqual(release(schema, { kind: 'b', x: '1', y: '2' }), { y: '2' })
  })

  test('dependentSchemas release with the property they depend on', () => {
    const schema = object({ a: text }, { dependentSchemas: { a: object({ b: text }) } })
    assert.deepEqual(release(schema, { a: '1', b: '2' }), { a: '1', b: '2' })
    assert.deepEqual(release(schema, { b: '2' }), {})
  })
})

describe('recursion', () => {
  test('goes as deep as the value, up to a bound', () => {
    const schemas = {
      Node: object({
        name: text,
        cost: { type: 'number' },
        next: { ...ref('Node'), 'x-portico-class': 'public' },
      }),
    }
    const nested = (levels: number): object =>
      levels === 0 ? { name: 'end', cost: 1 } : { next: nested(levels - 1), cost: 1 }
    const clean = (levels: number): object => (levels === 0 ? { name: 'end' } : { next: clean(levels - 1) })
    assert.deepEqual(release(ref('Node'), nested(63), schemas), clean(63))
    assert.equal(release(ref('Node'), nested(64), schemas), 'depth')
    assert.equal(
      release(ref('Node'), JSON.parse('{"next":'.repeat(50_000) + '1' + '}'.repeat(50_000)), schemas),
      'depth',
    )
  })

  test('through allOf and choices works', () => {
    const schemas = {
      Base: object({ id: text }),
      Tree: {
        allOf: [
          ref('Base'),
          object({ children: { type: 'array', items: ref('Tree'), 'x-portico-class': 'public' } }),
        ],
      },
    }
    const value = { id: '1', x: 1, children: [{ id: '2', x: 1, children: [] }] }
    assert.deepEqual(release(ref('Tree'), value, schemas), { id: '1', children: [{ id: '2', children: [] }] })
  })

  test('that never reaches a value is refused and releases nothing', () => {
    const schemas = { A: { allOf: [ref('B')] }, B: { anyOf: [ref('A'), ref('B')] } }
    const { projector } = createClassifier(
      { components: { schemas } },
      { dialect: '3.1', defaultClass: 'public' },
    )
    const { project, refusals } = projector(ref('A'), '#/schema')
    assert.ok(refusals.every(({ code }) => code === 'ref_cycle') && refusals.length > 0)
    assert.ok(project({}) instanceof OffContract)
  })
})
