/** The provider's side of a request: claimed by one person, who asks and decides; what is approved is given at once. */
import { knownCapabilities } from '#/access/capabilities/capabilities.ts'
import { assignPackage, findPackage, grantCapability } from '#/access/packages/packages.ts'
import {
  requestClaimed,
  requestNotAllowed,
  requestNotFound,
  requestNotOpen,
  requestOwn,
} from '#/access/requests/problems.ts'
import { stateAfter } from '#/access/requests/states.ts'
import * as store from '#/access/requests/store.ts'
import type { AccessRequest } from '#/access/requests/store.ts'
import { announce, record, tellMembers } from '#/access/requests/telling.ts'
import { allows } from '#/governance/roles/roles.ts'
import { findMember } from '#/identity/people/people.ts'
import type { Sealer } from '#/kernel/crypto/crypto.ts'
import type { Tx } from '#/kernel/db/db.ts'
import { newId } from '#/kernel/id/id.ts'

/**
 * The actor becomes the reviewer; with `takeOver` also where somebody else is. Claiming it again changes nothing.
 * Throws `requestNotFound`, `requestNotAllowed`, `requestOwn`, `requestNotNow`, `requestClaimed`.
 */
export async function claimRequest(
  tx: Tx,
  id: string,
  { takeOver }: { readonly takeOver: boolean },
): Promise<AccessRequest> {
  const { request, reviewer } = await reviewable(tx, id)
  const state = stateAfter(request.state, 'claim')
  if (request.reviewer === reviewer) return request
  if (request.reviewer !== null && !takeOver) throw requestClaimed.with()
  const claimed = { ...request, state, reviewer }
  await write(tx, request.reviewer === null ? 'claim' : 'take_over', claimed)
  return claimed
}

/** It is the partner's turn, and no due date runs. Throws as `claimRequest` does. */
export async function askPartner(tx: Tx, sealer: Sealer, id: string, text: string): Promise<AccessRequest> {
  const { request, reviewer } = await claimed(tx, id, 'ask')
  const message = { id: newId(), requestId: id, kind: 'question', text, writtenBy: reviewer } as const
  await store.insertMessage(tx, request.partnerId, message)
  const asked = { ...request, waitsForPartner: true, dueAt: null }
  await write(tx, 'ask', asked)
  announce(tx, 'question', asked)
  await tellMembers(tx, sealer, asked, { what: 'question', text })
  return asked
}

/** For reviewers alone, also after the decision. Throws `requestNotFound`, `requestNotAllowed`, `requestOwn`. */
export async function noteOnRequest(tx: Tx, id: string, text: string): Promise<AccessRequest> {
  const { request, reviewer } = await reviewable(tx, id)
  const message = { id: newId(), requestId: id, kind: 'note', text, writtenBy: reviewer } as const
  await store.insertMessage(tx, request.partnerId, message)
  // The provider's line alone: the partner is not told that there are notes.
  tx.audit({ action: 'requests.note', subject: { kind: 'access-request', id } })
  return request
}

/**
 * Gives what was asked for, with the approval or not at all: of a package its newest version. Throws as `claimRequest`
 * does, and `requestNotOpen`.
 */
export async function approveRequest(tx: Tx, sealer: Sealer, id: string): Promise<AccessRequest> {
  const { request, reviewer } = await claimed(tx, id, 'approve')
  await give(tx, request)
  const approved = { ...request, ...decided(tx, reviewer), state: 'approved' as const }
  await write(tx, 'approve', approved)
  announce(tx, 'approved', approved)
  await tellMembers(tx, sealer, approved, { what: 'approved', text: 'The portal shows what you have now.' })
  return approved
}

/** The partner reads the reason. Throws as `claimRequest` does. */
export async function declineRequest(
  tx: Tx,
  sealer: Sealer,
  id: string,
  reason: string,
): Promise<AccessRequest> {
  const { request, reviewer } = await claimed(tx, id, 'decline')
  const declined = { ...request, ...decided(tx, reviewer), state: 'declined' as const, reason }
  await write(tx, 'decline', declined)
  announce(tx, 'declined', declined)
  await tellMembers(tx, sealer, declined, { what: 'declined', text: reason })
  return declined
}

/** With everything that was written, notes too. Throws `requestNotFound`. */
export async function findSubmitted(tx: Tx, id: string) {
  const partnerId = await store.selectPartnerOf(tx, id)
  const request = partnerId === undefined ? undefined : await store.selectRequest(tx, partnerId, id)
  if (!request) throw requestNotFound.with()
  const kinds = ['question', 'answer', 'note'] as const
  return { request, messages: await store.listMessages(tx, request.partnerId, id, kinds) }
}

/** How many became overdue and were told of, at most `limit`. */
export async function tellOverdue(tx: Tx, limit: number): Promise<number> {
  const overdue = await store.tellOverdue(tx, limit)
  for (const { id } of overdue) {
    // The provider's own: no partner has to do anything.
    tx.emit('access.request_overdue', { partnerId: null, data: { requestId: id } })
    tx.audit({ action: 'requests.overdue', subject: { kind: 'access-request', id } })
  }
  return overdue.length
}

/**
 * Locks it until the end of the transaction. A service's key reviews nothing: it would be a second pair of eyes for
 * whoever made it.
 */
async function reviewable(tx: Tx, id: string): Promise<{ request: AccessRequest; reviewer: string }> {
  const { actor } = tx
  if (actor.kind !== 'operator' || !allows('operator', actor.role, 'access:write')) {
    throw requestNotAllowed.with()
  }
  const partnerId = await store.selectPartnerOf(tx, id)
  const request = partnerId === undefined ? undefined : await store.lockRequest(tx, partnerId, id)
  if (!request) throw requestNotFound.with()
  const asked = [request.requestedBy, request.submittedBy].includes(actor.id)
  if (asked || (await findMember(tx, request.partnerId, actor.id))) throw requestOwn.with()
  return { request, reviewer: actor.id }
}

async function claimed(tx: Tx, id: string, verb: 'ask' | 'approve' | 'decline') {
  const { request, reviewer } = await reviewable(tx, id)
  stateAfter(request.state, verb)
  if (request.reviewer !== reviewer) throw requestClaimed.with()
  return { request, reviewer }
}

function decided(tx: Tx, reviewer: string) {
  return { decidedBy: reviewer, decidedAt: tx.now, waitsForPartner: false, dueAt: null }
}

async function write(tx: Tx, verb: string, request: AccessRequest): Promise<void> {
  await store.updateRequest(tx, request.partnerId, request)
  record(tx, verb, request)
}

async function give(tx: Tx, { id, partnerId, asksFor }: AccessRequest): Promise<void> {
  if (asksFor.kind === 'package') {
    await assignPackage(tx, partnerId, await findPackage(tx, asksFor.name))
    return
  }
  const offered = (await knownCapabilities(tx)).get(asksFor.id)
  if (!offered || offered.exposure === 'pilot') throw requestNotOpen.with()
  const source = { source: 'request', sourceId: id } as const
  await grantCapability(tx, partnerId, { capabilityId: asksFor.id, granted: true, ...source })
}
