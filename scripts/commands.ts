/** Runs programs for the other scripts, and writes the tables they print. */

import { spawn } from 'node:child_process'
import { delimiter, join } from 'node:path'

export const root = join(import.meta.dirname, '..')

export type Outcome = { readonly code: number; readonly output: string; readonly seconds: number }

/** Runs a program of the project or of the system to its end; both its streams are kept in the order they came. */
export function run(command: string, args: readonly string[]): Promise<Outcome> {
  const started = performance.now()
  const seconds = (): number => (performance.now() - started) / 1000
  const path = [join(root, 'node_modules/.bin'), process.env.PATH].join(delimiter)
  const env = { ...process.env, PATH: path, NO_COLOR: '1', FORCE_COLOR: '0' }
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, env })
    const chunks: Buffer[] = []
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk))
    child.on('error', (error) =>
      resolve({ code: 127, output: `${command}: ${error.message}`, seconds: seconds() }),
    )
    child.on('close', (code) => {
      resolve({ code: code ?? 1, output: Buffer.concat(chunks).toString('utf8').trim(), seconds: seconds() })
    })
  })
}

/** Rows as aligned columns; a column whose cells all look like numbers is flush right. */
export function table(rows: readonly (readonly string[])[]): string {
  const columns = rows[0]?.map((_, at) => rows.map((row) => row[at] ?? '')) ?? []
  const widths = columns.map((cells) => Math.max(...cells.map((cell) => cell.length)))
  const right = columns.map((cells) => cells.slice(1).every((cell) => /^[\d.,]*( \w+)?$/.test(cell)))
  const line = (row: readonly string[]): string =>
    row
      .map((cell, at) => (right[at] ? cell.padStart(widths[at] ?? 0) : cell.padEnd(widths[at] ?? 0)))
      .join('  ')
  return rows.map((row) => `  ${line(row)}`.trimEnd()).join('\n')
}
