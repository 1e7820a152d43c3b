/** What 100,000 partners with 300,000 keys cost: to load, to hold in memory, and for each decision. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { declareCapability } from '#/access/capabilities/capabilities.ts'
import { declarePackage, plainTerms } from '#/access/packages/packages.ts'
import { declareUpstream, publishContract } from '#/contracts/published/published.ts'
import type { Route } from '#/gateway/gateway.ts'
import { deriveDemoKey, parseKey } from '#/identity/keys/keys.ts'
import { systemClock } from '#/kernel/clock/clock.ts'
import { migrate, openDatabase, startEmbedded, transact } from '#/kernel/db/db.ts'
import type { Database } from '#/kernel/db/db.ts'
import { jobsSchema } from '#/kernel/jobs/jobs.ts'
import { silentLog } from '#/kernel/log/log.ts'
import { createSnapshot } from '#/publish/snapshot/snapshot.ts'
import type { FollowedSnapshot } from '#/publish/snapshot/snapshot.ts'
import { table } from '../scripts/commands.ts'

const partners = 100_000
const keysEach = 3
const capabilities = ['projects', 'designs', 'raw-data'] as const

/** Rows by the hundred thousand go in by SQL; one key in a thousand is a real one, to ask for. */
const fill = `
  insert into control.identity_partner (id, slug, name)
    select gen_random_uuid(), 'partner-' || n, 'Partner ' || n from generate_series(1, ${partners}) as n;
  insert into control.access_assignment (id, partner_id, package_id)
    select gen_random_uuid(), partner.id, package.id from control.identity_partner as partner
    join control.access_package as package on package.name = case when right(partner.slug, 1) < '5' then 'small' else 'large' end;
  insert into control.identity_application (id, partner_id, environment, name)
    select gen_random_uuid(), id, environment, 'App' from control.identity_partner, unnest(array['live', 'sandbox']) as environment;
  insert into control.identity_key (id, partner_id, application_id, label, digest, last_four)
    select gen_random_uuid(), partner_id, id, 'Key', sha256((id::text || n)::bytea), 'abcd'
    from control.identity_application, generate_series(1, 2) as n
    where environment = 'live' or n < ${keysEach - 1};
  analyze`

const real = `
  update control.identity_key as key set digest = real.digest
  from (select id, row_number() over (order by id) as n from control.identity_key) as numbered
  join unnest($1::bytea[]) with ordinality as real (digest, n) on real.n * 100 = numbered.n
  where key.id = numbered.id`

function digestOf(key: string): string {
  const parsed = parseKey(key)
  if (!parsed.ok) throw new Error('not a key')
  return parsed.digest
}

async function scene(database: Database, keys: readonly string[]): Promise<void> {
  const get = (capability: string) => ({
    get: { 'x-portico-capability': capability, responses: { 204: { description: 'Nothing' } } },
  })
  const document = {
    openapi: '3.1.0',
    info: { title: 'Bench', version: '1.0.0' },
    paths: Object.fromEntries(capabilities.map((name) => [`/api/${name}/things`, get(name)])),
  }
  await transact(database.control, { kind: 'system', name: 'bench' }, async (tx) => {
    const times = { connectTimeout: 1000, headersTimeout: 1000, idleTimeout: 1000 }
    await declareUpstream(tx, {
      name: 'main',
      live: 'http://a.invalid',
      sandbox: 'http://b.invalid',
      ...times,
    })
    const contract = { name: 'bench', upstream: 'main', version: '1.0.0', defaultClass: null }
    await publishContract(tx, { ...contract, document, sha256: '00'.repeat(32) })
    for (const name of capabilities) await declareCapability(tx, { name, title: name, exposure: 'general' })
    await declarePackage(tx, { name: 'small', title: 'Small', terms: plainTerms(['projects']) })
    await declarePackage(tx, { name: 'large', title: 'Large', terms: plainTerms(capabilities) })
  })
  const owner = new pg.Client({ connectionString: database.ownerUrl })
  await owner.connect()
  await owner.query(fill)
  await owner.query(real, [keys.map((key) => Buffer.from(digestOf(key), 'base64url'))])
  await owner.end()
}

/** Microseconds: each call alone for the percentile (with the clock's own 0.03), all together for the mean. */
function timeDecisions(snapshot: FollowedSnapshot, keys: readonly string[]) {
  const routes = capabilities.map((name): Route => {
    const match = snapshot.current().match('GET', `/api/${name}/things`)
    if (match.kind !== 'found') throw new Error('no route')
    return match.route
  })
  let allowed = 0
  const decide = (i: number) => {
    const known = snapshot.current()
    const parsed = parseKey(keys[(i * 7919) % keys.length]!)
    const credential = parsed.ok ? known.credential(parsed.digest) : undefined
    if (credential && known.decide(credential.application, routes[i % routes.length]!).allow) allowed += 1
  }
  const rounds = 300_000
  for (let i = 0; i < rounds; i += 1) decide(i)
  const singles = new Float64Array(rounds)
  for (let i = 0; i < rounds; i += 1) {
    const started = performance.now()
    decide(i)
    singles[i] = (performance.now() - started) * 1000
  }
  const started = performance.now()
  for (let i = 0; i < rounds; i += 1) decide(i)
  const mean = ((performance.now() - started) * 1000) / rounds
  if (allowed === 0) throw new Error('nothing was allowed')
  singles.sort()
  return { mean, p99: singles[Math.floor(rounds * 0.99)]! }
}

export default async function access(): Promise<void> {
  const data = mkdtempSync(join(tmpdir(), 'portico-bench-'))
  const server = await startEmbedded({ data, database: 'bench', parameters: ['fsync=off'] })
  try {
    const roles = await migrate(server.url, [jobsSchema])
    const clock = systemClock()
    const clocks = { control: clock, live: clock, sandbox: clock }
    const database = openDatabase({ ownerUrl: server.url, roles, clocks })
    const keys = Array.from({ length: 3000 }, (_, i) => deriveDemoKey('bench', String(i), 'live'))
    await scene(database, keys)
    globalThis.gc?.()
    const before = process.memoryUsage()
    const started = performance.now()
    const snapshot = await createSnapshot({
      database,
      clock,
      log: silentLog(),
      own: { version: '1', operations: [] },
    })
    const loaded = (performance.now() - started) / 1000
    const peak = process.memoryUsage().rss
    globalThis.gc?.()
    const held = process.memoryUsage().heapUsed - before.heapUsed
    const { mean, p99 } = timeDecisions(snapshot, keys)
    await snapshot.stop()
    await database.close()
    const mebibytes = (bytes: number) => `${Math.round(bytes / 2 ** 20)} MiB`
    console.log(
      table([
        ['what', 'measured', 'promised'],
        ['load 100,000 partners, 300,000 keys', `${loaded.toFixed(1)} s`, '5 s'],
        ['whole process after loading', mebibytes(peak), '1024 MiB'],
        ['of that the snapshot', mebibytes(held), ''],
        ['authenticate and entitle, mean', `${mean.toFixed(2)} µs`, ''],
        ['authenticate and entitle, p99', `${p99.toFixed(2)} µs`, '20 µs'],
      ]),
    )
  } finally {
    await server.stop()
    rmSync(data, { recursive: true })
  }
}
