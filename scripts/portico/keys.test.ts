/** Keys from a shell: what is printed, what is kept, and what is refused. */

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { createPartner } from '../../server/identity/partners/partners.ts'
import { deriveDemoKey, parseKey } from '../../server/identity/keys/keys.ts'
import { transact } from '../../server/kernel/db/db.ts'
import { publicId } from '../../server/kernel/id/id.ts'
import { testDatabase } from '../../tests/support/database.ts'
import { root } from '../commands.ts'

const database = await testDatabase()
const partner = await transact(database.control, { kind: 'system', name: 'test' }, (tx) =>
  createPartner(tx, { slug: 'acme', name: 'Acme' }),
)

const withDatabase = { DATABASE_URL: database.ownerUrl }

function portico(...args: readonly string[]) {
  return run(args, withDatabase)
}

function run(
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): { code: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(root, 'scripts/portico.ts'), ...args],
    {
      cwd: root,
      encoding: 'utf8',
      env: { ...process.env, ...environment },
    },
  )
  return { code: status, out: stdout, err: stderr }
}

test('a key is made, listed and revoked; its text is shown once', () => {
  const made = portico(
    'key',
    'create',
    'acme',
    '--environment',
    'live',
    '--application',
    'Shop',
    '--days',
    '30',
  )
  assert.deepEqual([made.code, made.err], [0, ''])
  const [key = '', about = ''] = made.out.split('\n')
  assert.ok(parseKey(key).ok)
  assert.match(about, /^key_[0-9a-f]{32} of Acme, application Shop \(live\)\. It is not shown again\.$/)

  const listed = portico('key', 'list', publicId('ptn', partner.id))
  assert.equal(listed.code, 0)
  assert.ok(!listed.out.includes(key))
  assert.match(listed.out, new RegExp(`…${key.slice(-4)} +live +Shop +.*active until 20`))

  // The application that is there now needs no name.
  assert.equal(portico('key', 'create', 'acme', '--environment', 'live').code, 0)
  const third = portico('key', 'create', 'acme', '--environment', 'live')
  assert.deepEqual([third.code, third.out], [1, ''])
  assert.equal(third.err, 'portico: The application has two active keys\n')

  const revoked = portico('key', 'revoke', key, '--reason', 'found in a public repository')
  assert.equal(revoked.code, 0)
  assert.match(revoked.out, /is revoked since 20.*: found in a public repository\n$/)
  const again = portico('key', 'revoke', about.split(' ')[0]!)
  assert.deepEqual([again.code, again.out], [0, revoked.out])
})

const refusals: readonly [args: readonly string[], code: number, message: RegExp][] = [
  [['key', 'list', 'nobody'], 1, /^portico: there is no partner nobody\n$/],
  [['key', 'create', 'acme', '--environment', 'sandbox'], 1, /Acme has no sandbox application; name one/],
  [['key', 'revoke', 'ptk_live_short'], 1, /neither the id of a key/],
  [['key', 'revoke', deriveDemoKey('never', 'issued', 'live')], 1, /There is no such key/],
  [['key', 'revoke', publicId('key', partner.id)], 1, /There is no such key/],
  [['key', 'create', 'acme'], 2, /^Usage:/],
  [['key', 'create', 'acme', '--environment', 'test'], 2, /^Usage:/],
  [['key', 'create', 'acme', '--environment', 'live', '--days', '-1'], 2, /^Usage:/],
  [['key', 'list'], 2, /^Usage:/],
  [['key', 'list', 'acme', 'other'], 2, /^Usage:/],
  [['key', 'revoke', 'x', '--force'], 2, /^Usage:/],
]

for (const [args, code, message] of refusals) {
  test(`${code} for "${args.join(' ')}"`, () => {
    const refused = portico(...args)
    assert.deepEqual([refused.code, refused.out], [code, ''])
    assert.match(refused.err, message)
  })
}

test('1 where nothing was installed, and nothing is installed by asking', () => {
  const { code, err } = run(['key', 'list', 'acme'], { DATABASE_URL: '', PORTICO_DATA: 'absent/folder' })
  assert.equal(code, 1)
  assert.match(err, /^portico: nothing was installed in .*absent\/folder; start Portico first/)
  assert.ok(!existsSync(join(root, 'absent')))
})
