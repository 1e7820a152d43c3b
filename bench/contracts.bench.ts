/**
 * What it takes to import and compile real documents: time and peak memory, a process of its own for each.
 *
 * `read` is file → parsed → hashed, `compile` what publishing and every start pay, `every check` what the first request of
 * every operation pays together (checks of parameters and bodies are compiled when they are first needed).
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { table } from '../scripts/commands.ts'
import { realText } from '../tests/support/contracts.ts'
import type { RealDocument } from '../tests/support/contracts.ts'
import type { Measured } from './contracts/one.ts'

const documents: readonly RealDocument[] = ['adyen-checkout-v70', 'adyen-checkout-v71', 'github-api']
const rounds = Number(process.env.ROUNDS ?? 5)

/** The promise of the import: milliseconds for GitHub's document, everything included. */
const promised = 5_000

export default async function contractsBench(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'portico-bench-'))
  try {
    const rows = documents.map((name) => row(name, folder))
    console.log(
      table([
        ['document', 'operations', 'read', 'compile', 'every check', 'all', 'peak memory'],
        ...rows.map(({ cells }) => cells),
      ]),
    )
    const slowest = Math.max(...rows.map(({ all }) => all))
    console.log(
      `\n  promise: under ${promised / 1_000} s; the slowest took ${(slowest / 1_000).toFixed(2)} s (medians of ${rounds} rounds)`,
    )
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function row(name: RealDocument, folder: string): { all: number; cells: string[] } {
  const file = join(folder, `${name}.json`)
  writeFileSync(file, realText(name))
  const results = Array.from({ length: rounds }, () => measure(file))
  const of = (pick: (one: Measured) => number): number => median(results.map(pick))
  const all = of((one) => one.read + one.compile + one.checks)
  const ms = (value: number): string => `${value.toFixed(0)} ms`
  const cells = [
    name,
    String(results[0]?.operations ?? 0),
    ms(of((one) => one.read)),
    ms(of((one) => one.compile)),
    ms(of((one) => one.checks)),
    ms(all),
    `${of((one) => one.peak).toFixed(0)} MiB`,
  ]
  return { all, cells }
}

function measure(file: string): Measured {
  const one = join(import.meta.dirname, 'contracts/one.ts')
  const { stdout, stderr, status } = spawnSync(process.execPath, [one, file], { encoding: 'utf8' })
  if (status !== 0) throw new Error(stderr)
  return JSON.parse(stdout) as Measured
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN
}
