/**
 * `npm run bench` lists the benchmarks, `npm run bench -- gateway contracts` runs those, `-- all` runs all.
 *
 * A benchmark is `bench/<name>.bench.ts`: the first line says what it measures, the default export is an
 * async function that prints its table, and `needs` names the real parts it runs against (`scripts/parts.ts`).
 * Each runs in a process of its own, so that none measures the garbage of the one before.
 */

import { spawn, spawnSync } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import os from 'node:os'
import { basename, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { root, table } from './commands.ts'
import { ensureParts } from './parts.ts'
import type { PartName } from './parts.ts'

type Benchmark = { readonly name: string; readonly path: string; readonly about: string }

function benchmarks(): readonly Benchmark[] {
  return globSync('bench/*.bench.ts', { cwd: root })
    .sort()
    .map((file) => ({
      name: basename(file, '.bench.ts'),
      path: join(root, file),
      about: firstSentence(readFileSync(join(root, file), 'utf8')),
    }))
}

function firstSentence(text: string): string {
  const prose = text
    .split('\n')
    .map((line) => line.replace(/^\s*(\/\*\*?|\*\/|\*|\/\/)\s?|\s*\*\/$/g, '').trim())
  return prose.find((line) => line !== '') ?? ''
}

/** Numbers without their machine say nothing. */
function machine(): string {
  const cpus = os.cpus()
  const gibibytes = (os.totalmem() / 2 ** 30).toFixed(1)
  const commit = spawnSync('git', ['describe', '--always', '--dirty'], { cwd: root, encoding: 'utf8' })
  return table([
    ['machine', `${cpus[0]?.model ?? os.arch()}, ${cpus.length} cores, ${gibibytes} GiB`],
    ['system', `${os.type()} ${os.release()}, load ${os.loadavg()[0]?.toFixed(2) ?? '?'}`],
    ['runtime', `Node ${process.version}, V8 ${process.versions.v8}`],
    ['commit', commit.stdout?.trim() || 'unknown'],
    ['time', new Date().toISOString()],
  ])
}

async function run({ name, path }: Benchmark): Promise<boolean> {
  const url = pathToFileURL(path).href
  const { needs = [] } = (await import(url)) as { needs?: readonly PartName[] }
  await ensureParts(needs)
  console.log(`\n── ${name}`)
  const program = `import(${JSON.stringify(url)}).then((bench) => bench.default())`
  const child = spawn(process.execPath, ['--expose-gc', '--input-type=module', '--eval', program], {
    cwd: root,
    stdio: 'inherit',
  })
  return new Promise((resolve) => {
    child.on('close', (code) => resolve(code === 0))
  })
}

async function main(names: readonly string[]): Promise<boolean> {
  const known = benchmarks()
  if (names.length === 0) {
    console.log(
      known.length > 0 ? table(known.map(({ name, about }) => [name, about])) : 'There is no benchmark yet.',
    )
    return true
  }
  const unknown = names.filter((name) => name !== 'all' && !known.some((each) => each.name === name))
  if (unknown.length > 0) throw new Error(`no benchmark is called ${unknown.join(' or ')}`)
  console.log(machine())
  const failed: string[] = []
  for (const each of known.filter(({ name }) => names.includes(name) || names.includes('all'))) {
    if (!(await run(each))) failed.push(each.name)
  }
  if (failed.length > 0) console.log(`\nfailed: ${failed.join(', ')}`)
  return failed.length === 0
}

try {
  if (!(await main(process.argv.slice(2)))) process.exitCode = 1
} catch (error) {
  console.error(`portico: ${error instanceof Error ? error.message : String(error)}`)
  process.exitCode = 1
}
