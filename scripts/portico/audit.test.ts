/** The audit from a shell: what is printed, and the exit code. */

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import pg from 'pg'
import { createAnchor, createAuditSink, createSealing } from '../../server/governance/audit/audit.ts'
import { createSealer } from '../../server/kernel/crypto/crypto.ts'
import { transact } from '../../server/kernel/db/db.ts'
import { silentLog } from '../../server/kernel/log/log.ts'
import { testDatabase } from '../../tests/support/database.ts'
import { root } from '../commands.ts'

const key = Buffer.alloc(32, 7)
const sealer = createSealer(key)
const database = await testDatabase()
const data = mkdtempSync(join(tmpdir(), 'portico-audit-'))
after(() => rmSync(data, { recursive: true }))

const environment = {
  DATABASE_URL: database.ownerUrl,
  PORTICO_KEY: key.toString('base64'),
  PORTICO_DATA: data,
}

function verify(args: readonly string[], settings: Readonly<Record<string, string>> = environment) {
  const program = [join(root, 'scripts/portico.ts'), 'audit', 'verify', ...args]
  const env = { ...process.env, ...settings }
  const { status, stdout, stderr } = spawnSync(process.execPath, program, {
    cwd: root,
    encoding: 'utf8',
    env,
  })
  return { code: status, out: stdout, err: stderr }
}

async function owner(text: string): Promise<void> {
  const client = new pg.Client({ connectionString: database.ownerUrl })
  await client.connect()
  await client.query(`set search_path to control; set session_replication_role to replica; ${text}`)
  await client.end()
}

test('0 and the end of the chain when all is in order, 1 and the line when it is not', async () => {
  const control = { ...database.control, audit: createAuditSink(sealer) }
  const actor = { kind: 'system', name: 'test' } as const
  const nothing = verify([])
  assert.deepEqual([nothing.code, nothing.out], [0, 'The audit is what was written: 0 lines are sealed.\n'])

  for (const reason of ['one', 'two', 'three']) {
    await transact(control, actor, async (tx) => tx.audit({ action: 'a.b', reason }))
  }
  const anchor = createAnchor(data, sealer)
  await createSealing({ control, digester: sealer, anchor, log: silentLog() }).sealNow()
  await transact(control, actor, async (tx) => tx.audit({ action: 'a.b' }))
  const fine = verify([])
  assert.deepEqual([fine.code, fine.err], [0, ''])
  assert.match(fine.out, /^The audit is what was written: 3 lines are sealed; 1 more wait to be sealed\.\n/)
  const end = /^Its end is (\d+:[0-9a-f]{64})$/m.exec(fine.out)?.[1] ?? ''
  assert.equal(verify(['--since', end]).code, 0)
  const elsewhere = verify(['--since', end.replace(/:./, (two) => (two === ':0' ? ':1' : ':0'))])
  assert.equal(elsewhere.code, 1)
  assert.match(elsewhere.out, /^The chain up to 3 is not the one that was signed there\./)

  await owner(`update governance_audit set reason = 'zwei' where reason = 'two'`)
  const changed = verify([])
  assert.equal(changed.code, 1)
  assert.match(changed.out, /^Line [0-9a-f-]{36} \(\d\) is not what Portico wrote: it was changed, or put in/)
  assert.match(changed.out, /\nThe audit is NOT what was written\.\n$/)

  await owner(`update governance_audit set reason = 'two' where reason = 'zwei'`)
  assert.equal(verify([]).code, 0)
  await owner(
    'delete from governance_audit_seal; delete from governance_audit_head; delete from governance_audit',
  )
  const cut = verify([])
  assert.equal(cut.code, 1)
  assert.match(cut.out, /^The chain ends at 0, and what is kept outside the database says that it came to 3/)
})

test('1 without the key of the installation, and none is made', () => {
  const { code, err } = verify([], { ...environment, PORTICO_KEY: '' })
  assert.equal(code, 1)
  assert.match(err, /^portico: the installation's key is neither in PORTICO_KEY nor in /)
  assert.match(verify([], { ...environment, PORTICO_KEY: '' }).err, /neither in PORTICO_KEY/)
})

for (const args of [
  ['x'],
  ['--since'],
  ['--since', '3'],
  ['--since', `0:${'0'.repeat(64)}`],
  ['--since', '3:00'],
]) {
  test(`2 and how it is used for "${args.join(' ')}"`, () => {
    const { code, out, err } = verify(args)
    assert.deepEqual([code, out], [2, ''])
    assert.match(err, /npm run portico -- audit verify \[--since POSITION:HASH\]/)
  })
}
