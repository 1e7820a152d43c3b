/** Calls and words that have one place each, or none at all. */

import { isCode, isTest, parse } from './source.ts'
import type { Source } from './source.ts'

type Ban = {
  readonly use: RegExp
  readonly instead: string
  /** Paths where it is in its place. */
  readonly home: RegExp | null
}

const bans: readonly Ban[] = [
  {
    use: /^(new Date|Date\.now|performance\.now|process\.hrtime)$/,
    instead: 'ask the clock that was handed in (kernel/clock)',
    home: /^server\/kernel\/clock\//,
  },
  {
    use: /^process\.env$/,
    instead: 'read the configuration (kernel/config)',
    home: /^server\/(kernel\/config\/|main\.ts$)/,
  },
  { use: /^console\.\w+$/, instead: 'write to the log (kernel/log)', home: null },
]

/** In the server only: tests, benchmarks, scripts and the demo provider are programs of their own. */
export function banFindings(sources: readonly Source[]): readonly string[] {
  return sources
    .filter((source) => source.path.startsWith('server/') && isCode(source) && !isTest(source))
    .flatMap((source) =>
      parse(source).uses.flatMap(({ name, line }) =>
        bans
          .filter(({ use, home }) => use.test(name) && !home?.test(source.path))
          .map(({ instead }) => `${source.path}:${line}: ${name}; ${instead}`),
      ),
    )
}

/** A test that is left out, and one that leaves out all others. */
export function skipFindings(sources: readonly Source[]): readonly string[] {
  const left =
    /\b(?:test|it|describe|suite|t)\.(?:skip|only|todo)\b|\b(?:skip|only|todo): *(?:true|['"`]|!|process)/
  return linesOf(
    sources.filter(isTest).filter(({ path }) => !path.startsWith('tests/support/tidy/')),
    left,
    'every test runs, everywhere',
  )
}

// The brackets keep this file from finding itself.
const unfinished = /\b(?:TO[D]O|FIX[M]E|XX[X])\b/
const machinePath = /(?:^|[\s'"`(=:])\/(?:wo[r]k|ro[o]t|ho[m]e)\//
const registryHost = /\bregistry\.[a-z0-9-]+(?:\.[a-z0-9-]+)*\.(?:org|com|io|net|dev)\b/

/** Documents of others, kept as they came. */
const isForeign = ({ path }: Source): boolean => /(^|\/)fixtures\//.test(path) || path === 'LICENSE'

export function wordFindings(sources: readonly Source[]): readonly string[] {
  const ours = sources.filter((source) => !isForeign(source))
  return [
    ...linesOf(
      ours.filter(({ path }) => path !== 'package-lock.json'),
      unfinished,
      'finish it, or open an issue',
    ),
    ...linesOf(ours, machinePath, 'a path of one machine'),
    ...linesOf(ours, registryHost, 'the name of a registry'),
  ]
}

function linesOf(sources: readonly Source[], pattern: RegExp, why: string): readonly string[] {
  return sources
    .filter(({ text }) => pattern.test(text))
    .flatMap(({ path, text }) =>
      text.split('\n').flatMap((line, at) => {
        const found = pattern.exec(line)
        return found === null ? [] : [`${path}:${at + 1}: ${found[0].trim()}; ${why}`]
      }),
    )
}

/** What npm scripts and the lock file may hold. */
export function manifestFindings(sources: readonly Source[]): readonly string[] {
  const text = (path: string): string => sources.find((source) => source.path === path)?.text ?? '{}'
  const manifest = JSON.parse(text('package.json')) as { scripts?: Record<string, string> }
  const scripts = Object.keys(manifest.scripts ?? {}).length
  const resolved = text('package-lock.json').match(/"resolved": "http[^"]*"/g) ?? []
  return [
    ...(scripts > 10 ? [`package.json: ${scripts} scripts; 10 at most`] : []),
    ...(resolved.length > 0
      ? [
          `package-lock.json: ${resolved.length} packages name where they came from; install with this repository's .npmrc`,
        ]
      : []),
  ]
}
