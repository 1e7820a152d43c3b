/** Nobody makes, or is shown, a key that can do more than they may: neither a key nor a person. */
import { allows, covers, isPermission } from '#/governance/roles/roles.ts'
import { isWithin, unbound } from '#/identity/keys/bounds.ts'
import type { Bounds } from '#/identity/keys/bounds.ts'
import { findKey } from '#/identity/keys/keys.ts'
import type { Tx } from '#/kernel/db/db.ts'
import type { OperationCall } from '#/kernel/http/http.ts'
import { problem } from '#/kernel/problem/problem.ts'

export const beyondReach = problem('keys.beyond_reach', 403, 'The key could do more than you may', {
  help: 'A key makes and shows only keys that are bound to its own scopes and networks, or to fewer. A person gives a key no scope that their role lacks, and only owners and administrators make or rotate keys without scopes, which may everything: name the scopes that the key needs.',
})

export type KeyCaller = Pick<OperationCall, 'partnerId' | 'credentialId' | 'member'>

/** What the calling key is bound to, and so the least that what it makes is bound to. */
export async function boundsOf(tx: Tx, { partnerId, credentialId, member }: KeyCaller): Promise<Bounds> {
  if (member !== null) return unbound
  const { revokedAt, scopes, networks } = await findKey(tx, partnerId, credentialId)
  // A gateway may be a second behind, and what is made in it would outlive the revocation.
  if (revokedAt !== null) throw beyondReach.with({ detail: 'The calling key has been revoked.' })
  return { scopes, networks }
}

/** Throws `beyondReach`. */
export async function refuseBeyondReach(tx: Tx, caller: KeyCaller, bounds: Bounds): Promise<void> {
  const within =
    caller.member === null
      ? isWithin(bounds, await boundsOf(tx, caller))
      : roleHolds(caller.member.role, bounds.scopes)
  if (!within) throw beyondReach.with()
}

/** Scopes of the provider's own API are no permissions: every role that makes keys may give them. */
function roleHolds(role: string, scopes: readonly string[] | null): boolean {
  if (scopes === null) return covers('member', role, 'admin')
  return scopes.every((scope) => !isPermission('member', scope) || allows('member', role, scope))
}
