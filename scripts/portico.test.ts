/** The shell's view: what is printed where, and the exit code. */

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { root } from './commands.ts'

function portico(...args: readonly string[]): { code: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(root, 'scripts/portico.ts'), ...args],
    {
      cwd: root,
      encoding: 'utf8',
    },
  )
  return { code: status, out: stdout, err: stderr }
}

describe('npm run portico', () => {
  test('0 for a contract that can be served', () => {
    const { code, out, err } = portico('contract', 'check', 'examples/solstice/openapi.yaml')
    assert.deepEqual([code, err], [0, ''])
    assert.match(out, /This contract can be served\.\n$/)
  })
  test('1 for a contract that cannot be served', () => {
    const { code, out } = portico('contract', 'check', 'package.json')
    assert.equal(code, 1)
    assert.match(out, /unsupported_version/)
  })
  for (const args of [
    [],
    ['contract'],
    ['contract', 'check'],
    ['contract', 'mend', 'x'],
    ['contract', 'check', 'x', '--default-class', 'cost'],
    ['contract', 'check', 'x', 'y'],
  ]) {
    test(`2 and how it is used for "${args.join(' ')}"`, () => {
      const { code, out, err } = portico(...args)
      assert.deepEqual([code, out], [2, ''])
      assert.match(err, /^Usage:\n {2}npm run portico -- contract check FILE/)
    })
  }
  test('2 for a command that there is not, which is named', () => {
    assert.match(portico('contracts', 'check').err, /^Usage:[\s\S]*\nThere is no command "contracts"\.\n$/)
  })
  test('0 for how it is used, all of it or one noun', () => {
    for (const args of [['--help'], ['-h'], ['help']]) {
      const { code, out, err } = portico(...args)
      assert.deepEqual([code, err], [0, ''])
      assert.match(out, /contract check FILE[\s\S]*key revoke[\s\S]*audit verify/)
    }
    for (const args of [
      ['key', '--help'],
      ['help', 'key'],
    ]) {
      const forms = portico(...args).out.match(/npm run portico -- .*/g) ?? []
      assert.deepEqual(
        forms.map((form) => form.split(' ').slice(4, 6).join(' ')),
        ['key list', 'key create', 'key revoke'],
      )
    }
  })
})
