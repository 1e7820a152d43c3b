/** The contracts of a declaration: their documents are loaded and compiled, and must fit what the file says. */
import { resolve } from 'node:path'
import { compileDocument } from '#/contracts/compile/compile.ts'
import type { Compiled, Operation, Refusal } from '#/contracts/compile/compile.ts'
import { loadDocument } from '#/contracts/documents/documents.ts'
import type { NewContract } from '#/contracts/published/published.ts'
import { ownCapability } from '#/access/capabilities/capabilities.ts'
import type { Written } from '#/publish/declaration/file/shape.ts'
import type { Mistakes, Path } from '#/publish/declaration/file/source.ts'

/** More refusals of one document than this are only counted. */
const mostRefusals = 20

/** Ready to be published; what stands in the way is added to `mistakes`. `folder`: where the file's paths begin. */
export async function readContracts(
  written: Written,
  folder: string,
  mistakes: Mistakes,
): Promise<{ readonly contracts: readonly NewContract[]; readonly operations: readonly Operation[] }> {
  const ready: NewContract[] = []
  const operations: Operation[] = []
  for (const [name, { file, upstream, defaultClass }] of Object.entries(written.contracts)) {
    const path = ['contracts', name, 'file']
    const loaded = await loadDocument(resolve(folder, file))
    const compiled = loaded.refusals.length > 0 ? null : compile(loaded, name, defaultClass)
    tellRefusals(path, compiled?.refusals ?? loaded.refusals, mistakes)
    for (const capability of compiled?.capabilities ?? []) {
      if (capability === ownCapability || Object.hasOwn(written.capabilities, capability)) continue
      mistakes.add(path, `${file} names the capability ${capability}, which is not declared`)
    }
    if (!compiled) continue
    operations.push(...compiled.operations)
    const { document, sha256 } = loaded
    ready.push({
      name,
      upstream,
      document,
      sha256,
      version: compiled.version,
      defaultClass: defaultClass ?? null,
    })
  }
  tellCollisions(operations, mistakes)
  return { contracts: ready, operations }
}

type Loaded = Awaited<ReturnType<typeof loadDocument>>

function compile(
  { document, locate }: Loaded,
  contract: string,
  defaultClass: 'public' | undefined,
): Compiled {
  return compileDocument(document, { contract, locate, ...(defaultClass && { defaultClass }) })
}

function tellRefusals(path: Path, refusals: readonly Refusal[], mistakes: Mistakes): void {
  for (const { file, pointer, message } of refusals.slice(0, mostRefusals)) {
    mistakes.add(path, `${file}${pointer} ${message}`)
  }
  const rest = refusals.length - mostRefusals
  if (rest > 0) mistakes.add(path, `and ${rest} more; \`npm run portico -- contract check\` lists them all`)
}

/** Within one document the compiler sees to it; between two, nobody could say which of them answers. */
function tellCollisions(operations: readonly Operation[], mistakes: Mistakes): void {
  const first = new Map<string, Operation>()
  for (const operation of operations) {
    const { method, path, contract } = operation
    const key = `${method} ${path.replaceAll(/\{[^{}]*\}/g, '{}')}`
    const other = first.get(key)
    if (other === undefined) first.set(key, operation)
    else if (other.contract !== contract) {
      mistakes.add(
        ['contracts', contract, 'file'],
        `${method} ${path} is served by the contract ${other.contract} too`,
      )
    }
  }
}
