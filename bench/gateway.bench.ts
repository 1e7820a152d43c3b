/**
 * What a call costs through Portico, beside our own lanes with no step, bare nginx `proxy_pass` and `@fastify/http-proxy`.
 * What the steps cost is told on both grounds, each against its own pass-through. That of node:http and undici is measured
 * twice, for the stages of a turn take off more than some steps put on: as anybody would write it, which is what the
 * promise asks about, and answering in stages, which is what the steps themselves cost.
 *
 * The side under test has one core to itself; wrk and the upstream (nginx answering from memory) share the
 * other. Rounds are short and interleaved, and each side is judged by the first quartile of its rounds: what else runs on
 * a machine, or on its host, makes rounds dearer and never cheaper, and the fewer rounds it hits the less it counts.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { deriveDemoKey } from '#/identity/keys/keys.ts'
import { table } from '../scripts/commands.ts'
import type { PartName } from '../scripts/parts.ts'
import { busyShare, cpuTime, load } from './gateway/load.ts'
import type { Round } from './gateway/load.ts'
import { startNginx, startSide } from './gateway/processes.ts'
import type { Side } from './gateway/processes.ts'
import { topFunctions } from './gateway/profile.ts'
import { answer, path } from './gateway/scene.ts'

export const needs: readonly PartName[] = ['nginx', 'wrk']

const rounds = Number(process.env.ROUNDS ?? 12)
const seconds = Number(process.env.SECONDS ?? 2)
/** Until V8 has compiled what is hot, twice over; compiling is not what a request costs. */
const warmUp = 8
/** As long as the profile looks at. */
const profiled = 4
/** Share of its core that a saturated side takes on a machine that does nothing else. */
const quietShare = 0.9
const sideCore = 0
const loadCore = 1

export default async function gatewayBench(): Promise<void> {
  const key = deriveDemoKey('bench', 'bench', 'live')
  const upstream = await startNginx('upstream', loadCore, `return 200 '${answer}';`)
  const sides = await startSides(upstream.port, key)
  try {
    const results = await measure(sides, upstream, key)
    report(results)
    await profile(upstream.port, key)
  } finally {
    await Promise.all([...sides, upstream].map((side) => side.stop()))
  }
}

function startSides(upstream: number, key: string): Promise<Side[]> {
  const args = [String(upstream), key]
  const proxy = `proxy_pass http://up; proxy_http_version 1.1; proxy_set_header Connection "";`
  return Promise.all([
    startSide('portico', args, sideCore),
    startSide('fast lane', args, sideCore),
    startSide('portico on node:http + undici', args, sideCore),
    startSide('node:http + undici', args, sideCore),
    startSide('node:http + undici in stages', args, sideCore),
    startNginx('nginx', sideCore, proxy, `upstream up { server 127.0.0.1:${upstream}; keepalive 128; }`),
    startSide('http-proxy', args, sideCore),
  ])
}

type Seven<T> = [T, T, T, T, T, T, T]
type Result = Round & { readonly name: string; readonly loadBusy: number }

async function measure(sides: readonly Side[], upstream: Side, key: string): Promise<readonly Result[]> {
  const all: Result[] = []
  // The first round warms up and does not count.
  for (let round = 0; round <= rounds; round++) {
    for (const side of sides) {
      const before = cpuTime(upstream.pid)
      const result = await load({
        ...side,
        path,
        seconds: round === 0 ? warmUp : seconds,
        core: loadCore,
        key,
      })
      if (result.wrong > 0) throw new Error(`${side.name}: ${result.wrong} answers were not 200`)
      const loadBusy = busyShare(cpuTime(upstream.pid) - before + result.loadUs, result.seconds)
      if (round > 0) all.push({ ...result, name: side.name, loadBusy })
    }
  }
  return sides.map(({ name }) =>
    quartiles(
      name,
      all.filter((one) => one.name === name),
    ),
  )
}

/** The better quartile of each figure. */
function quartiles(name: string, results: readonly Result[]): Result {
  const better = (of: (result: Result) => number): number =>
    results.map(of).toSorted((a, b) => a - b)[Math.floor(results.length / 4)]!
  return {
    name,
    perSecond: -better((one) => -one.perSecond),
    p50: better((one) => one.p50),
    p99: better((one) => one.p99),
    cpuUs: better((one) => one.cpuUs),
    loadBusy: -better((one) => -one.loadBusy),
    loadUs: 0,
    seconds,
    wrong: 0,
  }
}

function report(results: readonly Result[]): void {
  const [portico, fast, onNode, node, staged, nginx, proxy] = results as Seven<Result>
  const rows = results.map((one) => [
    one.name,
    one.perSecond.toFixed(0),
    one.p50.toFixed(2),
    one.p99.toFixed(2),
    one.cpuUs.toFixed(1),
    (one.perSecond / portico.perSecond).toFixed(2),
    (portico.cpuUs / one.cpuUs).toFixed(2),
    `${(one.perSecond * one.cpuUs * 1e-4).toFixed(0)} %`,
    `${(one.loadBusy * 100).toFixed(0)} %`,
  ])
  const heads = [
    'side',
    'requests/s',
    'p50 ms',
    'p99 ms',
    'CPU µs',
    'rate ÷ ours',
    'per CPU ÷ ours',
    'its core',
    'load core',
  ]
  console.log(`${rounds} rounds of ${seconds} s, 32 connections, ${answer.length} bytes; first quartiles`)
  console.log(table([heads, ...rows]))
  const busy = (portico.perSecond * portico.cpuUs) / 1e6
  if (busy < quietShare) {
    console.log(
      `warning: the side under test had ${(busy * 100).toFixed(0)} % of its core; others make its caches cold, ` +
        'and a program with more code and data pays more for that: these figures are no verdict',
    )
  }
  const steps = onNode.cpuUs - node.cpuUs
  const onLane = (portico.cpuUs - fast.cpuUs).toFixed(1)
  const alone = (onNode.cpuUs - staged.cpuUs).toFixed(1)
  console.log(
    `all steps together, in CPU a request: ${steps.toFixed(1)} µs on node:http + undici, ` +
      `${alone} µs beside the same in stages, ${onLane} µs on the fast lane`,
  )
  console.log(
    table([
      ['promise (by CPU time)', 'measured', 'target', ''],
      promise(
        'all steps ÷ pass-through, both on node:http + undici',
        steps / node.cpuUs,
        (value) => value <= 0.25,
        '≤ 0.25',
      ),
      promise('throughput ÷ nginx', nginx.cpuUs / portico.cpuUs, (value) => value >= 0.3, '≥ 0.30'),
      promise('throughput ÷ http-proxy', proxy.cpuUs / portico.cpuUs, (value) => value >= 2, '≥ 2.00'),
    ]),
  )
}

function promise(
  what: string,
  value: number,
  holds: (value: number) => boolean,
  target: string,
): readonly string[] {
  return [what, value.toFixed(2), target, holds(value) ? 'kept' : 'MISSED']
}

/** One more round under the profiler, to say what to look at next. */
async function profile(upstream: number, key: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'portico-profile-'))
  const flags = ['--cpu-prof', `--cpu-prof-dir=${folder}`, '--cpu-prof-interval=500']
  const side = await startSide('portico', [String(upstream), key], sideCore, flags)
  for (const time of [warmUp, profiled]) await load({ ...side, path, seconds: time, core: loadCore, key })
  await side.stop()
  console.log('the next cost, by self time under the profiler:')
  console.log(
    table([['share', 'function', 'where'], ...topFunctions(folder, { count: 18, seconds: profiled })]),
  )
  rmSync(folder, { recursive: true, force: true })
}
