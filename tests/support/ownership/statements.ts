/** Every SQL statement of the server, by the file in whose exported `statements` it stands. */
import { globSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

const root = join(import.meta.dirname, '..', '..', '..')

export type Statements = Readonly<Record<string, string>>

/** The stores, and the kernel's own. */
export async function statementsByFile(): Promise<Map<string, Statements>> {
  const found = new Map<string, Statements>()
  const files = globSync('server/**/*.ts', { cwd: root }).filter(
    (file) => !file.endsWith('.test.ts') && !file.endsWith('main.ts'),
  )
  for (const file of files.toSorted()) {
    const loaded = (await import(pathToFileURL(join(root, file)).href)) as { statements?: Statements }
    if (loaded.statements) found.set(file, loaded.statements)
  }
  return found
}
