/** Agreements: the signed commercial paper of a partner, in versions, from the draft to the end. */
import { announce, schedule } from '#/access/agreements/announcing.ts'
import { needsSecondPerson } from '#/access/agreements/bound.ts'
import { refuseOverlap, refuseUnfit } from '#/access/agreements/faults.ts'
import type { Draft, Term } from '#/access/agreements/faults.ts'
import * as problems from '#/access/agreements/problems.ts'
import * as store from '#/access/agreements/store.ts'
import type { AgreementState } from '#/access/agreements/store.ts'
import { agreementAt, inForce, readAgreements, stateAt, wasSent } from '#/access/agreements/versions.ts'
import type { AgreementVersion } from '#/access/agreements/versions.ts'
import { packageOf } from '#/access/packages/packages.ts'
import { findPartner, partnerNotFound } from '#/identity/partners/partners.ts'
import { refuseOwn } from '#/identity/people/people.ts'
import type { Sealer } from '#/kernel/crypto/crypto.ts'
import type { Tx } from '#/kernel/db/db.ts'
import { newId } from '#/kernel/id/id.ts'

export { announceDue } from '#/access/agreements/announcing.ts'
export { aloneUpTo } from '#/access/agreements/bound.ts'
export * from '#/access/agreements/problems.ts'
export type { AgreementState } from '#/access/agreements/store.ts'
export type { Draft } from '#/access/agreements/faults.ts'
export type { AgreementTerms, Overrides } from '#/access/agreements/terms.ts'
export {
  agreementAt,
  agreementsOf,
  inForce,
  readAgreementLines,
  readAgreements,
  stateAt,
} from '#/access/agreements/versions.ts'
export type { Agreement, AgreementVersion, VersionState } from '#/access/agreements/versions.ts'

/** Which version of whose agreement. */
export type VersionName = { readonly agreementId: string; readonly number: number }

/** Who signed, as the paper names them, and the date on it. */
export type Signature = { readonly by: string; readonly at: Date }

/** Its first version. Throws `partnerNotFound`, `agreementTerms`, `agreementOverlap`, `agreementReference`. */
export async function draftAgreement(
  tx: Tx,
  partnerId: string,
  { reference, ...draft }: Draft & { readonly reference: string },
): Promise<AgreementVersion> {
  await lock(tx, partnerId)
  const agreementId = newId()
  await refuseUnfit(tx, partnerId, agreementId, draft)
  if (!(await store.insertAgreement(tx, partnerId, agreementId, reference))) {
    throw problems.agreementReference.with()
  }
  return insert(tx, partnerId, { agreementId, number: 1 }, draft)
}

/**
 * A further version, which replaces the one in force from its own start. Throws `agreementNotFound`, `agreementOver`,
 * `agreementOpen`, `agreementTerms`, `agreementOverlap`.
 */
export async function amendAgreement(
  tx: Tx,
  partnerId: string,
  agreementId: string,
  draft: Draft,
): Promise<AgreementVersion> {
  await lock(tx, partnerId)
  const versions = await versionsOf(tx, partnerId, agreementId)
  const now = tx.now.getTime()
  const open = versions.find((version) => isOpen(version, now))
  if (open) {
    const detail = `Version ${open.number} is ${stateAt(open, now)}; have it signed, or withdraw it, first.`
    throw problems.agreementOpen.with({ detail })
  }
  if (!versions.some((version) => endOf(version) > now)) throw problems.agreementOver.with()
  await refuseUnfit(tx, partnerId, agreementId, draft)
  const number = Math.max(...versions.map((version) => version.number)) + 1
  return insert(tx, partnerId, { agreementId, number }, draft)
}

/** Throws `agreementNotFound`, `agreementState`, `agreementTerms`, `agreementOverlap`. */
export async function changeDraft(
  tx: Tx,
  partnerId: string,
  name: VersionName,
  draft: Draft,
): Promise<AgreementVersion> {
  await lock(tx, partnerId)
  const version = await versionIn(tx, partnerId, name, ['draft'])
  await refuseUnfit(tx, partnerId, name.agreementId, draft)
  await store.updateDraft(tx, partnerId, version.id, draft)
  announce(tx, 'changed', partnerId, version, { heard: false })
  return findVersion(tx, partnerId, name)
}

/** From now on the partner sees it, and nobody changes it. Throws `agreementNotFound`, `agreementState`. */
export async function sendAgreement(tx: Tx, partnerId: string, name: VersionName): Promise<AgreementVersion> {
  await lock(tx, partnerId)
  const version = await versionIn(tx, partnerId, name, ['draft'])
  await say(tx, partnerId, version, 'sent')
  announce(tx, 'sent', partnerId, version, { heard: true })
  return findVersion(tx, partnerId, name)
}

/** What was drafted or sent, and will not be signed. Throws `agreementNotFound`, `agreementState`. */
export async function withdrawVersion(
  tx: Tx,
  partnerId: string,
  name: VersionName,
): Promise<AgreementVersion> {
  await lock(tx, partnerId)
  const version = await versionIn(tx, partnerId, name, ['draft', 'sent'])
  await say(tx, partnerId, version, 'withdrawn')
  announce(tx, 'withdrawn', partnerId, version, { heard: wasSent(version) })
  return findVersion(tx, partnerId, name)
}

/**
 * Keeps who signed, without effect yet: for a version that needs a second person the effect comes with that one's
 * approval (`signVersion`). Throws `agreementNotFound`, `agreementState`, `agreementTerms`, `agreementOverlap`,
 * `ownOrganisation`.
 */
export async function recordSignature(
  tx: Tx,
  sealer: Sealer,
  partnerId: string,
  name: VersionName,
  { by, at }: Signature,
): Promise<{ readonly signatureId: string; readonly versionId: string; readonly needsTwo: boolean }> {
  await lock(tx, partnerId)
  await refuseOwn(tx, partnerId)
  const version = await versionIn(tx, partnerId, name, ['sent'])
  const errors = [{ in: 'body', pointer: '/signedAt', detail: 'The date of the signature lies ahead.' }]
  // Also what is no time at all.
  if (!(at <= tx.now)) throw problems.agreementTerms.with({ detail: errors[0]!.detail, errors })
  await refuseOverlap(tx, partnerId, name.agreementId, termOf(version))
  const id = newId()
  const signatory = sealer.seal(by, store.signatoryContext(id))
  await store.insertSignature(tx, partnerId, { id, versionId: version.id, signatory, signedAt: at })
  const terms = (await packageOf(tx, partnerId))?.terms ?? null
  return { signatureId: id, versionId: version.id, needsTwo: needsSecondPerson(version.terms, terms) }
}

/**
 * Puts a version in force from its start, but no earlier than now; one that it replaces ends then. Throws
 * `agreementNotFound`, `agreementState`, `agreementTerms`, `agreementOverlap`, `ownOrganisation`.
 */
export async function signVersion(tx: Tx, partnerId: string, signatureId: string): Promise<AgreementVersion> {
  await lock(tx, partnerId)
  await refuseOwn(tx, partnerId)
  const name = await store.selectSigned(tx, partnerId, signatureId)
  if (!name) throw problems.agreementNotFound.with()
  const version = await versionIn(tx, partnerId, name, ['sent'])
  const replaced = await refuseOverlap(tx, partnerId, name.agreementId, termOf(version))
  const from = new Date(Math.max(version.startsAt, tx.now.getTime()))
  for (const each of replaced) await say(tx, partnerId, each, 'ended', { from })
  await say(tx, partnerId, version, 'signed', { signatureId })
  await schedule(tx, partnerId, name.agreementId)
  const replaces = replaced.map(({ number }) => number)
  announce(tx, 'signed', partnerId, version, { heard: true, replaces })
  return findVersion(tx, partnerId, name)
}

/** Records the signature and puts the version in force, for who may do it alone. Throws what the two throw. */
export async function signAgreement(
  tx: Tx,
  sealer: Sealer,
  partnerId: string,
  name: VersionName,
  signature: Signature,
): Promise<AgreementVersion> {
  const { signatureId } = await recordSignature(tx, sealer, partnerId, name, signature)
  return signVersion(tx, partnerId, signatureId)
}

/**
 * Ends the agreement as a whole, now or later; what is drafted or sent of it is withdrawn. Throws `agreementNotFound`,
 * `agreementOver`, `agreementTerms`.
 */
export async function endAgreement(
  tx: Tx,
  partnerId: string,
  agreementId: string,
  { at, reason }: { readonly at: Date | null; readonly reason: string },
): Promise<void> {
  await lock(tx, partnerId)
  const versions = await versionsOf(tx, partnerId, agreementId)
  const from = at ?? tx.now
  const errors = [{ in: 'body', pointer: '/at', detail: 'The end must not lie in the past.' }]
  if (!(from >= tx.now)) throw problems.agreementTerms.with({ detail: errors[0]!.detail, errors })
  const running = versions.filter((version) => endOf(version) > from.getTime())
  if (running.length === 0) throw problems.agreementOver.with()
  for (const version of running) await say(tx, partnerId, version, 'ended', { from })
  for (const version of versions.filter((each) => isOpen(each, tx.now.getTime()))) {
    await say(tx, partnerId, version, 'withdrawn')
    announce(tx, 'withdrawn', partnerId, version, { heard: wasSent(version) })
  }
  await schedule(tx, partnerId, agreementId)
  const subject = { kind: 'agreement', id: agreementId }
  const changes = { at: from.toISOString() }
  tx.audit({ action: 'agreements.end', subject, partnerId, reason, changes })
  tx.changed('partner', partnerId)
}

/** So long the word of one that was cut short still counts. */
const afterEnd = 7 * 86_400_000

/**
 * Has the partner an agreement in force, or one that somebody cut short within a week? Whoever may end one alone would
 * otherwise do alone what takes two people while it is in force.
 */
export async function isUnderAgreement(tx: Tx, partnerId: string): Promise<boolean> {
  const versions = (await readAgreements(tx, [partnerId], null)).get(partnerId) ?? []
  const now = tx.now.getTime()
  const { posture } = agreementAt(versions, now)
  if (posture === 'active' || posture === 'expiring') return true
  return versions.some((version) => {
    const until = inForce(version)?.until ?? Infinity
    return until <= now && now < until + afterEnd && until < (version.endsAt ?? Infinity)
  })
}

/** In the order they were drafted. `sent`: only those of which a version was sent. */
export async function listAgreements(
  tx: Tx,
  partnerId: string,
  { sent }: { readonly sent: boolean },
  page: { readonly after?: string; readonly limit: number },
): Promise<readonly store.AgreementRow[]> {
  return store.listAgreements(tx, partnerId, sent, page)
}

/** Throws `agreementNotFound`. */
export async function findVersion(tx: Tx, partnerId: string, name: VersionName): Promise<AgreementVersion> {
  const versions = await versionsOf(tx, partnerId, name.agreementId)
  const found = versions.find(({ number }) => number === name.number)
  if (!found) throw problems.agreementNotFound.with()
  return found
}

/** One at a time decides about a partner's agreements, so that what two sign at once cannot overlap. */
async function lock(tx: Tx, partnerId: string): Promise<void> {
  await store.lockAgreements(tx, partnerId)
  if (!(await findPartner(tx, partnerId))) throw partnerNotFound.with()
}

async function versionsOf(tx: Tx, partnerId: string, agreementId: string): Promise<AgreementVersion[]> {
  const all = (await readAgreements(tx, [partnerId], null)).get(partnerId) ?? []
  const own = all.filter((version) => version.agreementId === agreementId)
  if (own.length === 0) throw problems.agreementNotFound.with()
  return own
}

async function versionIn(
  tx: Tx,
  partnerId: string,
  name: VersionName,
  states: readonly string[],
): Promise<AgreementVersion> {
  const version = await findVersion(tx, partnerId, name)
  const state = stateAt(version, tx.now.getTime())
  if (!states.includes(state)) {
    const detail = `Version ${name.number} is ${state}; this needs ${states.join(' or ')}.`
    throw problems.agreementState.with({ detail })
  }
  return version
}

function isOpen(version: AgreementVersion, now: number): boolean {
  const state = stateAt(version, now)
  return state === 'draft' || state === 'sent'
}

/** 0: it never has an effect. */
function endOf(version: AgreementVersion): number {
  const period = inForce(version)
  return period === null ? 0 : (period.until ?? Infinity)
}

function termOf({ startsAt, endsAt }: AgreementVersion): Term {
  return { startsAt: new Date(startsAt), endsAt: endsAt === null ? null : new Date(endsAt) }
}

async function insert(tx: Tx, partnerId: string, name: VersionName, draft: Draft): Promise<AgreementVersion> {
  const id = newId()
  await store.insertVersion(tx, partnerId, { id, ...name, ...draft })
  await say(tx, partnerId, { id }, 'draft')
  announce(tx, name.number === 1 ? 'drafted' : 'amended', partnerId, { id, ...name }, { heard: false })
  return findVersion(tx, partnerId, name)
}

async function say(
  tx: Tx,
  partnerId: string,
  { id: versionId }: { readonly id: string },
  state: AgreementState,
  { from = tx.now, signatureId = null }: { readonly from?: Date; readonly signatureId?: string | null } = {},
): Promise<void> {
  await store.insertEvent(tx, partnerId, { id: newId(), versionId, state, from, signatureId })
}
