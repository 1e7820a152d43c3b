/** Who calls: two partners with every credential that is theirs or was, and the provider's people and services. */
import { memberRoles, operatorRoles, serviceRoles } from '#/governance/roles/roles.ts'
import type { MemberRole, OperatorRole, ServiceRole } from '#/governance/roles/roles.ts'
import { createApplication } from '#/identity/applications/applications.ts'
import { createKey, randomText, revokeKey, rotateKey } from '#/identity/keys/keys.ts'
import type { Key } from '#/identity/keys/keys.ts'
import { createPartner } from '#/identity/partners/partners.ts'
import {
  addMember,
  addOperator,
  createPerson,
  removeMember,
  removeOperator,
} from '#/identity/people/people.ts'
import { createServiceKey, revokeServiceKey } from '#/identity/service-keys/service-keys.ts'
import { cookieNames } from '#/identity/sessions/sessions.ts'
import type { Opened, Realm } from '#/identity/sessions/sessions.ts'
import type { Actor } from '#/kernel/db/db.ts'
import { newId } from '#/kernel/id/id.ts'
import type { Place, Someone } from './recipes/recipe.ts'
import type { Headers, Stage } from './stage.ts'

const day = 86_400_000

const past = () => new Date(Date.now() - 3_600_000)

/** Longer ago than a proof of oneself is good for what asks for one, and not so long that a session is over. */
export const aWhile = 15 * 60_000

/** Of whoever is good for nothing any more, by why. */
export type Gone = Readonly<Record<'over' | 'idle' | 'ended' | 'removed', Headers>>

export type Party = {
  readonly place: Place
  readonly keys: Readonly<Record<'live' | 'sandbox' | 'bound' | 'expired' | 'revoked', Headers>>
  readonly members: Readonly<Record<MemberRole, Headers>>
  /** An owner who has not proved lately that it is them. */
  readonly stale: Headers
  readonly gone: Gone
}

export type Provider = {
  readonly services: Readonly<Record<ServiceRole | 'expired' | 'revoked', Headers>>
  readonly operators: Readonly<Record<OperatorRole, Headers>>
  /** Who they are. */
  readonly people: Readonly<Record<OperatorRole, Actor>>
  readonly gone: Gone
}

export const password = 'tarn vexed otter'

export const bearer = (text: string): Headers => ({ authorization: `Bearer ${text}` })

/** As a browser sends it, with the page's token. */
export function cookieOf(realm: Realm, { token, session }: Opened): Headers {
  return { cookie: `${cookieNames[realm]}=${token}`, 'portico-csrf': session.csrf }
}

export async function openSession(
  stage: Stage,
  realm: Realm,
  personId: string,
  at = Date.now(),
): Promise<Opened> {
  const { sessions } = stage.surfaces[realm].deps
  const opening = {
    personId,
    realm,
    method: 'password',
    factors: ['password'],
    address: '127.0.0.1',
  } as const
  return stage.inTx((tx) => sessions.open(tx, opening, at))
}

/** A person with the role, as a member of the partner or among the operators. */
export async function somebody(
  stage: Stage,
  as:
    | { readonly place: Place; readonly role: MemberRole }
    | { readonly role: OperatorRole; readonly place: null },
): Promise<{ readonly personId: string; readonly email: string }> {
  const email = `${newId()}@${as.place?.marker ?? 'solstice'}.example`
  return stage.inTx(async (tx) => {
    const { id } = await createPerson(tx, stage.sealer, { email, name: `A ${as.role}` })
    if (as.place) await addMember(tx, as.place.partnerId, id, as.role)
    else await addOperator(tx, id, as.role)
    return { personId: id, email }
  })
}

/** Signed in and with a password; what a session API needs. */
export async function somebodySignedIn(
  stage: Stage,
  realm: Realm,
  as: Parameters<typeof somebody>[1],
  at = Date.now(),
): Promise<Someone & { readonly headers: Headers }> {
  const { passwords } = stage.surfaces[realm].deps
  const person = await somebody(stage, as)
  const hash = await passwords.hash(password)
  await stage.inTx((tx) => passwords.setPassword(tx, person.personId, hash, Date.now()))
  const opened = await openSession(stage, realm, person.personId, at)
  return { ...person, realm, place: as.place, sessionId: opened.session.id, headers: cookieOf(realm, opened) }
}

async function goneOf(stage: Stage, realm: Realm, as: Parameters<typeof somebody>[1]): Promise<Gone> {
  const person = await somebody(stage, as)
  const open = (at?: number) => openSession(stage, realm, person.personId, at)
  const { sessions } = stage.surfaces[realm].deps
  const [over, idle, ended] = [
    await open(Date.now() - 8 * day),
    await open(Date.now() - 0.6 * day),
    await open(),
  ]
  await stage.inTx((tx) => sessions.end(tx, person.personId, ended.session.id))
  const left = await somebody(stage, as)
  const removed = await openSession(stage, realm, left.personId)
  await stage.inTx((tx) =>
    as.place ? removeMember(tx, as.place.partnerId, left.personId) : removeOperator(tx, left.personId),
  )
  const cookies = { over, idle, ended, removed }
  return mapped(Object.keys(cookies) as (keyof Gone)[], (why) => cookieOf(realm, cookies[why]))
}

function mapped<Name extends string, Value>(names: readonly Name[], value: (name: Name) => Value) {
  return Object.fromEntries(names.map((name) => [name, value(name)])) as Record<Name, Value>
}

async function settled<Name extends string, Value>(
  names: readonly Name[],
  value: (name: Name) => Promise<Value>,
) {
  const pairs: [Name, Value][] = []
  for (const name of names) pairs.push([name, await value(name)])
  return Object.fromEntries(pairs) as Record<Name, Value>
}

/** Alone in what it has, which all bears the marker. */
export async function newPlace(stage: Stage, marker: string): Promise<Place> {
  const slug = `${marker}-${newId().slice(-12)}`
  const { id } = await stage.inTx((tx) => createPartner(tx, { slug, name: `The ${marker} company` }))
  return { partnerId: id, environment: 'live', marker }
}

async function keysOf(stage: Stage, { partnerId, marker }: Place): Promise<Party['keys']> {
  const names = ['live', 'sandbox', 'bound', 'expired', 'revoked'] as const
  const revoked: Key[] = []
  const keys = await settled(names, (name) =>
    stage.inTx(async (tx) => {
      const environment = name === 'sandbox' ? 'sandbox' : 'live'
      const { id } = await createApplication(tx, partnerId, { environment, name: `${marker} ${name}` })
      const made = await createKey(tx, partnerId, id, {
        label: `${marker} ${name}`,
        ...(name === 'bound' && { bounds: { scopes: ['nothing:read'], networks: null } }),
      })
      // Rotated, with an overlap that has been over for an hour.
      if (name === 'expired') await rotateKey(tx, partnerId, made.id, { overlapUntil: past() })
      if (name === 'revoked') revoked.push(made)
      return bearer(made.key)
    }),
  )
  // In its own name: what the provider writes beside a line is not for partners to read.
  for (const { id, applicationId } of revoked) {
    const actor = { kind: 'application', id: applicationId, partnerId } as const
    await stage.inTx((tx) => revokeKey(tx, partnerId, id, `${marker} was careless`), actor)
  }
  return keys
}

/** A partner with an owner, members in every role, and credentials of every kind. */
export async function createParty(stage: Stage, marker: string): Promise<Party> {
  const place = await newPlace(stage, marker)
  const keys = await keysOf(stage, place)
  const members = await settled(memberRoles, async (role) => {
    const { personId } = await somebody(stage, { place, role })
    return cookieOf('portal', await openSession(stage, 'portal', personId))
  })
  const { personId } = await somebody(stage, { place, role: 'owner' })
  const stale = cookieOf('portal', await openSession(stage, 'portal', personId, Date.now() - aWhile))
  const gone = await goneOf(stage, 'portal', { place, role: 'owner' })
  return { place, keys, members, stale, gone }
}

export async function createProvider(stage: Stage): Promise<Provider> {
  const people = await settled(operatorRoles, async (role) => {
    const { personId } = await somebody(stage, { role, place: null })
    return { kind: 'operator', id: personId, role } as const
  })
  const operators = await settled(operatorRoles, async (role) =>
    cookieOf('console', await openSession(stage, 'console', people[role].id)),
  )
  const serviceIn = (role: ServiceRole, expiresAt: Date | null = null) =>
    stage.inTx((tx) => createServiceKey(tx, { name: role, role, expiresAt }))
  const services = await settled(serviceRoles, async (role) => bearer((await serviceIn(role)).key))
  const [expired, revoked] = [await serviceIn('admin', past()), await serviceIn('admin')]
  await stage.inTx((tx) => revokeServiceKey(tx, revoked.id, 'leaked'))
  const gone = await goneOf(stage, 'console', { role: 'admin', place: null })
  return {
    services: { ...services, expired: bearer(expired.key), revoked: bearer(revoked.key) },
    operators,
    people,
    gone,
  }
}

/** Nobody's: what it is made of is right, and we never gave it. */
export const unknownService = (): Headers => bearer(randomText('pts_'))
