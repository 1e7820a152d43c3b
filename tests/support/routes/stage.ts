/**
 * Both ports as the program wires them, on a database of a test: the gateway with its steps in front of the Partner
 * API, the admin port with its guard, and the session APIs of both. The registries that are gathered here are what the
 * enumeration covers; `sources.ts` finds a route that is in none of them.
 */
import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { Type } from 'typebox'
import { accessActions, accessOperations, accessRoutes, decisionRoutes } from '#/access/access.ts'
import { isUnderAgreement } from '#/access/agreements/agreements.ts'
import type { Deciding } from '#/access/decisions/decisions.ts'
import { packageOf } from '#/access/packages/packages.ts'
import { createAccessCheck, createGateway, createNodeLane } from '#/gateway/gateway.ts'
import { createAuditSink } from '#/governance/audit/audit.ts'
import { governanceOperations, governanceRoutes } from '#/governance/governance.ts'
import { proposalAction } from '#/governance/proposals/proposals.ts'
import { allows } from '#/governance/roles/roles.ts'
import {
  accountRoutes,
  createSessionGuard,
  gatewayMembers,
  operatorSessions,
} from '#/identity/account/account.ts'
import type { Surface } from '#/identity/account/account.ts'
import { createAdminGuard } from '#/identity/guard/guard.ts'
import { identityActions, identityOperations, identityRoutes } from '#/identity/identity.ts'
import { parseKey } from '#/identity/keys/keys.ts'
import { createLockout } from '#/identity/lockout/lockout.ts'
import { createPasswords } from '#/identity/passwords/passwords.ts'
import { createSessions } from '#/identity/sessions/sessions.ts'
import { createSso } from '#/identity/sso/sso.ts'
import { systemClock } from '#/kernel/clock/clock.ts'
import { createSealer } from '#/kernel/crypto/crypto.ts'
import type { Sealer } from '#/kernel/crypto/crypto.ts'
import { transact } from '#/kernel/db/db.ts'
import type { Actor, Database, Tx } from '#/kernel/db/db.ts'
import { createHttp, partnerApiVersion, serveOperation } from '#/kernel/http/http.ts'
import type { Http, PartnerOperation, Route } from '#/kernel/http/http.ts'
import { newId, publicId } from '#/kernel/id/id.ts'
import { silentLog } from '#/kernel/log/log.ts'
import { createOutbound } from '#/kernel/outbound/outbound.ts'
import type { Outbound } from '#/kernel/outbound/outbound.ts'
import { createSnapshot } from '#/publish/snapshot/snapshot.ts'
import { usageOperations } from '#/usage/usage.ts'
import type { TestDatabase } from '../database.ts'
import { answerOf } from './answer.ts'
import type { Answer, Asking } from './answer.ts'

/** Where a call goes. */
export type Door = 'partner' | 'portal' | 'admin'

export type Headers = Readonly<Record<string, string>>

export type Stage = {
  readonly database: TestDatabase
  readonly sealer: Sealer
  readonly outbound: Outbound
  readonly surfaces: { readonly portal: Surface; readonly console: Surface }
  readonly operations: readonly PartnerOperation[]
  readonly management: readonly Route[]
  readonly account: { readonly portal: readonly Route[]; readonly console: readonly Route[] }
  readonly inTx: <T>(work: (tx: Tx) => Promise<T>, actor?: Actor) => Promise<T>
  /** From now on the gateway knows the credentials there are, and decisions can be asked for. */
  open(): Promise<void>
  /** Resolves when the gateway knows all that was committed. */
  known(): Promise<void>
  ask(door: Door, asking: Asking, headers: Headers): Promise<Answer>
}

const publicUrl = 'https://portal.solstice.example'
const adminUrl = 'https://admin.solstice.example'
const provider = 'Solstice'

/** Enough for the path, and quick. */
const light = { memory: 64, passes: 1, parallelism: 1 }

/** What can be proposed here. */
export const proposable = {
  'test.nothing': proposalAction({
    permission: 'partners:write',
    params: Type.Object({}),
    run: async () => {},
  }),
}

type Parts = Pick<Stage, 'sealer' | 'outbound'> & {
  readonly database: TestDatabase
  readonly deciding: Deciding
}

function surfacesOf({ database, sealer }: Pick<Parts, 'database' | 'sealer'>): Stage['surfaces'] {
  const deps = {
    world: database.control,
    sealer,
    passwords: createPasswords({ sealer, parameters: light }),
    sessions: createSessions({ sealer }),
    lockout: createLockout({ sealer }),
  }
  return {
    portal: { deps, provider, realm: 'portal', prefix: '/portal/api', origin: () => publicUrl },
    console: { deps, provider, realm: 'console', prefix: '/v1', origin: () => adminUrl },
  }
}

/** Every registry of routes and operations. A new area's is added here. */
function registriesOf(parts: Parts, surfaces: Stage['surfaces']) {
  const { sealer, outbound, deciding } = parts
  const clock = systemClock()
  const log = silentLog()
  const actions = { ...identityActions, ...accessActions, ...proposable }
  const deps = { sealer, clock, outbound, log, provider, packageOf }
  const pages = { member: `${publicUrl}/portal/invitations`, operator: `${adminUrl}/console/invitations` }
  const callback = (realm: string, id: string) => `${publicUrl}/${realm}/sso/${publicId('sso', id)}/callback`
  const sso = createSso({ ...deps, insecure: true, callback })
  const check = createAccessCheck({ snapshot: deciding.snapshot, parseKey, clock, newId })
  return {
    operations: [
      ...usageOperations(deps),
      ...identityOperations({ ...deps, invitationPage: pages.member }),
      ...governanceOperations(deps),
      ...accessOperations(deps),
    ],
    management: [
      ...identityRoutes({ ...deps, pages, actions, suspensionNeedsTwo: isUnderAgreement }),
      ...governanceRoutes({ ...deps, anchor: { read: () => null }, actions }),
      ...accessRoutes({ ...deps, actions }),
      ...decisionRoutes({ deciding, usable: () => true, clock, check, base: () => publicUrl }),
    ],
    account: { portal: accountRoutes(surfaces.portal, sso), console: accountRoutes(surfaces.console, sso) },
  }
}

function ownOperations(database: Database, operations: readonly PartnerOperation[]) {
  return {
    version: partnerApiVersion,
    operations: operations.map((operation) => ({
      operation,
      allows: (role: string) =>
        operation.permission !== undefined && allows('member', role, operation.permission),
      handle: (call: Parameters<typeof serveOperation>[2]) => serveOperation(database, operation, call),
    })),
  }
}

/** A gateway on a port of its own, what it goes by, and the function that lets everything go. */
async function startGateway(database: Database, stage: Pick<Stage, 'operations' | 'surfaces'>) {
  const clock = systemClock()
  const log = silentLog()
  const own = ownOperations(database, stage.operations)
  const snapshot = await createSnapshot({ database, clock, log, own })
  const gateway = createGateway({
    snapshot: () => snapshot.current(),
    members: gatewayMembers(stage.surfaces.portal),
    recorder: { record: (_, done) => queueMicrotask(() => done(null)), finish: () => {}, refuse: () => {} },
    clock,
    newId,
    parseKey,
    problems: { base: publicUrl },
    log,
  })
  const server = createServer(createNodeLane(gateway))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const close = async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
    await Promise.all([gateway.close(), snapshot.stop()])
  }
  return { url: `http://127.0.0.1:${port}`, snapshot, close }
}

/** Fastify's two servers, without ports. */
async function startPages(database: Database, stage: Pick<Stage, 'account' | 'management' | 'surfaces'>) {
  const { portal, console } = stage.surfaces
  const shared = { log: silentLog(), base: () => publicUrl, world: database.control }
  const guard = createAdminGuard({ database, clock: systemClock(), sessions: operatorSessions(console) })
  return {
    portal: await createHttp({ ...shared, guard: createSessionGuard(portal), routes: stage.account.portal }),
    admin: await createHttp({ ...shared, guard, routes: [...stage.account.console, ...stage.management] }),
  }
}

export async function createStage(given: TestDatabase): Promise<Stage> {
  const sealer = createSealer(randomBytes(32))
  const audit = createAuditSink(sealer)
  const database = {
    ...given,
    control: { ...given.control, audit },
    live: { ...given.live, audit },
    sandbox: { ...given.sandbox, audit },
  }
  // An OpenID provider that is not there is asked for; nothing but this machine is.
  const outbound = createOutbound({ allowLoopback: true })
  let gateway: Awaited<ReturnType<typeof startGateway>> | null = null
  const opened = () => {
    if (!gateway) throw new Error('the gateway is not open yet')
    return gateway
  }
  const deciding = decidingOf(() => opened().snapshot.deciding)
  const parts = { database, sealer, outbound, deciding }
  const surfaces = surfacesOf(parts)
  const registries = registriesOf(parts, surfaces)
  const pages = await startPages(database, { ...registries, surfaces })
  after(async () => {
    await Promise.all([gateway?.close(), pages.portal.close(), pages.admin.close(), outbound.close()])
  })
  return {
    database,
    sealer,
    outbound,
    ...registries,
    surfaces,
    inTx: (work, actor = { kind: 'system', name: 'test' }) => transact(database.control, actor, work),
    async open() {
      gateway = await startGateway(database, { ...registries, surfaces })
    },
    async known() {
      const { rows } = await database.owner.query<{ last: string }>('select last from kernel_change_counter')
      while (opened().snapshot.state().version < Number(rows[0]!.last)) await delay(5)
    },
    ask(door, { headers: more, ...asking }, headers) {
      const all = { ...headers, ...more }
      if (door !== 'partner') return inject(pages[door], asking, all)
      return overHttp(opened().url, asking, all)
    },
  }
}

/** What the gateway goes by, once it is open. */
function decidingOf(held: () => Deciding): Deciding {
  return {
    snapshot: () => held().snapshot(),
    application: (id) => held().application(id),
    capabilities: () => held().capabilities(),
    facts: (application, capability) => held().facts(application, capability),
    operations: (id) => held().operations(id),
    now: (environment) => held().now(environment),
  }
}

async function inject(http: Http, { method, url, body }: Asking, headers: Headers): Promise<Answer> {
  const answer = await http.inject({
    method: method as 'GET',
    url,
    headers: { ...headers },
    ...(body && { payload: body }),
  })
  return answerOf(answer.statusCode, answer.headers, answer.body)
}

async function overHttp(base: string, { method, url, body }: Asking, headers: Headers): Promise<Answer> {
  const answer = await fetch(base + url, {
    method,
    headers: { ...headers, ...(body && { 'content-type': 'application/json' }) },
    ...(body && { body: JSON.stringify(body) }),
  })
  return answerOf(answer.status, Object.fromEntries(answer.headers), await answer.text())
}
