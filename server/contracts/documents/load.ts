/** From a file to a bundled document: read, parsed, named by its hash, and nothing fetched on the way. */
import { resolve } from 'node:path'
import type { Locate, Notice, Refusal } from '#/contracts/compile/compile.ts'
import { canonicalSha256 } from '#/contracts/documents/canonical.ts'
import { FileProblem, folderOf, parseText, type Folder } from '#/contracts/documents/files.ts'
import { isBounded, isTree, own, tooLarge } from '#/contracts/validation/validation.ts'

export type Loaded = {
  /** The bundled document, for `compileDocument`; null when it could not be read. References lead inside it only. */
  readonly document: unknown
  /** What it says of itself (`3.1.0`); null when it says nothing. */
  readonly openapi: string | null
  /** Names of its files, its own first, relative to its folder; empty for a document that was in memory. */
  readonly files: readonly string[]
  /** Of its canonical JSON, hex. Two documents that say the same have the same. */
  readonly sha256: string
  /** What kept it from being read; what stands in it is looked at by `compileDocument`. */
  readonly refusals: readonly Refusal[]
  readonly notices: readonly Notice[]
  /** Where a place of the bundled document stands in its files; hand it to `compileDocument`. */
  readonly locate: Locate
}

/** Reads a document (JSON or YAML) and the files it refers to, which must stand in its folder or below. Never throws. */
export async function loadDocument(file: string): Promise<Loaded> {
  const path = resolve(file)
  const folder = await folderOf(path)
  const name = folder.name(path)
  const locate: Locate = (pointer) => ({ file: name, pointer })
  try {
    const text = await folder.read(path)
    const parsed = parseText(text, path)
    if (!refersOutside(parsed) || !isServed(parsed))
      return loaded({ document: parsed, files: [name], locate, refusals: [], notices: [] })
    return loaded(await bundled({ path, text, parsed }, folder))
  } catch (error) {
    if (!(error instanceof FileProblem)) throw error
    const refusals = [{ file: name, pointer: '#', code: error.code, message: error.message }]
    return loaded({ document: null, files: [name], locate, refusals, notices: [] })
  }
}

/** A document that is in memory already: our own, or one that was stored. */
export function parseDocument(document: unknown): Loaded {
  const locate: Locate = (pointer) => ({ file: '#', pointer })
  const refusals = isBounded(document)
    ? []
    : [{ file: '#', pointer: '#', code: 'too_large', message: tooLarge }]
  return loaded({ document: refusals.length > 0 ? null : document, files: [], locate, refusals, notices: [] })
}

function loaded(parts: Omit<Loaded, 'openapi' | 'sha256'>): Loaded {
  const openapi = isTree(parts.document) ? own(parts.document, 'openapi') : undefined
  return {
    ...parts,
    openapi: typeof openapi === 'string' ? openapi : null,
    sha256: canonicalSha256(parts.document),
  }
}

/** The bundler is loaded for documents of several files only: it costs 0.1 s, and a second for a large document. */
async function bundled(
  root: { path: string; text: string; parsed: unknown },
  folder: Folder,
): Promise<Omit<Loaded, 'openapi' | 'sha256'>> {
  const { bundle } = await import('#/contracts/documents/bundle.ts')
  return bundle(root, folder)
}

/** The bundler refuses other versions with an exception; the compiler has a better sentence. */
const isServed = (document: unknown): boolean =>
  isTree(document) && /^3\.[01]\.\d+$/.test(String(own(document, 'openapi')))

/** Whether anything in it looks like a reference to another file. */
function refersOutside(document: unknown): boolean {
  const stack: unknown[] = [document]
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    if (typeof node !== 'object' || node === null) continue
    for (const [key, part] of Object.entries(node)) {
      if (typeof part === 'object') stack.push(part)
      else if (typeof part === 'string' && key === '$ref' && !part.startsWith('#')) return true
    }
    if (isTree(node) && mapsOutside(own(node, 'mapping'))) return true
  }
  return false
}

/** A discriminator may name schemas of other files. */
const mapsOutside = (mapping: unknown): boolean =>
  isTree(mapping) &&
  Object.values(mapping).some((to) => typeof to === 'string' && /^[^#]+\.(json|ya?ml)(#|$)/.test(to))
