/** The files of a contract, read so that what two readers could understand differently is refused. */
import { open, realpath } from 'node:fs/promises'
import { dirname, extname, relative, sep } from 'node:path'
import { parseDocument as parseYaml } from 'yaml'
import { isBounded, tooLarge } from '#/contracts/validation/validation.ts'

/** Bytes; GitHub's document has 13,000,000. */
const maxFileSize = 64 * 1024 * 1024

/** Why a file cannot be had, in words for its author. */
export class FileProblem extends Error {
  readonly code: 'unreadable' | 'outside' | 'syntax' | 'too_large'
  constructor(code: FileProblem['code'], message: string) {
    super(message)
    this.code = code
  }
}

export type Folder = {
  /** Name of a file below the folder, as it is shown. */
  name(file: string): string
  /** Text of a file; refuses one that does not really stand below the folder, links followed. */
  read(file: string): Promise<string>
}

export async function folderOf(root: string): Promise<Folder> {
  const folder = dirname(root)
  const real = await realpath(folder).catch(() => folder)
  return {
    name: (file) => relative(folder, file).split(sep).join('/'),
    async read(file) {
      const target = await realpath(file).catch(() => null)
      // What lies outside is refused before anyone can learn whether it exists.
      const place = relative(real, target ?? (await nearest(file)))
      if (place === '..' || place.startsWith(`..${sep}`))
        throw new FileProblem('outside', 'it lies outside the folder of the document')
      if (target === null) throw new FileProblem('unreadable', 'there is no such file')
      return readBounded(target)
    },
  }
}

/** The deepest folder of a path that exists, links followed, with the rest of the path. */
async function nearest(file: string): Promise<string> {
  const folder = dirname(file)
  const real = await realpath(folder).catch(() => null)
  return real === null && folder !== file ? nearest(folder) : (real ?? folder)
}

async function readBounded(file: string): Promise<string> {
  try {
    await using handle = await open(file)
    const { size } = await handle.stat()
    if (size > maxFileSize) throw new FileProblem('too_large', `it has more than ${maxFileSize} bytes`)
    const bytes = await handle.readFile()
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (error) {
    if (error instanceof FileProblem) throw error
    if (error instanceof TypeError) throw new FileProblem('syntax', 'it is not UTF-8')
    throw new FileProblem('unreadable', (error as Error).message)
  }
}

/** JSON or YAML 1.2. A name that stands twice in one object is refused: the two readings differ in which one counts. */
export function parseText(text: string, file: string): unknown {
  const value =
    extname(file) === '.json' || text.trimStart().startsWith('{')
      ? parseJson(text, file)
      : parseWithYaml(text)
  if (!isBounded(value)) throw new FileProblem('too_large', tooLarge)
  return value
}

function parseJson(text: string, file: string): unknown {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    // YAML may begin with a brace too.
    if (extname(file) !== '.json') return parseWithYaml(text)
    throw new FileProblem('syntax', `it is not JSON: ${(error as Error).message}`)
  }
  // The YAML reader knows the line of a duplicate, but takes seconds where JSON.parse takes 60 ms.
  return colonsOutsideStrings(text) === members(value) ? value : parseWithYaml(text)
}

function parseWithYaml(text: string): unknown {
  const document = parseYaml(text, { uniqueKeys: true, merge: true, prettyErrors: true, logLevel: 'silent' })
  const [error] = document.errors
  if (error !== undefined) throw new FileProblem('syntax', firstLine(error.message))
  try {
    return document.toJS({ maxAliasCount: 100 })
  } catch (failure) {
    throw new FileProblem('syntax', firstLine((failure as Error).message))
  }
}

const firstLine = (text: string): string => (text.split('\n')[0] ?? '').replace(/:$/, '')

/** Members that valid JSON text writes down. */
function colonsOutsideStrings(text: string): number {
  let colons = 0
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === 0x3a) colons++
    else if (code === 0x22) {
      for (i++; text.charCodeAt(i) !== 0x22; i++) if (text.charCodeAt(i) === 0x5c) i++
    }
  }
  return colons
}

function members(root: unknown): number {
  let count = 0
  const stack: unknown[] = [root]
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    if (typeof node !== 'object' || node === null) continue
    const parts = Array.isArray(node) ? (node as unknown[]) : Object.values(node)
    if (!Array.isArray(node)) count += parts.length
    for (const part of parts) if (typeof part === 'object' && part !== null) stack.push(part)
  }
  return count
}
