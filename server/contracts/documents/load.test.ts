/** Reading documents: several files become one, and nothing outside their folder is touched. */
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, describe, test } from 'node:test'
import { compileDocument } from '#/contracts/compile/compile.ts'
import { loadDocument, parseDocument } from '#/contracts/documents/documents.ts'

const root = mkdtempSync(join(tmpdir(), 'portico-documents-'))
after(() => rmSync(root, { recursive: true }))

let folders = 0

/** Writes files into a folder of their own; the first is the document. */
function write(files: Readonly<Record<string, string>>): string {
  const folder = join(root, String(folders++))
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
  return join(folder, Object.keys(files)[0] ?? '')
}

const head = 'openapi: 3.1.0\ninfo: {title: Things, version: 1.0.0}\n'
const one = (schema: string): string =>
  `${head}paths: {/things: {get: {responses: {'200': {description: ok, content: {application/json: {schema: ${schema}}}}}}}}\n`
const schemaAt = '#/paths/~1things/get/responses/200/content/application~1json/schema'

async function refused(files: Readonly<Record<string, string>>): Promise<readonly string[]> {
  const { refusals } = await loadDocument(write(files))
  return refusals.map(({ file, pointer, code }) => `${code} ${file}${pointer}`)
}

describe('one file', () => {
  const json = JSON.stringify({ openapi: '3.1.0', info: { title: 'Things', version: '1.0.0' }, paths: {} })
  test('is read as JSON or as YAML, and has the same hash', async () => {
    const asJson = await loadDocument(write({ 'api.json': json }))
    const asYaml = await loadDocument(write({ 'api.yaml': `paths: {}\n${head}` }))
    assert.deepEqual(asJson.document, asYaml.document)
    assert.equal(asJson.sha256, asYaml.sha256)
    assert.equal(parseDocument(asJson.document).sha256, asJson.sha256)
    assert.deepEqual([asJson.openapi, asJson.files, asJson.refusals], ['3.1.0', ['api.json'], []])
  })
  test('keeps the strings of YAML that look like something else', async () => {
    const { document } = await loadDocument(
      write({ 'api.yaml': `${head}paths: {}\nx-a: [no, 2026-11-01, 1_000, 0o17, 1e3]\n` }),
    )
    assert.deepEqual((document as Record<string, unknown>)['x-a'], ['no', '2026-11-01', '1_000', 15, 1000])
  })
  test('that is not there, or is a folder, is refused', async () => {
    const { document, refusals } = await loadDocument(join(root, 'no.yaml'))
    assert.deepEqual([document, refusals.map(({ code }) => code)], [null, ['unreadable']])
    assert.deepEqual(
      (await loadDocument(root)).refusals.map(({ code }) => code),
      ['unreadable'],
    )
  })
  test('that is broken is refused with its place', async () => {
    for (const [name, text] of [
      ['api.json', '{"openapi": '],
      ['api.json', '{"openapi": "3.1.0",\n "openapi": "3.1.0"}'],
      ['api.yaml', 'openapi: 3.1.0\nopenapi: 3.0.0\n'],
      ['api.yaml', 'openapi: [3.1.0\n'],
    ] as const) {
      const { refusals } = await loadDocument(write({ [name]: text }))
      assert.deepEqual(
        refusals.map(({ code }) => code),
        ['syntax'],
        text,
      )
      assert.match(refusals[0]?.message ?? '', /line \d|end of JSON/, text)
    }
  })
  test('that is not UTF-8 is refused', async () => {
    const file = write({ 'api.json': '' })
    writeFileSync(file, Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d]))
    assert.deepEqual(
      (await loadDocument(file)).refusals.map(({ code }) => code),
      ['syntax'],
    )
  })
  test('that unfolds without end is refused', async () => {
    const lines = Array.from(
      { length: 12 },
      (_, i) =>
        `x-${i}: &a${i} [${Array.from({ length: 9 }, () => (i === 0 ? 'x' : `*a${i - 1}`)).join(', ')}]`,
    )
    assert.deepEqual(await refused({ 'api.yaml': `${head}${lines.join('\n')}\n` }), ['syntax api.yaml#'])
    assert.deepEqual(await refused({ 'api.yaml': `${head}x-a: &a [*a]\n` }), ['too_large api.yaml#'])
  })
  test('of another version is left to the compiler to refuse', async () => {
    for (const version of ["swagger: '2.0'", 'openapi: 3.2.0']) {
      const { document, refusals } = await loadDocument(
        write({ 'api.yaml': `${version}\npaths: {$ref: other.yaml}\n` }),
      )
      assert.deepEqual(refusals, [])
      const codes = compileDocument(document, { contract: 'x' }).refusals.map(({ code }) => code)
      assert.ok(codes.includes('unsupported_version'))
    }
  })
})

describe('several files', () => {
  const files = {
    'api.yaml': `${head}paths:\n  /a: {$ref: paths/a.yaml}\n  /b: {$ref: './paths/b.json#/items/b'}\ncomponents: {schemas: {Thing: {type: string}}}\n`,
    'paths/a.yaml':
      "get: {responses: {'200': {description: ok, content: {application/json: {schema: {$ref: ../schemas/thing.yaml}}}}}}\n",
    'paths/b.json': JSON.stringify({
      items: {
        b: {
          post: {
            requestBody: {
              content: { 'application/json': { schema: { $ref: '../schemas/thing.yaml#/properties/next' } } },
            },
            responses: { 204: { description: 'done' } },
          },
        },
      },
    }),
    'schemas/thing.yaml':
      'type: object\nproperties:\n  name: {type: string, x-portico-class: public}\n  next: {$ref: thing.yaml}\n  kind: {$ref: thing.yaml#/$defs/Kind}\n$defs: {Kind: {type: string, x-portico-class: secret}}\n',
  }
  test('become one document with references inside only', async () => {
    const {
      document,
      files: read,
      refusals,
    } = await loadDocument(
      write({ ...files, 'schemas/thing.yaml': files['schemas/thing.yaml'].replace('secret', 'public') }),
    )
    assert.deepEqual(refusals, [])
    assert.deepEqual([read[0], new Set(read)], ['api.yaml', new Set(Object.keys(files))])
    assert.ok(!/"\$ref":"[^#]/.test(JSON.stringify(document)))
    const { operations, refusals: compiled } = compileDocument(document, { contract: 'x' })
    assert.deepEqual(compiled, [])
    assert.equal(
      operations[0]
        ?.answer(200)
        ?.rule('application/json')
        ?.project?.({ name: 'a', next: { name: 'b' }, other: 1 }),
      '{"name":"a"}',
    )
    assert.deepEqual(
      operations[1]?.body
        ?.rule('application/json')
        ?.validate?.({ name: 1 })
        .map(({ code }) => code),
      ['type'],
    )
  })
  test('are named where something in them is refused', async () => {
    const { document, locate } = await loadDocument(write(files))
    const { refusals } = compileDocument(document, { contract: 'x', locate })
    assert.deepEqual(
      refusals.map(({ file, pointer, code }) => `${code} ${file}${pointer}`),
      ['unknown_class schemas/thing.yaml#/$defs/Kind/x-portico-class'],
    )
  })
  test('with the same name for two things are told apart, and their author told', async () => {
    const { document, notices } = await loadDocument(
      write({
        'api.yaml': `${one('{$ref: thing.yaml#/Thing}')}components: {schemas: {Thing: {type: string}}}\n`,
        'thing.yaml': 'Thing: {type: integer}\n',
      }),
    )
    assert.deepEqual(
      notices.map(({ code }) => code),
      ['renamed_component'],
    )
    const { components } = document as { components: { schemas: object } }
    assert.deepEqual(Object.values(components.schemas), [{ type: 'string' }, { type: 'integer' }])
  })
  test('of which one is not there, or broken, are refused', async () => {
    assert.deepEqual(await refused({ 'api.yaml': one('{$ref: no.yaml}') }), [
      `unresolved_ref api.yaml${schemaAt}`,
    ])
    assert.deepEqual(await refused({ 'api.yaml': one('{$ref: a.yaml#/No}'), 'a.yaml': 'A: {}' }), [
      `unresolved_ref api.yaml${schemaAt}`,
    ])
    assert.deepEqual(await refused({ 'api.yaml': one('{$ref: a.json}'), 'a.json': '{' }), [
      `syntax api.yaml${schemaAt}`,
    ])
    assert.deepEqual(
      await refused({ 'api.yaml': one('{$ref: a.yaml}'), 'a.yaml': 'properties: {b: {$ref: b.yaml}}' }),
      ['unresolved_ref a.yaml#/properties/b'],
    )
  })
})

describe('nothing outside the folder is read', () => {
  const outside = join(root, 'secret.yaml')
  writeFileSync(outside, 'type: string\n')
  const references = {
    'a file above': '../secret.yaml',
    'a file above, in a roundabout way': 'a/../../secret.yaml',
    'a file above that is not there': '../../no/such/file.yaml',
    'an absolute path': outside,
    'the network': 'http://127.0.0.1:9/secret.yaml',
    'the network, safely': 'https://example.invalid/secret.yaml#/a',
  }
  for (const [what, reference] of Object.entries(references)) {
    test(what, async () => {
      assert.deepEqual(await refused({ 'api.yaml': one(`{$ref: '${reference}'}`) }), [
        `outside_ref api.yaml${schemaAt}`,
      ])
    })
  }
  test('through a link', async () => {
    const file = write({ 'api.yaml': one('{$ref: linked.yaml}') })
    symlinkSync(outside, join(dirname(file), 'linked.yaml'))
    assert.deepEqual(
      (await loadDocument(file)).refusals.map(({ code }) => code),
      ['outside_ref'],
    )
  })
  test('as the value of an example', async () => {
    const example = `${head}paths: {}\ncomponents: {examples: {a: {externalValue: '../secret.yaml'}}, schemas: {A: {$ref: a.yaml}}}\n`
    const { document } = await loadDocument(write({ 'api.yaml': example, 'a.yaml': 'type: string' }))
    assert.ok(!JSON.stringify(document).includes('"value"'))
  })
  test('and no message says what there is', async () => {
    for (const reference of ['../secret.yaml', '../no.yaml']) {
      const { refusals } = await loadDocument(write({ 'api.yaml': one(`{$ref: '${reference}'}`) }))
      assert.equal(
        refusals[0]?.message,
        `$ref ${reference} cannot be followed: it lies outside the folder of the document`,
      )
    }
  })
})

test('a document in memory that contains itself is refused', () => {
  const document: Record<string, unknown> = { openapi: '3.1.0' }
  document['x-a'] = document
  const loaded = parseDocument(document)
  assert.deepEqual([loaded.document, loaded.refusals.map(({ code }) => code)], [null, ['too_large']])
})
