/** Every statement on people, memberships and operators. What is personal comes and goes sealed. */
import type { MemberRole, OperatorRole } from '#/governance/roles/roles.ts'
import type { Tx } from '#/kernel/db/db.ts'

export type PersonRow = {
  readonly id: string
  readonly email: Buffer | null
  readonly name: Buffer | null
  readonly locale: string
  readonly state: 'active' | 'disabled'
  readonly createdAt: Date
  readonly erasedAt: Date | null
}

/** A person's place in one partner. */
export type Membership = {
  readonly personId: string
  readonly role: MemberRole
  readonly since: Date
  readonly partner: {
    readonly id: string
    readonly slug: string
    readonly name: string
    readonly state: 'active' | 'suspended'
  }
}

const person = (of: string) => `
  ${of}id, ${of}email, ${of}name, ${of}locale, ${of}state, ${of}created_at as "createdAt",
  ${of}erased_at as "erasedAt"`

const membership = `
  m.person_id as "personId", m.role, m.created_at as since,
  json_build_object('id', p.id, 'slug', p.slug, 'name', p.name, 'state', p.state) as partner`

export const statements = {
  insertPerson: `
    insert into identity_person (id, email_digest, email, name, locale) values ($1, $2, $3, $4, $5)
    on conflict (email_digest) do nothing returning ${person('')}`,
  selectPerson: `select ${person('')} from identity_person where id = $1`,
  selectPersonByDigest: `select ${person('')} from identity_person where email_digest = $1`,
  updatePerson: `
    update identity_person set name = coalesce($2, name), locale = coalesce($3, locale)
    where id = $1 and erased_at is null returning ${person('')}`,
  /** PostgreSQL refuses an address that became somebody's at the same moment (23505). */
  setEmail: `
    update identity_person set email_digest = $2, email = $3 where id = $1 and erased_at is null returning id`,
  setPersonState: `
    update identity_person set state = $2, session_epoch = session_epoch + 1
    where id = $1 and state <> $2 and erased_at is null returning id`,
  raiseEpoch: 'update identity_person set session_epoch = session_epoch + 1 where id = $1',
  erasePerson: `
    update identity_person
    set email_digest = null, email = null, name = null, state = 'disabled', erased_at = $2,
        session_epoch = session_epoch + 1
    where id = $1 and erased_at is null returning id`,

  insertMember: `
    insert into identity_membership (partner_id, person_id, role) values ($1, $2, $3)
    on conflict (partner_id, person_id) do nothing returning person_id as "personId"`,

  selectMember: `
    select ${membership} from identity_membership m join identity_partner p on p.id = m.partner_id
    where m.partner_id = $1 /* owner */ and m.person_id = $2`,
  listMembers: `
    select ${person('e.')}, m.role, m.created_at as since
    from identity_membership m join identity_person e on e.id = m.person_id
    where m.partner_id = $1 /* owner */ and ($2::uuid is null or m.person_id > $2) order by m.person_id limit $3`,
  countMembers: `
    select count(*)::int as count from identity_membership where partner_id = $1 /* owner */`,
  // Both tables' rows: while one owner is disabled, another cannot be demoted.
  lockOwners: `
    select m.person_id as id from identity_membership m join identity_person e on e.id = m.person_id
    where m.partner_id = $1 /* owner */ and m.role = 'owner' and e.state = 'active'
    order by m.person_id for update of m, e`,
  setRole: `
    update identity_membership set role = $3 where partner_id = $1 /* owner */ and person_id = $2`,
  deleteMember: `
    delete from identity_membership where partner_id = $1 /* owner */ and person_id = $2`,
  /** For the sign-in and the switch between partners: a person's own, across partners. */
  listMemberships: `
    select ${membership} from identity_membership m join identity_partner p on p.id = m.partner_id
    where m.person_id = $1 order by p.slug`,
  deleteMemberships: `
    delete from identity_membership where person_id = $1 returning partner_id as "partnerId"`,

  insertOperator: `
    insert into identity_operator (person_id, role) values ($1, $2) on conflict (person_id) do nothing
    returning person_id as "personId"`,
  selectOperator: 'select role from identity_operator where person_id = $1',
  listOperators: `
    select ${person('e.')}, o.role, o.created_at as since
    from identity_operator o join identity_person e on e.id = o.person_id
    where $1::uuid is null or o.person_id > $1 order by o.person_id limit $2`,
  lockAdmins: `
    select o.person_id as id from identity_operator o join identity_person e on e.id = o.person_id
    where o.role = 'admin' and e.state = 'active' order by o.person_id for update of o, e`,
  setOperatorRole: 'update identity_operator set role = $2 where person_id = $1',
  deleteOperator: 'delete from identity_operator where person_id = $1',
} as const

export type NewPerson = {
  readonly id: string
  readonly digest: Buffer
  readonly email: Buffer
  readonly name: Buffer | null
  readonly locale: string
}

/** No row when the address is somebody's. */
export async function insertPerson(tx: Tx, { id, digest, email, name, locale }: NewPerson) {
  return (await tx.rows<PersonRow>(statements.insertPerson, [id, digest, email, name, locale]))[0]
}

export async function selectPerson(tx: Tx, personId: string) {
  return (await tx.rows<PersonRow>(statements.selectPerson, [personId]))[0]
}

export async function selectPersonByDigest(tx: Tx, digest: Buffer) {
  return (await tx.rows<PersonRow>(statements.selectPersonByDigest, [digest]))[0]
}

/** Null leaves a value as it is. */
export async function updatePerson(tx: Tx, personId: string, name: Buffer | null, locale: string | null) {
  return (await tx.rows<PersonRow>(statements.updatePerson, [personId, name, locale]))[0]
}

/** Whether there is such a person. */
export async function setEmail(tx: Tx, personId: string, digest: Buffer, email: Buffer) {
  return (await tx.rows(statements.setEmail, [personId, digest, email])).length > 0
}

/** Whether it changed. */
export async function setPersonState(tx: Tx, personId: string, state: PersonRow['state']) {
  return (await tx.rows(statements.setPersonState, [personId, state])).length > 0
}

export async function raiseEpoch(tx: Tx, personId: string) {
  await tx.rows(statements.raiseEpoch, [personId])
}

export async function erasePerson(tx: Tx, personId: string, at: Date) {
  return (await tx.rows(statements.erasePerson, [personId, at])).length > 0
}

/** Whether it is new. */
export async function insertMember(tx: Tx, partnerId: string, personId: string, role: MemberRole) {
  return (await tx.rows(statements.insertMember, [partnerId, personId, role])).length > 0
}

export async function selectMember(tx: Tx, partnerId: string, personId: string) {
  return (await tx.rows<Membership>(statements.selectMember, [partnerId, personId]))[0]
}

export type MemberRow = PersonRow & { readonly role: MemberRole; readonly since: Date }

export async function listMembers(tx: Tx, partnerId: string, after: string | null, limit: number) {
  return tx.rows<MemberRow>(statements.listMembers, [partnerId, after, limit])
}

export async function countMembers(tx: Tx, partnerId: string): Promise<number> {
  return (await tx.rows<{ count: number }>(statements.countMembers, [partnerId]))[0]?.count ?? 0
}

/** The active owners. Locks them, so that two who demote each other do so one after the other. */
export async function lockOwners(tx: Tx, partnerId: string) {
  return (await tx.rows<{ id: string }>(statements.lockOwners, [partnerId])).map(({ id }) => id)
}

export async function setRole(tx: Tx, partnerId: string, personId: string, role: MemberRole) {
  await tx.rows(statements.setRole, [partnerId, personId, role])
}

export async function deleteMember(tx: Tx, partnerId: string, personId: string) {
  await tx.rows(statements.deleteMember, [partnerId, personId])
}

export async function listMemberships(tx: Tx, personId: string) {
  return await tx.rows<Membership>(statements.listMemberships, [personId])
}

export async function deleteMemberships(tx: Tx, personId: string) {
  return tx.rows<{ partnerId: string }>(statements.deleteMemberships, [personId])
}

export async function insertOperator(tx: Tx, personId: string, role: OperatorRole) {
  return (await tx.rows(statements.insertOperator, [personId, role])).length > 0
}

export async function selectOperator(tx: Tx, personId: string) {
  return (await tx.rows<{ role: OperatorRole }>(statements.selectOperator, [personId]))[0]
}

export type OperatorRow = PersonRow & { readonly role: OperatorRole; readonly since: Date }

export async function listOperators(tx: Tx, after: string | null, limit: number) {
  return tx.rows<OperatorRow>(statements.listOperators, [after, limit])
}

/** The active admins, locked like the owners. */
export async function lockAdmins(tx: Tx) {
  return (await tx.rows<{ id: string }>(statements.lockAdmins)).map(({ id }) => id)
}

export async function setOperatorRole(tx: Tx, personId: string, role: OperatorRole) {
  await tx.rows(statements.setOperatorRole, [personId, role])
}

export async function deleteOperator(tx: Tx, personId: string) {
  await tx.rows(statements.deleteOperator, [personId])
}
