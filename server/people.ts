/** The wiring of people: the two doors they come in by, and what stands behind each. */
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { isUnderAgreement } from '#/access/agreements/agreements.ts'
import { accessActions, accessJobs, accessOperations, accessRoutes, decisionRoutes } from '#/access/access.ts'
import type { Deciding } from '#/access/decisions/decisions.ts'
import { packageOf } from '#/access/packages/packages.ts'
import { createAccessCheck } from '#/gateway/gateway.ts'
import { createAnchor, createSealing } from '#/governance/audit/audit.ts'
import type { Anchor } from '#/governance/audit/audit.ts'
import { governanceJobs, governanceOperations, governanceRoutes } from '#/governance/governance.ts'
import { accountRoutes, createSessionGuard, operatorSessions } from '#/identity/account/account.ts'
import type { Surface } from '#/identity/account/account.ts'
import { createAdminGuard } from '#/identity/guard/guard.ts'
import { identityActions, identityOperations, identityRoutes } from '#/identity/identity.ts'
import { parseKey } from '#/identity/keys/keys.ts'
import { createLockout } from '#/identity/lockout/lockout.ts'
import {
  createPostOffice,
  expiringKeysJob,
  folderTransport,
  smtpTransport,
} from '#/identity/notices/notices.ts'
import type { PostOffice } from '#/identity/notices/notices.ts'
import { writeLetters } from '#/identity/recovery/recovery.ts'
import { createPasswords } from '#/identity/passwords/passwords.ts'
import { createSessions } from '#/identity/sessions/sessions.ts'
import { createSso } from '#/identity/sso/sso.ts'
import type { Sso } from '#/identity/sso/sso.ts'
import type { Realm } from '#/identity/sessions/sessions.ts'
import { seedDemoPeople, signInJob } from '#/identity/sign-in/sign-in.ts'
import type { DemoCredentials } from '#/identity/sign-in/sign-in.ts'
import type { Clock } from '#/kernel/clock/clock.ts'
import type { Config } from '#/kernel/config/config.ts'
import type { Sealer } from '#/kernel/crypto/crypto.ts'
import { transact } from '#/kernel/db/db.ts'
import type { Database, Tx } from '#/kernel/db/db.ts'
import { createHttp } from '#/kernel/http/http.ts'
import type { Http, PartnerOperation, Route } from '#/kernel/http/http.ts'
import type { Job } from '#/kernel/jobs/jobs.ts'
import { newId, publicId } from '#/kernel/id/id.ts'
import type { Log } from '#/kernel/log/log.ts'
import { createOutbound } from '#/kernel/outbound/outbound.ts'
import type { Outbound } from '#/kernel/outbound/outbound.ts'
import type { Applied } from '#/publish/declaration/declaration.ts'

export type DemoPeople = {
  readonly operator: DemoCredentials
  /** By the id of the partner. */
  readonly members: ReadonlyMap<string, DemoCredentials>
}

export type Surfaces = {
  readonly portal: Surface
  readonly console: Surface
  /** The one way out to addresses that others name. */
  readonly outbound: Outbound
  readonly sso: Sso
}

type Addresses = { readonly publicUrl: string; readonly adminUrl: string }

export function createSurfaces(
  options: Addresses & {
    readonly config: Config
    readonly log: Log
    readonly clock: Clock
    readonly database: Database
    readonly sealer: Sealer
    readonly provider: string
  },
): Surfaces {
  const { config, log, clock, database, sealer, provider, publicUrl, adminUrl } = options
  const insecure = config.outboundLoopback
  if (insecure)
    log.warn({ event: 'outbound.loopback_allowed' }, 'PORTICO_OUTBOUND_LOOPBACK is for development only')
  const outbound = createOutbound({ allowLoopback: insecure })
  const callback = (realm: Realm, id: string) => {
    const start = realm === 'portal' ? `${publicUrl}/portal/api` : `${adminUrl}/v1`
    return `${start}/sso/${publicId('sso', id)}/callback`
  }
  const sso = createSso({ sealer, clock, log, outbound, insecure, callback })
  // What proves a person, with the defaults of each part.
  const deps = {
    world: database.control,
    sealer,
    passwords: createPasswords({ sealer }),
    sessions: createSessions({ sealer }),
    lockout: createLockout({ sealer }),
  }
  return {
    portal: { deps, provider, realm: 'portal', prefix: '/portal/api', origin: () => publicUrl },
    console: { deps, provider, realm: 'console', prefix: '/v1', origin: () => adminUrl },
    outbound,
    sso,
  }
}

/** The demo's people; those who are there already stay as they are. */
export async function seedPeople(portal: Surface, database: Database, applied: Applied): Promise<DemoPeople> {
  const operator = { email: 'operator@solstice.example', name: 'Solstice Operations', partnerId: null }
  const owners = applied.partners.map(({ id, slug, name }) => ({
    email: `owner@${slug}.example`,
    name: `${name} Owner`,
    partnerId: id,
  }))
  const [first, ...members] = await seedDemoPeople(portal.deps, database.demoSecret, [operator, ...owners])
  if (!first) throw new Error('the demo has no operator')
  return { operator: first, members: new Map(owners.map(({ partnerId }, i) => [partnerId, members[i]!])) }
}

/** What partners look after themselves, as each area brings its part. */
export function peopleOperations(
  publicUrl: string,
  { outbound, portal }: Surfaces,
  clock: Clock,
): PartnerOperation[] {
  const { sealer } = portal.deps
  const deps = { sealer, clock, outbound, invitationPage: `${publicUrl}/portal/invitations` }
  return [...identityOperations(deps), ...governanceOperations(deps), ...accessOperations(deps)]
}

/** What runs beside the calls: the sealing of the audit, messages on their way out, notices, and the end of what is over. */
export function createBeside(options: {
  readonly config: Config
  readonly log: Log
  readonly database: Database
  readonly sealer: Sealer
  readonly surfaces: Surfaces
}): { readonly jobs: readonly Job[]; readonly anchor: Anchor; stop(): Promise<void> } {
  const { config, log, database, sealer, surfaces } = options
  const anchor = createAnchor(config.data, sealer)
  const sealing = createSealing({ control: database.control, digester: sealer, anchor, log })
  sealing.start()
  const folder = join(config.data, 'mailbox')
  const told = (file: string) => void process.stdout.write(`portico: a message was written to ${file}\n`)
  const transport = config.smtp
    ? smtpTransport(config.smtp, config.mailFrom)
    : folderTransport(folder, config.mailFrom, told)
  const office = createPostOffice({ database, sealer, transport, log })
  const stopping = new AbortController()
  const post = deliverUntil(lettersOf(surfaces), office, stopping.signal, log)
  return {
    anchor,
    jobs: [
      signInJob(surfaces.portal.deps),
      expiringKeysJob(database.control, sealer),
      ...governanceJobs(database.control),
      ...accessJobs(database.control),
    ],
    async stop() {
      stopping.abort()
      await Promise.all([post, sealing.stop(), surfaces.outbound.close()])
    },
  }
}

/** What waits to be written when somebody forgot a password. The links lead to our own addresses, whoever asked how. */
function lettersOf({ portal, console: office }: Surfaces): () => Promise<number> {
  const { deps } = portal
  const edge = <T>(work: (tx: Tx) => Promise<T>) =>
    transact(deps.world, { kind: 'system', name: 'recovery' }, work)
  return () =>
    writeLetters(edge, deps, {
      portal: `${portal.origin()}/portal/recovery`,
      console: `${office.origin()}/console/recovery`,
    })
}

/** Looks for messages once a second; they are few, and a person waits for them. */
async function deliverUntil(
  write: () => Promise<unknown>,
  office: PostOffice,
  signal: AbortSignal,
  log: Log,
): Promise<void> {
  const away = (error: unknown) => log.warn({ event: 'mail.away', err: error })
  while (!signal.aborted) {
    await write().catch(away)
    await office.deliver().catch(away)
    await delay(1000, undefined, { signal }).catch(() => {})
  }
}

type Behind = Addresses & {
  readonly log: Log
  readonly database: Database
  readonly surfaces: Surfaces
  /** What stands there besides. */
  readonly routes: readonly Route[]
}

/** The public port, as far as it is no operation. */
export function createPortal({ log, publicUrl, database, surfaces, routes }: Behind): Promise<Http> {
  return createHttp({
    log,
    base: () => publicUrl,
    guard: createSessionGuard(surfaces.portal),
    world: database.control,
    routes: [...routes, ...accountRoutes(surfaces.portal, surfaces.sso)],
  })
}

type AdminParts = Behind & {
  readonly sealer: Sealer
  readonly clock: Clock
  readonly anchor: Anchor
  readonly provider: string
  /** The decisions that the gateway makes. */
  readonly deciding: Deciding
  /** What they are made by is not too old. */
  readonly usable: () => boolean
}

/** The admin port: the management API behind its guard, and the session API of operators. */
export function createAdmin(parts: AdminParts): Promise<Http> {
  const { log, publicUrl, adminUrl, database, surfaces, deciding, usable, clock } = parts
  const actions = { ...identityActions, ...accessActions }
  const check = createAccessCheck({ snapshot: deciding.snapshot, parseKey, clock, newId })
  const pages = {
    member: `${publicUrl}/portal/invitations`,
    operator: `${adminUrl}/console/invitations`,
  }
  return createHttp({
    log,
    base: () => publicUrl,
    guard: createAdminGuard({ database, clock, sessions: operatorSessions(surfaces.console) }),
    world: database.control,
    routes: [
      ...parts.routes,
      ...accountRoutes(surfaces.console, surfaces.sso),
      ...identityRoutes({
        ...parts,
        actions,
        outbound: surfaces.outbound,
        pages,
        packageOf,
        suspensionNeedsTwo: isUnderAgreement,
      }),
      ...governanceRoutes({ ...parts, actions }),
      ...accessRoutes({ ...parts, actions }),
      ...decisionRoutes({ deciding, usable, clock, check, base: () => publicUrl }),
    ],
  })
}
