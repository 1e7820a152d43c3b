/** Reads a CPU profile of Node and sums the time of each function without that of those it calls. */
import { readFileSync, readdirSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { root } from '../../scripts/commands.ts'

type Node = {
  readonly id: number
  readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number }
}
type Profile = {
  readonly nodes: readonly Node[]
  readonly samples: readonly number[]
  readonly timeDeltas: readonly number[]
}

/**
 * Rows of share, function and place, the most expensive first; idle time does not count, and only the last so many
 * seconds do.
 */
export function topFunctions(
  folder: string,
  { count, seconds }: { readonly count: number; readonly seconds: number },
): readonly (readonly string[])[] {
  const [file] = readdirSync(folder)
  const profile = JSON.parse(readFileSync(join(folder, file!), 'utf8')) as Profile
  const byId = new Map(profile.nodes.map((node) => [node.id, node]))
  const spent = new Map<string, number>()
  let all = 0
  let left = profile.timeDeltas.reduce((sum, time) => sum + time, 0)
  for (const [i, id] of profile.samples.entries()) {
    const node = byId.get(id)!
    const time = profile.timeDeltas[i]!
    left -= time
    if (left > seconds * 1e6 || node.callFrame.functionName === '(idle)') continue
    const key = `${node.callFrame.functionName || '(anonymous)'}\t${placeOf(node)}`
    spent.set(key, (spent.get(key) ?? 0) + time)
    all += time
  }
  return [...spent]
    .toSorted(([, a], [, b]) => b - a)
    .slice(0, count)
    .map(([key, time]) => [`${((time / all) * 100).toFixed(1)} %`, ...key.split('\t')])
}

function placeOf({ callFrame: { url, lineNumber } }: Node): string {
  if (url === '') return 'native'
  const path = url.startsWith('file:') ? relative(root, fileURLToPath(url)) : url
  return `${path.replace('node_modules/', '')}:${lineNumber + 1}`
}
