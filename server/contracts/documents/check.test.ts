/** What an author is told of a contract, as it looks on the screen. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { checkContract } from '#/contracts/documents/documents.ts'
import { documentOf } from '../../../tests/support/contracts.ts'

const folder = mkdtempSync(join(tmpdir(), 'portico-check-'))
after(() => rmSync(folder, { recursive: true }))

function write(document: unknown): string {
  const file = join(folder, 'api.json')
  writeFileSync(file, JSON.stringify(document))
  return file
}

const schema = {
  type: 'object',
  properties: {
    id: { type: 'string', 'x-portico-class': 'public' },
    note: { type: 'string', format: 'iban' },
  },
}
const described = { responses: { 200: { description: 'ok', content: { 'application/json': { schema } } } } }
const things = documentOf({
  ...described,
  operationId: 'createThing',
  'x-portico-capability': 'things',
  'x-portico-scopes': ['things:write', 'things:read'],
})

test('a file that says nothing is no contract', async () => {
  for (const text of ['', '# to come\n', 'null', '[]', 'just text']) {
    const file = join(folder, 'nothing.yaml')
    writeFileSync(file, text)
    const { text: told, ok } = await checkContract(file)
    assert.equal(ok, false, text)
    assert.match(told, /nothing\.yaml# {2}malformed {2}the document is not an object/)
  }
})

test('a contract that can be served', async () => {
  const paths = {
    ...(things['paths'] as object),
    '/things/open': { get: { ...described, operationId: 'listOpen' } },
  }
  const { text, ok } = await checkContract(write({ ...things, paths }))
  assert.equal(ok, true)
  assert.equal(
    text.replace(/SHA-256 [0-9a-f]{64}/, 'SHA-256 …'),
    `Things 1.0.0
OpenAPI 3.1.0, api.json
SHA-256 …

Operations (2), capabilities: things
  METHOD  PATH          OPERATION    CAPABILITY              SCOPES
  POST    /things       createThing  things                  things:write things:read
  GET     /things/open  listOpen     (none: open to nobody)

Answers: 2 properties are released, 2 are not; 2 for want of an x-portico-class:
  api.json#/paths/~1things/post/responses/200/content/application~1json/schema/properties/note
  api.json#/paths/~1things~1open/get/responses/200/content/application~1json/schema/properties/note

Notices (2)
  api.json#/paths/~1things/post/responses/200/content/application~1json/schema/properties/note/format  unknown_format  values are not checked for the format iban
  api.json#/paths/~1things~1open/get/responses/200/content/application~1json/schema/properties/note/format  unknown_format  values are not checked for the format iban

This contract can be served.
`,
  )
})

test('a default class releases what has none', async () => {
  const { text } = await checkContract(write(things), { defaultClass: 'public' })
  assert.match(text, /\n\nAnswers: 2 properties are released, 0 are not\n\n/)
})

test('a contract that cannot be served', async () => {
  const { text, ok } = await checkContract(
    write({ ...things, paths: { '/oauth/token': { get: { parameters: [{}] } } } }),
  )
  assert.equal(ok, false)
  assert.match(text, /^Things 1\.0\.0\nOpenAPI 3\.1\.0, api\.json\n/)
  assert.match(
    text,
    /\nRefused \(\d\)\n( {2}api\.json#\/paths\/~1oauth~1token\/get\/parameters\/0 +malformed +a parameter must have .*\n)+/,
  )
  assert.ok(text.endsWith('\nThis contract cannot be served.\n'))
  assert.ok(!text.includes('Operations'))
})

test('a file that is none', async () => {
  const { text, ok } = await checkContract(join(folder, 'no.yaml'))
  assert.equal(ok, false)
  assert.equal(
    text,
    'Refused (1)\n  no.yaml#  unreadable  there is no such file\n\nThis contract cannot be served.\n',
  )
})

test('colours only where they are asked for, and nothing that a document could send to a terminal', async () => {
  const title = 'Things\u001b[2J'
  const file = write({ ...things, info: { title, version: '1.0.0' } })
  const plain = await checkContract(file)
  assert.ok(!plain.text.includes('\u001b'))
  const colored = await checkContract(file, { color: true })
  assert.ok(colored.text.includes('\u001b[1mThings'))
  assert.ok(!colored.text.includes('\u001b[2J'))
})
