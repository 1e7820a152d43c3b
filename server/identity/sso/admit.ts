/**
 * Who of ours somebody is whom an OpenID provider vouches for. At the first time the address decides; from then on the
 * provider's own name for the person, so that an address which passes to somebody else there takes nobody over here.
 */
import type { Sealer } from '#/kernel/crypto/crypto.ts'
import type { Tx } from '#/kernel/db/db.ts'
import {
  addMember,
  createPerson,
  findMember,
  findOperator,
  findPerson,
  findPersonByEmail,
} from '#/identity/people/people.ts'
import type { Person } from '#/identity/people/people.ts'
import type { Claims } from '#/identity/sso/exchange.ts'
import { SsoRefusal } from '#/identity/sso/refusal.ts'
import { domainOf } from '#/identity/sso/providers.ts'
import * as store from '#/identity/sso/store.ts'
import type { ProviderRow } from '#/identity/sso/store.ts'

/** Throws `SsoRefusal`. `again`: the person who proves it again, null at a sign-in. */
export async function admit(
  tx: Tx,
  { sealer, wall }: { readonly sealer: Sealer; readonly wall: number },
  provider: ProviderRow,
  claims: Claims,
  again: string | null,
): Promise<Person> {
  const domain = domainOf(claims.email)
  if (domain === null || !provider.domains.includes(domain)) throw new SsoRefusal('email-foreign')
  const pinned = await store.selectSubject(tx, provider.id, claims.subject)
  const person = pinned
    ? await findPerson(tx, sealer, pinned.personId)
    : await personOf(tx, sealer, provider, claims)
  if (!person) throw new SsoRefusal('person-unknown')
  if (person.state !== 'active') throw new SsoRefusal('person-disabled')
  if (again !== null && person.id !== again) throw new SsoRefusal('person-other')
  await place(tx, provider, person)
  if (pinned) await store.touchSubject(tx, provider.id, claims.subject, new Date(wall))
  else await pin(tx, provider, claims.subject, person, wall)
  return person
}

async function personOf(tx: Tx, sealer: Sealer, provider: ProviderRow, { email, name }: Claims) {
  const known = await findPersonByEmail(tx, sealer, email)
  return known ?? (provider.joinRole === null ? null : createPerson(tx, sealer, { email, name }))
}

/** Only where the person has a place, or the partner lets people in without asking. */
async function place(tx: Tx, { partnerId, joinRole }: ProviderRow, person: Person): Promise<void> {
  const found =
    partnerId === null ? await findOperator(tx, person.id) : await findMember(tx, partnerId, person.id)
  if (found) return
  if (partnerId === null || joinRole === null) throw new SsoRefusal('place-missing')
  await addMember(tx, partnerId, person.id, joinRole)
}

async function pin(tx: Tx, provider: ProviderRow, subject: string, person: Person, wall: number) {
  const { id: providerId, partnerId } = provider
  if (!(await store.insertSubject(tx, providerId, subject, person.id, new Date(wall)))) {
    // Twice at once is fine; the same address under another name is not.
    const other = await store.selectSubject(tx, providerId, subject)
    if (other?.personId !== person.id) throw new SsoRefusal('subject-changed')
    return
  }
  const changes = { personId: person.id }
  tx.emit('identity.sso_linked', { partnerId, data: { personId: person.id, providerId } })
  tx.audit({ action: 'sso.link', subject: { kind: 'sso', id: providerId }, partnerId, changes })
}
