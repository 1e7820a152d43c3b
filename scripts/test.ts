/**
 * `npm test`: the checks, then every suite, and one set of closing lines for all of them.
 *
 *     npm test                          everything
 *     npm test -- server/kernel/id/id.test.ts     only these files, without the checks
 */

import { globSync } from 'node:fs'
import { relative, resolve } from 'node:path'
import { run as runTests } from 'node:test'
import { spec } from 'node:test/reporters'
import { check } from './check.ts'
import { root, table } from './commands.ts'
import { stopTestServer } from '../tests/support/server.ts'
import { ensureParts } from './parts.ts'

type Suite = {
  readonly name: string
  readonly files: readonly string[]
  /** What the suite may take on two cores; more is a warning, so that a slow machine is not a failure. */
  readonly budgetSeconds: number
  /** After this long a single test is stuck and fails. */
  readonly testSeconds: number
  /** After this long the suite is ended, and the file that would not end (an open socket, a timer) is named. */
  readonly limitSeconds: number
}

const suites: readonly Suite[] = [
  {
    name: 'unit',
    files: [
      'server/**/*.test.ts',
      'examples/**/*.test.ts',
      'scripts/**/*.test.ts',
      'tests/*.test.ts',
      'tests/support/**/*.test.ts',
    ],
    budgetSeconds: 600,
    testSeconds: 120,
    limitSeconds: 900,
  },
  {
    name: 'journeys',
    files: ['tests/journeys/*.test.ts'],
    budgetSeconds: 300,
    testSeconds: 300,
    limitSeconds: 600,
  },
  {
    name: 'simulation',
    files: ['tests/simulation/*.test.ts'],
    budgetSeconds: 900,
    testSeconds: 1200,
    limitSeconds: 1200,
  },
]

const totalBudgetSeconds = 45 * 60

/** Two cores: more files at once only take each other's time and make every timeout a lie. */
const concurrency = 2

type Counts = Record<'tests' | 'suites' | 'passed' | 'failed' | 'cancelled' | 'skipped' | 'todo', number>

const nothing: Counts = { tests: 0, suites: 0, passed: 0, failed: 0, cancelled: 0, skipped: 0, todo: 0 }

type Result = {
  readonly suite: Suite
  readonly counts: Counts
  /** Files that ended well without a single test, which the runner counts as one that passed. */
  readonly silent: readonly string[]
  readonly seconds: number
}

function find(patterns: readonly string[]): readonly string[] {
  return globSync([...patterns], { cwd: root, exclude: ['**/node_modules/**'] }).sort()
}

/** What neither passed nor was left out failed; the types of the runner do not name its own count of failures. */
function counted(counts: Omit<Counts, 'failed'>): Counts {
  const { tests, passed, cancelled, skipped, todo } = counts
  return { ...counts, failed: tests - passed - cancelled - skipped - todo }
}

/** The lines every run of the runner ends with; ours stand once, at the very end. */
const closing = /^(tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) [\d.]+$/

/** Runs one suite and shows it as it goes. */
async function runSuite(suite: Suite, files: readonly string[]): Promise<Result> {
  const started = performance.now()
  let counts = nothing
  const silent: string[] = []
  const events = runTests({
    cwd: root,
    files: [...files],
    concurrency,
    timeout: suite.testSeconds * 1000,
    signal: AbortSignal.timeout(suite.limitSeconds * 1000),
  })
  events.on('test:summary', (summary) => {
    if (summary.file === undefined) counts = counted(summary.counts)
  })
  events.on('test:pass', ({ name, file }) => {
    if (file !== undefined && resolve(root, name) === file) silent.push(relative(root, file))
  })
  const shown = events.filter(
    ({ type, data }) => type !== 'test:diagnostic' || data.nesting > 0 || !closing.test(data.message),
  )
  for await (const text of shown.compose(new spec())) process.stdout.write(String(text))
  return { suite, counts, silent, seconds: (performance.now() - started) / 1000 }
}

function silences(results: readonly Result[]): readonly string[] {
  return results.flatMap(({ silent }) => silent.map((file) => `${file} holds no test`))
}

/** Reasons to fail that no single test knows. */
function findings(results: readonly Result[]): readonly string[] {
  const empty = results.filter(({ counts }) => counts.tests === 0)
  const claimed = new Set(suites.flatMap(({ files }) => find(files)))
  const orphans = find(['**/*.test.ts']).filter((file) => !claimed.has(file))
  return [
    ...silences(results),
    ...empty.map(({ suite }) => `the suite "${suite.name}" ran no test`),
    ...orphans.map((file) => `${file} belongs to no suite`),
  ]
}

function printTimes(results: readonly Result[], seconds: number): void {
  const row = (name: string, tests: number, took: number, budget: number): readonly string[] => [
    name,
    String(tests),
    `${took.toFixed(1)} s`,
    `${budget} s`,
    took > budget ? 'over budget' : '',
  ]
  const rows = results.map(({ suite, counts, seconds: took }) =>
    row(suite.name, counts.tests, took, suite.budgetSeconds),
  )
  const tests = results.reduce((sum, { counts }) => sum + counts.tests, 0)
  console.log(
    `\n${table([['suite', 'tests', 'time', 'budget', ''], ...rows, row('all', tests, seconds, totalBudgetSeconds)])}\n`,
  )
}

/** The runner's own closing lines for all suites together, and the sum in a sentence. True when nothing failed. */
function close(results: readonly Result[], complaints: readonly string[], seconds: number): boolean {
  for (const complaint of complaints) console.log(`✖ ${complaint}`)
  const sum = (key: keyof Counts): number => results.reduce((total, { counts }) => total + counts[key], 0)
  const failed = sum('failed') + complaints.length
  const lines: readonly [string, number | string][] = [
    ['tests', sum('tests') + complaints.length],
    ['suites', sum('suites')],
    ['pass', sum('passed')],
    ['fail', failed],
    ['cancelled', sum('cancelled')],
    ['skipped', sum('skipped')],
    ['todo', sum('todo')],
    ['duration_ms', (seconds * 1000).toFixed(3)],
  ]
  for (const [name, value] of lines) console.log(`ℹ ${name} ${value}`)
  const bad = failed + sum('cancelled')
  console.log(`\n${sum('passed')} passed, ${bad} failed`)
  return bad === 0
}

async function main(only: readonly string[]): Promise<boolean> {
  const started = performance.now()
  const elapsed = (): number => (performance.now() - started) / 1000
  await ensureParts(['postgres'])
  if (only.length > 0) {
    const limits = { budgetSeconds: totalBudgetSeconds, testSeconds: 1200, limitSeconds: totalBudgetSeconds }
    const named: Suite = { name: 'named', files: only, ...limits }
    const files = find(only)
    const results = files.length > 0 ? [await runSuite(named, files)] : []
    return close(
      results,
      files.length > 0 ? silences(results) : [`no file is called ${only.join(' or ')}`],
      elapsed(),
    )
  }
  if (!(await check())) return close([], ['the checks failed; no test was run'], elapsed())
  const results: Result[] = []
  for (const suite of suites) {
    const files = find(suite.files)
    console.log(`\n── ${suite.name}: ${files.length} files`)
    results.push(
      files.length > 0 ? await runSuite(suite, files) : { suite, counts: nothing, silent: [], seconds: 0 },
    )
  }
  await stopTestServer()
  printTimes(results, elapsed())
  return close(results, findings(results), elapsed())
}

try {
  if (!(await main(process.argv.slice(2)))) process.exitCode = 1
} catch (error) {
  console.error(`portico: ${error instanceof Error ? error.message : String(error)}`)
  process.exitCode = 1
}
