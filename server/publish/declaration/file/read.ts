/** The file is read and checked whole, with the documents it names. */
import { readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { NewContract } from '#/contracts/published/published.ts'
import { ConfigError } from '#/kernel/config/config.ts'
import { checkReferences, checkShape } from '#/publish/declaration/file/check.ts'
import { readContracts } from '#/publish/declaration/file/documents.ts'
import type { Written } from '#/publish/declaration/file/shape.ts'
import type { SaidOperation } from '#/publish/declaration/moved.ts'
import { readSource } from '#/publish/declaration/file/source.ts'
import type { Locate } from '#/publish/declaration/file/source.ts'

/** A file without a mistake. */
export type Declaration = {
  readonly written: Written
  readonly contracts: readonly NewContract[]
  /** Of all contracts. */
  readonly operations: readonly SaidOperation[]
  readonly locate: Locate
}

export type Environment = Readonly<Record<string, string | undefined>>

/** Throws `ConfigError` with every mistake: `portico.yaml:14 packages.pro.capabilities.2: there is no capability …`. */
export async function readDeclaration(file: string, environment: Environment): Promise<Declaration> {
  const { value, mistakes, locate } = readSource(file, readText(file), environment)
  const written = value === null && mistakes.lines().length > 0 ? null : checkShape(value, mistakes)
  if (written) checkReferences(written, mistakes)
  const { contracts, operations } = written
    ? await readContracts(written, dirname(file), mistakes)
    : { contracts: [], operations: [] }
  const lines = mistakes.lines()
  if (written === null || lines.length > 0) throw new ConfigError(lines)
  return { written, contracts, operations, locate }
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw new ConfigError([`${file} cannot be read: ${(cause as Error).message}`])
  }
}
