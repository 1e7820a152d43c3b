/** Every statement on OpenID providers, their domains, whom they spoke for, and sign-ins on their way. */
import type { MemberRole } from '#/governance/roles/roles.ts'
import type { Tx } from '#/kernel/db/db.ts'

/** A role that somebody unknown may come in with: none that manages others. */
export type JoinRole = Extract<MemberRole, 'developer' | 'finance' | 'viewer'>

export type ProviderRow = {
  readonly id: string
  readonly partnerId: string | null
  readonly name: string
  readonly issuer: string
  readonly clientId: string
  readonly clientSecret: Buffer
  readonly enforced: boolean
  /** Else it signs nobody in, and is no way in that anybody could be bound to. */
  readonly active: boolean
  readonly joinRole: JoinRole | null
  readonly createdAt: Date
  readonly domains: string[]
  /** Somebody has signed in through it. */
  readonly tried: boolean
}

const columns = `
  p.id, p.partner_id as "partnerId", p.name, p.issuer, p.client_id as "clientId", p.client_secret as "clientSecret",
  p.enforced, p.active, p.join_role as "joinRole", p.created_at as "createdAt",
  array(select domain from identity_provider_domain d where d.provider_id = p.id order by domain) as domains,
  exists (select from identity_provider_subject s where s.provider_id = p.id) as tried`

export const statements = {
  insertProvider: `
    insert into identity_provider as p (partner_id, id, name, issuer, client_id, client_secret, join_role, created_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8) returning ${columns}`,
  updateProvider: `
    update identity_provider as p
    set name = coalesce($3, p.name), client_id = coalesce($4, p.client_id),
        client_secret = coalesce($5, p.client_secret), join_role = case when $6 then $7 else p.join_role end,
        active = coalesce($8, p.active)
    where p.partner_id is not distinct from $1 /* owner */ and p.id = $2 returning ${columns}`,
  setEnforced: `
    update identity_provider as p set enforced = $3
    where p.partner_id is not distinct from $1 /* owner */ and p.id = $2 returning ${columns}`,
  deleteProvider: `
    delete from identity_provider where partner_id is not distinct from $1 /* owner */ and id = $2
    returning id`,
  selectProvider: `
    select ${columns} from identity_provider p
    where p.partner_id is not distinct from $1 /* owner */ and p.id = $2 for update`,
  listProviders: `
    select ${columns} from identity_provider p
    where p.partner_id is not distinct from $1 /* owner */ order by p.id`,
  // Nobody is signed in yet: the id comes from a link, the domain from an address somebody typed.
  selectForSignIn: `select ${columns} from identity_provider p where p.id = $1 and p.active`,
  selectByDomain: `
    select ${columns} from identity_provider p join identity_provider_domain d on d.provider_id = p.id
    where d.domain = $1 and d.operators = $2 and p.active`,
  selectEnforced: `
    select ${columns} from identity_provider p
    where p.partner_id is not distinct from $1 /* owner */ and p.enforced and p.active order by p.id limit 1`,

  deleteDomains: 'delete from identity_provider_domain where provider_id = $1',
  insertDomains: `
    insert into identity_provider_domain (provider_id, operators, domain)
    select $1, $2, domain from unnest($3::text[]) as domain
    on conflict (domain, operators) do nothing returning domain`,

  selectSubject: `
    select person_id as "personId" from identity_provider_subject where provider_id = $1 and subject = $2`,
  insertSubject: `
    insert into identity_provider_subject (provider_id, subject, person_id, first_at, last_at)
    values ($1, $2, $3, $4, $4) on conflict do nothing returning person_id as "personId"`,
  /** Of several, the one that vouched last. */
  selectVouching: `
    select p.id from identity_provider p join identity_provider_subject s on s.provider_id = p.id
    where p.partner_id is not distinct from $1 /* owner */ and s.person_id = $2 and p.active
    order by s.last_at desc limit 1`,
  touchSubject: 'update identity_provider_subject set last_at = $3 where provider_id = $1 and subject = $2',
  deleteSubject: `
    delete from identity_provider_subject where provider_id = $1 and person_id = $2
    returning person_id as "personId"`,
  deleteSubjects: 'delete from identity_provider_subject where person_id = $1',

  insertAttempt: `
    insert into identity_provider_attempt (digest, browser, provider_id, person_id, secrets, return_to, expires_at)
    values ($1, $2, $3, $4, $5, $6, $7)`,
  takeAttempt: `
    delete from identity_provider_attempt where digest = $1 and browser = $2
    returning provider_id as "providerId", person_id as "personId", secrets, return_to as "returnTo",
      expires_at as "expiresAt"`,
  // A few at each new one; past those that another transaction holds.
  sweepAttempts: `
    delete from identity_provider_attempt where digest in (
      select digest from identity_provider_attempt where expires_at < $1
      order by expires_at limit 20 for update skip locked)`,
  deleteAttempts: 'delete from identity_provider_attempt where person_id = $1',
} as const

export type NewProvider = Pick<
  ProviderRow,
  'id' | 'name' | 'issuer' | 'clientId' | 'clientSecret' | 'joinRole' | 'createdAt'
>

export async function insertProvider(
  tx: Tx,
  partnerId: string | null,
  made: NewProvider,
): Promise<ProviderRow> {
  const { id, name, issuer, clientId, clientSecret, joinRole, createdAt } = made
  const values = [partnerId, id, name, issuer, clientId, clientSecret, joinRole, createdAt]
  return (await tx.rows<ProviderRow>(statements.insertProvider, values))[0]!
}

/** What is undefined stays. */
export type ProviderChanges = Partial<
  Pick<ProviderRow, 'name' | 'clientId' | 'clientSecret' | 'joinRole' | 'active'>
>

export async function updateProvider(
  tx: Tx,
  partnerId: string | null,
  id: string,
  changes: ProviderChanges,
): Promise<ProviderRow | undefined> {
  const { name = null, clientId = null, clientSecret = null, joinRole, active = null } = changes
  const joins = [joinRole !== undefined, joinRole ?? null]
  const values = [partnerId, id, name, clientId, clientSecret, ...joins, active]
  return (await tx.rows<ProviderRow>(statements.updateProvider, values))[0]
}

export async function setEnforced(tx: Tx, partnerId: string | null, id: string, enforced: boolean) {
  return (await tx.rows<ProviderRow>(statements.setEnforced, [partnerId, id, enforced]))[0]
}

export async function deleteProvider(tx: Tx, partnerId: string | null, id: string): Promise<boolean> {
  return (await tx.rows(statements.deleteProvider, [partnerId, id])).length > 0
}

/** Locked until the commit. */
export async function selectProvider(tx: Tx, partnerId: string | null, id: string) {
  return (await tx.rows<ProviderRow>(statements.selectProvider, [partnerId, id]))[0]
}

export async function listProviders(tx: Tx, partnerId: string | null): Promise<ProviderRow[]> {
  return tx.rows<ProviderRow>(statements.listProviders, [partnerId])
}

export async function selectForSignIn(tx: Tx, id: string): Promise<ProviderRow | undefined> {
  return (await tx.rows<ProviderRow>(statements.selectForSignIn, [id]))[0]
}

export async function selectByDomain(tx: Tx, domain: string, operators: boolean) {
  return (await tx.rows<ProviderRow>(statements.selectByDomain, [domain, operators]))[0]
}

export async function selectEnforced(tx: Tx, partnerId: string | null) {
  return (await tx.rows<ProviderRow>(statements.selectEnforced, [partnerId]))[0]
}

/** Returns how many are its own afterwards; fewer than given when one is another's. */
export async function replaceDomains(
  tx: Tx,
  id: string,
  operators: boolean,
  domains: readonly string[],
): Promise<number> {
  await tx.rows(statements.deleteDomains, [id])
  return (await tx.rows(statements.insertDomains, [id, operators, domains])).length
}

export async function selectSubject(tx: Tx, providerId: string, subject: string) {
  return (await tx.rows<{ personId: string }>(statements.selectSubject, [providerId, subject]))[0]
}

/** False when the subject is somebody's, or the person is known by another. */
export async function insertSubject(
  tx: Tx,
  providerId: string,
  subject: string,
  personId: string,
  at: Date,
): Promise<boolean> {
  return (await tx.rows(statements.insertSubject, [providerId, subject, personId, at])).length > 0
}

export async function selectVouching(tx: Tx, partnerId: string | null, personId: string) {
  return (await tx.rows<{ id: string }>(statements.selectVouching, [partnerId, personId]))[0]
}

export async function touchSubject(tx: Tx, providerId: string, subject: string, at: Date): Promise<void> {
  await tx.rows(statements.touchSubject, [providerId, subject, at])
}

export async function deleteSubject(tx: Tx, providerId: string, personId: string): Promise<boolean> {
  return (await tx.rows(statements.deleteSubject, [providerId, personId])).length > 0
}

export async function deleteSubjects(tx: Tx, personId: string): Promise<void> {
  await tx.rows(statements.deleteSubjects, [personId])
}

export type AttemptRow = {
  readonly providerId: string
  readonly personId: string | null
  readonly secrets: Buffer
  readonly returnTo: string
  readonly expiresAt: Date
}

export type NewAttempt = AttemptRow & { readonly digest: Buffer; readonly browser: Buffer }

export async function insertAttempt(tx: Tx, attempt: NewAttempt): Promise<void> {
  const { digest, browser, providerId, personId, secrets, returnTo, expiresAt } = attempt
  const values = [digest, browser, providerId, personId, secrets, returnTo, expiresAt]
  await tx.rows(statements.insertAttempt, values)
}

export async function takeAttempt(tx: Tx, digest: Buffer, browser: Buffer) {
  return (await tx.rows<AttemptRow>(statements.takeAttempt, [digest, browser]))[0]
}

export async function sweepAttempts(tx: Tx, before: Date): Promise<void> {
  await tx.rows(statements.sweepAttempts, [before])
}

export async function deleteAttempts(tx: Tx, personId: string): Promise<void> {
  await tx.rows(statements.deleteAttempts, [personId])
}
