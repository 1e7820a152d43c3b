/** Members: a person's place in a partner. A partner keeps an active owner, and owners are made by owners. */
import { allows } from '#/governance/roles/roles.ts'
import type { MemberRole } from '#/governance/roles/roles.ts'
import type { Sealer } from '#/kernel/crypto/crypto.ts'
import type { Tx } from '#/kernel/db/db.ts'
import { readPerson } from '#/identity/people/person.ts'
import type { Person } from '#/identity/people/person.ts'
import {
  alreadyMember,
  lastOwner,
  memberNotFound,
  ownersOnly,
  ownOrganisation,
} from '#/identity/people/problems.ts'
import * as store from '#/identity/people/store.ts'
import type { Membership } from '#/identity/people/store.ts'

export type Member = Person & { readonly role: MemberRole; readonly since: Date }

/** Throws `alreadyMember`, `ownersOnly`. */
export async function addMember(
  tx: Tx,
  partnerId: string,
  personId: string,
  role: MemberRole,
): Promise<void> {
  refuseReach(tx, role)
  if (!(await store.insertMember(tx, partnerId, personId, role))) throw alreadyMember.with()
  tx.emit('identity.member_added', { partnerId, data: { personId, role } })
  tx.audit({ action: 'team.add', subject: { kind: 'person', id: personId }, partnerId, changes: { role } })
}

/** Somebody who belongs elsewhere is answered like one who does not exist. */
export async function findMember(tx: Tx, partnerId: string, personId: string): Promise<Membership | null> {
  return (await store.selectMember(tx, partnerId, personId)) ?? null
}

/** Of a person of the provider, for what nobody does for an organisation of their own. Throws `ownOrganisation`. */
export async function refuseOwn(tx: Tx, partnerId: string): Promise<void> {
  const { actor } = tx
  if (actor.kind !== 'operator') return
  if (await findMember(tx, partnerId, actor.id)) throw ownOrganisation.with()
}

/** In the order of their ids, after `after`. */
export async function listMembers(
  tx: Tx,
  sealer: Sealer,
  partnerId: string,
  page: { readonly after?: string; readonly limit: number },
): Promise<Member[]> {
  const rows = await store.listMembers(tx, partnerId, page.after ?? null, page.limit)
  return rows.map((row) => ({ ...readPerson(sealer, row), role: row.role, since: row.since }))
}

/** How many belong to the partner, disabled ones included. */
export function countMembers(tx: Tx, partnerId: string): Promise<number> {
  return store.countMembers(tx, partnerId)
}

/** A person's own places, across partners: for whoever acts for no partner yet. */
export async function memberships(tx: Tx, personId: string): Promise<Membership[]> {
  return store.listMemberships(tx, personId)
}

/** Ends the person's sessions. Throws `memberNotFound`, `lastOwner`, `ownersOnly`. */
export async function setRole(tx: Tx, partnerId: string, personId: string, role: MemberRole): Promise<void> {
  const owners = await store.lockOwners(tx, partnerId)
  const before = await store.selectMember(tx, partnerId, personId)
  if (!before) throw memberNotFound.with()
  refuseReach(tx, role, before.role)
  if (before.role === role) return
  refuseLastOwner(owners, personId)
  await store.setRole(tx, partnerId, personId, role)
  await store.raiseEpoch(tx, personId)
  tx.emit('identity.member_role_set', { partnerId, data: { personId, role } })
  const changes = { role: { from: before.role, to: role } }
  tx.audit({ action: 'team.set_role', subject: { kind: 'person', id: personId }, partnerId, changes })
}

/** Ends the person's sessions; the person stays. Throws `memberNotFound`, `lastOwner`, `ownersOnly`. */
export async function removeMember(tx: Tx, partnerId: string, personId: string): Promise<void> {
  const owners = await store.lockOwners(tx, partnerId)
  const before = await store.selectMember(tx, partnerId, personId)
  if (!before) throw memberNotFound.with()
  refuseReach(tx, before.role)
  refuseLastOwner(owners, personId)
  await store.deleteMember(tx, partnerId, personId)
  await store.raiseEpoch(tx, personId)
  tx.emit('identity.member_removed', { partnerId, data: { personId } })
  const changes = { role: { from: before.role, to: null } }
  tx.audit({ action: 'team.remove', subject: { kind: 'person', id: personId }, partnerId, changes })
}

/**
 * An admin manages the team but not its owners: otherwise every admin could become one. An application never does:
 * its key lies in more places than a person's credentials. Throws `ownersOnly`.
 */
export function refuseReach(tx: Tx, ...roles: readonly MemberRole[]): void {
  const { actor } = tx
  if (!roles.includes('owner') || (actor.kind !== 'member' && actor.kind !== 'application')) return
  const role = actor.kind === 'member' ? actor.role : 'nobody'
  if (!allows('member', role, 'owners:write')) throw ownersOnly.with()
}

function refuseLastOwner(owners: readonly string[], personId: string): void {
  if (owners.length === 1 && owners[0] === personId) throw lastOwner.with()
}
