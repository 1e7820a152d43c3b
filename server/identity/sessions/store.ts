/** Every statement on sessions. Times come from the caller's wall clock. */
import type { Tx } from '#/kernel/db/db.ts'

export type Realm = 'portal' | 'console'
export type Method = 'password' | 'passkey' | 'sso'

export type SessionRow = {
  readonly id: string
  readonly personId: string
  readonly realm: Realm
  readonly partnerId: string | null
  readonly role: string
  readonly method: Method
  readonly factors: readonly string[]
  readonly createdAt: Date
  readonly lastSeenAt: Date
  readonly expiresAt: Date
  readonly steppedUpAt: Date | null
  readonly ownProofAt: Date | null
}

/** Whoever is disabled, lost the role or was sent away has none: a session stands only while all of it holds. */
const standing = `
  identity_session s
  join identity_person e on e.id = s.person_id and e.state = 'active' and e.session_epoch = s.epoch
  left join identity_membership m
    on s.realm = 'portal' and m.person_id = s.person_id and m.partner_id = s.acting_partner_id
  left join identity_operator o on s.realm = 'console' and o.person_id = s.person_id`

export const statements = {
  /** No row when the person is disabled or has no place in the realm. */
  insertSession: `
    insert into identity_session (
      id, token_digest, person_id, realm, acting_partner_id, epoch, method, factors, seen_from,
      created_at, last_seen_at, expires_at, stepped_up_at, own_proof_at)
    select $1, $2, e.id, $4, $5, e.session_epoch, $6, $7, $8, $9, $9, $10, $11, $11
    from identity_person e
    where e.id = $3 and e.state = 'active' and case
      when $4 = 'console' then exists (select 1 from identity_operator o where o.person_id = e.id)
      else exists (select 1 from identity_membership m where m.person_id = e.id and m.partner_id = $5::uuid) end
    returning id`,
  selectSession: `
    select s.id, s.person_id as "personId", s.realm, s.acting_partner_id as "partnerId",
           coalesce(m.role, o.role) as role, s.method, s.factors, s.created_at as "createdAt",
           s.last_seen_at as "lastSeenAt", s.expires_at as "expiresAt", s.stepped_up_at as "steppedUpAt",
           s.own_proof_at as "ownProofAt"
    from ${standing}
    where s.token_digest = $1 and s.realm = $2 and s.expires_at > $3 and s.last_seen_at > $4
      and coalesce(m.role, o.role) is not null`,
  touchSession: 'update identity_session set last_seen_at = $2 where id = $1 and last_seen_at < $2',
  // The epoch is taken over only where the person itself raised it; else a session that was ended stays ended. To
  // another partner goes a proof of the person's own alone: for whom the OpenID provider of the last one spoke ends there.
  rotateSession: `
    update identity_session s
    set token_digest = $2, epoch = e.session_epoch, last_seen_at = $3,
        stepped_up_at = case when $6::uuid is null then coalesce($4, s.stepped_up_at) else s.own_proof_at end,
        factors = coalesce($5, s.factors),
        acting_partner_id = coalesce($6, s.acting_partner_id), own_proof_at = coalesce($8, s.own_proof_at)
    from identity_person e
    where s.id = $1 and e.id = s.person_id and e.state = 'active' and (e.session_epoch = s.epoch or $7)
    returning s.id`,
  listSessions: `
    select s.id, s.realm, s.acting_partner_id as "partnerId", s.method, s.factors, s.seen_from as "seenFrom",
           s.created_at as "createdAt", s.last_seen_at as "lastSeenAt", s.expires_at as "expiresAt"
    from ${standing}
    where s.person_id = $1 and s.expires_at > $2 and coalesce(m.role, o.role) is not null
      and s.last_seen_at > case s.realm when 'portal' then $3::timestamptz else $4::timestamptz end
    order by s.last_seen_at desc, s.id`,
  deleteSession: 'delete from identity_session where person_id = $1 and id = $2 returning id',
  deleteSessions: `
    delete from identity_session where person_id = $1 and id is distinct from $2 returning id`,
  /** Of a partner, or of the provider's own people. */
  deleteSsoSessions: `
    delete from identity_session
    where acting_partner_id is not distinct from $1 and realm = $2 and method = 'sso'
    returning id`,
  /** The same of who came in another way, but for those in the role that may. */
  deleteOtherSessions: `
    delete from identity_session s
    where s.acting_partner_id is not distinct from $1 and s.realm = $2 and s.method <> 'sso'
      and not exists (
        select from identity_membership m
        where m.partner_id = $1 /* owner */ and m.person_id = s.person_id and m.role = $3)
      and not exists (
        select from identity_operator o
        where s.realm = 'console' and o.person_id = s.person_id and o.role = $3)
    returning s.id`,
  deleteByToken: 'delete from identity_session where token_digest = $1 returning id',
  pruneSessions: `
    delete from identity_session s using identity_person e
    where e.id = s.person_id and (e.session_epoch <> s.epoch or s.expires_at <= $1
      or s.last_seen_at <= case s.realm when 'portal' then $2::timestamptz else $3::timestamptz end)
    returning s.id`,
} as const

export type NewSession = {
  readonly id: string
  readonly digest: Buffer
  readonly personId: string
  readonly realm: Realm
  readonly partnerId: string | null
  readonly method: Method
  readonly factors: readonly string[]
  readonly seenFrom: Buffer
  readonly at: Date
  readonly expiresAt: Date
  readonly steppedUpAt: Date | null
}

/** Whether it was opened. */
export async function insertSession(tx: Tx, one: NewSession) {
  const { id, digest, personId, realm, partnerId, method, factors, seenFrom, at, expiresAt, steppedUpAt } =
    one
  const values = [
    id,
    digest,
    personId,
    realm,
    partnerId,
    method,
    factors,
    seenFrom,
    at,
    expiresAt,
    steppedUpAt,
  ]
  return (await tx.rows(statements.insertSession, values)).length > 0
}

export async function selectSession(tx: Tx, digest: Buffer, realm: Realm, at: Date, seenAfter: Date) {
  return (await tx.rows<SessionRow>(statements.selectSession, [digest, realm, at, seenAfter]))[0]
}

export async function touchSession(tx: Tx, sessionId: string, at: Date) {
  await tx.rows(statements.touchSession, [sessionId, at])
}

export type Rotation = {
  readonly digest: Buffer
  readonly at: Date
  readonly steppedUpAt: Date | null
  readonly factors: readonly string[] | null
  readonly partnerId: string | null
  readonly takeEpoch: boolean
  readonly ownProofAt: Date | null
}

/** False when the session has ended meanwhile. */
export async function rotateSession(tx: Tx, sessionId: string, rotation: Rotation) {
  const { digest, at, steppedUpAt, factors, partnerId, takeEpoch, ownProofAt } = rotation
  const values = [sessionId, digest, at, steppedUpAt, factors, partnerId, takeEpoch, ownProofAt]
  return (await tx.rows(statements.rotateSession, values)).length > 0
}

export type ListedRow = Omit<SessionRow, 'personId' | 'role' | 'steppedUpAt' | 'ownProofAt'> & {
  readonly seenFrom: Buffer
}

type SeenAfter = Readonly<Record<Realm, Date>>

export async function listSessions(tx: Tx, personId: string, at: Date, seenAfter: SeenAfter) {
  const values = [personId, at, seenAfter.portal, seenAfter.console]
  return tx.rows<ListedRow>(statements.listSessions, values)
}

/** Whether there was one. */
export async function deleteSession(tx: Tx, personId: string, sessionId: string) {
  return (await tx.rows(statements.deleteSession, [personId, sessionId])).length > 0
}

/** How many there were. */
export async function deleteSessions(tx: Tx, personId: string, except: string | null) {
  return (await tx.rows(statements.deleteSessions, [personId, except])).length
}

/** How many there were. */
export async function deleteSsoSessions(tx: Tx, partnerId: string | null) {
  const realm: Realm = partnerId === null ? 'console' : 'portal'
  return (await tx.rows(statements.deleteSsoSessions, [partnerId, realm])).length
}

/** How many there were. */
export async function deleteOtherSessions(tx: Tx, partnerId: string | null, exempt: string) {
  const realm: Realm = partnerId === null ? 'console' : 'portal'
  return (await tx.rows(statements.deleteOtherSessions, [partnerId, realm, exempt])).length
}

export async function deleteByToken(tx: Tx, digest: Buffer) {
  await tx.rows(statements.deleteByToken, [digest])
}

export async function pruneSessions(tx: Tx, at: Date, seenAfter: SeenAfter) {
  return (await tx.rows(statements.pruneSessions, [at, seenAfter.portal, seenAfter.console])).length
}
