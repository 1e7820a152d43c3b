/**
 * Onboarding facts of a partner: what agreements and invoices will need. A change is a new version; what was known
 * when a document was written can be looked up for ever.
 */
import { flaws, missingForInvoices, noFacts, normaliseTaxId } from '#/identity/profile/facts.ts'
import type { Facts } from '#/identity/profile/facts.ts'
import * as store from '#/identity/profile/store.ts'
import type { ProfileRow } from '#/identity/profile/store.ts'
import type { Sealer } from '#/kernel/crypto/crypto.ts'
import type { Tx } from '#/kernel/db/db.ts'
import { problem } from '#/kernel/problem/problem.ts'

export { isEmail } from '#/identity/profile/facts.ts'
export type { Facts } from '#/identity/profile/facts.ts'

/** Version 0 holds nothing yet. */
export type Profile = {
  readonly version: number
  readonly facts: Facts
  /** Names of facts an invoice cannot do without. */
  readonly missing: readonly string[]
  readonly recordedAt: Date | null
}

export const profileInvalid = problem('profile.invalid', 422, 'Some of these facts cannot be right', {
  help: '`errors` names each fact and what is wrong with its form. Nothing was changed.',
})
export const profileChanged = problem('profile.changed', 409, 'Somebody else changed the profile', {
  help: 'Read it again: it has a newer version than the one your change began from. Nothing was changed.',
})

export async function readProfile(tx: Tx, sealer: Sealer, partnerId: string): Promise<Profile> {
  const row = await store.currentProfile(tx, partnerId)
  return row
    ? open(sealer, partnerId, row)
    : { version: 0, facts: noFacts, missing: missingForInvoices(noFacts), recordedAt: null }
}

/** Versions, newest first; of a page those older than `before`. */
export async function profileHistory(
  tx: Tx,
  sealer: Sealer,
  partnerId: string,
  page: { readonly before?: number; readonly limit?: number } = {},
): Promise<Profile[]> {
  const rows = await store.listProfiles(tx, partnerId, page.before ?? null, page.limit ?? null)
  return rows.map((row) => open(sealer, partnerId, row))
}

/**
 * Changes the facts that are named and keeps the others. `from` is the version the change began from; without it
 * the newest. Throws `profileInvalid`, `profileChanged`.
 */
export async function changeProfile(
  tx: Tx,
  sealer: Sealer,
  partnerId: string,
  change: { readonly facts: Partial<Facts>; readonly from?: number },
): Promise<Profile> {
  const current = await readProfile(tx, sealer, partnerId)
  if (change.from !== undefined && change.from !== current.version) throw profileChanged.with()
  const wanted = { ...current.facts, ...change.facts }
  const errors = flaws(wanted)
  if (errors.length > 0) throw profileInvalid.with({ errors })
  const facts: Facts = { ...wanted, taxIds: wanted.taxIds.map(normaliseTaxId) }
  const changed = Object.keys(facts).filter((name) => differs(facts, current.facts, name as keyof Facts))
  if (changed.length === 0) return current
  const version = current.version + 1
  const { country, currency, timeZone } = facts
  const sealed = sealer.seal(JSON.stringify(facts), contextOf(partnerId, version))
  const row = await store.insertProfile(tx, partnerId, { version, country, currency, timeZone, sealed })
  if (!row) throw profileChanged.with()
  // The names of what changed, not what it says: the audit holds no personal data.
  tx.audit({
    action: 'profile.change',
    subject: { kind: 'partner', id: partnerId },
    partnerId,
    changes: { version, changed },
  })
  tx.emit('identity.profile_changed', { partnerId, data: { version } })
  return open(sealer, partnerId, row)
}

function differs(a: Facts, b: Facts, name: keyof Facts): boolean {
  return JSON.stringify(a[name]) !== JSON.stringify(b[name])
}

function contextOf(partnerId: string, version: number): string {
  return `identity_profile.sealed:${partnerId}:${version}`
}

function open(sealer: Sealer, partnerId: string, row: ProfileRow): Profile {
  const facts = {
    ...noFacts,
    ...(JSON.parse(sealer.open(row.sealed, contextOf(partnerId, row.version))) as Facts),
  }
  return { version: row.version, facts, missing: missingForInvoices(facts), recordedAt: row.recordedAt }
}
