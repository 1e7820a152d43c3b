/** How large things may be, what they may be called, and that every file says why it exists. */

import { posix } from 'node:path'
import { forbiddenFolders, sizes } from '../../architecture.ts'
import { isCode, isTest, parse } from './source.ts'
import type { Source } from './source.ts'

/** Where our own code stands. */
const codeRoots: readonly string[] = ['server', 'scripts', 'tests', 'bench', 'examples', 'web', 'sdk']

const isOurs = ({ path }: Source): boolean => codeRoots.includes(path.split('/')[0] ?? '')

const isGenerated = ({ path }: Source): boolean => path.includes('.generated.')

const lineCount = (text: string): number => text.split('\n').length - (text.endsWith('\n') ? 1 : 0)

/** Code of ours that a person keeps: what every rule of this file is about. */
function kept(sources: readonly Source[]): readonly Source[] {
  return sources.filter((source) => isOurs(source) && !isGenerated(source))
}

export function sizeFindings(sources: readonly Source[]): readonly string[] {
  return kept(sources)
    .filter(isCode)
    .flatMap((source) => {
      const { path, text } = source
      const long = parse(source)
        .functions.filter(({ lines }) => lines > sizes.functionLines)
        .map(
          ({ line, lines }) =>
            `${path}:${line}: a function of ${lines} lines; ${sizes.functionLines} at most`,
        )
      const lines = lineCount(text)
      return lines > sizes.fileLines ? [...long, `${path}: ${lines} lines; ${sizes.fileLines} at most`] : long
    })
}

/** Files per folder; tests, migrations, data and prose do not count. */
export function folderFindings(sources: readonly Source[]): readonly string[] {
  const counted = kept(sources).filter((source) => isCode(source) && !isTest(source))
  const folders = Map.groupBy(counted, ({ path }) => posix.dirname(path))
  return [...folders]
    .filter(([, files]) => files.length > sizes.folderFiles)
    .map(([folder, files]) => `${folder}/ holds ${files.length} files; ${sizes.folderFiles} at most`)
}

/** `two-words.ts`, `two-words.test.ts`, `0001-two-words.sql`; folders likewise, and none that is a drawer. */
export function nameFindings(sources: readonly Source[]): readonly string[] {
  return kept(sources)
    .filter((source) => isCode(source) || source.path.endsWith('.sql'))
    .flatMap(({ path }) => {
      const folders = posix.dirname(path).split('/')
      const drawer = folders.find((folder) => forbiddenFolders.includes(folder))
      const odd = [...folders, posix.basename(path)].find((part) => !/^[a-z0-9]+([-.][a-z0-9]+)*$/.test(part))
      return [
        ...(drawer === undefined ? [] : [`${path}: no folder is called "${drawer}"; name what it is about`]),
        ...(odd === undefined ? [] : [`${path}: "${odd}" is not in kebab-case`]),
      ]
    })
}

export function firstLineFindings(sources: readonly Source[]): readonly string[] {
  const says = ({ path, text }: Source): boolean => {
    const lines = text.split('\n')
    const first = (lines[0]?.startsWith('#!') ? lines[1] : lines[0]) ?? ''
    return path.endsWith('.sql') ? first.startsWith('--') : /^\/[/*]/.test(first)
  }
  return kept(sources)
    .filter((source) => (isCode(source) || source.path.endsWith('.sql')) && !says(source))
    .map(({ path }) => `${path}: the first line is a comment that says why the file exists`)
}
