/** A check answers for every value, and there is none where nothing is asked. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createChecks } from '#/contracts/validation/check.ts'

const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` })

test('a schema that asks nothing needs no check', () => {
  for (const schema of [{}, true, { description: 'anything', example: 1 }]) {
    assert.equal(createChecks({ document: {}, dialect: '3.1' }).check(schema), null)
  }
})

test('every value gets an answer from every schema', () => {
  const schemas = {
    A: { anyOf: [{ type: 'string', format: 'uri' }, { type: 'array', items: ref('A') }, ref('B')] },
    B: {
      type: 'object',
      properties: { a: ref('A'), b: { readOnly: true }, c: { 'x-portico-class': 'cost' } },
      patternProperties: { '^x': ref('A') },
      additionalProperties: { type: ['integer', 'null'] },
      minProperties: 1,
    },
  }
  const check = createChecks({ document: { components: { schemas } }, dialect: '3.1' }).check(ref('A'))
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      for (const fault of check?.(value) ?? []) assert.match(fault.pointer, /^#(\/|$)/)
    }),
  )
})
