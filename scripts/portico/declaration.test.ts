/** Plan, apply and export from a shell: what is printed, and the exit codes. */

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { testDatabase } from '../../tests/support/database.ts'
import { root } from '../commands.ts'

const database = await testDatabase()
const folder = mkdtempSync(join(tmpdir(), 'portico-plan-'))
after(() => rmSync(folder, { recursive: true }))
const file = join(folder, 'portico.yaml')

const settings = {
  DATABASE_URL: database.ownerUrl,
  PORTICO_KEY: Buffer.alloc(32, 7).toString('base64'),
  PORTICO_DATA: join(folder, 'data'),
}

function portico(args: readonly string[], more: Readonly<Record<string, string>> = {}) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(root, 'scripts/portico.ts'), ...args],
    { cwd: root, encoding: 'utf8', env: { ...process.env, ...settings, ...more } },
  )
  return { code: status, out: stdout, err: stderr }
}

const text = (name: string) => `provider: { name: Northlight }
contracts: {}
upstreams: {}
capabilities:
  orders: { title: Orders, exposure: general }
packages:
  pro: { title: Pro, capabilities: [orders] }
partners:
  acme: { name: ${name}, package: pro, applications: [{ name: Shop, environments: [live] }] }
`

test('plan is 2 where there is something to do, apply does it and shows the first keys, then plan is 0', () => {
  writeFileSync(file, text('Acme'))
  const planned = portico(['plan', file])
  assert.deepEqual([planned.code, planned.err], [2, ''])
  assert.match(planned.out, /\nPlan: 4 to add\.\n$/)
  const applied = portico(['apply'], { PORTICO_CONFIG: file })
  assert.deepEqual([applied.code, applied.err], [0, ''])
  const [said, keys] = applied.out.split('\nNew API keys, shown this once\n')
  assert.equal(said, planned.out.replace('Plan: 4 to add', 'Done: 4 added'))
  assert.match(keys ?? '', /\n {2}Acme {5}Shop {9}live {9}ptk_live_\w+\n$/)
  const again = [portico(['plan', file]), portico(['apply', file])]
  assert.deepEqual(
    again.map(({ code, out }) => [code, out]),
    [
      [0, 'Nothing to do.\n'],
      [0, 'Nothing to do.\n'],
    ],
  )
})

test('1 for a conflict, and 0 when a side is taken', async () => {
  await database.owner.query("update control.identity_partner set name = 'By hand' where slug = 'acme'")
  writeFileSync(file, text('By file'))
  for (const verb of ['plan', 'apply']) {
    const { code, out, err } = portico([verb, file])
    assert.deepEqual([code, err], [1, ''])
    assert.match(out, /portico\.yaml:9 partners\.acme\.name: changed in the file and by hand\n/)
  }
  assert.equal(portico(['plan', file, '--take', 'running']).code, 0)
  assert.equal(portico(['plan', file, '--take', 'running', '--take', 'file:partners.acme.name']).code, 2)
  const taken = portico(['apply', file, '--take', 'file:partners.acme'])
  assert.match(taken.out, /~ name: By hand → By file\n/)
  assert.equal(taken.code, 0)
})

test('export writes what runs, once, and it plans to nothing', () => {
  const place = join(folder, 'exported')
  const written = portico(['export', place])
  assert.deepEqual([written.code, written.out], [0, `Wrote ${join(place, 'portico.yaml')}.\n`])
  assert.match(readFileSync(join(place, 'portico.yaml'), 'utf8'), /^ {4}name: By file$/m)
  assert.deepEqual(portico(['plan', join(place, 'portico.yaml')]).code, 0)
  const twice = portico(['export', place])
  assert.equal(twice.code, 1)
  assert.match(twice.err, /is there already; export into another folder\n$/)
})

test('1 and what is wrong for a mistake in the file or in the arguments', () => {
  writeFileSync(file, text('Acme').replace('[orders]', '[order]'))
  const wrong = portico(['plan', file])
  assert.deepEqual([wrong.code, wrong.out], [1, ''])
  assert.match(
    wrong.err,
    /^portico: portico\.yaml:7 packages\.pro\.capabilities\.0: there is no capability order\n$/,
  )
  const cases: readonly [args: readonly string[], err: RegExp][] = [
    [['plan', join(folder, 'absent.yaml')], /absent\.yaml cannot be read/],
    [['plan'], /no file was named; say which, or set PORTICO_CONFIG/],
    [['apply', file, 'more'], /more is one argument too many/],
    [['plan', file, '--take', 'both'], /--take both is neither file nor running/],
    [['plan', file, '--force'], /--force/],
    [['export'], /say into which folder/],
  ]
  for (const [args, err] of cases) {
    const found = portico(args)
    assert.deepEqual([found.code, found.out], [1, ''], args.join(' '))
    assert.match(found.err, err)
  }
})
