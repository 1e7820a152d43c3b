/** The wiring; the only file that knows everyone. Reading it is reading which part is handed to which. */
import type { RequestListener } from 'node:http'
import { join } from 'node:path'
import { reservedPaths } from '#/contracts/compile/compile.ts'
import { createAuditSink, refuseOtherKey } from '#/governance/audit/audit.ts'
import { allows } from '#/governance/roles/roles.ts'
import { createFastLane, createGateway, createNodeLane, expectContinue } from '#/gateway/gateway.ts'
import type { Gateway, GatewayDeps, Recorder } from '#/gateway/gateway.ts'
import { gatewayMembers } from '#/identity/account/account.ts'
import { createLastUsed, parseKey } from '#/identity/keys/keys.ts'
import type { LastUsed } from '#/identity/keys/keys.ts'
import { seedAccess } from '#/demo.ts'
import { systemClock } from '#/kernel/clock/clock.ts'
import type { Clock } from '#/kernel/clock/clock.ts'
import { installationKey } from '#/kernel/config/config.ts'
import type { Config } from '#/kernel/config/config.ts'
import { createSealer } from '#/kernel/crypto/crypto.ts'
import type { Sealer } from '#/kernel/crypto/crypto.ts'
import { createProbe, DatabaseAway, isAway, migrate, openDatabase, transact } from '#/kernel/db/db.ts'
import type { Database } from '#/kernel/db/db.ts'
import { partnerApiVersion, problemPages, route, serveOperation } from '#/kernel/http/http.ts'
import type { Http, Listener, PartnerOperation, Route } from '#/kernel/http/http.ts'
import { newId } from '#/kernel/id/id.ts'
import { jobsSchema, startJobs } from '#/kernel/jobs/jobs.ts'
import type { Log } from '#/kernel/log/log.ts'
import {
  createAdmin,
  createBeside,
  createPortal,
  createSurfaces,
  peopleOperations,
  seedPeople,
} from '#/people.ts'
import type { DemoPeople } from '#/people.ts'
import { createTelemetry } from '#/kernel/telemetry/telemetry.ts'
import type { Telemetry } from '#/kernel/telemetry/telemetry.ts'
import { healthRoutes, watchRecorder } from '#/operations/health/health.ts'
import { applyProvider } from '#/publish/declaration/declaration.ts'
import type { Applied, FileOptions } from '#/publish/declaration/declaration.ts'
import { createSnapshot } from '#/publish/snapshot/snapshot.ts'
import type { FollowedSnapshot, Own } from '#/publish/snapshot/snapshot.ts'
import { createIngest, openJournal, usageJobs, usageOperations } from '#/usage/usage.ts'
import type { Ingest } from '#/usage/usage.ts'

export type AppOptions = {
  readonly config: Config
  readonly log: Log
  /** Connection string of the database's owner. A secret. */
  readonly ownerUrl: string
  readonly publicUrl: string
  readonly adminUrl: string
  /** Path of portico.yaml, and what its `${NAME}`s are read from. */
  readonly provider: string
  readonly environment: Readonly<Record<string, string | undefined>>
  /** The demo's keys are derived, so that they are the same from start to start. */
  readonly demo: boolean
}

export type App = {
  /** From now on the ports answer with what is behind them. */
  serve(ports: { readonly public: Listener; readonly admin: Listener }): void
  /** What applying portico.yaml came to: provider, partners, and keys that are shown only now. */
  readonly applied: Applied
  /** People to sign in with, in the demo; null: a provider's own installation, whose first operator the shell makes. */
  readonly demoPeople: DemoPeople | null
  /** Number of the last change that the gateway knows. */
  snapshotVersion(): number
  /** Waits for open exchanges, brings the journal in, and lets everything go. */
  close(): Promise<void>
}

const problemsFile = join(import.meta.dirname, '..', 'docs', 'reference', 'problems.md')

export async function createApp(options: AppOptions): Promise<App> {
  const { config, log, publicUrl } = options
  const clock = systemClock()
  const sealer = createSealer(installationKey(config))
  const database = await openDatabaseOf(options, clock, sealer)
  const applied = await applyFirst({ ...options, database, sealer })
  const telemetry = await createTelemetry({
    traces: config.traces,
    traceRatio: config.traceRatio,
    nodeId: newId(),
  })
  const journalFolder = join(config.data, 'journal')
  const journal = openJournal({ folder: journalFolder, sync: config.journalSync, clock, log })
  const ingest = createIngest({ folder: journalFolder, journal, database, clock, log })
  const surfaces = createSurfaces({ ...options, clock, database, sealer, provider: applied.provider.name })
  const beside = createBeside({ config, log, database, sealer, surfaces })
  const lastUsed = createLastUsed(database.control, log)
  const operations = [...usageOperations({ clock, sealer }), ...peopleOperations(publicUrl, surfaces, clock)]
  const own = ownOperations(database, operations, log)
  const [jobs, snapshot] = await Promise.all([
    startJobs(options.ownerUrl, [...usageJobs(database, clock), ...beside.jobs], log),
    createSnapshot({ database, clock, log, own, mostStale: config.snapshotAge }),
  ])
  ingest.start()
  const demoPeople = options.demo ? await seedPeople(surfaces.portal, database, applied) : null
  const recording = watchRecorder(journal, clock)
  const gateway = gatewayOf(options, {
    members: gatewayMembers(surfaces.portal),
    snapshot: () => snapshot.current(),
    isCurrent: () => snapshot.state().usable,
    recorder: measured(recording.recorder, telemetry, lastUsed),
    traceParent: (id) => telemetry.traceParent(id),
    clock,
  })
  const answers = createProbe(database.control.pool)
  const health = healthRoutes({ answers, snapshot, ingest, isRecording: () => recording.works() })
  const shared = { ...options, database, surfaces }
  const pages = await createPortal({ ...shared, routes: [...health, problemPages(problemsFile)] })
  const admin = await createAdmin({
    ...shared,
    sealer,
    clock,
    anchor: beside.anchor,
    deciding: snapshot.deciding,
    usable: () => snapshot.state().usable,
    provider: applied.provider.name,
    routes: [...health, metricsRoute(telemetry)],
  })
  observe(telemetry, { gateway, snapshot, ingest })
  return {
    serve(ports) {
      servePublic(ports.public, { pages, gateway, clock, publicUrl })
      ports.admin.serve((request, response) => admin.routing(request, response), publicUrl)
    },
    applied,
    demoPeople,
    snapshotVersion: () => snapshot.state().version,
    async close() {
      await gateway.close()
      await journal.close()
      await ingest.stop()
      await Promise.all([jobs.stop(), snapshot.stop(), telemetry.stop(), pages.close(), admin.close()])
      await Promise.all([beside.stop(), lastUsed.stop()])
      await database.close()
    },
  }
}

/** What the file says, and in the demo what stands in no file; before the gateway reads what there is. */
async function applyFirst(options: FileOptions & { readonly log: Log }): Promise<Applied> {
  const applied = await applyProvider(options)
  if (options.demo) await seedAccess(options.database, options.sealer, applied)
  return applied
}

type Handed = Pick<GatewayDeps, 'clock' | 'isCurrent' | 'members' | 'recorder' | 'snapshot' | 'traceParent'>

function gatewayOf({ config, log, publicUrl }: AppOptions, handed: Handed): Gateway {
  return createGateway({
    ...handed,
    newId,
    parseKey,
    problems: { base: publicUrl },
    timeouts: { drain: config.drainTime },
    log,
  })
}

async function openDatabaseOf(
  { ownerUrl, log, demo }: AppOptions,
  clock: Clock,
  sealer: Sealer,
): Promise<Database> {
  const roles = await migrate(ownerUrl, [jobsSchema], demo ? 'demo' : 'provider')
  const onError = (error: Error) => log.warn({ event: 'database.connection_lost', err: error })
  const clocks = { control: clock, live: clock, sandbox: clock }
  const database = openDatabase({ ownerUrl, roles, clocks, audit: createAuditSink(sealer), onError })
  await transact(database.control, { kind: 'system', name: 'start' }, (tx) => refuseOtherKey(tx, sealer))
  return database
}

/** The operations of ours: what the gateway needs to serve them like any other. */
function ownOperations(database: Database, operations: readonly PartnerOperation[], log: Log): Own {
  return {
    version: partnerApiVersion,
    operations: operations.map((operation) => ({
      operation,
      allows: (role) => operation.permission !== undefined && allows('member', role, operation.permission),
      handle: async (call) => {
        try {
          return await serveOperation(database, operation, call)
        } catch (error) {
          if (!isAway(error)) throw error
          log.warn({ event: 'database.away', operation: operation.id, err: error })
          throw DatabaseAway.with({ cause: error, headers: { 'Retry-After': '1' } })
        }
      },
    })),
  }
}

function measured(recorder: Recorder, telemetry: Telemetry, lastUsed: LastUsed): Recorder {
  return {
    record(record, done) {
      lastUsed.note(record.credentialId, record.receivedAt)
      telemetry.exchange({ ...record, startedAt: record.receivedAt })
      recorder.record(record, done)
    },
    finish: (end) => recorder.finish(end),
    refuse(refusal) {
      telemetry.refusal(refusal.status, refusal.code)
      recorder.refuse(refusal)
    },
  }
}

/** Paths that are ours and no operation: they go to the routes, everything else through the gateway's steps. */
const ownPaths = reservedPaths.filter((path) => path !== '/partner')

function isOwnPath(target: string): boolean {
  return ownPaths.some((path) => target.startsWith(path) && /^(?:[/?]|$)/.test(target.slice(path.length)))
}

function splitOwnPaths(pages: Http, lane: RequestListener): RequestListener {
  return (request, response) =>
    isOwnPath(request.url ?? '') ? pages.routing(request, response) : lane(request, response)
}

type Public = {
  readonly pages: Http
  readonly gateway: Gateway
  readonly clock: Clock
  readonly publicUrl: string
}

/** Plain calls go through the fast lane, everything else through node:http, whichever of the two parts it is for. */
function servePublic(port: Listener, { pages, gateway, clock, publicUrl }: Public): void {
  const { server } = port
  expectContinue(server)
  port.serve(splitOwnPaths(pages, createNodeLane(gateway)), publicUrl)
  port.front(createFastLane({ server, gateway, isElsewhere: isOwnPath, clock }))
}

function metricsRoute(telemetry: Telemetry): Route {
  return route({
    method: 'GET',
    path: '/metrics',
    permission: 'public',
    summary: 'Prometheus exposition',
    handle: async () => {
      const { text, contentType } = await telemetry.scrape()
      return { status: 200, headers: { 'content-type': contentType }, body: text }
    },
  })
}

function observe(
  telemetry: Telemetry,
  parts: { readonly gateway: Gateway; readonly snapshot: FollowedSnapshot; readonly ingest: Ingest },
): void {
  const { gateway, snapshot, ingest } = parts
  telemetry.gauge('portico_exchanges_open', 'Exchanges that are not over yet.', () => gateway.open())
  telemetry.gauge(
    'portico_journal_bytes',
    'In the journal and not in the database.',
    () => ingest.lag().bytes,
  )
  telemetry.gauge('portico_journal_age_seconds', 'Age of the oldest of them.', () => ingest.lag().age / 1000)
  telemetry.gauge(
    'portico_snapshot_version',
    'Last change that is in the snapshot.',
    () => snapshot.state().version,
  )
  telemetry.gauge('portico_snapshot_following', '1: hears of every change.', () =>
    Number(snapshot.state().following),
  )
}
