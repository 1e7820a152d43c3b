/** Generated files: what makes them, and how far they have drifted from what it makes today. */

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

export type Generator = {
  /** Path from the root of the repository. */
  readonly file: string
  /** The whole text, the same on every machine: no time, no address, no order that depends on chance. */
  readonly make: () => Promise<string>
}

/** A generated file and its text, where that is not what stands in the folder. */
export type Drift = { readonly file: string; readonly text: string; readonly reason: 'missing' | 'stale' }

/** Compares what the generators make with what is there; a file that two of them claim is an error. */
export async function drifts(table: readonly Generator[], folder: string): Promise<readonly Drift[]> {
  const files = table.map(({ file }) => file)
  const twice = files.find((file, at) => files.indexOf(file) !== at)
  if (twice !== undefined) throw new Error(`two generators write ${twice}`)
  const found = await Promise.all(
    table.map(async ({ file, make }): Promise<readonly Drift[]> => {
      const text = await make()
      const path = join(folder, file)
      if (!existsSync(path)) return [{ file, text, reason: 'missing' }]
      return readFileSync(path, 'utf8') === text ? [] : [{ file, text, reason: 'stale' }]
    }),
  )
  return found.flat()
}

export function write(found: readonly Drift[], folder: string): void {
  for (const { file, text } of found) {
    const path = join(folder, file)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text)
  }
}
