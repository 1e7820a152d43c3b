/**
 * What 100,000 partners with 300,000 keys cost: to load, to hold in memory, for each decision, and how long a change
 * takes to reach the gateway while others are made.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { describeCapability } from '#/access/capabilities/capabilities.ts'
import { assignPackage, findPackage } from '#/access/packages/packages.ts'
import type { Credential, Route } from '#/gateway/gateway.ts'
import { deriveDemoKey, parseKey } from '#/identity/keys/keys.ts'
import { resumePartner, suspendPartner } from '#/identity/partners/partners.ts'
import { systemClock } from '#/kernel/clock/clock.ts'
import { migrate, openDatabase, startEmbedded, transact } from '#/kernel/db/db.ts'
import type { Database, Tx } from '#/kernel/db/db.ts'
import { jobsSchema } from '#/kernel/jobs/jobs.ts'
import { silentLog } from '#/kernel/log/log.ts'
import { createSnapshot } from '#/publish/snapshot/snapshot.ts'
import type { FollowedSnapshot } from '#/publish/snapshot/snapshot.ts'
import { table } from '../scripts/commands.ts'
import { capabilities, digestOf, fillDatabase } from './access/scene.ts'

const realKeys = 30_000
const seconds = Number(process.env.SECONDS ?? 30)
const changesPerMinute = 1000
const writers = 10

type Figure = readonly [what: string, measured: string, promised: string, verdict: string]

export default async function access(): Promise<void> {
  const data = mkdtempSync(join(tmpdir(), 'portico-bench-'))
  const server = await startEmbedded({ data, database: 'bench', parameters: ['fsync=off'] })
  try {
    const roles = await migrate(server.url, [jobsSchema])
    const clock = systemClock()
    const database = openDatabase({
      ownerUrl: server.url,
      roles,
      clocks: { control: clock, live: clock, sandbox: clock },
    })
    const keys = Array.from({ length: realKeys }, (_, i) => deriveDemoKey('bench', String(i), 'live'))
    await fillDatabase(database, keys)
    const { snapshot, figures } = await load(database)
    figures.push(...decisions(snapshot, keys), ...(await changes(database, snapshot, keys)))
    figures.push(aside('longest pause while a capability changes', await pause(database, snapshot), 'ms'))
    await snapshot.stop()
    await database.close()
    console.log(table([['what', 'measured', 'promised', ''], ...figures]))
  } finally {
    await server.stop()
    rmSync(data, { recursive: true })
  }
}

function promise(what: string, value: number, most: number, unit: string, digits = 1): Figure {
  return [what, `${value.toFixed(digits)} ${unit}`, `≤ ${most} ${unit}`, value <= most ? 'kept' : 'MISSED']
}

function aside(what: string, value: number, unit: string, digits = 1): Figure {
  return [what, `${value.toFixed(digits)} ${unit}`, '', '']
}

const mebi = 2 ** 20

async function load(database: Database): Promise<{ snapshot: FollowedSnapshot; figures: Figure[] }> {
  globalThis.gc?.()
  const before = process.memoryUsage()
  const started = performance.now()
  const cpu = process.cpuUsage()
  const own = { version: '1', operations: [] }
  const snapshot = await createSnapshot({ database, clock: systemClock(), log: silentLog(), own })
  const loaded = (performance.now() - started) / 1000
  const { user, system } = process.cpuUsage(cpu)
  const peak = process.memoryUsage().rss
  globalThis.gc?.()
  const figures = [
    promise('load 100,000 partners, 300,000 keys', loaded, 5, 's'),
    aside(
      '  of that CPU of ours; the rest is the database, and a machine that is busy',
      (user + system) / 1e6,
      's',
    ),
    promise('whole process after loading', peak / mebi, 1024, 'MiB', 0),
    aside('of that the snapshot', (process.memoryUsage().heapUsed - before.heapUsed) / mebi, 'MiB', 0),
  ]
  return { snapshot, figures }
}

/** Microseconds: each call alone for the percentile (with the clock's own 0.03), all together for the mean. */
function decisions(snapshot: FollowedSnapshot, keys: readonly string[]): readonly Figure[] {
  const routes = Object.keys(capabilities).map((name) => routeTo(snapshot, name))
  const outcomes = new Map<string, number>()
  const decide = (i: number) => {
    const known = snapshot.current()
    const parsed = parseKey(keys[(i * 7919) % keys.length]!)
    const credential = parsed.ok ? known.credential(parsed.digest) : undefined
    if (credential === undefined) throw new Error('a key is not known')
    return known.decide(credential.application, routes[i % routes.length]!)
  }
  const timed = (rounds: number) => {
    const singles = new Float64Array(rounds)
    for (let i = 0; i < rounds; i += 1) {
      const started = performance.now()
      const decision = decide(i)
      singles[i] = (performance.now() - started) * 1000
      const outcome = decision.allow ? 'allowed' : decision.problem.code
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
    }
    return singles.sort()
  }
  // The first call of each partner makes or finds its table.
  const cold = timed(keys.length)
  const warm = timed(300_000)
  const started = performance.now()
  for (let i = 0; i < 300_000; i += 1) decide(i)
  const mean = ((performance.now() - started) * 1000) / 300_000
  console.log([...outcomes].map(([outcome, count]) => `${outcome} ${count}`).join(', '))
  if (outcomes.size < 8) throw new Error('the scene has too little variety')
  return [
    aside('authenticate and entitle, mean', mean, 'µs', 2),
    promise('authenticate and entitle, p99', warm[Math.floor(warm.length * 0.99)]!, 20, 'µs', 2),
    aside('  the first call of a partner, median', cold[Math.floor(cold.length / 2)]!, 'µs', 2),
    aside('  the first call of a partner, p99', cold[Math.floor(cold.length * 0.99)]!, 'µs', 2),
  ]
}

function routeTo(snapshot: FollowedSnapshot, name: string): Route {
  const match = snapshot.current().match('GET', `/api/${name}/things`)
  if (match.kind !== 'found') throw new Error('no route')
  return match.route
}

/** Each writer changes partners of its own and looks until the gateway decides by it. */
async function changes(
  database: Database,
  snapshot: FollowedSnapshot,
  keys: readonly string[],
): Promise<readonly Figure[]> {
  const route = routeTo(snapshot, 'exports')
  const reach: number[] = []
  const end = performance.now() + seconds * 1000
  const reasonOf = ({ application }: Credential) => {
    const decision = snapshot.current().decide(application, route)
    return decision.allow ? 'allowed' : decision.problem.code
  }
  const within = (work: (tx: Tx) => Promise<void>) =>
    transact(database.control, { kind: 'system', name: 'bench' }, work)
  const change = async (credential: Credential, turn: number) => {
    const { partnerId } = credential.application
    const isOdd = turn % 2 === 1
    await within(async (tx) => {
      if (!isOdd) return suspendPartner(tx, partnerId, 'bench')
      await resumePartner(tx, partnerId, 'bench')
      await assignPackage(tx, partnerId, await findPackage(tx, turn % 4 === 1 ? 'pro' : 'starter', 1))
    })
    const started = performance.now()
    while ((reasonOf(credential) === 'access.partner_suspended') === isOdd) {
      if (performance.now() - started > 10_000) throw new Error('a change did not reach the gateway')
      await delay(2)
    }
    reach.push(performance.now() - started)
  }
  const write = async (_: unknown, writer: number) => {
    const credential = snapshot.current().credential(digestOf(keys[writer * 100 + 50]!))!
    await within((tx) => resumePartner(tx, credential.application.partnerId, 'bench'))
    await delay(writer * (60_000 / changesPerMinute))
    for (let turn = 0; performance.now() < end; turn += 1) {
      const next = performance.now() + (60_000 / changesPerMinute) * writers
      await change(credential, turn)
      await delay(Math.max(0, next - performance.now()))
    }
  }
  await Promise.all(Array.from({ length: writers }, write))
  reach.sort((a, b) => a - b)
  const { rows } = await database.control.pool.query<{ last: string }>(
    'select last from kernel_change_counter',
  )
  while (snapshot.state().version < Number(rows[0]!.last)) await delay(10)
  return [
    aside('changes a minute, by ten writers', (reach.length * 60) / seconds, '', 0),
    aside('  until the gateway decides by one, median', reach[Math.floor(reach.length / 2)]!, 'ms', 0),
    promise(
      '  until the gateway decides by one, p99',
      reach[Math.floor(reach.length * 0.99)]!,
      1000,
      'ms',
      0,
    ),
  ]
}

/** Of the event loop, in milliseconds: between two turns of a timer that is due every one. */
async function pause(database: Database, snapshot: FollowedSnapshot): Promise<number> {
  let longest = 0
  let last = performance.now()
  const timer = setInterval(() => {
    const now = performance.now()
    longest = Math.max(longest, now - last)
    last = now
  }, 1)
  for (let turn = 0; turn < 20; turn += 1) {
    const { version } = snapshot.state()
    await transact(database.control, { kind: 'system', name: 'bench' }, (tx) =>
      describeCapability(tx, 'projects', { title: `Projects ${turn}` }),
    )
    while (snapshot.state().version === version) await delay(1)
  }
  clearInterval(timer)
  return longest
}
