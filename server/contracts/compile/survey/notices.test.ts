/** What a document says that is not served, or not understood, is named with its place; the rest is served. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { compile, documentOf, schemaAt, told, withSchema } from '../../../../tests/support/contracts.ts'

const at = '#/paths/~1things/post'

describe('a document is served, and its author told of', () => {
  const cases: readonly (readonly [what: string, document: unknown, noted: readonly string[]])[] = [
    ['webhooks', { ...documentOf({}), webhooks: { 'a/b': {} } }, ['not_served #/webhooks/a~1b']],
    ['callbacks', documentOf({ callbacks: { a: {} } }), [`not_served ${at}/callbacks`]],
    [
      'TRACE',
      { ...documentOf({}), paths: { '/a': { trace: { responses: { 204: { description: '' } } } } } },
      ['not_served #/paths/~1a/trace'],
    ],
    ['unknown members', documentOf({ foo: 1 }), [`unknown_member ${at}/foo`]],
    ['unknown keywords', withSchema({ type: 'string', foo: 1 }), [`unknown_keyword ${schemaAt}/foo`]],
    [
      'unknown formats',
      withSchema({ type: 'string', format: 'iban' }),
      [`unknown_format ${schemaAt}/format`],
    ],
    [
      'words of another version',
      withSchema({ type: 'string', nullable: true }),
      [`foreign_keyword ${schemaAt}/nullable`],
    ],
    [
      'patterns that are cut short',
      withSchema({ type: 'string', pattern: '^(?=.*a).*$' }),
      [`slow_pattern ${schemaAt}/pattern`],
    ],
    ['servers of an operation', documentOf({ servers: [{ url: '/x' }] }), [`server_ignored ${at}/servers`]],
    ['no answers', documentOf({ responses: {} }), [`no_responses ${at}`]],
    [
      'headers that are not its own',
      documentOf({ responses: { 204: { description: '', headers: { 'Content-Length': { schema: {} } } } } }),
      [`header_ignored ${at}/responses/204/headers/Content-Length`],
    ],
    [
      'parameters the path does not have',
      documentOf({ parameters: [{ name: 'a', in: 'path', required: true, schema: {} }] }),
      ['unused_parameter #/paths/~1things'],
    ],
    [
      'nothing, when extensions of others stand everywhere',
      { ...documentOf({ 'x-a': 1, responses: { 'x-b': 1, 204: { description: '', 'x-c': 1 } } }), 'x-d': 1 },
      [],
    ],
  ]
  for (const [what, document, noted] of cases) {
    test(what, () => assert.deepEqual(told(document), { refused: [], noted }))
  }
  test('the same thing at a thousand places in a hundred lines and a number', () => {
    const properties = Object.fromEntries(Array.from({ length: 1_000 }, (_, i) => [`p${i}`, { foo: 1 }]))
    const { notices } = compile(documentOf({}, { components: { schemas: { A: { properties } } } }))
    assert.equal(notices.length, 101)
    assert.equal(notices.at(-1)?.message, 'and 900 more of this kind')
  })
})
