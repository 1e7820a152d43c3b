/** Operators: people of the provider. There is always an active administrator. */
import { covers } from '#/governance/roles/roles.ts'
import type { OperatorRole } from '#/governance/roles/roles.ts'
import type { Sealer } from '#/kernel/crypto/crypto.ts'
import type { Tx } from '#/kernel/db/db.ts'
import { readPerson } from '#/identity/people/person.ts'
import type { Person } from '#/identity/people/person.ts'
import {
  alreadyOperator,
  beyondOwnRole,
  lastAdmin,
  operatorNotFound,
  ownRole,
} from '#/identity/people/problems.ts'
import * as store from '#/identity/people/store.ts'

export type Operator = Person & { readonly role: OperatorRole; readonly since: Date }

/** Throws `alreadyOperator`, `beyondOwnRole`. */
export async function addOperator(tx: Tx, personId: string, role: OperatorRole): Promise<void> {
  refuseBeyond(tx, role)
  if (!(await store.insertOperator(tx, personId, role))) throw alreadyOperator.with()
  tx.emit('identity.operator_added', { partnerId: null, data: { personId, role } })
  tx.audit({ action: 'operators.add', subject: { kind: 'person', id: personId }, changes: { role } })
}

export async function findOperator(tx: Tx, personId: string): Promise<{ role: OperatorRole } | null> {
  return (await store.selectOperator(tx, personId)) ?? null
}

/** In the order of their ids, after `after`. */
export async function listOperators(
  tx: Tx,
  sealer: Sealer,
  page: { readonly after?: string; readonly limit: number },
): Promise<Operator[]> {
  const rows = await store.listOperators(tx, page.after ?? null, page.limit)
  return rows.map((row) => ({ ...readPerson(sealer, row), role: row.role, since: row.since }))
}

/** Ends the person's sessions. Throws `operatorNotFound`, `lastAdmin`, `beyondOwnRole`, `ownRole`. */
export async function setOperatorRole(tx: Tx, personId: string, role: OperatorRole): Promise<void> {
  if (tx.actor.kind === 'operator' && tx.actor.id === personId) throw ownRole.with()
  if (role !== 'admin') await refuseLastAdmin(tx, personId)
  const before = await store.selectOperator(tx, personId)
  if (!before) throw operatorNotFound.with()
  refuseBeyond(tx, role, before.role)
  if (before.role === role) return
  await store.setOperatorRole(tx, personId, role)
  await store.raiseEpoch(tx, personId)
  tx.emit('identity.operator_role_set', { partnerId: null, data: { personId, role } })
  const changes = { role: { from: before.role, to: role } }
  tx.audit({ action: 'operators.set_role', subject: { kind: 'person', id: personId }, changes })
}

/** Ends the person's sessions. Throws `operatorNotFound`, `lastAdmin`, `beyondOwnRole`. */
export async function removeOperator(tx: Tx, personId: string): Promise<void> {
  await refuseLastAdmin(tx, personId)
  const before = await store.selectOperator(tx, personId)
  if (!before) throw operatorNotFound.with()
  refuseBeyond(tx, before.role)
  await store.deleteOperator(tx, personId)
  await store.raiseEpoch(tx, personId)
  tx.emit('identity.operator_removed', { partnerId: null, data: { personId } })
  const changes = { role: { from: before.role, to: null } }
  tx.audit({ action: 'operators.remove', subject: { kind: 'person', id: personId }, changes })
}

/** Throws `beyondOwnRole` where whoever acts would give, or take, more than they may themselves. */
export function refuseBeyond({ actor }: Pick<Tx, 'actor'>, ...roles: readonly string[]): void {
  if (actor.kind === 'system') return
  const own = actor.kind === 'operator' || actor.kind === 'service' ? actor.role : ''
  if (!roles.every((role) => covers('operator', own, role))) throw beyondOwnRole.with()
}

/** Holds the administrators until the commit. */
export async function refuseLastAdmin(tx: Tx, personId: string): Promise<void> {
  const admins = await store.lockAdmins(tx)
  if (admins.length === 1 && admins[0] === personId) throw lastAdmin.with()
}
