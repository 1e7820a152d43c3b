/** What leaves and what stays, rule by rule of DESIGN §4 "Release of fields". */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createClassifier, OffContract } from './classification.ts'

type Options = { schemas?: Record<string, unknown>; defaultClass?: 'public' | null; dialect?: '3.0' | '3.1' }

/** What a partner gets of `value`; the reason when the answer is off contract. */
function release(schema: unknown, value: unknown, options: Options = {}): unknown {
  const { schemas = {}, defaultClass = null, dialect = '3.1' } = options
  const { projector } = createClassifier({ components: { schemas } }, { dialect, defaultClass })
  const text = projector(schema, '#/schema').project(value)
  return text instanceof OffContract ? text.reason : JSON.parse(text)
}

const open = { 'x-portico-class': 'public' }
const text = { type: 'string', ...open }
const cost = { type: 'number', 'x-portico-class': 'cost' }
const object = (properties: Record<string, unknown>, more: object = {}) => ({
  type: 'object',
  properties,
  ...more,
})
const list = (items: unknown, more: object = {}) => ({ type: 'array', items, ...more })

describe('a property', () => {
  test('leaves when its class is public, and only then', () => {
    const classes = ['internal', 'personal', 'cost', 'margin', 'payout', 'supplier', 'rate-card', 'evidence']
    const kept = Object.fromEntries(
      classes.map((name) => [name, { type: 'string', 'x-portico-class': name }]),
    )
    const value = { a: 'x', ...Object.fromEntries(classes.map((name) => [name, 'secret'])) }
    for (const defaultClass of [null, 'public'] as const) {
      assert.deepEqual(release(object({ a: text, ...kept }), value, { defaultClass }), { a: 'x' })
    }
  })

  test('without a class leaves only where the default class is public', () => {
    const schema = object({ a: { type: 'string' } })
    assert.deepEqual(release(schema, { a: 'x' }), {})
    assert.deepEqual(release(schema, { a: 'x' }, { defaultClass: 'public' }), { a: 'x' })
  })

  test('that the contract does not name is dropped, also where more are allowed', () => {
    for (const more of [{}, { additionalProperties: true }, { additionalProperties: false }]) {
      const value = { a: 'x', b: 'secret' }
      assert.deepEqual(release(object({ a: text }, more), value, { defaultClass: 'public' }), { a: 'x' })
    }
  })

  test('takes its class from the target of its reference, and the stricter of both', () => {
    const schemas = {
      Open: text,
      Closed: { type: 'string', 'x-portico-class': 'internal' },
      Plain: { type: 'string' },
    }
    const schema = object({
      open: { $ref: '#/components/schemas/Open' },
      closed: { $ref: '#/components/schemas/Closed', ...open },
      closedHere: { $ref: '#/components/schemas/Open', 'x-portico-class': 'margin' },
      stated: { $ref: '#/components/schemas/Plain', ...open },
      plain: { $ref: '#/components/schemas/Plain' },
    })
    const value = { open: 'a', closed: 'b', closedHere: 'c', stated: 'd', plain: 'e' }
    for (const dialect of ['3.0', '3.1'] as const) {
      assert.deepEqual(release(schema, value, { schemas, dialect }), { open: 'a', stated: 'd' })
    }
  })

  test('needs every conjunct that lists it to say public', () => {
    const all = (second: unknown, defaultClass: 'public' | null = null) =>
      release({ allOf: [object({ a: text }), object({ a: second })] }, { a: 'x' }, { defaultClass })
    assert.deepEqual(all(text), { a: 'x' })
    assert.deepEqual(all({ type: 'string' }), {})
    assert.deepEqual(all({ type: 'string' }, 'public'), { a: 'x' })
    assert.deepEqual(all({ type: 'string', 'x-portico-class': 'payout' }, 'public'), {})
    assert.deepEqual(all({ allOf: [{ 'x-portico-class': 'payout' }] }, 'public'), {})
  })
})

describe('a property, wherever it is listed,', () => {
  test('is also listed by a pattern or a typed rest of another conjunct', () => {
    const first = object({ a: text })
    const hidden = { 'x-portico-class': 'cost', type: 'string' }
    assert.deepEqual(release({ allOf: [first, { patternProperties: { '^a': hidden } }] }, { a: 'x' }), {})
    assert.deepEqual(release({ allOf: [first, { additionalProperties: hidden }] }, { a: 'x' }), {})
    assert.deepEqual(release({ allOf: [first, { additionalProperties: false }] }, { a: 'x' }), { a: 'x' })
  })

  test('that only clients send never leaves, and is not asked for', () => {
    const schema = object({ a: text, secret: { ...text, writeOnly: true } }, { required: ['a', 'secret'] })
    assert.deepEqual(release(schema, { a: 'x', secret: 'y' }), { a: 'x' })
    assert.deepEqual(release(schema, { a: 'x' }), { a: 'x' })
  })

  test('does not inherit the class of the object it stands in', () => {
    const schema = object({ a: object({ b: { type: 'string' }, c: text }, open) })
    assert.deepEqual(release(schema, { a: { b: 'x', c: 'y' } }), { a: { c: 'y' } })
  })

  test('may have the name of something every object has', () => {
    const names = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'rawJSON']
    const properties = Object.fromEntries(names.map((name) => [name, text]))
    const schema = JSON.parse(JSON.stringify(object({}))) as { properties: unknown }
    schema.properties = properties
    const value: unknown = JSON.parse(`{${names.map((name) => `"${name}":"x"`).join()}}`)
    const { projector } = createClassifier({}, { dialect: '3.1', defaultClass: null })
    const { project } = projector(schema, '#')
    assert.equal(project(value), JSON.stringify(value))
    assert.equal(project({}), '{}')
    const none = projector(object({}, { additionalProperties: text }), '#').project
    assert.equal(none(value), JSON.stringify(value))
  })

  test('cannot write itself into the program that releases it', () => {
    const name = `"]; globalThis.broken = 1; ["\\\u2028\n\``
    assert.deepEqual(release(object({ [name]: text }), { [name]: 'x' }), { [name]: 'x' })
    assert.equal('broken' in globalThis, false)
  })
})

describe('a free-form value', () => {
  const free = { type: 'object' }
  const full = { a: { b: [1, 'x'] } }

  test('is an empty object, unless it is classed itself', () => {
    assert.deepEqual(release(object({ a: free }), { a: full }), {})
    assert.deepEqual(release(object({ a: free }), { a: full }, { defaultClass: 'public' }), { a: {} })
    assert.deepEqual(release(object({ a: { ...free, ...open } }), { a: full }), { a: full })
    assert.deepEqual(release(object({ a: { ...free, ...open, additionalProperties: {} } }), { a: full }), {
      a: full,
    })
    const schemas = { Free: { type: 'object', ...open } }
    assert.deepEqual(
      release(object({ a: { $ref: '#/components/schemas/Free' } }), { a: full }, { schemas }),
      { a: full },
    )
    assert.deepEqual(release(free, full), {})
    assert.deepEqual(release({ ...free, ...open }, full), full)
  })

  test('without any type does not leave, unless it is classed itself', () => {
    for (const any of [{}, true, { description: 'anything' }]) {
      assert.deepEqual(release(object({ a: any }), { a: 'x' }, { defaultClass: 'public' }), {})
      assert.equal(release(any, 'x', { defaultClass: 'public' }), 'not released')
    }
    assert.deepEqual(release(object({ a: open }), { a: full }), { a: full })
  })

  test('that is a list stays, unless it is classed itself', () => {
    assert.deepEqual(release(object({ a: { type: 'array' } }), { a: [1] }, { defaultClass: 'public' }), {})
    assert.deepEqual(
      release(object({ a: { type: 'array', items: {} } }), { a: [1] }, { defaultClass: 'public' }),
      {},
    )
    assert.deepEqual(release(object({ a: { type: 'array', ...open } }), { a: [1, full] }), { a: [1, full] })
  })

  test('in a classed list needs a class of its own', () => {
    assert.deepEqual(release(object({ a: list(free, open) }), { a: [full] }), { a: [{}] })
    assert.deepEqual(release(object({ a: list({ ...free, ...open }, open) }), { a: [full] }), { a: [full] })
  })

  test('with an untyped rest is no longer free once it names a property', () => {
    const schema = object({ a: object({ b: text }, { ...open, additionalProperties: true }) })
    assert.deepEqual(release(schema, { a: { b: 'x', c: 'secret' } }), { a: { b: 'x' } })
  })
})

describe('a map', () => {
  const map = (value: unknown, more: object = open) => object({}, { additionalProperties: value, ...more })

  test('releases its values by their own class, and projects them', () => {
    assert.deepEqual(release(map(text), { x: 'a', y: 'b' }), { x: 'a', y: 'b' })
    assert.deepEqual(release(map({ type: 'string' }), { x: 'a' }), {})
    assert.deepEqual(release(map({ type: 'string' }), { x: 'a' }, { defaultClass: 'public' }), { x: 'a' })
    assert.deepEqual(release(map(cost), { x: 1 }, { defaultClass: 'public' }), {})
    const nested = map(object({ a: text, b: cost }, open))
    assert.deepEqual(release(nested, { x: { a: 'a', b: 1, c: 2 } }), { x: { a: 'a' } })
  })

  test('leaves named properties to their own schema', () => {
    const schema = object({ a: cost }, { additionalProperties: text })
    assert.deepEqual(release(schema, { a: 1, b: 'x' }), { b: 'x' })
  })

  test('by pattern releases what the pattern says, and nothing else', () => {
    const schema = { type: 'object', patternProperties: { '^x-': text, id$: cost } }
    assert.deepEqual(release(schema, { 'x-a': 'a', 'x-id': 'b', b: 'c' }), { 'x-a': 'a' })
  })

  test('keeps a name back that is too long for a pattern which could have classed it', () => {
    const schema = { patternProperties: { '(?=s)s*ecret': cost }, additionalProperties: text, type: 'object' }
    assert.deepEqual(release(schema, { public: 'x', [`secret${'!'.repeat(20_000)}`]: 'y' }), { public: 'x' })
  })
})

describe('a list', () => {
  test('gives its class to strings and numbers, objects have their own', () => {
    assert.deepEqual(release(object({ a: list({ type: 'string' }, open) }), { a: ['x'] }), { a: ['x'] })
    const items = object({ b: text, c: cost, d: { type: 'string' } })
    assert.deepEqual(release(object({ a: list(items, open) }), { a: [{ b: 'x', c: 1, d: 's' }] }), {
      a: [{ b: 'x' }],
    })
    const nested = list(list({ type: 'integer' }), open)
    assert.deepEqual(release(object({ a: nested }), { a: [[1], [2, 3]] }), { a: [[1], [2, 3]] })
  })

  test('whose elements have another class stays as a whole, empty or not', () => {
    for (const a of [[], [1]]) {
      assert.deepEqual(release(object({ a: list(cost, open) }), { a }), {})
      assert.deepEqual(release(object({ a: { type: 'array', prefixItems: [cost], ...open } }), { a }), {})
      assert.equal(release(list(cost), a), 'not released')
    }
  })

  test('by position releases each place by its schema and drops what comes after', () => {
    const schema = {
      type: 'array',
      prefixItems: [{ type: 'integer' }, object({ b: text, c: cost })],
      ...open,
    }
    assert.deepEqual(release(object({ a: schema }), { a: [1, { b: 'x', c: 2 }, 'secret'] }), {
      a: [1, { b: 'x' }],
    })
    assert.deepEqual(release(object({ a: { ...schema, items: { type: 'string' } } }), { a: [1, {}, 'y'] }), {
      a: [1, {}, 'y'],
    })
  })
})

describe('a body', () => {
  test('of an object or a list of objects is projected without a class of its own', () => {
    assert.deepEqual(release(object({ a: text }), { a: 'x' }), { a: 'x' })
    assert.deepEqual(release(list(object({ a: text })), [{ a: 'x' }]), [{ a: 'x' }])
  })

  test('of a string or a list of strings needs a class', () => {
    const cases = [
      [{ type: 'string' }, 'x'],
      [list({ type: 'string' }), ['x']],
    ] as const
    for (const [schema, value] of cases) {
      assert.equal(release(schema, value), 'not released')
      assert.deepEqual(release({ ...schema, ...open }, value), value)
      assert.deepEqual(release(schema, value, { defaultClass: 'public' }), value)
    }
    assert.deepEqual(release(list(text), ['x']), ['x'])
  })

  test('with another class does not leave', () => {
    const schemas = { Rates: object({ a: text }, { 'x-portico-class': 'rate-card' }) }
    assert.equal(release({ $ref: '#/components/schemas/Rates' }, { a: 'x' }, { schemas }), 'not released')
    assert.equal(release(list({ $ref: '#/components/schemas/Rates' }), [], { schemas }), 'not released')
  })
})
