/** The import rule catches what it is there for, on samples; the house itself is `tests/tidy.test.ts`. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { importFindings } from './imports.ts'

/** Findings of a single file that imports a single thing. */
function findings(path: string, specifier: string): readonly string[] {
  return importFindings([{ path, text: `import { x } from '${specifier}'\n` }])
}

function refused(path: string, specifier: string, why: RegExp): void {
  const found = findings(path, specifier)
  assert.equal(found.length, 1, `${path} -> ${specifier}: ${found.join('; ')}`)
  assert.match(found[0] ?? '', why)
}

function allowed(path: string, specifier: string): void {
  assert.deepEqual(findings(path, specifier), [])
}

test('down a floor, through a door', () => {
  allowed('server/usage/journal/store.ts', '#/kernel/db/db.ts')
  allowed('server/usage/journal/journal.ts', '../../kernel/db/db.ts')
  refused(
    'server/kernel/db/db.ts',
    '#/usage/journal/journal.ts',
    /kernel may not look up or sideways at usage/,
  )
  refused('server/access/packages/store.ts', '#/usage/journal/journal.ts', /up or sideways/)
  refused('server/usage/journal/store.ts', '#/kernel/db/tx.ts', /only the door server\/kernel\/db\/db.ts/)
})

test('in an area only earlier features', () => {
  allowed('server/identity/keys/keys.ts', '#/identity/partners/partners.ts')
  allowed('server/identity/keys/keys.ts', './store.ts')
  refused(
    'server/identity/partners/partners.ts',
    '#/identity/keys/keys.ts',
    /identity\/partners is listed before identity\/keys/,
  )
  refused('server/identity/keys/keys.ts', '../partners/store.ts', /only the door/)
})

test('a test may look at later features of its area, through their doors', () => {
  allowed('server/identity/partners/partners.test.ts', '#/identity/keys/keys.ts')
  refused('server/identity/partners/partners.test.ts', '#/identity/keys/store.ts', /only the door/)
  refused('server/identity/partners/partners.test.ts', '#/usage/journal/journal.ts', /up or sideways/)
})

test('re-exports, type imports and dynamic imports count', () => {
  const path = 'server/kernel/db/db.ts'
  const texts = [
    `export { x } from '#/usage/journal/journal.ts'`,
    `export * from '#/usage/journal/journal.ts'`,
    `import type { X } from '#/usage/journal/journal.ts'`,
    `const x = await import('#/usage/journal/journal.ts')`,
  ]
  for (const text of texts) assert.equal(importFindings([{ path, text }]).length, 1, text)
})

test('an area without features is one thing with one door', () => {
  allowed('server/gateway/steps/route.ts', '#/gateway/snapshot.ts')
  allowed('server/publish/snapshot/snapshot.ts', '#/gateway/gateway.ts')
  refused(
    'server/publish/snapshot/snapshot.ts',
    '#/gateway/snapshot.ts',
    /only the door server\/gateway\/gateway.ts/,
  )
})

test('a manifest is for the roof, and the roof for nobody', () => {
  allowed('server/app.ts', '#/usage/usage.ts')
  allowed('server/usage/usage.ts', '#/usage/journal/journal.ts')
  allowed('server/main.ts', '#/kernel/config/config.ts')
  allowed('server/identity/identity.ts', '#/identity/keys/operations.ts')
  refused('server/identity/identity.ts', '#/identity/keys/attic/operations.ts', /only the door/)
  refused('server/identity/team/team.ts', '#/identity/keys/operations.ts', /only the door/)
  refused('server/app.ts', '#/identity/keys/operations.ts', /only the door/)
  refused('server/app.ts', '#/usage/journal/store.ts', /only the door/)
  refused('server/usage/usage.ts', '#/usage/journal/store.ts', /only the door/)
  refused('server/publish/snapshot/snapshot.ts', '#/usage/usage.ts', /only by the roof/)
  refused('server/usage/journal/journal.ts', '#/app.ts', /imported by no one/)
})

test('outside of the server', () => {
  allowed('tests/journeys/first-call.test.ts', '#/identity/keys/keys.ts')
  allowed('tests/journeys/first-call.test.ts', '#/app.ts')
  refused('bench/gateway.bench.ts', '#/gateway/snapshot.ts', /only the door/)
  refused('web/portal/main.tsx', '#/kernel/id/id.ts', /speaks HTTP/)
  refused('sdk/index.ts', '../server/kernel/id/id.ts', /speaks HTTP/)
  refused('examples/solstice/main.ts', '#/kernel/http/http.ts', /speaks HTTP/)
  refused('server/kernel/db/db.ts', '../../../scripts/commands.ts', /does not know scripts/)
  refused('server/kernel/db/db.ts', '../../../tests/support/database.ts', /does not know tests/)
  allowed('server/kernel/db/db.test.ts', '../../../tests/support/database.ts')
})

test('a file that stands nowhere', () => {
  const places = ['server/helpers.ts', 'server/attic/attic.ts', 'server/identity/attic/attic.ts']
  for (const path of places) assert.equal(importFindings([{ path, text: '' }]).length, 1, path)
})
