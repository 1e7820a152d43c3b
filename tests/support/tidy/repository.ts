/** Reads the repository for the tidy rules: what is tracked, or would be. */

import { spawnSync } from 'node:child_process'
import { existsSync, globSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Source } from './source.ts'

const root = join(import.meta.dirname, '../../..')

/** Longer text is data, not something a person wrote. */
const largestBytes = 400_000

/** All text files; from git where it is there, else (an unpacked archive) whatever stands in the folder. */
export function readRepository(): readonly Source[] {
  return paths()
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => existsSync(join(root, path)) && statSync(join(root, path)).size <= largestBytes)
    .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }))
    .filter(({ text }) => !text.includes('\0'))
}

function paths(): readonly string[] {
  const git = spawnSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  })
  if (git.status === 0) return [...new Set(git.stdout.split('\0'))].filter((path) => path !== '')
  const exclude = ['node_modules/**', '**/node_modules/**', '.git/**', '.portico/**', 'coverage/**']
  return globSync(['**/*', '.*', '.ci/*'], { cwd: root, exclude }).filter((path) =>
    statSync(join(root, path)).isFile(),
  )
}
