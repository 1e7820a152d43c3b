/**
 * People: who may sign in. A person is an address and a name, both sealed; belongs to any number of partners
 * (`members.ts`) and may be an operator (`operators.ts`). What proves that it is them stands in features of its own.
 */
import type { Sealer } from '#/kernel/crypto/crypto.ts'
import type { Tx } from '#/kernel/db/db.ts'
import { newId } from '#/kernel/id/id.ts'
import { emailDigest, normaliseEmail } from '#/identity/people/address.ts'
import { refuseLastAdmin } from '#/identity/people/operators.ts'
import { emailInvalid, emailTaken, personNotFound } from '#/identity/people/problems.ts'
import * as store from '#/identity/people/store.ts'
import { place, readPerson } from '#/identity/people/person.ts'
import type { Person } from '#/identity/people/person.ts'

export { emailDigest, normaliseEmail } from '#/identity/people/address.ts'
export {
  addMember,
  countMembers,
  findMember,
  listMembers,
  memberships,
  refuseOwn,
  refuseReach,
  removeMember,
  setRole,
} from '#/identity/people/members.ts'
export type { Member } from '#/identity/people/members.ts'
export {
  addOperator,
  findOperator,
  listOperators,
  refuseBeyond,
  removeOperator,
  setOperatorRole,
} from '#/identity/people/operators.ts'
export type { Operator } from '#/identity/people/operators.ts'
export type { Person } from '#/identity/people/person.ts'
export * from '#/identity/people/problems.ts'
export type { MemberRole, OperatorRole } from '#/governance/roles/roles.ts'
export type { Membership } from '#/identity/people/store.ts'

/** Throws `emailInvalid`, `emailTaken`. */
export async function createPerson(
  tx: Tx,
  sealer: Sealer,
  person: { readonly email: string; readonly name: string | null; readonly locale?: string },
): Promise<Person> {
  const email = normaliseEmail(person.email)
  if (email === null) throw emailInvalid.with()
  const id = newId()
  const created = await store.insertPerson(tx, {
    id,
    digest: emailDigest(sealer, email),
    email: sealer.seal(email, place('email', id)),
    name: person.name === null ? null : sealer.seal(person.name, place('name', id)),
    locale: person.locale ?? 'en',
  })
  if (!created) throw emailTaken.with()
  tx.emit('identity.person_created', { partnerId: null, data: { personId: id } })
  return readPerson(sealer, created)
}

export async function findPerson(tx: Tx, sealer: Sealer, personId: string): Promise<Person | null> {
  const row = await store.selectPerson(tx, personId)
  return row ? readPerson(sealer, row) : null
}

/** Takes any text; what is no address finds nobody. */
export function findPersonByEmail(tx: Tx, sealer: Sealer, email: string): Promise<Person | null> {
  return findPersonByDigest(tx, sealer, emailDigest(sealer, email))
}

/** By what `emailDigest` gave, where the address itself was not kept. */
export async function findPersonByDigest(tx: Tx, sealer: Sealer, digest: Buffer): Promise<Person | null> {
  const row = await store.selectPersonByDigest(tx, digest)
  return row ? readPerson(sealer, row) : null
}

/** Throws `personNotFound`. */
export async function updatePerson(
  tx: Tx,
  sealer: Sealer,
  personId: string,
  changes: { readonly name?: string; readonly locale?: string },
): Promise<Person> {
  const name = changes.name === undefined ? null : sealer.seal(changes.name, place('name', personId))
  const row = await store.updatePerson(tx, personId, name, changes.locale ?? null)
  if (!row) throw personNotFound.with()
  tx.audit({
    action: 'people.update',
    subject: { kind: 'person', id: personId },
    changes: { fields: Object.keys(changes) },
  })
  return readPerson(sealer, row)
}

/**
 * The person is found by another address from now on; who they are, and their places, stay. Throws `personNotFound`,
 * `emailInvalid`, `emailTaken`.
 */
export async function changeEmail(tx: Tx, sealer: Sealer, personId: string, address: string): Promise<void> {
  const email = normaliseEmail(address)
  if (email === null) throw emailInvalid.with()
  const digest = emailDigest(sealer, email)
  if (await store.selectPersonByDigest(tx, digest)) throw emailTaken.with()
  const sealed = sealer.seal(email, place('email', personId))
  const found = await store.setEmail(tx, personId, digest, sealed).catch((error: unknown) => {
    throw (error as { code?: string }).code === '23505' ? emailTaken.with({ cause: error }) : error
  })
  if (!found) throw personNotFound.with()
  tx.emit('identity.person_email_changed', { partnerId: null, data: { personId } })
  tx.audit({ action: 'people.change_email', subject: { kind: 'person', id: personId } })
}

/**
 * From now on the person cannot sign in, and all sessions are over. Also for the last owner of a partner: a
 * stolen account must be closed, and the provider can invite another owner. Throws `personNotFound`, `lastAdmin`.
 */
export async function disablePerson(tx: Tx, personId: string, reason: string): Promise<void> {
  await refuseLastAdmin(tx, personId)
  await setState(tx, personId, 'disabled', reason)
}

/** Throws `personNotFound`. */
export async function enablePerson(tx: Tx, personId: string, reason: string): Promise<void> {
  await setState(tx, personId, 'active', reason)
}

async function setState(tx: Tx, personId: string, state: Person['state'], reason: string): Promise<void> {
  if (await store.setPersonState(tx, personId, state)) {
    const verb = state === 'active' ? 'enable' : 'disable'
    tx.emit(`identity.person_${verb}d`, { partnerId: null, data: { personId } })
    tx.audit({ action: `people.${verb}`, subject: { kind: 'person', id: personId }, reason })
    return
  }
  const row = await store.selectPerson(tx, personId)
  if (!row || row.erasedAt !== null) throw personNotFound.with()
}

/**
 * Forgets who the person was: address and name go, with the places in partners and among the operators; the id
 * stays for audit and events. What proves that it is them is erased by `sign-in`, which knows all of it. Not for
 * a partner's own transaction: it would leave the places in other partners. Throws `personNotFound`, `lastAdmin`.
 */
export async function erasePerson(tx: Tx, personId: string, wall: number): Promise<void> {
  await refuseLastAdmin(tx, personId)
  if (!(await store.erasePerson(tx, personId, new Date(wall)))) throw personNotFound.with()
  for (const { partnerId } of await store.deleteMemberships(tx, personId)) {
    tx.emit('identity.member_removed', { partnerId, data: { personId } })
  }
  await store.deleteOperator(tx, personId)
  tx.emit('identity.person_erased', { partnerId: null, data: { personId } })
  tx.audit({ action: 'people.erase', subject: { kind: 'person', id: personId } })
}

/** Every session of the person is over, however many there are: each carries the number it began under. */
export async function endSessions(tx: Tx, personId: string): Promise<void> {
  await store.raiseEpoch(tx, personId)
}
