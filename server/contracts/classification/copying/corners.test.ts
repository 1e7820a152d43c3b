/**
 * Answers at the corners of copying, where contracts and answers at random (copier.test.ts) seldom come. Each is
 * released both ways, more than once: what the copier has learned of a shape must not matter.
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  copies,
  list,
  number,
  object,
  open,
  projectorOf,
  secret,
  text,
  twice,
  whole,
} from '../../../../tests/support/release/both-ways.ts'
import { createClassifier, projectText } from '../classification.ts'

/** Every text of so many of these pieces or fewer. */
function combined(pieces: readonly string[], most: number): string[] {
  let last = ['']
  let all = ['']
  for (let count = 0; count < most; count++) {
    last = last.flatMap((before) => pieces.map((piece) => before + piece))
    all = all.concat(last)
  }
  return all
}

describe('a copied answer is what the way by values gives', () => {
  test('of every short number', () => {
    for (const schema of [number, whole, { ...number, maximum: 50 }])
      assert.ok(copies(projectorOf(schema), combined(['0', '5', '9', '.', '-', '+', 'e', 'E'], 5)) > 0)
  })

  test('of numbers with as many digits as a double has', () => {
    const answers: string[] = []
    for (const digits of [
      '9007199254740993',
      '123456789012345',
      '0.3333333333333333',
      '0.00000123456789',
      '0.000000123456789',
    ])
      for (let length = 1; length <= digits.length; length++)
        for (const sign of ['', '-']) answers.push(sign + digits.slice(0, length))
    // Ten numbers of sixteen digits, of which a double holds five or six.
    for (let last = 0; last < 10; last++) answers.push(`9.99999999999999${last}`)
    for (const schema of [number, whole]) assert.ok(copies(projectorOf(schema), answers) > 10)
  })

  test('of every short string', () => {
    const pieces = [
      '\\ud8',
      '\\uDC',
      '3d',
      '00',
      '\\n',
      '\\v',
      '\\/',
      '"',
      '\\',
      '\u0000',
      '\u001f',
      '\u007f',
      'é',
    ]
    const answers = combined(pieces, 4).flatMap((inside) => [`"${inside}"`, `{"a":"${inside}"}`])
    const patterned = { ...text, pattern: '.', ...open }
    for (const each of [text, patterned])
      for (const schema of [each, object({ a: each })]) assert.ok(copies(projectorOf(schema), answers) > 100)
  })

  test('of every short text', () => {
    const schema = object({ a: whole, b: secret, c: list(whole) })
    const pieces = ['{', '}', '[', ']', ',', ':', '"a"', '"b"', '1', ' ', 'nul', 'l']
    const answers = combined(pieces, 3).flatMap((some) => [
      some,
      `{"a":1${some}`,
      `{"c":[1${some}`,
      `[{${some}}`,
    ])
    assert.ok(copies(projectorOf(schema), answers) > 10)
    assert.ok(
      copies(
        projectorOf(list(schema)),
        answers.map((answer) => `[${answer}]`),
      ) > 10,
    )
  })

  test('of every short list', () => {
    const answers = combined(['[', ']', ',', ':', '1', ' ', '}'], 5).map((inside) => `[${inside}]`)
    for (const schema of [list(whole), list(list(whole))])
      assert.ok(copies(projectorOf(schema), answers) > 10)
  })

  test('with every control character where a blank may stand', () => {
    const project = projectorOf(object({ a: list(whole), b: text }))
    const pieces = ' {,"a",:,[,1,;,2,],;,"x",:,{,"y",:,[,3,],},;,"b",:,"v",}, '
      .split(',')
      .map((piece) => piece.replace(';', ','))
    for (let code = 0; code <= 0x20; code++) {
      const answers = pieces.map(
        (_, at) => pieces.slice(0, at).join('') + String.fromCharCode(code) + pieces.slice(at).join(''),
      )
      assert.equal(copies(project, answers), [9, 10, 13, 32].includes(code) ? answers.length : 0, `${code}`)
    }
  })

  test('wherever members stand that stay, and in every order', () => {
    const choice = { oneOf: [whole, secret], ...open }
    const schema = object({ a: whole, d: choice, b: whole, c: secret })
    const members = ['"a":1', '"b": -0', '"c":"secret"', '"d":"secret"', '"d" :7', '"x":[{}]', ' "b":1.5']
    const answers = combined(
      members.map((member) => `${member},`),
      4,
    ).flatMap((inside) => [`{${inside.slice(0, -1)}}`, `{ "a":2,${inside}"x":1 }`])
    const required = object(schema.properties, { required: ['a', 'd', 'c'] })
    for (const each of [
      schema,
      required,
      list(schema),
      object({ inner: { ...schema, ...open }, last: whole }),
    ]) {
      const wrap =
        'items' in each ? ['[', ']'] : 'inner' in each.properties ? ['{"inner":', ',"last":3}'] : ['', '']
      assert.ok(
        copies(
          projectorOf(each),
          answers.map((answer) => wrap.join(answer)),
        ) > 100,
      )
    }
  })

  test('with names that begin alike, differ in their end, or are no names of the contract', () => {
    const schema = object({ a: text, ab: secret, abc: text, '': text, é: text, ['x'.repeat(70)]: text })
    const names = [
      'a',
      'ab',
      'abc',
      'abd',
      'b',
      '',
      'é',
      'è',
      '\\u0061',
      '\ufeffa',
      'x'.repeat(70),
      'x'.repeat(71),
    ]
    const members = names.flatMap((name) => [`"${name}":"v",`, `"${name}" :"w",`])
    const answers = combined(members, 2).map((inside) => `{${inside.slice(0, -1)}}`)
    assert.ok(copies(projectorOf(schema), twice(answers)) > 100)
    assert.ok(copies(projectorOf(object({ a: text }, { required: ['a'] })), twice(answers)) > 100)
  })

  test('with names that every object has, and with numbers for names', () => {
    const names = [
      'b',
      '10',
      '2',
      '__proto__',
      'constructor',
      '4294967294',
      '4294967295',
      '-1',
      '01',
      'toJSON',
      'rawJSON',
    ]
    const properties = Object.fromEntries(names.map((name) => [name, whole]))
    const project = projectorOf(object(properties))
    const answer = (order: readonly string[]) => `{${order.map((name) => `"${name}":1`).join()}}`
    // The engine has sorted these already, but not those that several schemas name.
    const parts = names.map((name) => object({ [name]: whole }))
    assert.ok(copies(projectorOf({ allOf: parts }), twice([answer(names), answer(names.toReversed())])) > 1)
    const orders = [names, names.toReversed(), names.toSorted(), Object.keys(properties)].map(answer)
    assert.ok(copies(project, twice([...orders, '{}'])) >= 6)
    assert.equal(copies(projectorOf(object({ a: whole })), orders), 4)
  })

  test('with more names than are kept', () => {
    const many = Array.from({ length: 300 }, (_, index) => `"m${index}":"secret"`)
    const answers = [`{${many.join()},"a":"x"}`, `{"a":"x",${many.toReversed().join()}}`]
    assert.equal(copies(projectorOf(object({ a: text })), twice(answers)), 4)
    for (let shape = 0; shape < 80; shape++) {
      const long = many.map((member) => member.replace('m', 'm'.repeat(56)))
      assert.equal(copies(projectorOf(object({ a: text })), [`{${long.join()},"a":"${shape}"}`]), 1)
    }
  })

  test('however deep it is', () => {
    const schema = object({
      v: whole,
      n: { $ref: '#/components/schemas/N', ...open },
      l: list({ $ref: '#/components/schemas/N' }),
    })
    for (const [before, behind] of [
      ['{"n":', '}'],
      ['{"l":[', ']}'],
      ['{"x":', '}'],
      ['{"x":[', ']}'],
      ['{"n":', ',"v":1}'],
    ] as const)
      for (const inner of ['{}', '1', '[]', '{"v":1.0}', '{"l":[]}'])
        for (const depth of [30, 31, 32, 33, 61, 62, 63, 64, 65, 66, 20_000]) {
          const answer = before.repeat(depth) + inner + behind.repeat(depth)
          if (answer.length <= 65_536 || depth === 20_000)
            copies(projectorOf(schema, { N: schema }), twice([answer]))
        }
    let nested: Record<string, unknown> = whole
    for (let depth = 1; depth <= 66; depth++) {
      nested = list(nested)
      copies(projectorOf(nested), [
        '['.repeat(depth) + '1' + ']'.repeat(depth),
        '['.repeat(depth) + ']'.repeat(depth),
      ])
    }
  })
})

test('what the contract says of a value beside its kind counts', () => {
  const named = { type: 'object', properties: { a: text } }
  const fields: unknown[] = [
    {},
    { description: 'free-form' },
    open,
    { type: 'boolean', enum: [true] },
    { type: 'boolean', not: { const: true } },
    { type: ['string', 'null'], enum: ['x', null] },
    { type: 'integer', not: { maximum: 5 } },
    { enum: [1, 'x', [1], null] },
    { type: 'string', writeOnly: true },
    list(whole, { minItems: 2 }),
    list(whole, { maxItems: 1 }),
    list(whole, { uniqueItems: true }),
    list({ oneOf: [whole, secret] }),
    list({ enum: [1] }),
    list(secret),
    { type: 'array', prefixItems: [{ type: 'string' }], items: whole },
    { type: 'array', prefixItems: [secret], items: whole },
    { type: 'array', items: false },
    { type: 'object', additionalProperties: { type: 'integer' } },
    { type: 'object', patternProperties: { '^a': { type: 'integer' } } },
    { type: 'object', additionalProperties: false },
    { allOf: [named, { patternProperties: { '^a': secret } }] },
    { allOf: [named, { type: 'object', minProperties: 2 }] },
    { oneOf: [named, { type: 'null' }] },
    { ...named, required: ['a', 'b'] },
    { ...named, nullable: true, minProperties: 2 },
  ]
  const values =
    'true,false,null,1,7,1.5,"x","secret",[],[1],[1 ,1],["x"],["x",1],{},{"a":"x"},{"a":1},{"b":"x","a":"y"}'
  const answers = values.split(/,(?![^[{]*[\]}])/).map((value) => `{"f":${value},"l":[${value}]}`)
  for (const field of fields)
    for (const defaultClass of [null, 'public'] as const)
      for (const dialect of ['3.0', '3.1'] as const)
        for (const stated of [{}, open]) {
          const f = { ...(field as object), ...stated }
          const { projector } = createClassifier({}, { dialect, defaultClass })
          copies(projector(object({ f, l: list(f) }), '#').project, answers)
          copies(projector(object({ f }), '#').project, answers)
        }
})

test('what nobody names is not followed however deep', () => {
  const project = projectorOf(object({ a: whole }))
  const deep = '['.repeat(30_000) + ']'.repeat(30_000)
  assert.equal(copies(project, [`{"a":1,"x":${deep}}`]), 0)
})

test('the effort of patterns is for the way by values to judge', () => {
  const slow = ['b', 'd', 'e', 'f', 'g'].map((last) => ({ pattern: `(?=a*a*${last})|c$` }))
  const project = projectorOf(object({ a: list({ ...text, allOf: slow }), b: whole }))
  const hard = JSON.stringify(Array(130).fill(`${'a'.repeat(463)}c`))
  // The last of two members of one name counts.
  const answer = `{"a":${hard},"b":1,"a":["c"]}`
  assert.equal(project.copy!(Buffer.from(answer)), null)
  assert.equal(
    projectText(answer, (value) => project(value)),
    '{"a":["c"],"b":1}',
  )
})
