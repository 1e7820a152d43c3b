/**
 * Invitations: a link that is sent to an address. Whoever opens it reads that mailbox, which is all the proof of the
 * address there is; it works once, for seven days.
 */
import { hash, randomBytes } from 'node:crypto'
import { isOperatorRole } from '#/governance/roles/roles.ts'
import * as store from '#/identity/invitations/store.ts'
import type { InvitationRow } from '#/identity/invitations/store.ts'
import { sendMail } from '#/identity/notices/notices.ts'
import {
  addMember,
  addOperator,
  alreadyMember,
  alreadyOperator,
  createPerson,
  emailDigest,
  emailInvalid,
  findMember,
  findOperator,
  findPersonByEmail,
  normaliseEmail,
  refuseBeyond,
  refuseReach,
} from '#/identity/people/people.ts'
import type { MemberRole, OperatorRole, Person } from '#/identity/people/people.ts'
import type { Sealer } from '#/kernel/crypto/crypto.ts'
import type { Tx } from '#/kernel/db/db.ts'
import { newId } from '#/kernel/id/id.ts'
import { problem } from '#/kernel/problem/problem.ts'

export const invitationNotFound = problem('invitations.not_found', 404, 'There is no such invitation', {
  help: 'The link was used, was taken back, or is older than seven days. Ask whoever invited you to do it again.',
})

/** Milliseconds. */
const validFor = 7 * 24 * 3_600_000

/** What one is invited to: a role at a partner, or a role of the provider. */
export type Place =
  | { readonly partnerId: string; readonly role: MemberRole; readonly organisation: string }
  | { readonly partnerId: null; readonly role: OperatorRole; readonly organisation: string }

export type Invitation = {
  readonly id: string
  readonly partnerId: string | null
  readonly role: string
  readonly email: string
  readonly createdAt: Date
  readonly expiresAt: Date
}

export type InviteDeps = {
  readonly sealer: Sealer
  /** Wall clock, milliseconds. */
  readonly wall: number
  /** The page that takes a token: `https://…/portal/invitations`. */
  readonly page: string
}

/**
 * Sends the link; an earlier one to the same address at the same place stops working. Throws `emailInvalid`,
 * `alreadyMember`, `alreadyOperator`, `ownersOnly`, `beyondOwnRole`.
 */
export async function invite(tx: Tx, deps: InviteDeps, address: string, place: Place): Promise<Invitation> {
  // Here, because who accepts it acts for nobody and is not asked.
  refuseRole(tx, place.partnerId, place.role)
  const { sealer } = deps
  const email = normaliseEmail(address)
  if (email === null) throw emailInvalid.with()
  await refuseKnown(tx, sealer, email, place)
  const digest = emailDigest(sealer, email)
  const earlier = await store.revokeOpen(tx, place.partnerId, digest)
  if (earlier) refuseRole(tx, place.partnerId, earlier.role)
  const token = randomBytes(32).toString('base64url')
  const id = newId()
  const row = await store.insertInvitation(tx, place.partnerId, {
    id,
    role: place.role,
    email: sealer.seal(email, contextOf(id)),
    emailDigest: digest,
    tokenDigest: hash('sha256', token, 'buffer'),
    expiresAt: new Date(deps.wall + validFor),
  })
  await sendMail(tx, sealer, 'invitation', {
    to: email,
    subject: `You are invited to ${oneLine(place.organisation)}`,
    text: letter(place, `${deps.page}/${token}`),
  })
  say(tx, 'invite', row)
  return read(sealer, row)
}

async function refuseKnown(tx: Tx, sealer: Sealer, email: string, place: Place): Promise<void> {
  const person = await findPersonByEmail(tx, sealer, email)
  if (!person) return
  if (place.partnerId === null) {
    if (await findOperator(tx, person.id)) throw alreadyOperator.with()
  } else if (await findMember(tx, place.partnerId, person.id)) throw alreadyMember.with()
}

/** An invitation to a role is given, replaced and taken back by whoever may give the role. */
function refuseRole(tx: Tx, partnerId: string | null, role: string): void {
  if (partnerId === null) refuseBeyond(tx, role)
  else refuseReach(tx, role as MemberRole)
}

/** Open ones, also those that have expired since, oldest first. */
export async function listInvitations(
  tx: Tx,
  sealer: Sealer,
  partnerId: string | null,
  page: { readonly after?: string; readonly limit?: number } = {},
): Promise<Invitation[]> {
  const rows = await store.listOpen(tx, partnerId, page.after ?? null, page.limit ?? null)
  return rows.map((row) => read(sealer, row))
}

/** Throws `invitationNotFound`, `ownersOnly`, `beyondOwnRole`. */
export async function revokeInvitation(tx: Tx, partnerId: string | null, id: string): Promise<void> {
  const row = await store.revokeInvitation(tx, partnerId, id)
  if (!row) throw invitationNotFound.with()
  refuseRole(tx, partnerId, row.role)
  say(tx, 'uninvite', row)
}

/** What a link is for, without using it up. Throws `invitationNotFound`. */
export async function readInvitation(tx: Tx, sealer: Sealer, token: string): Promise<Invitation> {
  return read(sealer, await opened(tx, token))
}

/** `created`: somebody new, who has no way to sign in yet. */
export type Accepted = {
  readonly person: Person
  readonly created: boolean
  readonly partnerId: string | null
  readonly role: string
}

/**
 * Uses the link up: the person (a new one where nobody has the address yet) takes the place. In a transaction of the system: who accepts acts for nobody before.
 * Throws `invitationNotFound`, `alreadyMember`, `alreadyOperator`.
 */
export async function acceptInvitation(
  tx: Tx,
  sealer: Sealer,
  token: string,
  name: string,
): Promise<Accepted> {
  const row = await opened(tx, token)
  const { email } = read(sealer, row)
  const known = await findPersonByEmail(tx, sealer, email)
  const person = known ?? (await createPerson(tx, sealer, { email, name }))
  if (row.partnerId !== null) await addMember(tx, row.partnerId, person.id, row.role as MemberRole)
  else if (isOperatorRole(row.role)) await addOperator(tx, person.id, row.role)
  await store.markAccepted(tx, row.id)
  say(tx, 'accept', row)
  const { partnerId, role } = row
  return { person, created: known === null, partnerId, role }
}

async function opened(tx: Tx, token: string): Promise<InvitationRow> {
  const row = await store.openByToken(tx, hash('sha256', token, 'buffer'))
  if (!row) throw invitationNotFound.with()
  return row
}

function contextOf(id: string): string {
  return `identity_invitation.email:${id}`
}

function read(sealer: Sealer, row: InvitationRow): Invitation {
  return { ...row, email: sealer.open(row.email, contextOf(row.id)) }
}

function say(tx: Tx, verb: string, row: InvitationRow): void {
  tx.audit({
    action: `team.${verb}`,
    subject: { kind: 'invitation', id: row.id },
    partnerId: row.partnerId,
    changes: { role: row.role },
  })
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim()
}

function letter(place: Place, link: string): string {
  return `Hello,

you are invited to ${oneLine(place.organisation)} as ${place.role}. Open this link to accept; it works once, for seven days:

${link}

If you did not expect this, there is nothing to do.
`
}
