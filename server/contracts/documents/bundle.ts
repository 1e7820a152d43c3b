/**
 * Several files become one document with references inside only. The work is Redocly's; where it may read is ours:
 * files below the folder of the document, and never the network.
 */
import { dirname, resolve } from 'node:path'
import type { BaseResolver, Document } from '@redocly/openapi-core'
// Not the package's door: behind it stand linters and configuration, which take three times as long to load.
import { bundleOas, createEmptyRedoclyConfig, Source } from '@redocly/openapi-core/lib/bundle-oas'
import type { Locate, Notice, Refusal } from '#/contracts/compile/compile.ts'
import { FileProblem, parseText, type Folder } from '#/contracts/documents/files.ts'
import { isTree, member, valueAt } from '#/contracts/validation/validation.ts'

export type Bundled = {
  readonly document: unknown
  /** Names of the files, the document's own first. */
  readonly files: readonly string[]
  readonly refusals: readonly Refusal[]
  readonly notices: readonly Notice[]
  readonly locate: Locate
}

export type RootFile = { readonly path: string; readonly text: string; readonly parsed: unknown }

export async function bundle(root: RootFile, folder: Folder): Promise<Bundled> {
  const parsed = new Map<string, unknown>([[root.path, root.parsed]])
  const problems = new Map<string, FileProblem>()
  const origins = new Map<unknown, { file: string; pointer: string }>()
  remember(root.parsed, folder.name(root.path), origins)
  const resolver = createResolver(async (file) => {
    try {
      if (isAddress(file))
        throw new FileProblem(
          'outside',
          'nothing is fetched from the network; keep the file beside the document',
        )
      const text = await folder.read(file)
      const content = parseText(text, file)
      parsed.set(file, content)
      remember(content, folder.name(file), origins)
      return { source: new Source(file, text), parsed: content }
    } catch (error) {
      throw keep(problems, file, error)
    }
  })
  const result = await bundleOas({
    doc: { source: new Source(root.path, root.text), parsed: root.parsed },
    config: createEmptyRedoclyConfig(),
    externalRefResolver: resolver,
  })
  const document = result.bundle.parsed
  return {
    document,
    files: [...parsed.keys()].map((file) => folder.name(file)),
    ...told(result.problems, folder, problems),
    locate: locator(document, origins, folder.name(root.path)),
  }
}

const isAddress = (ref: string): boolean => /^(?:https?:\/\/|file:\/\/|data:)/.test(ref)

/** Redocly's own would read whatever is asked for, and fetch it where it is an address. */
function createResolver(read: (file: string) => Promise<Document>): BaseResolver {
  const known = new Map<string, Promise<Document>>()
  const place = (base: string | null, ref: string): string => {
    if (isAddress(ref)) return ref
    return base !== null && isAddress(base) ? new URL(ref, base).href : below(base, ref)
  }
  const resolver = {
    getFiles: () => new Set(known.keys()),
    resolveExternalRef: place,
    resolveDocument: async (base: string | null, ref: string) => {
      const file = place(base, ref)
      const document = known.get(file) ?? read(file)
      known.set(file, document)
      return document
    },
  }
  // All that the bundler asks of one.
  return resolver as unknown as BaseResolver
}

const below = (base: string | null, ref: string): string => resolve(base === null ? '' : dirname(base), ref)

function keep(problems: Map<string, FileProblem>, file: string, error: unknown): FileProblem {
  const problem =
    error instanceof FileProblem ? error : new FileProblem('unreadable', (error as Error).message)
  problems.set(file, problem)
  return problem
}

type Problem = Awaited<ReturnType<typeof bundleOas>>['problems'][number]

function told(
  problems: readonly Problem[],
  folder: Folder,
  files: ReadonlyMap<string, FileProblem>,
): Pick<Bundled, 'refusals' | 'notices'> {
  const refusals: Refusal[] = []
  const notices: Notice[] = []
  for (const { message, severity, location } of problems) {
    const [at] = location
    const source = at?.source.absoluteRef ?? ''
    const pointer = at?.pointer ?? '#/'
    const place = {
      file: source === '' ? '#' : folder.name(source),
      pointer: pointer === '#/' ? '#' : pointer,
    }
    if (severity === 'warn') notices.push({ ...place, code: 'renamed_component', message })
    else refusals.push({ ...place, ...reason(at?.source.body, source, place.pointer, files) })
  }
  return { refusals, notices }
}

/** Redocly's sentence carries paths of the machine; ours is made of what the author wrote. */
function reason(
  body: string | undefined,
  source: string,
  pointer: string,
  files: ReadonlyMap<string, FileProblem>,
): { code: string; message: string } {
  const ref = referenceAt(body, source, pointer)
  const [file = ''] = ref.split('#')
  const problem = files.get(isAddress(file) ? file : resolve(dirname(source), file))
  if (problem === undefined) return { code: 'unresolved_ref', message: `$ref ${ref} leads nowhere` }
  const code =
    problem.code === 'outside'
      ? 'outside_ref'
      : problem.code === 'unreadable'
        ? 'unresolved_ref'
        : problem.code
  return { code, message: `$ref ${ref} cannot be followed: ${problem.message}` }
}

function referenceAt(body: string | undefined, source: string, pointer: string): string {
  const parsed = body === undefined ? undefined : parseText(body, source)
  const node = valueAt(parsed, pointer)
  if (typeof node === 'string') return node
  const ref = isTree(node) ? (node['$ref'] ?? node['externalValue']) : undefined
  return typeof ref === 'string' ? ref : ''
}

/** The bundle holds the very objects of the files, so an object tells where it came from. */
function remember(
  content: unknown,
  file: string,
  origins: Map<unknown, { file: string; pointer: string }>,
): void {
  const stack: [unknown, string][] = [[content, '#']]
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    const [node, pointer] = next
    if (typeof node !== 'object' || node === null || origins.has(node)) continue
    origins.set(node, { file, pointer })
    for (const [key, part] of Object.entries(node)) stack.push([part, member(pointer, key)])
  }
}

function locator(
  document: unknown,
  origins: ReadonlyMap<unknown, { file: string; pointer: string }>,
  file: string,
): Locate {
  return (pointer) => {
    let node = document
    let place = origins.get(node) ?? { file, pointer: '#' }
    for (const segment of pointer.split('/').slice(1)) {
      node = valueAt(node, `#/${segment}`)
      place = origins.get(node) ?? { file: place.file, pointer: `${place.pointer}/${segment}` }
    }
    return place
  }
}
