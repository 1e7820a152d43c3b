/** `npm run check`: everything that can be said of the code without running it. `--fix` formats and mends first. */

import { globSync } from 'node:fs'
import { join } from 'node:path'
import { root, run, table } from './commands.ts'

type Check = {
  readonly name: string
  readonly command: readonly [string, ...string[]]
}

/** On two cores; more than this and people stop running it. */
const budgetSeconds = 15

/** What the types were when they were last checked. */
const typesKept = join(root, 'node_modules', '.cache', 'types.tsbuildinfo')

function checks(): readonly Check[] {
  const migrations = globSync('server/**/schema/*.sql', { cwd: root }).sort()
  return [
    { name: 'format', command: ['oxfmt', '--check', '.'] },
    { name: 'lint', command: ['oxlint'] },
    // What has not changed since the last time is not checked again: 14 s of CPU become 2.
    { name: 'types', command: ['tsc', '-p', '.', '--incremental', '--tsBuildInfoFile', typesKept] },
    { name: 'tidy', command: ['node', '--test', 'tests/tidy.test.ts'] },
    { name: 'dead code', command: ['knip'] },
    ...(migrations.length > 0
      ? [{ name: 'migrations', command: ['squawk', '--reporter=gcc', ...migrations] } satisfies Check]
      : []),
  ]
}

/** Runs all checks side by side and prints a table; true when all of them are content. */
export async function check(): Promise<boolean> {
  const started = performance.now()
  const results = await Promise.all(
    checks().map(async ({ name, command: [program, ...args] }) => ({ name, ...(await run(program, args)) })),
  )
  for (const result of results.filter(({ code }) => code !== 0)) {
    console.log(`── ${result.name}\n${result.output}\n`)
  }
  const seconds = (performance.now() - started) / 1000
  const failed = results.filter(({ code }) => code !== 0)
  const rows = results.map(({ name, seconds: took, code }) => [
    name,
    `${took.toFixed(1)} s`,
    code === 0 ? 'ok' : 'failed',
  ])
  console.log(
    table([
      ['check', 'time', 'result'],
      ...rows,
      ['all', `${seconds.toFixed(1)} s`, failed.length === 0 ? 'ok' : `${failed.length} failed`],
    ]),
  )
  if (seconds > budgetSeconds) console.log(`warning: the checks took longer than their ${budgetSeconds} s`)
  return failed.length === 0
}

async function fix(): Promise<void> {
  for (const command of [['oxlint', '--fix'], ['oxfmt']] as const) {
    const [program, ...args] = command
    await run(program, args)
  }
}

if (import.meta.main) {
  if (process.argv.includes('--fix')) await fix()
  if (!(await check())) process.exitCode = 1
}
