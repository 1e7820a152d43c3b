/**
 * Who may call the management API: a service of the provider by its key, or an operator who is signed in. The guard
 * knows the credential and the role; what the role may stands in governance/roles.
 */
import { allows } from '#/governance/roles/roles.ts'
import { createBelieved } from '#/identity/guard/believed.ts'
import { serviceKeyPrefix, useServiceKey } from '#/identity/service-keys/service-keys.ts'
import type { ServiceKey } from '#/identity/service-keys/service-keys.ts'
import type { Clock } from '#/kernel/clock/clock.ts'
import { transact } from '#/kernel/db/db.ts'
import type { Database } from '#/kernel/db/db.ts'
import type { Caller, Guard, Knock, Permission } from '#/kernel/http/http.ts'
import { problem } from '#/kernel/problem/problem.ts'

export const unauthenticated = problem('guard.unauthenticated', 401, 'Nobody is known to call', {
  help: 'Send a service key as `Authorization: Bearer pts_…` (or in `Portico-Service-Key`, where that header belongs to somebody else), or sign in. A key that was revoked or has expired is nobody.',
})
export const forbidden = problem('guard.forbidden', 403, 'Your role does not bring this permission', {
  help: 'The detail names the permission. Ask an administrator for a role that brings it; which do is listed under roles and permissions.',
})

export type AdminGuardDeps = {
  readonly database: Pick<Database, 'control'>
  readonly clock: Pick<Clock, 'monotonicUs'>
  /** The operator behind a session's cookie; null: nobody is signed in. May throw a problem (a missing CSRF token). */
  readonly sessions: (knock: Knock) => Promise<Caller | null>
}

/** What is asked with every call of another gateway, and changes nothing. */
const askedOften: Permission = 'decisions:make'

export function createAdminGuard({ database, clock, sessions }: AdminGuardDeps): Guard {
  const find = (text: string) =>
    transact(database.control, { kind: 'system', name: 'guard' }, (tx) => useServiceKey(tx, text))
  const findOften = createBelieved(find, clock)
  return async (knock, permission) => {
    const authorization = credentialOf(knock)
    // A request that brings a key means the key: where it is not accepted, a cookie does not help it in.
    const caller =
      authorization === undefined
        ? await sessions(knock)
        : await byKey(permission === askedOften ? findOften : find, knock, authorization)
    if (!caller) throw refusal(authorization !== undefined)
    refuseBeyondRole(caller, permission)
    return caller
  }
}

/** A service that passes on somebody else's `Authorization` names itself in a header of its own. */
function credentialOf(knock: Knock): string | undefined {
  const own = knock.header('portico-service-key')
  return own === undefined ? knock.header('authorization') : `Bearer ${own}`
}

/** RFC 6750 §3: a challenge says `invalid_token` only to those who brought one. */
function refusal(broughtKey: boolean) {
  const challenge = broughtKey ? 'Bearer realm="Portico", error="invalid_token"' : 'Bearer realm="Portico"'
  return unauthenticated.with({ headers: { 'www-authenticate': challenge } })
}

type Find = (text: string) => Promise<ServiceKey | null>

async function byKey(find: Find, knock: Knock, authorization: string) {
  // RFC 9110 §11.1: the scheme in any case, then the credential.
  const text = /^bearer +(\S+) *$/i.exec(authorization)?.[1] ?? ''
  if (!text.startsWith(serviceKeyPrefix)) return null
  const key = await find(text)
  if (!key) return null
  const { address } = knock
  return { actor: { kind: 'service', id: key.id, role: key.role }, address, session: null } satisfies Caller
}

function refuseBeyondRole({ actor, session }: Caller, permission: Permission): void {
  if (permission === 'session') {
    if (session) return
    throw forbidden.with({ detail: 'This is for people who are signed in, not for a service key.' })
  }
  if (actor.kind !== 'operator' && actor.kind !== 'service') throw forbidden.with()
  if (allows('operator', actor.role, permission)) return
  throw forbidden.with({
    detail: `The role ${actor.role} does not bring the permission ${permission}.`,
    decision: { rule: 'role', code: permission },
  })
}
