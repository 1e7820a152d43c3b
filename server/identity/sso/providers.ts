/**
 * Which OpenID providers there are: a partner's for its members, the provider's own for operators. A partner sets up
 * its own; for which e-mail domains it speaks an operator decides, since speaking for an address is being it.
 */
import { domainToASCII } from 'node:url'
import type { Sealer } from '#/kernel/crypto/crypto.ts'
import type { Tx } from '#/kernel/db/db.ts'
import { newId } from '#/kernel/id/id.ts'
import type { Outbound } from '#/kernel/outbound/outbound.ts'
import { normaliseEmail } from '#/identity/people/people.ts'
import { endOtherSessions, endSsoSessions } from '#/identity/sessions/sessions.ts'
import type { Realm } from '#/identity/sessions/sessions.ts'
import {
  domainInvalid,
  domainsByProvider,
  domainTaken,
  issuerInvalid,
  providerNotFound,
  ssoUntried,
} from '#/identity/sso/problems.ts'
import * as store from '#/identity/sso/store.ts'
import type { JoinRole, ProviderRow } from '#/identity/sso/store.ts'

/** Everything but the secret. */
export type SsoProvider = Omit<ProviderRow, 'clientSecret'>

export type NewSsoProvider = {
  readonly name: string
  readonly issuer: string
  readonly clientId: string
  readonly clientSecret: string
  /** What somebody unknown becomes at the first sign-in; without it only who is a member already comes in. */
  readonly joinRole?: JoinRole | null
}

export type SsoDeps = { readonly sealer: Sealer; readonly outbound: Outbound; readonly wall: number }

export function place(id: string): string {
  return `identity_provider.client_secret:${id}`
}

/** `partnerId` null: for operators, who are never let in unknown. It signs nobody in before it has a domain. Throws `issuerInvalid`. */
export async function createProvider(
  tx: Tx,
  { sealer, outbound, wall }: SsoDeps,
  partnerId: string | null,
  given: NewSsoProvider,
): Promise<SsoProvider> {
  refuseIssuer(outbound, given.issuer)
  const id = newId()
  const row = await store.insertProvider(tx, partnerId, {
    id,
    name: given.name,
    issuer: given.issuer,
    clientId: given.clientId,
    clientSecret: sealer.seal(given.clientSecret, place(id)),
    joinRole: partnerId === null ? null : (given.joinRole ?? null),
    createdAt: new Date(wall),
  })
  say(tx, row, 'create')
  return read(row)
}

/** `active: false` switches it off: it is still set up, and signs nobody in. */
export type ProviderChanges = Partial<Omit<NewSsoProvider, 'issuer'>> & { readonly active?: boolean }

/**
 * The issuer stays what it is: people are pinned to its names for them, and domains were given to it and to no other.
 * Switching it off ends the sessions of those who came in by single sign-on. Throws `providerNotFound`.
 */
export async function updateProvider(
  tx: Tx,
  sealer: Sealer,
  partnerId: string | null,
  id: string,
  changes: ProviderChanges,
): Promise<SsoProvider> {
  const { clientSecret, joinRole, ...rest } = changes
  const row = await store.updateProvider(tx, partnerId, id, {
    ...rest,
    ...(clientSecret !== undefined && { clientSecret: sealer.seal(clientSecret, place(id)) }),
    ...(joinRole !== undefined && partnerId !== null && { joinRole }),
  })
  if (!row) throw providerNotFound.with()
  if (changes.active === false) await endSsoSessions(tx, partnerId)
  const { active } = changes
  say(tx, row, 'update', { fields: Object.keys(changes), ...(active !== undefined && { active }) })
  return read(row)
}

/**
 * All of them, in the place of those before; where one is taken away, those who came in by single sign-on are signed out.
 * Throws `domainsByProvider`, `domainInvalid`, `domainTaken`, `providerNotFound`.
 */
export async function setDomains(
  tx: Tx,
  partnerId: string | null,
  id: string,
  domains: readonly string[],
): Promise<SsoProvider> {
  if (tx.actor.kind === 'member' || tx.actor.kind === 'application') throw domainsByProvider.with()
  const wanted = [...new Set(domains.map(readDomain))]
  const row = await store.selectProvider(tx, partnerId, id)
  if (!row) throw providerNotFound.with()
  const own = await store.replaceDomains(tx, id, partnerId === null, wanted)
  if (own < wanted.length) throw domainTaken.with()
  if (row.domains.some((domain) => !wanted.includes(domain))) await endSsoSessions(tx, partnerId)
  say(tx, row, 'set_domains', { domains: wanted })
  return read({ ...row, domains: wanted.toSorted() })
}

/**
 * Makes it the only way in, but for owners (`ssoRequired`), or ends that. Whoever else came in another way is signed out.
 * Throws `providerNotFound`, `ssoUntried`.
 */
export async function setEnforced(
  tx: Tx,
  partnerId: string | null,
  id: string,
  enforced: boolean,
): Promise<SsoProvider> {
  const row = await store.setEnforced(tx, partnerId, id, enforced)
  if (!row) throw providerNotFound.with()
  if (enforced && !row.active) throw ssoUntried.with({ detail: 'It is switched off.' })
  if (enforced && (!row.tried || row.domains.length === 0)) throw ssoUntried.with()
  if (enforced) await endOtherSessions(tx, partnerId, exemptAt(partnerId))
  say(tx, row, enforced ? 'enforce' : 'relax')
  return read(row)
}

/**
 * With whom it spoke for; who came in by single sign-on is signed out, and who has no other way in sets a password by
 * e-mail. Throws `providerNotFound`.
 */
export async function removeProvider(tx: Tx, partnerId: string | null, id: string): Promise<void> {
  const row = await store.selectProvider(tx, partnerId, id)
  if (!row) throw providerNotFound.with()
  await store.deleteProvider(tx, partnerId, id)
  await endSsoSessions(tx, partnerId)
  say(tx, row, 'remove')
}

/** Oldest first. */
export async function listProviders(tx: Tx, partnerId: string | null): Promise<SsoProvider[]> {
  return (await store.listProviders(tx, partnerId)).map(read)
}

/**
 * Lets the person be known by another name of the same provider, after an account was made anew there.
 * Throws `providerNotFound`, also when the person is not known there.
 */
export async function unlinkPerson(
  tx: Tx,
  partnerId: string | null,
  id: string,
  personId: string,
): Promise<void> {
  const row = await store.selectProvider(tx, partnerId, id)
  if (!row || !(await store.deleteSubject(tx, id, personId))) throw providerNotFound.with()
  say(tx, row, 'unlink', { personId })
}

/** Which one signs in addresses like this: the domain decides and not whether somebody has the address. */
export async function providerForEmail(
  tx: Tx,
  realm: Realm,
  email: string,
): Promise<Pick<SsoProvider, 'id' | 'name' | 'enforced'> | null> {
  const domain = domainOf(email)
  const row = domain === null ? undefined : await store.selectByDomain(tx, domain, realm === 'console')
  return row ? { id: row.id, name: row.name, enforced: row.enforced } : null
}

/** The one that vouches for the person in this place, for a proof in between; null: none does. */
export async function providerVouching(
  tx: Tx,
  partnerId: string | null,
  personId: string,
): Promise<string | null> {
  return (await store.selectVouching(tx, partnerId, personId))?.id ?? null
}

/**
 * Is single sign-on the only way into this place for this role? Not for owners, nor for administrators among the
 * operators: somebody must get in when the OpenID provider does not answer, or answers what it should not.
 */
export async function ssoRequired(tx: Tx, partnerId: string | null, role: string): Promise<boolean> {
  if (role === exemptAt(partnerId)) return false
  return (await store.selectEnforced(tx, partnerId)) !== undefined
}

function exemptAt(partnerId: string | null): string {
  return partnerId === null ? 'admin' : 'owner'
}

/** When the person is forgotten. */
export async function eraseSubjects(tx: Tx, personId: string): Promise<void> {
  await store.deleteSubjects(tx, personId)
  await store.deleteAttempts(tx, personId)
}

/** In ASCII; null for what is no address. */
export function domainOf(email: string): string | null {
  return asciiOf(normaliseEmail(email)?.split('@')[1] ?? '')
}

/** The conversion reads like a browser's address line: it stops at a slash and decodes percents. Neither is a domain. */
function asciiOf(text: string): string | null {
  const domain = /[/\\?#:%@[\]]/.test(text) ? '' : domainToASCII(text)
  return domain === '' ? null : domain
}

function readDomain(text: string): string {
  const domain = asciiOf(text.trim().toLowerCase()) ?? ''
  const label = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?'
  const whole = new RegExp(`^(?:${label}\\.)+[a-z][a-z0-9-]*[a-z0-9]$`).test(domain) && domain.length <= 253
  if (!whole) throw domainInvalid.with()
  return domain
}

/**
 * OpenID Connect Discovery §3: no query, no fragment. A path that leads into `.well-known` would be read as the
 * document itself, and then nothing compares who speaks in it with whom we asked.
 */
function refuseIssuer(outbound: Outbound, issuer: string): void {
  const url = URL.canParse(issuer) ? new URL(issuer) : null
  const odd = url === null || /[?#]/.test(issuer) || url.pathname.includes('/.well-known')
  if (odd || outbound.objection(issuer) !== null) throw issuerInvalid.with()
}

function read({ clientSecret: _sealed, ...row }: ProviderRow): SsoProvider {
  return row
}

function say(
  tx: Tx,
  { id, partnerId }: ProviderRow,
  verb: string,
  changes: Record<string, unknown> | null = null,
): void {
  tx.audit({ action: `sso.${verb}`, subject: { kind: 'sso', id }, partnerId, changes })
}
