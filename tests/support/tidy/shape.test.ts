/** Sizes, names and first lines are measured right, on samples. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { firstLineFindings, folderFindings, nameFindings, sizeFindings } from './shape.ts'

const path = 'server/kernel/id/id.ts'

const lines = (count: number): string => 'x()\n'.repeat(count)

test('a function of 70 lines is fine, of 71 is not, whatever its form', () => {
  const forms = [
    (body: string) => `function f() {\n${body}}\n`,
    (body: string) => `const f = async () => {\n${body}}\n`,
    (body: string) => `const o = { f() {\n${body}} }\n`,
    (body: string) => `class C { f() {\n${body}} }\n`,
    (body: string) => `export default function* () {\n${body}}\n`,
    (body: string) => `test('t', () => {\n${body}})\n`,
  ]
  for (const form of forms) {
    assert.deepEqual(sizeFindings([{ path, text: form(lines(68)) }]), [])
    assert.equal(sizeFindings([{ path, text: form(lines(69)) }]).length, 1, form('…'))
  }
})

test('the callback of describe is a chapter; the tests in it are functions', () => {
  const text = `describe('d', () => {\n${lines(100)}it('i', () => {\n${lines(70)}})\n})\n`
  assert.deepEqual(sizeFindings([{ path, text }]), [`${path}:102: a function of 72 lines; 70 at most`])
})

test('a file has 300 lines at most, unless it is generated', () => {
  assert.deepEqual(sizeFindings([{ path, text: lines(300) }]), [])
  assert.deepEqual(sizeFindings([{ path, text: lines(301) }]), [`${path}: 301 lines; 300 at most`])
  assert.deepEqual(sizeFindings([{ path: 'server/kernel/id/x.generated.ts', text: lines(301) }]), [])
})

test('a folder has 12 files at most; tests, migrations and data apart', () => {
  const files = (count: number, name: (at: number) => string) =>
    Array.from({ length: count }, (_, at) => ({ path: name(at), text: '' }))
  const code = files(12, (at) => `server/kernel/id/file-${at}.ts`)
  const apart = [
    ...files(20, (at) => `server/kernel/id/file-${at}.test.ts`),
    ...files(20, (at) => `server/kernel/id/schema/${at}.sql`),
    ...files(20, (at) => `server/kernel/id/${at}.json`),
  ]
  assert.deepEqual(folderFindings([...code, ...apart]), [])
  const more = [...code, { path: 'server/kernel/id/one-more.ts', text: '' }]
  assert.deepEqual(folderFindings(more), ['server/kernel/id/ holds 13 files; 12 at most'])
})

test('names are kebab-case, folders are no drawers', () => {
  const name = (file: string) => nameFindings([{ path: file, text: '' }]).length
  assert.equal(name('server/kernel/id/public-id.test.ts'), 0)
  assert.equal(name('server/kernel/db/schema/0001-first.sql'), 0)
  assert.equal(name('server/kernel/id/publicId.ts'), 1)
  assert.equal(name('server/kernel/id/public_id.ts'), 1)
  assert.equal(name('server/kernel/Id/id.ts'), 1)
  assert.equal(name('server/kernel/utils/id.ts'), 1)
  assert.equal(name('web/portal/shared/id.tsx'), 1)
})

test('the first line is a comment', () => {
  const first = (file: string, text: string) => firstLineFindings([{ path: file, text }]).length
  assert.equal(first(path, '/** Why. */\n'), 0)
  assert.equal(first(path, '// Why.\n'), 0)
  assert.equal(first('scripts/run.ts', '#!/usr/bin/env node\n// Why.\n'), 0)
  assert.equal(first('server/kernel/db/schema/0001-first.sql', '-- Why.\n'), 0)
  assert.equal(first(path, '\n// Why.\n'), 1)
  assert.equal(first(path, 'export const x = 1\n'), 1)
  assert.equal(first('server/kernel/db/schema/0001-first.sql', 'create table x ();\n'), 1)
})
