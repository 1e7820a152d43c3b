/** Keys from a shell: what is printed, what is kept, and what is refused. */

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { createPartner } from '../../server/identity/partners/partners.ts'
import { deriveDemoKey, parseKey } from '../../server/identity/keys/keys.ts'
import { useServiceKey } from '../../server/identity/service-keys/service-keys.ts'
import { transact } from '../../server/kernel/db/db.ts'
import { publicId } from '../../server/kernel/id/id.ts'
import { testDatabase } from '../../tests/support/database.ts'
import { root } from '../commands.ts'

const database = await testDatabase()
const partner = await transact(database.control, { kind: 'system', name: 'test' }, (tx) =>
  createPartner(tx, { slug: 'acme', name: 'Acme' }),
)

const withDatabase = {
  DATABASE_URL: database.ownerUrl,
  PORTICO_KEY: randomBytes(32).toString('base64'),
  PORTICO_DATA: 'absent/folder',
}

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

test('a leaked key is ended by its fingerprint, and each change stands in the audit', async () => {
  await transact(database.control, { kind: 'system', name: 'test' }, (tx) =>
    createPartner(tx, { slug: 'leaky', name: 'Leaky' }),
  )
  const made = portico('key', 'create', 'leaky', '--environment', 'sandbox', '--application', 'Till')
  assert.equal(made.err, '')
  const [key = '', about = ''] = made.out.split('\n')
  const fingerprint = createHash('sha256').update(key).digest('hex').toUpperCase()
  const revoked = portico('key', 'revoke', '--fingerprint', fingerprint, '--reason', 'in a public log')
  assert.deepEqual([revoked.code, revoked.err], [0, ''])
  assert.ok(revoked.out.startsWith(about.split(' ')[0]!))
  assert.match(revoked.out, /: in a public log\n$/)
  const lines = await database.owner.query<{ action: string; reason: string | null; actor: string }>(
    `select action, reason, actor_id as actor from governance_audit where subject_kind = 'key' order by at desc limit 2`,
  )
  assert.deepEqual(lines.rows, [
    { action: 'keys.revoke', reason: 'in a public log', actor: 'command line' },
    { action: 'keys.create', reason: null, actor: 'command line' },
  ])
})

test('a service key opens the management API once it is made, and is ended', async () => {
  const made = portico('service-key', 'create', '--name', 'First', '--role', 'admin', '--days', '30')
  assert.deepEqual([made.code, made.err], [0, ''])
  const [key = '', about = ''] = made.out.split('\n')
  const id = about.split(',')[0]!
  const role = () =>
    transact(
      database.control,
      { kind: 'system', name: 'test' },
      async (tx) => (await useServiceKey(tx, key))?.role,
    )
  assert.equal(await role(), 'admin')
  const listed = portico('service-key', 'list')
  assert.match(listed.out, new RegExp(`${id} +…${key.slice(-4)} +First +admin`))
  assert.ok(!listed.out.includes(key))
  assert.equal(portico('service-key', 'revoke', id).code, 0)
  assert.equal(await role(), undefined)
})

test('1 for a change where the audit cannot be written', () => {
  const { code, err } = run(['service-key', 'create', '--name', 'x', '--role', 'admin'], {
    ...withDatabase,
    PORTICO_KEY: '',
  })
  assert.equal(code, 1)
  assert.match(err, /neither in PORTICO_KEY/)
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
  [['key', 'revoke'], 2, /^Usage:/],
  [['key', 'revoke', '--fingerprint', 'abc'], 2, /^Usage:/],
  [['key', 'revoke', 'x', '--fingerprint', 'a'.repeat(64)], 2, /^Usage:/],
  [['key', 'revoke', '--fingerprint', 'a'.repeat(64)], 1, /There is no such key/],
  [['service-key', 'create', '--name', 'x', '--role', 'owner'], 2, /^Usage:/],
  [['service-key', 'create', '--role', 'admin'], 2, /^Usage:/],
  [['service-key', 'revoke', 'x'], 2, /^Usage:/],
  [['service-key', 'revoke', publicId('svk', partner.id)], 1, /There is no such service key/],
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
