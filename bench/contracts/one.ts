/** Imports and compiles one document and says what it took; a process of its own, so that the peak is its own. */
import { compileDocument } from '#/contracts/compile/compile.ts'
import type { Operation } from '#/contracts/compile/compile.ts'
import { loadDocument } from '#/contracts/documents/documents.ts'

/** Milliseconds, and MiB. */
export type Measured = {
  readonly operations: number
  readonly read: number
  readonly compile: number
  readonly checks: number
  readonly peak: number
}

/** Uses every check of an operation once, with a request that is wrong, which compiles both programs of a check. */
function useChecks({ path, parameters, body }: Operation): void {
  const segments = path.split('/').filter((segment) => segment.includes('{'))
  parameters?.({ path: segments, query: 'per_page=x', header: () => 'x' })
  for (const type of body?.mediaTypes ?? []) body?.rule(type)?.validate?.(null)
}

const file = process.argv[2] ?? ''
const started = performance.now()
const { document, refusals, locate } = await loadDocument(file)
const read = performance.now()
const compiled = compileDocument(document, { contract: 'bench', defaultClass: 'public', locate })
const ready = performance.now()
if (refusals.length + compiled.refusals.length > 0) throw new Error(`${file} was refused`)
for (const operation of compiled.operations) useChecks(operation)
const used = performance.now()
const measured: Measured = {
  operations: compiled.operations.length,
  read: read - started,
  compile: ready - read,
  checks: used - ready,
  peak: process.resourceUsage().maxRSS / 1024,
}
process.stdout.write(JSON.stringify(measured))
