/** The wiring; the only file that knows everyone. Reading it is reading which part is handed to which. */
import type { RequestListener } from 'node:http'
import { join } from 'node:path'
import { packageOf } from '#/access/packages/packages.ts'
import { reservedPaths } from '#/contracts/compile/compile.ts'
import { createAnchor, createAuditSink, createSealing } from '#/governance/audit/audit.ts'
import type { Anchor } from '#/governance/audit/audit.ts'
import { allows } from '#/governance/roles/roles.ts'
import { createGateway, createNodeLane } from '#/gateway/gateway.ts'
import type { Gateway, Recorder } from '#/gateway/gateway.ts'
import { governanceOperations, governanceRoutes } from '#/governance/governance.ts'
import { createAdminGuard } from '#/identity/guard/guard.ts'
import { identityOperations, identityRoutes } from '#/identity/identity.ts'
import {
  accountRoutes,
  createSessionGuard,
  gatewayMembers,
  operatorSessions,
} from '#/identity/account/account.ts'
import type { Surface } from '#/identity/account/account.ts'
import { parseKey } from '#/identity/keys/keys.ts'
import { createLockout } from '#/identity/lockout/lockout.ts'
import { createPasswords } from '#/identity/passwords/passwords.ts'
import { createSessions } from '#/identity/sessions/sessions.ts'
import { seedDemoPeople } from '#/identity/sign-in/sign-in.ts'
import type { DemoCredentials, SignInDeps } from '#/identity/sign-in/sign-in.ts'
import { systemClock } from '#/kernel/clock/clock.ts'
import type { Clock } from '#/kernel/clock/clock.ts'
import { installationKey } from '#/kernel/config/config.ts'
import type { Config } from '#/kernel/config/config.ts'
import { createSealer } from '#/kernel/crypto/crypto.ts'
import type { Sealer } from '#/kernel/crypto/crypto.ts'
import { migrate, openDatabase } from '#/kernel/db/db.ts'
import type { AuditSink, Database } from '#/kernel/db/db.ts'
import { createHttp, partnerApiVersion, problemPages, route, serveOperation } from '#/kernel/http/http.ts'
import type { Caller, Http, Knock, PartnerOperation, Route } from '#/kernel/http/http.ts'
import { newId } from '#/kernel/id/id.ts'
import { jobsSchema, startJobs } from '#/kernel/jobs/jobs.ts'
import type { Log } from '#/kernel/log/log.ts'
import { createTelemetry } from '#/kernel/telemetry/telemetry.ts'
import type { Telemetry } from '#/kernel/telemetry/telemetry.ts'
import { applyProvider } from '#/publish/declaration/declaration.ts'
import type { Applied } from '#/publish/declaration/declaration.ts'
import { createSnapshot } from '#/publish/snapshot/snapshot.ts'
import type { FollowedSnapshot, Own } from '#/publish/snapshot/snapshot.ts'
import { createIngest, openJournal, usageJobs, usageOperations } from '#/usage/usage.ts'
import type { Ingest, Journal } from '#/usage/usage.ts'

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
  readonly publicHandler: RequestListener
  readonly adminHandler: RequestListener
  /** What applying portico.yaml came to: provider, partners, and keys that are shown only now. */
  readonly applied: Applied
  /** People to sign in with, in the demo; null: a provider's own installation, whose first operator the shell makes. */
  readonly demoPeople: DemoPeople | null
  /** Waits for open exchanges, brings the journal in, and lets everything go. */
  close(): Promise<void>
}

export type DemoPeople = {
  readonly operator: DemoCredentials
  /** By the id of the partner. */
  readonly members: ReadonlyMap<string, DemoCredentials>
}

const problemsFile = join(import.meta.dirname, '..', 'docs', 'reference', 'problems.md')

export async function createApp(options: AppOptions): Promise<App> {
  const { config, log, publicUrl } = options
  const clock = systemClock()
  const nodeId = newId()
  const sealer = createSealer(installationKey(config))
  const database = await openDatabaseOf(options, clock, createAuditSink(sealer))
  const applied = await applyProvider({ ...options, database })
  const anchor = createAnchor(config.data, sealer)
  const sealing = createSealing({ control: database.control, digester: sealer, anchor, log })
  const telemetry = createTelemetry({ traces: config.traces, traceRatio: config.traceRatio, nodeId })
  const journalFolder = join(config.data, 'journal')
  const journal = openJournal({ folder: journalFolder, sync: config.journalSync, clock, log })
  const ingest = createIngest({ folder: journalFolder, journal, database, clock, log })
  const [jobs, snapshot] = await Promise.all([
    startJobs(options.ownerUrl, usageJobs(database, clock), log),
    createSnapshot({
      database,
      clock,
      log,
      own: ownOperations(database, partnerOperations(publicUrl, { clock, sealer })),
    }),
  ])
  ingest.start()
  sealing.start()
  const people = signInDeps(database, sealer)
  const demoPeople = options.demo ? await seedPeople(people, database, applied) : null
  const portal: Surface = {
    deps: people,
    realm: 'portal',
    prefix: '/portal/api',
    origin: () => publicUrl,
    provider: applied.provider.name,
  }
  const backOffice: Surface = { ...portal, realm: 'console', prefix: '/v1', origin: () => options.adminUrl }
  const gateway = createGateway({
    members: gatewayMembers(portal),
    snapshot: () => snapshot.current(),
    recorder: measured(journal, telemetry),
    clock,
    newId,
    parseKey,
    problems: { base: publicUrl },
    timeouts: { drain: config.drainTime },
    log,
  })
  const health = healthRoutes({ database, snapshot, ingest })
  const pages = await createHttp({
    log,
    base: () => publicUrl,
    guard: createSessionGuard(portal),
    world: database.control,
    routes: [...health, problemPages(problemsFile), ...accountRoutes(portal)],
  })
  const admin = await createAdmin(options, {
    ...{ database, sealer, clock, anchor, provider: applied.provider.name },
    routes: [...health, metricsRoute(telemetry), ...accountRoutes(backOffice)],
    sessions: operatorSessions(backOffice),
  })
  observe(telemetry, { gateway, snapshot, ingest })
  return {
    publicHandler: splitOwnPaths(pages, createNodeLane(gateway)),
    adminHandler: (request, response) => admin.routing(request, response),
    applied,
    demoPeople,
    async close() {
      await gateway.close()
      await journal.close()
      await ingest.stop()
      await Promise.all([jobs.stop(), snapshot.stop(), telemetry.stop(), pages.close(), admin.close()])
      await sealing.stop()
      await database.close()
    },
  }
}

/** What proves a person, with the defaults of each part. */
function signInDeps(database: Database, sealer: Sealer): SignInDeps {
  return {
    world: database.control,
    sealer,
    passwords: createPasswords({ sealer }),
    sessions: createSessions({ sealer }),
    lockout: createLockout({ sealer }),
  }
}

async function seedPeople(deps: SignInDeps, database: Database, applied: Applied): Promise<DemoPeople> {
  const operator = { email: 'operator@solstice.example', name: 'Solstice Operations', partnerId: null }
  const owners = applied.partners.map(({ id, slug, name }) => ({
    email: `owner@${slug}.example`,
    name: `${name} Owner`,
    partnerId: id,
  }))
  const [first, ...members] = await seedDemoPeople(deps, database.demoSecret, [operator, ...owners])
  if (!first) throw new Error('the demo has no operator')
  return { operator: first, members: new Map(owners.map(({ partnerId }, i) => [partnerId, members[i]!])) }
}

async function openDatabaseOf(
  { ownerUrl, log }: AppOptions,
  clock: Clock,
  audit: AuditSink,
): Promise<Database> {
  const roles = await migrate(ownerUrl, [jobsSchema])
  const onError = (error: Error) => log.warn({ event: 'database.connection_lost', err: error })
  const clocks = { control: clock, live: clock, sandbox: clock }
  return openDatabase({ ownerUrl, roles, clocks, audit, onError })
}

type AdminParts = {
  readonly database: Database
  readonly sealer: Sealer
  readonly clock: Clock
  readonly anchor: Anchor
  readonly provider: string
  readonly routes: readonly Route[]
  readonly sessions: (knock: Knock) => Promise<Caller | null>
}

/** The admin port: what it has in common with the public one, and the management API behind its guard. */
function createAdmin({ log, publicUrl, adminUrl }: AppOptions, parts: AdminParts): Promise<Http> {
  const pages = {
    member: `${publicUrl}/portal/invitations`,
    operator: `${adminUrl}/console/invitations`,
  }
  return createHttp({
    log,
    base: () => publicUrl,
    routes: [
      ...parts.routes,
      ...identityRoutes({ ...parts, pages, packageOf }),
      ...governanceRoutes({ ...parts, log, actions: {} }),
    ],
    guard: createAdminGuard({ database: parts.database, sessions: parts.sessions }),
    world: parts.database.control,
  })
}

/** The Partner API, as each area brings its part. */
function partnerOperations(
  publicUrl: string,
  deps: { readonly clock: Clock; readonly sealer: Sealer },
): PartnerOperation[] {
  const invitationPage = `${publicUrl}/portal/invitations`
  return [
    ...usageOperations(deps),
    ...identityOperations({ ...deps, invitationPage }),
    ...governanceOperations(deps),
  ]
}

/** The operations of ours: what the gateway needs to serve them like any other. */
function ownOperations(database: Database, operations: readonly PartnerOperation[]): Own {
  return {
    version: partnerApiVersion,
    operations: operations.map((operation) => ({
      operation,
      allows: (role) => operation.permission !== undefined && allows('member', role, operation.permission),
      handle: (call) => serveOperation(database, operation, call),
    })),
  }
}

function measured(journal: Journal, telemetry: Telemetry): Recorder {
  return {
    record(record, done) {
      telemetry.exchange({ ...record, startedAt: record.receivedAt })
      journal.record(record, done)
    },
    finish: (end) => journal.finish(end),
    refuse(refusal) {
      telemetry.refusal(refusal.status, refusal.code)
      journal.refuse(refusal)
    },
  }
}

/** Paths that are ours and no operation: they go to the routes, everything else through the gateway's steps. */
function splitOwnPaths(pages: Http, lane: RequestListener): RequestListener {
  const own = reservedPaths.filter((path) => path !== '/partner')
  const ours = (target: string) =>
    own.some((path) => target.startsWith(path) && /^(?:[/?]|$)/.test(target.slice(path.length)))
  return (request, response) =>
    ours(request.url ?? '') ? pages.routing(request, response) : lane(request, response)
}

type Watched = { readonly database: Database; readonly snapshot: FollowedSnapshot; readonly ingest: Ingest }

/** A journal this old (milliseconds) means that the database has been away. */
const bearableLag = 60_000

function healthRoutes({ database, snapshot, ingest }: Watched): Route[] {
  const ask = async () => {
    const answers = database.control.pool.query('select 1').then(
      () => true,
      () => false,
    )
    return { database: await answers, snapshot: snapshot.state(), journal: ingest.lag() }
  }
  return [
    route({
      method: 'GET',
      path: '/healthz',
      permission: 'public',
      summary: 'The process lives',
      handle: async () => ({ status: 200, body: { status: 'ok' } }),
    }),
    route({
      method: 'GET',
      path: '/readyz',
      permission: 'public',
      summary: 'This node can serve, and what it waits for where it cannot',
      handle: async () => {
        const { database: answers, snapshot: known, journal } = await ask()
        // Calls are served from memory and recorded in a file, so a database that is away is no reason to stop.
        const ready = known.usable && journal.age < bearableLag
        const checks = {
          database: answers ? 'ok' : 'away',
          snapshot: known.usable ? (known.following ? 'ok' : 'behind') : 'too old',
          journal: journal.age < bearableLag ? 'ok' : 'behind',
        }
        return { status: ready ? 200 : 503, body: { status: ready ? 'ready' : 'not ready', checks } }
      },
    }),
  ]
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
