/** The management API of a test: its routes behind the real guard, on a real database, and keys for every role. */
import { randomBytes } from 'node:crypto'
import { accessActions, accessRoutes, decisionRoutes } from '#/access/access.ts'
import { isUnderAgreement } from '#/access/agreements/agreements.ts'
import type { Deciding } from '#/access/decisions/decisions.ts'
import { noDecision } from '#/access/entitlements/entitlements.ts'
import { packageOf } from '#/access/packages/packages.ts'
import { createAccessCheck } from '#/gateway/gateway.ts'
import { createAuditSink } from '#/governance/audit/audit.ts'
import type { Anchor } from '#/governance/audit/audit.ts'
import { governanceRoutes } from '#/governance/governance.ts'
import type { ProposalActions } from '#/governance/proposals/proposals.ts'
import { createAdminGuard } from '#/identity/guard/guard.ts'
import { identityActions, identityRoutes } from '#/identity/identity.ts'
import { parseKey } from '#/identity/keys/keys.ts'
import { createServiceKey } from '#/identity/service-keys/service-keys.ts'
import { systemClock } from '#/kernel/clock/clock.ts'
import { createSealer } from '#/kernel/crypto/crypto.ts'
import type { Sealer } from '#/kernel/crypto/crypto.ts'
import { transact } from '#/kernel/db/db.ts'
import type { Actor, Tx, World } from '#/kernel/db/db.ts'
import { createHttp } from '#/kernel/http/http.ts'
import type { Caller, Http, Knock, Route } from '#/kernel/http/http.ts'
import { newId } from '#/kernel/id/id.ts'
import { createOutbound } from '#/kernel/outbound/outbound.ts'
import { silentLog } from '#/kernel/log/log.ts'
import type { TestDatabase } from '../database.ts'

export type AdminAnswer = {
  readonly status: number
  // oxlint-disable-next-line typescript/no-explicit-any -- the test that reads it asserts its shape
  readonly body: any
  readonly text: string
  readonly headers: Readonly<Record<string, unknown>>
}

export type AdminApi = {
  readonly http: Http
  readonly routes: readonly Route[]
  readonly sealer: Sealer
  readonly control: World
  inTx<T>(work: (tx: Tx) => Promise<T>, actor?: Actor): Promise<T>
  /** A service key in the role, the same one each time. */
  key(role: string): Promise<string>
  /** `as`: a role, whose service key is sent; `headers` instead for anybody else. */
  call(
    request: `${string} /${string}`,
    options?: { as?: string; headers?: Record<string, string>; body?: object },
  ): Promise<AdminAnswer>
}

/** Stands for the operator's cookie: `operator: <role> <person id> <stepped up at>`. */
async function testSessions(knock: Knock): Promise<Caller | null> {
  const [role, id, at] = (knock.header('operator') ?? '').split(' ')
  if (!role || !id) return null
  const session = { id: newId(), personId: id, steppedUpAt: at ? Number(at) : null }
  return { actor: { kind: 'operator', id, role }, address: knock.address, session }
}

const noAnchor: Pick<Anchor, 'read'> = { read: () => null }

/** Of a gateway that knows nothing. */
const nothingKnown: Deciding = {
  snapshot: () => ({
    version: 0,
    match: () => ({ kind: 'none' }),
    credential: () => undefined,
    decide: () => noDecision,
    hidden: () => true,
  }),
  now: () => new Date(),
  application: () => undefined,
  capabilities: () => [],
  facts: () => null,
  operations: () => [],
}

/** `more`: what can be proposed beside what the areas bring. `deciding`: what decisions are made from; `usable`: whether that is not too old. */
export async function adminApi(
  database: TestDatabase,
  more: ProposalActions = {},
  deciding: Deciding = nothingKnown,
  usable: () => boolean = () => true,
): Promise<AdminApi> {
  const actions = { ...identityActions, ...accessActions, ...more }
  const sealer = createSealer(randomBytes(32))
  const control = { ...database.control, audit: createAuditSink(sealer) }
  const pages = { member: 'https://portico.test/portal', operator: 'https://admin.test/console' }
  const clock = systemClock()
  const outbound = createOutbound({ allowLoopback: false })
  const check = createAccessCheck({ snapshot: deciding.snapshot, parseKey, clock, newId })
  const routes = [
    ...identityRoutes({
      sealer,
      clock,
      outbound,
      provider: 'Solstice',
      pages,
      packageOf,
      actions,
      suspensionNeedsTwo: isUnderAgreement,
    }),
    ...governanceRoutes({ sealer, anchor: noAnchor, log: silentLog(), actions }),
    ...accessRoutes({ sealer, clock, actions }),
    ...decisionRoutes({ deciding, usable, clock, check, base: () => 'https://portico.test' }),
  ]
  const http = await createHttp({
    log: silentLog(),
    base: () => 'https://portico.test',
    routes,
    guard: createAdminGuard({ database, clock, sessions: testSessions }),
    world: control,
  })
  const inTx: AdminApi['inTx'] = (work, actor = { kind: 'system', name: 'test' }) =>
    transact(control, actor, work)
  const key = keysByRole(inTx)
  return {
    http,
    routes,
    sealer,
    control,
    inTx,
    key,
    async call(request, { as, headers, body } = {}) {
      const [method = '', url = ''] = request.split(' ')
      const answer = await http.inject({
        method: method as 'GET',
        url,
        headers: { ...headers, ...(as && { authorization: `Bearer ${await key(as)}` }) },
        ...(body && { payload: body }),
      })
      const json = /json$|json;/.test(answer.headers['content-type'] ?? '')
      return {
        status: answer.statusCode,
        text: answer.body,
        body: json && answer.body !== '' ? answer.json() : undefined,
        headers: answer.headers,
      }
    },
  }
}

/** One service key a role, made when it is first asked for. */
function keysByRole(inTx: AdminApi['inTx']): AdminApi['key'] {
  const keys = new Map<string, Promise<string>>()
  return async (role) => {
    if (!keys.has(role)) {
      keys.set(
        role,
        inTx(async (tx) => (await createServiceKey(tx, { name: role, role })).key),
      )
    }
    return keys.get(role)!
  }
}
